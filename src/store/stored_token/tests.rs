use super::*;
use crate::protocol::secret::IdToken;
use crate::protocol::token::TokenResponse;
use crate::provider::Catalogue;
use crate::provider::catalogue::NoFiles;
use crate::store::{SealedLogin, record};

impl StoredToken {
    /// A login at a provider whose tokens do not end, for the tests of this floor.
    pub(in crate::store) fn sample(access_token: &str) -> Self {
        let token = AccessToken::new(access_token);
        Self::given(&provider("judgeme", &[]), None, ObtainedBy::Given, ScopeSet::parse("a"), token, Timestamp(100))
    }
}

fn token() -> StoredToken {
    StoredToken::sample("canary")
}

fn provider(id: &str, params: &[(&str, &str)]) -> Provider {
    let params = params.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Catalogue::new(&NoFiles, None).resolve(id, &params).unwrap()
}

/// A reply with an access token and nothing else.
fn bare(access_token: &str) -> TokenReply {
    let access_token = AccessToken::new(access_token);
    let response = TokenResponse {
        access_token,
        token_type: None,
        expires_in: None,
        refresh_token: None,
        refresh_expires_in: None,
        id_token: None,
        scope: None,
    };
    let (captured, oddities) = (BTreeMap::new(), Vec::new());
    let masked = serde_json::json!({"n": 1});
    TokenReply { response, masked, captured, further: Default::default(), malformed: None, oddities, odd_type: None }
}

fn full(access_token: &str) -> TokenReply {
    let mut reply = bare(access_token);
    reply.response.expires_in = Some(Duration::from_secs(60));
    reply.response.refresh_token = Some(RefreshToken::new("its refresh token"));
    reply.response.scope = Some(ScopeSet::parse("b c"));
    reply.masked = serde_json::json!({"n": 2});
    reply
}

fn refresh_token(token: &StoredToken) -> Option<&str> {
    token.refresh_token.as_ref().map(RefreshToken::expose)
}

#[test]
fn a_lifetime_comes_from_the_reply_or_else_from_the_definition() {
    let (never, unsaid) = (provider("judgeme", &[]), provider("glu", &[("store", "x")]));
    let end = |provider: &Provider, reply| {
        StoredToken::from_reply(
            provider,
            None,
            ObtainedBy::Grant(GrantKind::Implicit),
            ScopeSet::new(),
            reply,
            Timestamp(100),
        )
        .expiry
    };
    let at = Expiry::At(Timestamp(160));
    assert_eq!([end(&never, full("t")), end(&never, bare("t"))], [at, Expiry::Never]);
    assert_eq!([end(&unsaid, full("t")), end(&unsaid, bare("t"))], [at, Expiry::Unknown]);
}

#[test]
fn a_login_records_the_reply_and_the_servers_it_came_from() {
    let (provider, asked) = (provider("glu", &[("store", "x")]), ScopeSet::parse("a"));
    let client = ClientId::new("me");
    let token = StoredToken::from_reply(
        &provider,
        Some(client.clone()),
        ObtainedBy::Grant(GrantKind::AuthorizationCode),
        asked.clone(),
        full("t"),
        Timestamp(100),
    );
    assert_eq!((token.access_token.expose(), refresh_token(&token)), ("t", Some("its refresh token")));
    assert_eq!((&token.asked, token.granted.clone()), (&asked, Some(ScopeSet::parse("b c"))));
    assert_eq!((token.reply, token.client_id), (Some(serde_json::json!({"n": 2})), Some(client)));
    assert_eq!((token.provider.as_str(), token.params), ("glu", provider.params.clone()));
    assert_eq!((token.origins, token.obtained_at), (provider.recorded_origins(), Timestamp(100)));
}

#[test]
fn a_refresh_keeps_what_the_reply_leaves_out() {
    let before = StoredToken {
        refresh_token: Some(RefreshToken::new("the old refresh token")),
        granted: Some(ScopeSet::parse("a")),
        label: Some("shop".into()),
        generation: 3,
        restored: true,
        intent: Some(Intent::new(Timestamp(200), None)),
        dead_since: Some(Timestamp(150)),
        ..token()
    };
    let unsaid = provider("glu", &[("store", "x")]);
    let cases = [
        (bare("new"), "the old refresh token", "a", Expiry::Unknown, 1),
        (full("new"), "its refresh token", "b c", Expiry::At(Timestamp(360)), 2),
    ];
    for (reply, refresh, granted, expiry, n) in cases {
        let after = before.refreshed(&unsaid, reply, Timestamp(300));
        assert_eq!((after.access_token.expose(), refresh_token(&after)), ("new", Some(refresh)));
        assert_eq!((after.granted, after.expiry), (Some(ScopeSet::parse(granted)), expiry));
        assert_eq!((after.obtained_at, after.generation), (Timestamp(300), 4));
        assert_eq!(after.reply, Some(serde_json::json!({"n": n})));
        assert!(after.intent.is_none() && after.dead_since.is_none(), "the refresh has come to its end");
        assert!(!after.restored, "it came from the provider");
        // Whatever the reply says, the login stays where it was made.
        assert_eq!((&after.provider, &after.origins, &after.label), (&before.provider, &before.origins, &before.label));
    }
}

/// A login whose refresh token lives for 90 days.
fn renewed_for_long() -> StoredToken {
    let provider = provider("glu", &[("store", "x")]);
    let mut reply = full("t");
    reply.response.refresh_expires_in = Some(90 * DAY);
    let by = ObtainedBy::Grant(GrantKind::AuthorizationCode);
    StoredToken::from_reply(&provider, None, by, ScopeSet::new(), reply, Timestamp(100))
}

const DAY: Duration = Duration::from_secs(86_400);

#[test]
fn a_refresh_tokens_end_is_that_of_the_reply_that_brought_it() {
    let (before, provider) = (renewed_for_long(), provider("glu", &[("store", "x")]));
    let ends = |days: u32| Some(Timestamp(100).plus(DAY * days));
    assert_eq!(before.refresh_ends(), ends(90));
    let later = Timestamp(100).plus(DAY);
    let rotated = |token: &str, life: Option<Duration>| {
        let mut reply = full("new");
        (reply.response.refresh_token, reply.response.refresh_expires_in) = (Some(RefreshToken::new(token)), life);
        before.refreshed(&provider, reply, later)
    };
    assert_eq!(before.refreshed(&provider, bare("new"), later).refresh_ends(), ends(90), "not rotated");
    assert_eq!(rotated("its refresh token", None).refresh_ends(), ends(90), "the same one again");
    assert_eq!(rotated("another", None).refresh_ends(), None, "nothing is known of a new one");
    assert_eq!(rotated("another", Some(90 * DAY)).refresh_ends(), ends(91));
    assert_eq!(rotated("its refresh token", Some(30 * DAY)).refresh_ends(), ends(31));
    let twice = before.refreshed(&provider, bare("new"), later).refreshed(&provider, bare("newer"), later);
    assert_eq!(twice.refresh_ends(), ends(90));
    let exported = StoredToken { refresh_token: None, ..before.clone() };
    assert_eq!(exported.refresh_ends(), None);
}

#[test]
fn the_end_of_a_refresh_token_is_kept_and_outlived_by_0_1() {
    let kept = record::encode(&renewed_for_long());
    assert_eq!(record::decode::<StoredToken>(&kept).unwrap().refresh_ends(), renewed_for_long().refresh_ends());
    // 0.1 has kept what it does not know, and rotated the token.
    let mut value: Value = serde_json::from_slice(&kept).unwrap();
    (value["refresh_token"], value["generation"]) = ("rotated".into(), 1.into());
    let read: StoredToken = record::decode(value.to_string().as_bytes()).unwrap();
    assert!(read.refresh_ends().is_none() && read.lasts(Timestamp(i64::MAX), DAY));
}

#[test]
fn a_login_lasts_no_longer_than_its_refresh_token() {
    let token = renewed_for_long();
    let at = |days: u32| Timestamp(100).plus(DAY * days);
    assert!(token.lasts(at(0), DAY * 89) && !token.lasts(at(0), DAY * 90) && !token.lasts(at(90), Duration::ZERO));
    assert!(token.is_renewable(), "our clock may be wrong");
    let hour = |minutes: u64| {
        let mut reply = full("t");
        reply.response.refresh_expires_in = Some(Duration::from_secs(3600));
        let token = token.refreshed(&provider("glu", &[("store", "x")]), reply, at(0));
        token.refresh_ends_soon(at(0).plus(Duration::from_secs(minutes * 60)))
    };
    assert_eq!([hour(53), hour(54)].map(|end| end.is_some()), [false, true]);
    assert_eq!([82, 83, 95].map(|days| token.refresh_ends_soon(at(days)).is_some()), [false, true, true]);
}

#[test]
fn a_refresh_takes_no_value_that_moves_the_login() {
    let definition = "params.inst = { kind = 'origin', from_token = 'x' }\nparams.realm.from_token = 'y'\n\
        token.url = 'https://as.example/'\napi.base = ['{inst}/{realm}', '{inst}/', 'https://api.example/']";
    let provider = |params: &[(&str, &str)]| {
        let params = params.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Provider::new(toml::from_str(definition).unwrap(), params, None).unwrap()
    };
    let refreshed = |params: &[(&str, &str)], sent: &[(&str, &str)]| {
        let (provider, mut reply) = (provider(params), bare("new"));
        reply.captured = sent.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let (by, old) = (ObtainedBy::Grant(GrantKind::AuthorizationCode), AccessToken::new("old"));
        let before = StoredToken::given(&provider, None, by, ScopeSet::new(), old, Timestamp(0));
        let told = provider.changed(&reply.captured);
        (before.refreshed(&provider, reply, Timestamp(1)).params, told.len())
    };
    let ours = [("inst", "https://a.example"), ("realm", "7")];
    let of = |params: &[(&str, &str)]| provider(params).params;
    assert_eq!(refreshed(&ours, &[("inst", "https://A.example/"), ("realm", "7")]), (of(&ours), 0));
    assert_eq!(refreshed(&ours, &[("inst", "https://b.example")]), (of(&ours), 1));
    // A record that is older than the definition's parameter.
    assert_eq!(refreshed(&ours[..1], &[("realm", "7")]), (of(&ours), 0));
    assert_eq!(refreshed(&[], &[("inst", "https://b.example"), ("realm", "7")]), (of(&[("realm", "7")]), 0));
    assert_eq!(
        refreshed(&[], &[("inst", "https://api.example"), ("realm", "..")]),
        (of(&[("inst", "https://api.example")]), 0)
    );
}

#[test]
fn the_number_of_refreshes_outlives_the_program() {
    let written = |generation| record::encode(&StoredToken { generation, ..token() });
    assert_eq!(record::decode::<StoredToken>(&written(2)).unwrap().generation, 2);
    assert_eq!(record::decode::<StoredToken>(&written(0)).unwrap().generation, 0);
    let never: Value = serde_json::from_slice(&written(0)).unwrap();
    assert_eq!(never.get("generation"), None, "a record that was never refreshed is as small as ever");
}

#[test]
fn a_reply_without_scopes_grants_the_asked_and_the_implied_ones() {
    let always = ScopeSet::parse("basic");
    let silent = token();
    assert_eq!(silent.scopes(&always), ScopeSet::parse("a basic"));
    let granted = Some(ScopeSet::parse("b"));
    assert_eq!(StoredToken { granted, ..silent }.scopes(&always), ScopeSet::parse("b basic"));
}

#[test]
fn a_login_lasts_while_it_can_be_refreshed_or_its_token_is_good() {
    let [over, good] = [Timestamp(150), Timestamp(9000)].map(Expiry::At);
    for (expiry, refreshes, is_dead, lasts) in [
        (over, true, false, true),
        (over, true, true, false),
        (over, false, false, false),
        (over, false, true, false),
        (good, false, false, true),
        (good, true, true, true),
    ] {
        let refresh_token = refreshes.then(|| RefreshToken::new("r"));
        let dead_since = is_dead.then_some(Timestamp(120));
        let client_id = Some(ClientId::new("id"));
        let token = StoredToken { expiry, refresh_token, client_id, dead_since, ..token() };
        assert_eq!(token.lasts(Timestamp(200), Duration::from_secs(60)), lasts, "{token:?}");
    }
}

#[test]
fn a_clock_that_was_set_back_by_more_than_a_minute_is_noticed() {
    let token = StoredToken { obtained_at: Timestamp(1000), ..token() };
    for (now, is_back) in [(939, true), (940, false), (1000, false), (5000, false)] {
        assert_eq!(token.is_from_the_future(Timestamp(now)), is_back, "{now}");
    }
}

/// As 0.1.0 wrote them.
const RECORDS_OF_0_1: [&str; 3] = [
    r#"{"version":1,"provider":"glu","params":{"store":"https://my-store.glu.io"},"origins":{"authorize":"http://127.0.0.1:46745","token":"http://127.0.0.1:46745","api":["http://127.0.0.1:46745"]},"client_id":"emulated","origin":"authorization_code","access_token":"made-up","refresh_token":"made-up-too","obtained_at":1795797431,"expiry":{"at":1795801031},"asked":["a"],"granted":[],"reply":{"access_token":"[7 characters]","token_type":"Bearer","expires_in":3600},"generation":2,"dead_since":1795797439}"#,
    r#"{"version":1,"provider":"smithcart","params":{"store":"x"},"origins":{"authorize":"https://x.example","api":["https://x.example"]},"client_id":"me","origin":"implicit","access_token":"made-up","obtained_at":1795797431,"expiry":"unknown","asked":["orders"]}"#,
    r#"{"version":1,"provider":"judgeme","origins":{"authorize":"https://judge.me","token":"https://judge.me","api":["https://judge.me"]},"origin":"given","label":"my shop","access_token":"made-up","obtained_at":1795797438,"expiry":"never","asked":[]}"#,
];

#[test]
fn records_of_0_1_are_read_and_written_as_they_were() {
    let by = [ObtainedBy::Grant(GrantKind::AuthorizationCode), ObtainedBy::Grant(GrantKind::Implicit)];
    for (text, by) in RECORDS_OF_0_1.iter().zip(by.into_iter().chain([ObtainedBy::Given])) {
        let token: StoredToken = record::decode(text.as_bytes()).unwrap();
        assert_eq!(token.obtained_by, by);
        let written: Value = serde_json::from_slice(&record::encode(&token)).unwrap();
        assert_eq!(written, serde_json::from_str::<Value>(text).unwrap());
    }
}

#[test]
fn a_record_says_how_the_login_is_renewed() {
    let refresh_token = Some(RefreshToken::new("r"));
    let brought = StoredToken { refresh_token, ..token() };
    assert!(brought.awaits_client() && matches!(brought.renewal(), Renewal::Never), "its client is not known");
    let with = brought.with_client(ClientId::new("id"), AppName::default());
    assert!(matches!(with.renewal(), Renewal::RefreshToken(token) if token.expose() == "r"));
    assert!(matches!(token().renewal(), Renewal::Never));
    let dead = StoredToken { dead_since: Some(Timestamp(1)), ..with };
    assert!(matches!(dead.renewal(), Renewal::Never) && !dead.is_renewable());
}

/// The text of 0.1 for such a record is "newer", and not "damaged".
#[test]
fn a_login_that_0_1_cannot_handle_has_a_higher_version() {
    for (kind, name) in [(GrantKind::DeviceCode, "device"), (GrantKind::ClientCredentials, "client_credentials")] {
        let by = ObtainedBy::Grant(kind);
        let made = StoredToken::given(
            &provider("judgeme", &[]),
            None,
            by,
            ScopeSet::default(),
            AccessToken::new("t"),
            Timestamp(1),
        );
        let bytes = record::encode(&made);
        let written: Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!((&written["version"], &written["origin"]), (&Value::from(record::VERSION + 1), &Value::from(name)));
        let read: StoredToken = record::decode(&bytes).unwrap();
        assert_eq!(read.obtained_by, by);
        assert_eq!(read.is_renewable(), kind.runs_alone(), "{name}");
        let exported = SealedLogin::new(&"p".parse().unwrap(), read);
        let exported: Value = serde_json::from_slice(&record::encode(&exported)).unwrap();
        assert_eq!(exported["version"], written["version"], "0.1 cannot import it either");
    }
}

#[test]
fn members_of_a_newer_program_survive() {
    let mut value: Value = serde_json::from_slice(&record::encode(&token())).unwrap();
    value["account"] = "label".into();
    value["numbers"] = serde_json::json!({"deep": [1, 2.5]});
    value["origins"]["userinfo"] = "https://as.example".into();
    value["intent"] = serde_json::json!({"begun_at": 7, "by": "another"});
    let read: StoredToken = record::decode(value.to_string().as_bytes()).unwrap();
    let written: Value = serde_json::from_slice(&record::encode(&read)).unwrap();
    assert_eq!(written, value);
}

#[test]
fn a_newer_format_is_not_damage() {
    let newer = br#"{"version":3,"shape":"unknown"}"#;
    assert!(matches!(record::decode::<StoredToken>(newer), Err(record::NotARecord::Newer(3))));
    for bad in [&b"{"[..], b"[]", b"{}", br#"{"version":1}"#, b"[2]"] {
        assert!(matches!(record::decode::<StoredToken>(bad), Err(record::NotARecord::Damaged(_))));
    }
}

#[test]
fn a_token_is_fresh_until_its_leeway_begins() {
    let mut token = token();
    assert!(token.is_fresh(Timestamp(i64::MAX), Duration::from_secs(60)));
    token.expiry = Expiry::At(Timestamp(1000));
    assert!(token.is_fresh(Timestamp(939), Duration::from_secs(60)));
    assert!(!token.is_fresh(Timestamp(940), Duration::from_secs(60)));
}

#[test]
fn debug_output_shows_no_token() {
    assert!(!format!("{:?}", token()).contains("canary"));
}

#[test]
fn a_record_keeps_its_app_and_is_0_1s_without_one() {
    let mut token = token();
    let text = |token: &StoredToken| String::from_utf8(record::encode(token).to_vec()).unwrap();
    assert!(!text(&token).contains("\"app\""), "{}", text(&token));
    assert!(record::decode::<StoredToken>(text(&token).as_bytes()).unwrap().app.is_default());
    token.app = "work".parse().unwrap();
    let read: StoredToken = record::decode(text(&token).as_bytes()).unwrap();
    let refreshed = read.refreshed(&provider("judgeme", &[]), bare("new"), Timestamp(200));
    assert_eq!((read.app.name(), refreshed.app.name()), (Some("work"), Some("work")));
}

#[test]
fn an_id_token_is_kept_with_its_verification_and_not_shown() {
    let claims = "eyJzdWIiOiJhbGljZSIsImVtYWlsIjoiY2FuYXJ5QHNob3AuZXhhbXBsZSIsImV4cCI6MTgwMDAwMDAwMH0";
    let mut login = token();
    login.id_token = Some(StoredIdToken::new(IdToken::new(format!("e30.{claims}.c2ln")), true));
    assert!(!format!("{login:?}").contains("e30"), "{login:?}");
    let read: StoredToken = record::decode(&record::encode(&login)).unwrap();
    let kept = read.id_token.as_ref().unwrap();
    assert_eq!((kept.account().as_deref(), kept.verified), (Some("canary@shop.example"), true));
    assert_eq!(kept.expires_at(), Some(Timestamp(1_800_000_000)));
    // A refresh that brings none keeps it, and 0.1 wrote none.
    let refreshed = read.refreshed(&provider("judgeme", &[]), bare("new"), Timestamp(200));
    assert_eq!(refreshed.id_token.unwrap().token, kept.token);
    let without = record::decode::<StoredToken>(&record::encode(&token())).unwrap();
    assert!(without.id_token.is_none() && !String::from_utf8_lossy(&record::encode(&token())).contains("id_token"));
}

#[test]
fn further_tokens_and_secrets_outlive_a_refresh() {
    let tokens = |pairs: &[(&str, &str)]| {
        pairs.iter().map(|(name, token)| ((*name).to_owned(), AccessToken::new(*token))).collect::<BTreeMap<_, _>>()
    };
    let secrets = Secrets::from([("key".to_owned(), Secret::new("canary-key"))]);
    let before = StoredToken { further_tokens: tokens(&[("user", "u1"), ("shop", "s1")]), secrets, ..token() };
    let reply = TokenReply { further: tokens(&[("user", "u2")]), ..bare("new") };
    let after = before.refreshed(&provider("judgeme", &[]), reply, Timestamp(200));
    assert_eq!(after.further_tokens, tokens(&[("user", "u2"), ("shop", "s1")]));
    assert_eq!(after.secrets, before.secrets);
    let read: StoredToken = record::decode(&record::encode(&after)).unwrap();
    assert_eq!((read.further_tokens, read.secrets), (after.further_tokens.clone(), after.secrets.clone()));
    assert_eq!(after.with_further("shop").unwrap().access_token.expose(), "s1");
    assert!(after.with_further("none").is_none());
    assert!(!format!("{after:?}").contains("canary"));
}

#[test]
fn a_token_that_renews_itself_is_renewable_until_it_ends() {
    let urls = "authorize.url = 'https://as.shop.test/a'\ntoken.url = 'https://as.shop.test/t'\n";
    let of = |keys: &str, by| {
        let definition = toml::from_str(&format!("{urls}{keys}")).unwrap();
        let provider = Provider::new(definition, BTreeMap::new(), None).unwrap();
        let mut reply = bare("t");
        reply.response.expires_in = Some(Duration::from_secs(60));
        StoredToken::from_reply(&provider, None, by, ScopeSet::new(), reply, Timestamp(100))
    };
    let grant = ObtainedBy::Grant(GrantKind::AuthorizationCode);
    let by_itself = of("refresh.with = 'access'", grant);
    assert!(by_itself.is_renewable() && by_itself.renews_at(Timestamp(159)) && !by_itself.renews_at(Timestamp(160)));
    assert!(!of("", grant).is_renewable());
    let given = StoredToken { obtained_by: ObtainedBy::Given, ..by_itself };
    assert!(!given.is_renewable(), "its client is not known");
}
