//! The events of one record, within bounds.

use crate::protocol::flow_record::{Arrival, Event, Exchange, Fields, Masker, What};
use crate::protocol::params::Params;
use crate::system::loopback::LoopbackRequest;

/// How many events are kept. A login has about ten. One by device may poll for half an hour, and a walk over pages has
/// thousands of requests: of these the first and the last are kept.
const MAX_EVENTS: usize = 300;
const FIRST: usize = 60;

pub(super) struct Book {
    pub masker: Masker,
    entries: Vec<(u64, Event)>,
    pub omitted: usize,
}

impl Book {
    pub fn new(masker: Masker) -> Self {
        Self { masker, entries: Vec::new(), omitted: 0 }
    }

    pub fn add(&mut self, number: u64, at: u64, what: What) {
        if self.entries.len() >= MAX_EVENTS {
            self.entries.remove(FIRST);
            self.omitted += 1;
        }
        self.entries.push((number, Event { at, what }));
    }

    /// Changes an exchange, unless it was left out meanwhile.
    pub fn change(&mut self, number: u64, now: u64, change: &impl Fn(&mut Exchange, &mut Masker)) {
        let Some((_, event)) = self.entries.iter_mut().rev().find(|(known, _)| *known == number) else { return };
        if let What::Exchange(exchange) = &mut event.what {
            exchange.took_ms = now.saturating_sub(event.at);
            change(exchange, &mut self.masker);
        }
    }

    pub fn events(&self) -> Vec<Event> {
        self.entries.iter().map(|(_, event)| event.clone()).collect()
    }
}

/// Something that came in the place of the redirect, or as the redirect.
#[derive(Debug)]
pub enum Came<'a> {
    Request(&'a LoopbackRequest),
    Pasted(&'a str),
}

impl Came<'_> {
    pub(super) fn masked(&self, masker: &mut Masker) -> Arrival {
        match self {
            Self::Request(request) => {
                let (path, query) = request.target.split_once('?').unwrap_or((&request.target, ""));
                let body = String::from_utf8_lossy(&request.body);
                // Our own page posts the rest of its address.
                let form = match body.starts_with(['?', '#']) {
                    true => body.replace(['?', '#'], "&"),
                    false => body.into_owned(),
                };
                Arrival {
                    method: masker.text(&request.method),
                    host: request.hosts.first().map(|host| masker.text(host)),
                    path: masker.text(path),
                    query: fields(query, masker),
                    form: fields(form.trim_start_matches('&'), masker),
                    pasted: false,
                }
            }
            Self::Pasted(line) => {
                let address = url::Url::parse(line.trim()).ok().map(|url| masker.address(&url));
                let Some(address) = address else {
                    // A bare code, or anything else that somebody had in the clipboard.
                    let code = ("code".to_owned(), masker.value("code", line.trim()));
                    return Arrival { query: vec![code], ..pasted() };
                };
                let query = address.query.into_iter().chain(address.fragment).collect();
                Arrival { path: address.base, query, ..pasted() }
            }
        }
    }
}

fn pasted() -> Arrival {
    Arrival {
        method: "paste".to_owned(),
        host: None,
        path: String::new(),
        query: Fields::new(),
        form: Fields::new(),
        pasted: true,
    }
}

fn fields(text: &str, masker: &mut Masker) -> Fields {
    masker.fields(&Params::from_urlencoded(text))
}
