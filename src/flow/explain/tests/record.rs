//! Records made by hand. A text that begins with `#` is a hidden value, with itself as its mark.

use serde_json::json;

use crate::protocol::flow_record::{
    Address, Arrival, Body, Decoded, Event, Exchange, FORMAT, Failure, FailureKind, Fields, FlowKind, FlowRecord,
    Hidden, Leg, Opener, Outcome, Reply, Settings, Tree, Value, What,
};

pub const URI: &str = "http://127.0.0.1:8765/callback";
pub const TOKEN: &str = "https://as.example/token";

/// 2026-11-28T00:00:00Z.
pub const STARTED: u64 = 1_795_824_000;

pub fn value(text: &str) -> Value {
    match text.strip_prefix('#') {
        Some(_) => Value::Hidden(Hidden { length: 43, mark: text.to_owned(), jwt: None }),
        None => Value::Shown(text.to_owned()),
    }
}

pub fn fields(pairs: &[(&str, &str)]) -> Fields {
    pairs.iter().map(|(name, text)| ((*name).to_owned(), value(text))).collect()
}

/// An object with the one member `$jwt` is a JWT with these claims.
pub fn tree(json: &serde_json::Value) -> Tree {
    match json {
        serde_json::Value::Null => Tree::Null,
        serde_json::Value::Bool(flag) => Tree::Bool(*flag),
        serde_json::Value::Number(number) => Tree::Number(number.to_string()),
        serde_json::Value::String(text) => Tree::Text(value(text)),
        serde_json::Value::Array(items) => Tree::List(items.iter().map(tree).collect()),
        serde_json::Value::Object(members) => match members.get("$jwt") {
            Some(claims) => Tree::Text(jwt(claims)),
            None => Tree::Object(members.iter().map(|(name, json)| (name.clone(), tree(json))).collect()),
        },
    }
}

pub fn jwt(claims: &serde_json::Value) -> Value {
    let decoded = Decoded { header: tree(&json!({"alg": "RS256"})), claims: tree(claims) };
    Value::Hidden(Hidden { length: 300, mark: "#jwt".to_owned(), jwt: Some(Box::new(decoded)) })
}

pub struct Made(pub FlowRecord);

/// A login in the browser that has come to its page.
pub fn login() -> Made {
    let settings = Settings {
        grant: Some("authorization_code".to_owned()),
        client_id: Some(value("my-app")),
        client_secret: Some(value("#secret")),
        redirect_uri: Some(URI.to_owned()),
        scopes: vec!["read".to_owned(), "write".to_owned()],
        pkce: true,
        issuer: Some("https://as.example".to_owned()),
        api_base: Some("https://api.example".to_owned()),
        app_page: Some("https://as.example/apps".to_owned()),
        ..Settings::default()
    };
    let query = fields(&[
        ("client_id", "my-app"),
        ("redirect_uri", URI),
        ("response_type", "code"),
        ("scope", "read write"),
        ("state", "#state"),
        ("nonce", "#nonce"),
        ("code_challenge", "#challenge"),
        ("code_challenge_method", "S256"),
    ]);
    let address = Address { base: "https://as.example/authorize".to_owned(), query, fragment: Vec::new() };
    of(FlowKind::Login)
        .then(0, What::Settings(Box::new(settings)))
        .then(10, What::Browser { address, opener: Opener::Opened })
}

/// A refresh, or a call, that has begun.
pub fn of(flow: FlowKind) -> Made {
    Made(FlowRecord {
        format: FORMAT,
        id: "made-up".to_owned(),
        started: STARTED * 1000,
        tool: "oauthctl/1".to_owned(),
        flow,
        profile: Some("acme".to_owned()),
        provider: Some("acme".to_owned()),
        events: Vec::new(),
        omitted: 0,
        outcome: None,
    })
}

pub fn call() -> Made {
    of(FlowKind::Call).then(0, What::Settings(Box::default()))
}

/// The fields of a token request.
pub const EXCHANGE: &[(&str, &str)] =
    &[("grant_type", "authorization_code"), ("code", "#code"), ("redirect_uri", URI), ("code_verifier", "#verifier")];

pub const REFRESH: &[(&str, &str)] = &[("grant_type", "refresh_token"), ("refresh_token", "#refresh")];

impl Made {
    pub fn then(mut self, at: u64, what: What) -> Self {
        self.0.events.push(Event { at, what });
        self
    }

    pub fn settings(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        for event in &mut self.0.events {
            if let What::Settings(settings) = &mut event.what {
                change(settings);
                break;
            }
        }
        self
    }

    /// Changes the authorization request.
    pub fn asked(mut self, change: impl FnOnce(&mut Fields)) -> Self {
        for event in &mut self.0.events {
            if let What::Browser { address, .. } = &mut event.what {
                change(&mut address.query);
                break;
            }
        }
        self
    }

    pub fn with(self, name: &str, text: &str) -> Self {
        let pair = (name.to_owned(), value(text));
        self.asked(|query| query.push(pair))
    }

    pub fn without_pkce(self) -> Self {
        self.settings(|settings| settings.pkce = false)
            .asked(|query| query.retain(|(name, _)| !name.starts_with("code_")))
    }

    /// The browser comes back with these parameters.
    pub fn back(self, at: u64, params: &[(&str, &str)]) -> Self {
        self.then(at, What::Redirect(Box::new(arrival("/callback", params))))
    }

    /// The usual answer.
    pub fn with_code(self) -> Self {
        self.back(2000, &[("code", "#code"), ("state", "#state"), ("iss", "https://as.example")])
    }

    pub fn stray(self, params: &[(&str, &str)]) -> Self {
        self.then(1500, What::Stray { arrival: Box::new(arrival("/callback", params)), why: "no state".to_owned() })
    }

    pub fn exchange(self, leg: Leg, sent: &[(&str, &str)], status: u16, reply: &serde_json::Value) -> Self {
        let body = (!reply.is_null()).then(|| Body::Json(tree(reply)));
        self.replied(leg, sent, status, body)
    }

    pub fn replied(self, leg: Leg, sent: &[(&str, &str)], status: u16, body: Option<Body>) -> Self {
        let reply = Reply { status, headers: Vec::new(), location: None, body };
        let address = match leg {
            Leg::Api => "https://api.example/things",
            Leg::Discovery => "https://as.example/.well-known/openid-configuration",
            _ => TOKEN,
        };
        let address = Address { base: address.to_owned(), ..Address::default() };
        let body = (!sent.is_empty()).then(|| Body::Fields(fields(sent)));
        let method = if sent.is_empty() { "GET" } else { "POST" };
        let exchange = Exchange {
            leg,
            method: method.to_owned(),
            address,
            headers: Vec::new(),
            body,
            took_ms: 100,
            reply: Some(reply),
            failure: None,
        };
        let at = self.0.events.last().map_or(0, |event| event.at + 5);
        self.then(at, What::Exchange(Box::new(exchange)))
    }

    /// A page came.
    pub fn page(self, leg: Leg, status: u16, html: &str) -> Self {
        self.replied(leg, EXCHANGE, status, Some(Body::Text(html.to_owned()))).reply_header("content-type", "text/html")
    }

    /// The code is exchanged, and the server refuses.
    pub fn refused(self, code: &str, words: &str) -> Self {
        self.with_code().exchange(Leg::Token, EXCHANGE, 400, &json!({"error": code, "error_description": words}))
    }

    fn last(&mut self) -> &mut Exchange {
        match &mut self.0.events.last_mut().expect("an event").what {
            What::Exchange(exchange) => exchange,
            _ => panic!("the last event is an exchange"),
        }
    }

    /// Changes the last exchange.
    pub fn changed(mut self, change: impl FnOnce(&mut Exchange)) -> Self {
        change(self.last());
        self
    }

    pub fn reply_header(self, name: &str, text: &str) -> Self {
        let pair = (name.to_owned(), value(text));
        self.changed(|exchange| exchange.reply.as_mut().expect("a reply").headers.push(pair))
    }

    pub fn sent_header(self, name: &str, value: Value) -> Self {
        let pair = (name.to_owned(), value);
        self.changed(|exchange| exchange.headers.push(pair))
    }

    /// The client authenticates with a Basic header.
    pub fn basic(self) -> Self {
        self.sent_header("authorization", value("#basic"))
    }

    /// The client's secret is in the body.
    pub fn in_body(self) -> Self {
        self.changed(|exchange| {
            if let Some(Body::Fields(fields)) = &mut exchange.body {
                fields.push(("client_secret".to_owned(), value("#secret")));
            }
        })
    }

    pub fn fails(self, kind: FailureKind, text: &str) -> Self {
        let made = self.replied(Leg::Token, EXCHANGE, 0, None);
        made.changed(|exchange| {
            exchange.reply = None;
            exchange.failure = Some(Failure { kind, text: text.to_owned(), issuer: None });
        })
    }

    /// It fails of a certificate with this issuer, and for this reason.
    pub fn refuses_certificate(self, issuer: &str, reason: &str) -> Self {
        let text = format!(
            "cannot connect to https://as.example over TLS: the certificate for `as.example` is issued by `{issuer}` \
             (valid until 2030-01-01T00:00:00Z): invalid peer certificate: {reason}"
        );
        let issuer = Some(issuer.to_owned());
        let fails = self.fails(FailureKind::Tls, &text);
        fails.changed(|exchange| exchange.failure.as_mut().expect("a failure").issuer = issuer)
    }

    pub fn ends(mut self, exit_code: u8, error: &str) -> Self {
        let error = if error.is_empty() { Vec::new() } else { vec![error.to_owned()] };
        self.0.outcome = Some(Outcome { exit_code, error, hint: None });
        self
    }
}

pub fn arrival(path: &str, params: &[(&str, &str)]) -> Arrival {
    Arrival {
        method: "GET".to_owned(),
        host: Some("127.0.0.1:8765".to_owned()),
        path: path.to_owned(),
        query: fields(params),
        form: Vec::new(),
        pasted: false,
    }
}
