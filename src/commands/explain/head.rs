//! The facts of a flow that its explanation and its row in the list share.

use serde::Serialize;

use crate::protocol::flow_record::{FlowKind, FlowRecord};
use crate::protocol::time::Timestamp;

#[derive(Debug, Serialize)]
pub struct FlowHead {
    pub id: String,
    pub flow: FlowKind,
    pub profile: Option<String>,
    pub provider: Option<String>,
    pub started: Timestamp,
    /// `None` if the process was ended.
    pub exit_code: Option<u8>,
}

impl FlowHead {
    pub fn of(record: &FlowRecord) -> Self {
        Self {
            id: record.id.clone(),
            flow: record.flow,
            profile: record.profile.clone(),
            provider: record.provider.clone(),
            started: Timestamp(i64::try_from(record.started / 1000).unwrap_or(i64::MAX)),
            exit_code: record.outcome.as_ref().map(|outcome| outcome.exit_code),
        }
    }

    /// Names the flow: `login at acme`.
    pub fn name(&self) -> String {
        self.name_at(self.provider.as_deref())
    }

    /// The same with the name of the login, if it has one.
    pub fn name_of_login(&self) -> String {
        self.name_at(self.profile.as_deref().or(self.provider.as_deref()))
    }

    fn name_at(&self, place: Option<&str>) -> String {
        let flow = match self.flow {
            FlowKind::Login => "login",
            FlowKind::Refresh => "refresh",
            FlowKind::Revoke => "logout",
            FlowKind::Scopes => "scopes",
            FlowKind::Call => "call",
        };
        place.map_or_else(|| flow.to_owned(), |place| format!("{flow} at {place}"))
    }
}
