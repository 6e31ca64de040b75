//! The record of each rule, and a near miss.

use serde_json::json;

use super::record::{EXCHANGE, Made, REFRESH, STARTED, TOKEN, URI, arrival, call, jwt, login, of, value};
use crate::protocol::flow_record::{Address, Body, FailureKind, FlowKind, Leg, What};

pub type Case = (&'static str, Made, Made);

/// What the user has copied from the provider's page, for the rules that need it.
pub fn registered(_: &str) -> Option<&'static str> {
    None
}

pub fn all() -> Vec<Case> {
    let cases = [
        redirect_uris(),
        demands(),
        clients(),
        codes(),
        refreshes(),
        scopes(),
        apis(),
        answers(),
        id_tokens(),
        networks(),
        servers(),
        pages(),
        others(),
    ];
    // A login that was refused ends so.
    let ended = |made: Made| if made.0.outcome.is_some() { made } else { made.ends(5, "could not log in") };
    cases.into_iter().flatten().map(|(id, record, near)| (id, ended(record), ended(near))).collect()
}

fn back(code: &str, words: &str) -> Made {
    login().back(
        2000,
        &[("error", code), ("error_description", words), ("state", "#state"), ("iss", "https://as.example")],
    )
}

fn redirect_uris() -> Vec<Case> {
    let sent_other = EXCHANGE
        .iter()
        .map(|(name, text)| (*name, if *name == "redirect_uri" { "http://localhost:8765/callback" } else { text }));
    let sent_other: Vec<(&str, &str)> = sent_other.collect();
    let invalid_grant = json!({"error": "invalid_grant"});
    let elsewhere = |path: &str| {
        login().then(2000, What::Redirect(Box::new(arrival(path, &[("code", "#code"), ("state", "#state")]))))
    };
    vec![
        (
            "redirect_uri_differs",
            back("invalid_request", "The redirect URI does not match the registered http://localhost:8765/callback."),
            back("invalid_request", "The redirect URI does not match. See https://docs.example/errors/redirect"),
        ),
        (
            "redirect_uri_differs",
            login().with_code().exchange(Leg::Token, &sent_other, 400, &invalid_grant),
            login().with_code().exchange(Leg::Token, EXCHANGE, 400, &invalid_grant),
        ),
        ("redirect_uri_differs", elsewhere("/other"), elsewhere("/callback/")),
        (
            "redirect_uri_refused",
            back("redirect_uri_mismatch", ""),
            back("invalid_request", &format!("wrong redirect_uri, register {}", URI.replace("8765", "8080"))),
        ),
    ]
}

fn demands() -> Vec<Case> {
    let pushed = || {
        let sent = &[("client_id", "my-app"), ("redirect_uri", URI)];
        login().exchange(Leg::PushedRequest, sent, 201, &json!({"request_uri": "urn:x", "expires_in": 60}))
    };
    let unknown = |made: Made| made.back(2000, &[("error", "invalid_request_uri"), ("state", "#state")]);
    vec![
        (
            "pushed_request_required",
            back("invalid_request", "Pushed Authorization Request must be used"),
            back("invalid_request", "the request is malformed"),
        ),
        (
            "pushed_request_required",
            back("invalid_request", "no").settings(|s| s.supported.pushed_requests_required = Some(true)),
            unknown(pushed()),
        ),
        ("pushed_request_ended", unknown(pushed()), unknown(login())),
        (
            "dpop_required",
            login().refused("invalid_dpop_proof", "DPoP proof is missing"),
            login().refused("invalid_request", "proof of address"),
        ),
        (
            "dpop_required",
            call()
                .exchange(Leg::Api, &[], 401, &json!({}))
                .reply_header("www-authenticate", "DPoP error=\"use_dpop_nonce\"")
                .ends(4, "x"),
            call()
                .exchange(Leg::Api, &[], 401, &json!({}))
                .reply_header("www-authenticate", "Bearer error=\"invalid_token\"")
                .ends(4, "x"),
        ),
        (
            "request_object_required",
            back("invalid_request", "Request Object must be used by this client"),
            back("invalid_request", "the request must be an object"),
        ),
        (
            "resource_required",
            back("invalid_target", "resource indicator is missing"),
            back("invalid_target", "no").with("resource", "https://x.example"),
        ),
        (
            "resource_refused",
            back("invalid_target", "").with("resource", "https://x.example"),
            back("invalid_target", ""),
        ),
        (
            "pkce_required",
            back("invalid_request", "PKCE is required").without_pkce(),
            back("invalid_request", "PKCE is required"),
        ),
        (
            "pkce_verifier_differs",
            login().refused("invalid_grant", "PKCE verification failed"),
            login().refused("invalid_grant", "verification failed"),
        ),
        (
            "pkce_unsupported",
            back("invalid_request", "code_challenge is not supported"),
            back("invalid_request", "code_challenge is missing").without_pkce(),
        ),
        (
            "pkce_unsupported",
            back("invalid_request", "").settings(|s| s.supported.pkce_methods = Some(vec!["plain".to_owned()])),
            back("invalid_request", "").settings(|s| s.supported.pkce_methods = Some(vec!["S256".to_owned()])),
        ),
        (
            "parameter_refused",
            back("invalid_request", "missing parameter: 'login_hint'"),
            back("invalid_request", "something is missing"),
        ),
        ("response_type_not_allowed", back("unsupported_response_type", ""), back("invalid_request", "")),
        ("interaction_required", back("login_required", "").with("prompt", "none"), back("access_denied", "")),
        ("denied", back("access_denied", "The user said no"), back("server_error", "")),
    ]
}

fn clients() -> Vec<Case> {
    let refused = |words: &str| login().refused("invalid_client", words);
    let methods = |made: Made, methods: &[&str]| {
        let methods = methods.iter().map(|method| (*method).to_owned()).collect();
        made.settings(|settings| settings.supported.auth_methods = Some(methods))
    };
    vec![
        ("client_unknown", back("invalid_client", "unknown"), refused("bad credentials").basic()),
        (
            "client_unknown",
            refused("AADSTS700016: Application with identifier 'x' was not found").in_body(),
            refused("wrong secret").in_body(),
        ),
        (
            "secret_missing",
            refused("client authentication failed").settings(|s| s.client_secret = None),
            refused("client authentication failed").basic(),
        ),
        (
            "secret_not_wanted",
            refused("client must not be sent a secret: it is public").basic(),
            refused("bad credentials").basic(),
        ),
        (
            "secret_not_wanted",
            methods(refused("").basic(), &["none"]),
            methods(refused("").basic(), &["none", "client_secret_basic"]),
        ),
        (
            "secret_in_wrong_place",
            methods(refused("").basic(), &["client_secret_post"]),
            methods(refused("").basic(), &["client_secret_basic"]),
        ),
        (
            "secret_in_wrong_place",
            refused("this client is registered for client_secret_basic").in_body(),
            refused("this client is registered for client_secret_post").in_body(),
        ),
        (
            "client_key_required",
            methods(refused("").basic(), &["private_key_jwt"]),
            methods(refused("").basic(), &["private_key_jwt", "client_secret_basic"]),
        ),
        (
            "client_key_required",
            login().refused("invalid_client", "private_key_jwt is expected").basic(),
            refused("a key is expected").basic(),
        ),
        ("secret_wrong", refused("").basic(), methods(refused("").basic(), &["client_secret_post"])),
        (
            "secret_wrong",
            refused("The client secret is wrong").in_body(),
            refused("The client secret is missing").settings(|s| s.client_secret = None),
        ),
        (
            "grant_not_allowed",
            login().refused("unauthorized_client", ""),
            login().refused("invalid_client", "").basic(),
        ),
        ("grant_not_allowed", login().refused("unsupported_grant_type", ""), back("unsupported_response_type", "")),
    ]
}

fn codes() -> Vec<Case> {
    let late = |at: u64, words: &str| {
        let made = login().with_code().exchange(
            Leg::Token,
            EXCHANGE,
            400,
            &json!({"error": "invalid_grant", "error_description": words}),
        );
        let mut made = made;
        made.0.events.last_mut().unwrap().at = at;
        made
    };
    let device = |code: &str| {
        login().exchange(
            Leg::Token,
            &[("grant_type", "device_code"), ("device_code", "#d")],
            400,
            &json!({"error": code}),
        )
    };
    let twice = |code: &str| login().stray(&[("code", code), ("state", "#x")]).refused("invalid_grant", "invalid code");
    vec![
        (
            "code_used_twice",
            login().refused("invalid_grant", "The code has already been used"),
            login().refused("invalid_grant", "invalid"),
        ),
        (
            "code_used_twice",
            login().with_code().exchange(Leg::Token, EXCHANGE, 500, &json!(null)).exchange(
                Leg::Token,
                EXCHANGE,
                400,
                &json!({"error": "invalid_grant"}),
            ),
            login().with_code().exchange(Leg::Token, &[("code", "#older")], 500, &json!(null)).exchange(
                Leg::Token,
                EXCHANGE,
                400,
                &json!({"error": "invalid_grant"}),
            ),
        ),
        ("code_used_twice", twice("#code"), twice("#other")),
        ("code_expired", late(2010, "Code has expired"), late(2010, "The code passed is incorrect or expired.")),
        ("code_expired", late(190_000, "invalid code"), late(3000, "invalid code")),
        (
            "code_refused",
            login().refused("invalid_grant", "grant request is invalid"),
            login().refused("invalid_grant", "Code has expired"),
        ),
        ("device_code_expired", device("expired_token"), device("authorization_pending").ends(6, "x")),
    ]
}

fn refreshes() -> Vec<Case> {
    let refused = |words: &str| {
        of(FlowKind::Refresh).exchange(
            Leg::Refresh,
            REFRESH,
            400,
            &json!({"error": "invalid_grant", "error_description": words}),
        )
    };
    let invalid = json!({"error": "invalid_grant"});
    let first = |mark: &str, status: u16| {
        let sent = [("grant_type", "refresh_token"), ("refresh_token", mark)];
        of(FlowKind::Refresh).exchange(Leg::Refresh, &sent, status, &json!(null)).exchange(
            Leg::Refresh,
            REFRESH,
            400,
            &invalid,
        )
    };
    vec![
        ("refresh_token_reused", refused("Token reuse detected"), refused("Token is not valid")),
        ("refresh_token_reused", first("#refresh", 200), first("#refresh", 503)),
        ("refresh_token_reused", first("#refresh", 200), first("#other", 200)),
        ("refresh_token_ended", refused(""), refused("the refresh token was already used")),
        ("refresh_token_ended", refused("revoked"), login().refused("invalid_grant", "revoked")),
    ]
}

fn scopes() -> Vec<Case> {
    let granted = |scope: &str| {
        login()
            .with_code()
            .exchange(Leg::Token, EXCHANGE, 200, &json!({"access_token": "#at", "scope": scope}))
            .ends(0, "")
    };
    let api = |challenge: &str| {
        call().exchange(Leg::Api, &[], 403, &json!({})).reply_header("www-authenticate", challenge).ends(10, "x")
    };
    vec![
        (
            "scope_not_allowed",
            back("invalid_scope", "write is not allowed"),
            back("invalid_request", "write is not allowed"),
        ),
        ("scope_granted_less", granted("read"), granted("write,read")),
        (
            "scope_missing",
            api("Bearer error=\"insufficient_scope\", scope=\"write\""),
            api("Bearer error=\"invalid_token\""),
        ),
    ]
}

fn apis() -> Vec<Case> {
    let now = i64::try_from(STARTED).unwrap();
    let with = |claims: serde_json::Value, challenge: &str| {
        let made = call().exchange(Leg::Api, &[], 401, &json!({})).sent_header("authorization", jwt(&claims));
        made.reply_header("www-authenticate", challenge).ends(4, "the API rejected the token")
    };
    let plain = "Bearer error=\"invalid_token\"";
    let said = |status: u16, body: serde_json::Value| {
        call().exchange(Leg::Api, &[], status, &body).sent_header("authorization", value("#at")).ends(9, "x")
    };
    let domain = |host: &str| {
        let tokens = json!({"access_token": "#at", "api_domain": host});
        let made =
            of(FlowKind::Call).exchange(Leg::Refresh, REFRESH, 200, &tokens).exchange(Leg::Api, &[], 401, &json!({}));
        made.ends(4, "x")
    };
    vec![
        ("token_expired", with(json!({"exp": now - 60}), plain), with(json!({"exp": now + 60}), plain)),
        (
            "token_for_another_audience",
            with(json!({"aud": "https://other.example"}), plain),
            with(json!({"aud": ["https://api.example/", "x"]}), plain),
        ),
        (
            "token_for_another_audience",
            with(json!({"aud": "orders"}), "Bearer error=\"invalid_token\", error_description=\"wrong audience\""),
            with(json!({"aud": "orders"}), plain),
        ),
        (
            "token_of_another_issuer",
            with(
                json!({"iss": "https://as.example"}),
                "Bearer authorization_uri=\"https://login.other.example/authorize\"",
            ),
            with(json!({"iss": "https://as.example"}), "Bearer authorization_uri=\"https://as.example/authorize\""),
        ),
        ("token_too_early", with(json!({"nbf": now + 60}), plain), with(json!({"nbf": now - 60}), plain)),
        (
            "login_too_weak",
            with(json!({}), "Bearer error=\"insufficient_user_authentication\", max_age=\"60\""),
            with(json!({}), plain),
        ),
        (
            "api_not_enabled",
            said(403, json!({"message": "The API is not enabled for this app"})),
            said(403, json!({"message": "The API is not for this app"})),
        ),
        (
            "header_missing",
            said(401, json!({"message": "Missing required header: X-Tenant-Id"})),
            said(401, json!({"message": "Missing required header: Authorization header"})),
        ),
        (
            "other_scheme",
            with(json!({}), "Basic realm=\"x\""),
            with(json!({}), "Basic realm=\"x\", Bearer realm=\"y\""),
        ),
        ("not_permitted", said(403, json!({"message": "no"})), said(404, json!({"message": "no"}))),
        ("other_region", domain("https://api.eu.example"), domain("https://api.example")),
        ("token_rejected", with(json!({}), plain), with(json!({"exp": now - 60}), plain)),
        (
            "api_busy",
            call().exchange(Leg::Api, &[], 429, &json!({})).reply_header("retry-after", "30").ends(9, "x"),
            call().exchange(Leg::Api, &[], 404, &json!({})).ends(9, "x"),
        ),
    ]
}

fn answers() -> Vec<Case> {
    let iss = |iss: &str| login().back(2000, &[("code", "#code"), ("state", "#state"), ("iss", iss)]);
    let stray = |params: &[(&str, &str)]| login().stray(params).ends(6, "no answer");
    vec![
        (
            "signed_answer",
            login().back(2000, &[("response", "#jwt")]),
            login().back(2000, &[("response", "#x"), ("code", "#code")]),
        ),
        ("wrong_issuer", iss("https://other.example"), iss("https://as.example")),
        ("issuer_missing", login().back(2000, &[("code", "#code"), ("state", "#state")]), iss("https://as.example")),
        (
            "issuer_missing",
            login().back(2000, &[("code", "#code"), ("state", "#state")]),
            login().back(2000, &[("code", "#code"), ("state", "#state")]).settings(|s| s.issuer = None),
        ),
        (
            "token_in_place_of_code",
            login().back(2000, &[("access_token", "#at"), ("state", "#state"), ("iss", "https://as.example")]),
            login()
                .back(2000, &[("access_token", "#at"), ("state", "#state")])
                .settings(|s| s.grant = Some("implicit".to_owned())),
        ),
        ("state_missing", stray(&[("code", "#code")]), stray(&[("code", "#code"), ("state", "#other")])),
        ("state_missing", stray(&[("error", "access_denied")]), stray(&[("utm", "x")])),
        ("state_of_another_login", stray(&[("code", "#code"), ("state", "#other")]), stray(&[("code", "#code")])),
        ("nothing_came", login().ends(6, "no answer"), login().with_code().ends(5, "x")),
        ("nothing_came", login().ends(6, "no answer"), stray(&[("x", "y")]).ends(5, "interrupted")),
    ]
}

fn id_tokens() -> Vec<Case> {
    let now = i64::try_from(STARTED).unwrap();
    let with = |change: &dyn Fn(&mut serde_json::Value), error: &str| {
        let mut claims =
            json!({"iss": "https://as.example", "aud": "my-app", "nonce": "#nonce", "iat": now, "exp": now + 60});
        change(&mut claims);
        let tokens = json!({"access_token": "#at", "id_token": {"$jwt": claims}});
        login().with_code().exchange(Leg::Token, EXCHANGE, 200, &tokens).ends(5, error)
    };
    let good = |_: &mut serde_json::Value| {};
    let wrong = "the ID token cannot be trusted";
    vec![
        ("nonce_differs", with(&|claims| claims["nonce"] = json!("#other"), wrong), with(&good, wrong)),
        (
            "nonce_differs",
            with(&|claims| claims["nonce"] = json!(null), wrong),
            with(&|claims| claims["aud"] = json!("other"), wrong),
        ),
        ("id_token_issuer", with(&|claims| claims["iss"] = json!("https://other.example"), wrong), with(&good, wrong)),
        (
            "id_token_audience",
            with(&|claims| claims["aud"] = json!(["a", "b"]), wrong),
            with(&|claims| claims["aud"] = json!(["a", "my-app"]), wrong),
        ),
        (
            "id_token_signature",
            with(&good, "the signature of the ID token is wrong"),
            with(&good, "the ID token has expired"),
        ),
        (
            "clock_skew",
            with(&|claims| claims["iat"] = json!(now + 600), "the ID token is from the future"),
            with(&|claims| claims["iat"] = json!(now + 30), wrong),
        ),
    ]
}

fn networks() -> Vec<Case> {
    let tls = |text: &str| {
        login().with_code().fails(FailureKind::Tls, &format!("cannot connect to https://as.example over TLS: {text}"))
    };
    let connect = |text: &str| login().with_code().fails(FailureKind::Connect, text);
    let proxy = |text: &str| {
        connect(&format!(
            "cannot connect to https://as.example through the proxy http://proxy:3128 (from https_proxy): {text}"
        ))
    };
    let peer = |text: &str| tls(&format!("invalid peer certificate: {text}"));
    vec![
        ("tls_authority", peer("UnknownIssuer"), peer("certificate expired: verification time 1 (UNIX)")),
        ("tls_date", peer("certificate expired: verification time 1 (UNIX)"), peer("UnknownIssuer")),
        ("tls_name", peer("certificate not valid for name \"as.example\""), peer("certificate not valid yet")),
        (
            "tls_client_certificate",
            tls("received fatal alert: CertificateRequired"),
            tls("received fatal alert: HandshakeFailure"),
        ),
        (
            "tls_missing",
            tls("received corrupt message of type InvalidContentType"),
            tls("received fatal alert: ProtocolVersion"),
        ),
        ("tls_broken", tls("received fatal alert: ProtocolVersion"), peer("UnknownIssuer")),
        ("proxy_refuses", proxy("proxy authorization required"), proxy("Connection refused")),
        (
            "proxy_unreachable",
            proxy("Connection refused (os error 111)"),
            connect("cannot connect to https://as.example: Connection refused"),
        ),
        (
            "name_not_found",
            connect("cannot connect to https://as.example: failed to lookup address information"),
            connect("cannot connect to https://as.example: Connection refused"),
        ),
        (
            "no_listener",
            connect("cannot connect to https://as.example: Connection refused"),
            proxy("Connection refused"),
        ),
        (
            "no_reply_in_time",
            login().with_code().fails(FailureKind::Timeout, "did not answer within 30 s"),
            connect("Connection refused"),
        ),
        (
            "connection_broken",
            connect("cannot connect to https://as.example: Connection reset by peer"),
            connect("cannot connect to https://as.example: Connection refused"),
        ),
        (
            "connection_broken",
            login().with_code().fails(FailureKind::Broken, "the connection to https://as.example broke: reset"),
            connect("Connection refused"),
        ),
    ]
}

fn servers() -> Vec<Case> {
    let metadata = |issuer: &str| {
        login_without_browser().exchange(Leg::Discovery, &[], 200, &json!({"issuer": issuer, "token_endpoint": TOKEN}))
    };
    let resource = |resource: &str| {
        let made = login_without_browser().exchange(Leg::Discovery, &[], 200, &json!({"resource": resource}));
        made.changed(|exchange| {
            exchange.address = Address {
                base: "https://api.example/.well-known/oauth-protected-resource/mcp".to_owned(),
                ..Address::default()
            };
        })
    };
    let register = |status: u16| {
        login_without_browser().exchange(
            Leg::Registration,
            &[("client_name", "oauthctl")],
            status,
            &json!({"error": "invalid_client_metadata", "error_description": "no"}),
        )
    };
    vec![
        ("metadata_of_another_issuer", metadata("https://other.example"), metadata("https://as.example/")),
        ("resource_metadata_differs", resource("https://other.example/mcp"), resource("https://api.example/mcp")),
        (
            "metadata_missing",
            login_without_browser().exchange(Leg::Discovery, &[], 404, &json!(null)),
            metadata("https://as.example"),
        ),
        ("registration_refused", register(403), register(201)),
    ]
}

fn login_without_browser() -> Made {
    of(FlowKind::Login).then(0, What::Settings(Box::default()))
}

fn pages() -> Vec<Case> {
    let came =
        |status: u16, html: &str| login().with_code().page(Leg::Token, status, html).ends(8, "an HTML page came");
    let moved = |status: u16| {
        let made = login().with_code().exchange(Leg::Token, EXCHANGE, status, &json!(null));
        made.changed(|exchange| {
            let to = Address { base: "https://www.as.example/token".to_owned(), ..Address::default() };
            exchange.reply.as_mut().unwrap().location = Some(to);
        })
    };
    let plain = |status: u16, body: serde_json::Value| {
        login().with_code().exchange(Leg::Token, EXCHANGE, status, &body).ends(8, "x")
    };
    vec![
        (
            "firewall_page",
            came(403, "<h1>Access denied</h1> Ray ID").reply_header("cf-ray", "present"),
            came(200, "<h1>Maintenance</h1>"),
        ),
        (
            "firewall_page",
            came(403, "<title>Attention Required! | Cloudflare</title>"),
            came(404, "<h1>Not Found</h1>"),
        ),
        ("endpoint_redirects", moved(301), moved(201)),
        ("endpoint_not_there", came(404, "<h1>Not Found</h1>"), plain(404, json!({"error": "invalid_client"}))),
        ("endpoint_not_there", came(501, "<p>Unsupported method ('POST')</p>"), came(503, "<p>down</p>")),
        ("server_busy", plain(429, json!({})), plain(400, json!({"error": "invalid_request"}))),
        (
            "server_fault",
            plain(503, json!({"error": "temporarily_unavailable"})),
            plain(400, json!({"error": "temporarily_unavailable"})),
        ),
        ("page_in_place_of_reply", came(200, "<h1>Maintenance</h1>"), came(403, "<h1>Blocked</h1>")),
        ("reply_without_token", plain(200, json!(null)), plain(200, json!({"access_token": "#at"}))),
        ("reply_without_token", plain(200, json!({"token": "#at"})), came(200, "<h1>Hi</h1>")),
    ]
}

fn others() -> Vec<Case> {
    let dated = |date: &str, error: &str| {
        login().refused("invalid_grant", "the code has expired").reply_header("date", date).ends(5, error)
    };
    let device = |code: &str| {
        let begun = of(FlowKind::Login).then(0, What::Settings(Box::default())).exchange(
            Leg::DeviceCode,
            &[("client_id", "x")],
            200,
            &json!({"device_code": "#d"}),
        );
        begun.exchange(Leg::Token, &[("device_code", "#d")], 400, &json!({"error": code})).ends(6, "not confirmed")
    };
    vec![
        (
            "clock_skew",
            dated("Sat, 28 Nov 2026 00:10:00 GMT", "it has expired"),
            dated("Sat, 28 Nov 2026 00:00:03 GMT", "it has expired"),
        ),
        (
            "https_required",
            login().refused("invalid_request", "HTTPS required"),
            login().refused("invalid_request", "the https page is required reading"),
        ),
        (
            "tenant_unknown",
            login().refused("invalid_request", "AADSTS90002: Tenant 'x' not found."),
            login().refused("invalid_request", "AADSTS70011: The tenant of the scope is not valid."),
        ),
        (
            "body_format_refused",
            login().refused("invalid_request", "Content-Type is not supported"),
            login().refused("invalid_request", "the content is typed wrong"),
        ),
        (
            "answer_unusable",
            login().back(2000, &[("state", "#state"), ("x", "y"), ("iss", "https://as.example")]).ends(5, "x"),
            login().back(2000, &[("state", "#state"), ("x", "y"), ("iss", "https://as.example")]).ends(130, "x"),
        ),
        (
            "answer_unusable",
            login().back(2000, &[("state", "#other"), ("code", "#c"), ("iss", "https://as.example")]).ends(5, "x"),
            login().back(2000, &[("state", "#state"), ("code", "#c"), ("iss", "https://as.example")]).ends(5, "x"),
        ),
        ("device_not_confirmed", device("authorization_pending"), device("access_denied")),
        ("refused", back("weird_code", "no idea"), back("invalid_scope", "no idea")),
        (
            "refused",
            login().with_code().replied(Leg::Token, EXCHANGE, 400, Some(Body::Text("nope".to_owned()))),
            login().with_code().exchange(Leg::Token, EXCHANGE, 200, &json!({"access_token": "#at"})),
        ),
        (
            "client_unknown",
            back("invalid_client", "x").with("x", "#y"),
            back("invalid_request", "x").with("y", value("z").shown().unwrap()),
        ),
    ]
}
