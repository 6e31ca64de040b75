use std::sync::Arc;

use http::Method;
use url::Url;

use super::*;
use crate::flow::doubles::{Scripted, StubResponse, broken, provider_of};
use crate::protocol::client::ClientId;
use crate::protocol::flow_record::{Body, FailureKind, FlowKind, FlowRecord, Leg, Outcome, What, field};
use crate::protocol::message::HttpRequest;
use crate::protocol::secret::{ClientSecret, Secret};
use crate::system::clock::SystemClock;
use crate::system::entropy::OsEntropy;
use crate::system::http::HttpClient;

fn recorder(flow: FlowKind) -> Arc<Recorder> {
    Arc::new(Recorder::new(flow, false, Arc::new(SystemClock), Arc::new(OsEntropy)))
}

fn request(leg: Leg, body: &str) -> HttpRequest {
    let url = Url::parse("https://as.example/token?key=canary-key").unwrap();
    let request = HttpRequest::new(Method::POST, url).for_leg(leg);
    request.with_body("application/x-www-form-urlencoded", body)
}

/// Sends one request, reads its reply, and returns the record.
fn one(leg: Leg, said: impl Fn() -> StubResponse + Send + Sync + 'static) -> FlowRecord {
    let recorder = recorder(FlowKind::Login);
    let http = Recorded { inner: Arc::new(Scripted::new(move |_| Ok(said()))), recorder: Arc::clone(&recorder) };
    let reply = http.send(&request(leg, "grant_type=authorization_code&code=canary-code")).unwrap();
    let _ = reply.read(1 << 20);
    recorder.record(None).unwrap()
}

#[test]
fn an_exchange_is_kept_without_its_secrets() {
    let record = one(Leg::Token, || {
        StubResponse::new(200, r#"{"access_token":"canary-token","token_type":"Bearer","expires_in":3600}"#)
            .with("set-cookie", "canary=1")
    });
    let (_, exchange) = record.exchanges().next().unwrap();
    assert_eq!((exchange.leg, exchange.method.as_str()), (Leg::Token, "POST"));
    assert_eq!(exchange.address.base, "https://as.example/token");
    let sent = exchange.body.as_ref().unwrap();
    assert_eq!(sent.shown("grant_type").as_deref(), Some("authorization_code"));
    let reply = exchange.reply.as_ref().unwrap();
    let body = reply.body.as_ref().unwrap();
    assert_eq!(
        (body.shown("expires_in").as_deref(), body.shown("token_type").as_deref()),
        (Some("3600"), Some("Bearer"))
    );
    assert!(field(&reply.headers, "set-cookie").unwrap().hidden().is_some());
    let text = serde_json::to_string(&record).unwrap();
    assert!(!text.contains("canary"), "{text}");
    let read: FlowRecord = serde_json::from_str(&text).unwrap();
    assert_eq!(read, record);
}

#[test]
fn of_an_api_only_an_error_is_kept() {
    let answer = |status| one(Leg::Api, move || StubResponse::new(status, r#"{"message":"canary"}"#));
    let body = |record: FlowRecord| record.exchanges().next().unwrap().1.reply.clone().unwrap().body;
    assert_eq!(body(answer(200)), None);
    assert_eq!(body(answer(403)).unwrap().shown("message").as_deref(), Some("canary"));
}

#[test]
fn a_failure_is_kept_with_its_kind() {
    let recorder = recorder(FlowKind::Refresh);
    let http = Recorded { inner: Arc::new(Scripted::new(|_| Err(broken()))), recorder: Arc::clone(&recorder) };
    assert!(http.send(&request(Leg::Refresh, "refresh_token=canary-r")).is_err());
    let outcome = Outcome { exit_code: 8, error: vec!["no: canary-r".to_owned()], hint: None };
    let record = recorder.record(Some(&outcome)).unwrap();
    let failure = record.exchanges().next().unwrap().1.failure.clone().unwrap();
    assert_eq!(failure.kind, FailureKind::Broken);
    assert_eq!(record.outcome.unwrap().error, ["no: [hidden]"]);
}

#[test]
fn what_a_flow_goes_by_shows_no_secret_of_the_login() {
    let keys = "authorize.url = 'https://as.example/a'\ntoken.url = 'https://as.example/t'\ntoken.names = { client_id = 'app' }\n\
        params.key = { secret = true }\ntoken.params = { audience = '{key}' }";
    let secret = ("key".to_owned(), Secret::new("canary-key"));
    let provider = provider_of(keys, &[]).with_secrets([(&secret.0, &secret.1)]).unwrap();
    let (id, client_secret) = (ClientId::new("my-app"), ClientSecret::new("canary-secret"));
    let recorder = recorder(FlowKind::Login);
    let purpose = Purpose { client_id: Some(&id), client_secret: Some(&client_secret), ..Purpose::new(&provider) };
    recorder.purpose(&purpose);
    recorder.decision("canary-key", "canary-secret");
    let record = recorder.record(None).unwrap();
    let settings = record.settings().unwrap();
    assert_eq!(settings.client_id.as_ref().unwrap().shown(), Some("my-app"));
    assert_eq!(settings.endpoints["token"], "https://as.example/t");
    assert!(!serde_json::to_string(&record).unwrap().contains("canary"), "{record:?}");
}

#[test]
fn nothing_is_made_before_there_is_something_to_note() {
    let recorder = recorder(FlowKind::Call);
    recorder.name("mine", "acme");
    assert!(recorder.record(None).is_none());
    recorder.decision("a", "b");
    assert!(recorder.record(None).is_some());
    assert!(recorder.revealed(None).is_none());
    let off = Recorder::off(Arc::new(SystemClock), Arc::new(OsEntropy));
    off.decision("a", "b");
    assert!(off.record(None).is_none());
}

#[test]
fn a_long_flow_keeps_its_first_and_last_events() {
    let recorder = recorder(FlowKind::Login);
    (0..1000).for_each(|n| recorder.decision(&n.to_string(), ""));
    let record = recorder.record(None).unwrap();
    let word = |index: usize| match &record.events[index].what {
        What::Decision { what, .. } => what.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!((word(0), word(record.events.len() - 1)), ("0".to_owned(), "999".to_owned()));
    assert_eq!(record.events.len() + record.omitted, 1000);
}

#[test]
fn a_body_that_nobody_reads_on_is_kept_as_far_as_it_came() {
    let recorder = recorder(FlowKind::Login);
    let http = Recorded {
        inner: Arc::new(Scripted::new(|_| Ok(StubResponse::new(502, "<html><p>Bad gateway</p></html>")))),
        recorder: Arc::clone(&recorder),
    };
    drop(http.send(&request(Leg::Token, "")).unwrap().beginning(1 << 10));
    let record = recorder.record(None).unwrap();
    let body = record.exchanges().next().unwrap().1.reply.clone().unwrap().body;
    assert_eq!(body, Some(Body::Text("Bad gateway".to_owned())));
}
