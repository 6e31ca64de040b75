//! The record of the command's flow: whether one is kept, and when it is written.
//!
//! It is written at the end of the command, which is one place in `cli`; and before a wait that may end with the process:
//! for the browser, and for the command that `exec` becomes. What was recorded is kept if it explains something: a login,
//! a refresh, a revocation and a look at the scopes always, a call that was answered well never, but for the refresh
//! that it needed.

use std::sync::Arc;

use super::{Session, SessionError};
use crate::flow::client::Client;
use crate::flow::recording::{Purpose, Recorded, Recorder};
use crate::protocol::flow_record::{FlowKind, FlowRecord, Leg, Outcome, What};
use crate::store::{FlowRecords, Profile};
use crate::system::http::HttpClient;
use crate::system::private_file::PrivateFileError;

impl Session {
    /// Returns the recorder of this command.
    pub fn recorder(&self) -> &Recorder {
        &self.recorder
    }

    /// Notes what a request of this client goes by.
    pub fn note_client(&self, profile: &Profile, grant: &str, client: &Client) {
        self.recorder.name(profile.as_str(), client.provider.id());
        self.recorder.purpose(&Purpose {
            grant: Some(grant).filter(|grant| !grant.is_empty()),
            client_id: Some(&client.client_id).filter(|id| !id.as_str().is_empty()),
            client_secret: client.client_secret.as_ref(),
            ..Purpose::new(&client.provider)
        });
    }

    /// Returns the client with the recorder in front of it.
    pub fn recorded(&self, inner: Arc<dyn HttpClient>) -> Arc<dyn HttpClient> {
        match self.recorder.is_on() {
            true => Arc::new(Recorded { inner, recorder: Arc::clone(&self.recorder) }),
            false => inner,
        }
    }

    /// Writes the record as it stands, if one is kept, and returns it. Without an outcome the process may end before it has
    /// one.
    pub fn keep_record(&self, outcome: Option<&Outcome>) -> Result<Option<FlowRecord>, PrivateFileError> {
        let record = self.recorder.record(outcome).filter(|_| self.keeps_records).and_then(kept);
        if let (Some(record), Ok(paths)) = (&record, self.paths()) {
            FlowRecords::new(&paths.data).keep(record)?;
        }
        Ok(record)
    }

    /// Returns the kept records.
    pub fn flow_records(&self) -> Result<FlowRecords, SessionError> {
        Ok(FlowRecords::new(&self.paths()?.data))
    }

    /// Returns the record for a trace, masked or not.
    pub fn traced(&self, outcome: Option<&Outcome>) -> Option<FlowRecord> {
        self.recorder.revealed(outcome).or_else(|| self.recorder.record(outcome))
    }
}

/// Returns what is kept of a record, if anything is.
fn kept(mut record: FlowRecord) -> Option<FlowRecord> {
    let is_sent = |leg: Option<Leg>| {
        let fits = |sent: Leg| leg.map_or(sent != Leg::Api, |leg| sent == leg);
        record.events.iter().any(|event| matches!(&event.what, What::Exchange(sent) if fits(sent.leg)))
    };
    let has_failed = record.outcome.as_ref().is_some_and(|outcome| outcome.exit_code != 0);
    let (answers, others) = (is_sent(Some(Leg::Api)), is_sent(None));
    match record.flow {
        FlowKind::Login => Some(record),
        FlowKind::Call if !has_failed => {
            record.flow = FlowKind::Refresh;
            record.events.retain(|event| !matches!(&event.what, What::Exchange(sent) if sent.leg == Leg::Api));
            Some(record).filter(|_| others)
        }
        _ => Some(record).filter(|_| answers || others),
    }
}
