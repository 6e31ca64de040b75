use std::collections::BTreeMap;

use super::*;
use crate::protocol::grant::GrantKind;
use crate::protocol::secret::AccessToken;
use crate::protocol::time::Timestamp;
use crate::provider::Provider;
use crate::provider::dialect::{ListedBy, ListedScopes};

const SCOPES: &str =
    "scope.always = ['public']\nscope.known = [{ name = 'public' }, { name = 'a' }, { name = 'b', implies = ['a'] }]";

fn provider() -> Provider {
    let definition: ProviderDefinition = toml::from_str(SCOPES).unwrap();
    Provider::new(definition, BTreeMap::new(), None).unwrap()
}

fn token(obtained_by: ObtainedBy, asked: &str, granted: Option<&str>) -> StoredToken {
    let given = AccessToken::new("opaque");
    let mut token = StoredToken::given(&provider(), None, obtained_by, ScopeSet::parse(asked), given, Timestamp(0));
    token.granted = granted.map(ScopeSet::parse);
    token
}

fn introspected(scope: &str) -> IntrospectionResponse {
    let scope = Some(ScopeSet::parse(scope));
    IntrospectionResponse { active: true, scope, subject: None, expires_at: None, proof: None }
}

fn granted(token: &StoredToken, scope: Option<&str>) -> String {
    let evidence = gather(&provider().definition, token, scope.map(introspected).as_ref(), None);
    evidence.findings.iter().map(|finding| format!("{}={:?} ", finding.scope, finding.granted)).collect()
}

#[test]
fn a_silent_reply_means_as_asked_only_after_a_request() {
    let code = ObtainedBy::Grant(GrantKind::AuthorizationCode);
    assert_eq!(granted(&token(code, "a c", None), None), "public=Yes a=Yes b=No c=Yes ");
    assert_eq!(granted(&token(code, "", None), None), "public=Yes a=Unknown b=Unknown ");
    assert_eq!(granted(&token(ObtainedBy::Given, "a", None), None), "public=Unknown a=Unknown b=Unknown ");
    assert_eq!(granted(&token(ObtainedBy::Given, "", None), Some("b")), "public=Yes a=Yes b=Yes ");
    assert_eq!(granted(&token(code, "a b", None), Some("a")), "public=Yes a=Yes b=No ");
}

#[test]
fn sources_that_disagree_are_not_reconciled() {
    let token = token(ObtainedBy::Grant(GrantKind::AuthorizationCode), "a b", Some("a x"));
    assert_eq!(granted(&token, Some("x")), "public=Yes a=Disputed b=No x=Yes ");
    let evidence = gather(&provider().definition, &token, None, None);
    assert_eq!(evidence.withheld().to_string(), "b");
    let missing = evidence.missing(&ScopeSet::parse("public a b y"));
    let missing: Vec<String> = missing.iter().map(|missing| format!("{}: {}", missing.scope, missing.why)).collect();
    assert_eq!(missing, ["b: asked for and not granted", "y: it is unknown"]);
}

#[test]
fn an_inactive_token_has_no_scope_that_can_be_relied_on() {
    let token = token(ObtainedBy::Grant(GrantKind::AuthorizationCode), "b", Some("b"));
    let inactive = IntrospectionResponse { active: false, scope: None, subject: None, expires_at: None, proof: None };
    let evidence = gather(&provider().definition, &token, Some(&inactive), None);
    let granted: Vec<Granted> = evidence.findings.iter().map(|finding| finding.granted).collect();
    assert_eq!(granted, [Granted::No, Granted::No, Granted::Disputed]);
    assert_eq!(evidence.missing(&ScopeSet::parse("public b")).len(), 2);
}

#[test]
fn an_implied_scope_is_granted_with_its_parent() {
    assert_eq!(
        granted(&token(ObtainedBy::Grant(GrantKind::AuthorizationCode), "b", Some("b")), None),
        "public=Yes a=Yes b=Yes "
    );
}

/// Returns the API's verdict on one scope.
fn proof(scope: &str, verdict: Verdict) -> Proof {
    let (request, reason) = (Some(format!("GET /{scope}")), Some("made up".to_owned()));
    Proof { scope: scope.to_owned(), verdict, request, status: Some(403), reason, guess: false }
}

fn finding<'e>(evidence: &'e Evidence, scope: &str) -> &'e Finding {
    evidence.findings.iter().find(|finding| finding.scope == scope).unwrap()
}

#[test]
fn the_apis_own_list_proves_what_no_probe_does() {
    let token = token(ObtainedBy::Grant(GrantKind::AuthorizationCode), "a c", Some("a c"));
    let by = ListedBy::Request("GET /scopes".to_owned());
    let listed = Some(ListedScopes { by, scopes: ScopeSet::parse("a") });
    let unsent = |scope: &str| Proof { request: None, ..proof(scope, Verdict::Unknown) };
    let proofs = Proofs { listed, proofs: ["a", "c"].map(unsent).to_vec(), ..Proofs::default() };
    let evidence = gather(&provider().definition, &token, None, Some(&proofs));
    let verdict = |scope: &str| finding(&evidence, scope).proof.as_ref().unwrap().verdict;
    assert_eq!(["a", "c"].map(verdict), [Verdict::Proven, Verdict::Denied]);
    assert_eq!(["a", "c"].map(|scope| finding(&evidence, scope).is_good()), [true, false]);
    assert_eq!(evidence.statements[1].source.to_string(), "the reply to `GET /scopes`");
    // A probe that was sent counts more.
    let sent = Proofs { proofs: vec![proof("a", Verdict::Unknown)], ..proofs };
    let evidence = gather(&provider().definition, &token, None, Some(&sent));
    assert!(!finding(&evidence, "a").is_good());
}

#[test]
fn each_source_is_named_with_its_scopes() {
    let mut token = token(ObtainedBy::Grant(GrantKind::AuthorizationCode), "a c", Some("a"));
    // {"alg":"none"}.{"scope":"a c"}
    token.access_token = AccessToken::new("eyJhbGciOiJub25lIn0.eyJzY29wZSI6ImEgYyJ9.");
    let listed = ListedScopes { by: ListedBy::Header("x-scopes".to_owned()), scopes: ScopeSet::parse("c") };
    let proofs = Proofs { listed: Some(listed), ..Proofs::default() };
    let evidence = gather(&provider().definition, &token, Some(&introspected("a")), Some(&proofs));
    let sources = [
        ("the token reply", "a"),
        ("the token's claim `scope`", "a c"),
        ("introspection", "a"),
        ("the header `x-scopes`", "c"),
    ];
    let stated = sources
        .map(|(source, scopes)| serde_json::json!({"source": source, "scopes": scopes.split(' ').collect::<Vec<_>>()}));
    assert_eq!(serde_json::to_value(&evidence.statements).unwrap(), serde_json::Value::from(stated.to_vec()));
    let said = sources.map(|(source, scopes)| (source.to_owned(), scopes.contains('a')));
    assert_eq!(finding(&evidence, "a").said, said);
    // No source mentions a scope that every token has.
    assert_eq!(finding(&evidence, "public").said, [("always granted".to_owned(), true)]);
}

#[test]
fn a_silent_reply_is_quoted_as_such() {
    let evidence =
        gather(&provider().definition, &token(ObtainedBy::Grant(GrantKind::AuthorizationCode), "a", None), None, None);
    let source = "as asked, since the reply names none (RFC 6749 §5.1)".to_owned();
    assert_eq!(finding(&evidence, "a").said, [(source, true)]);
}

#[test]
fn a_probe_of_the_api_outweighs_every_statement() {
    use Verdict::{Denied, Proven, Unknown};
    let token = token(ObtainedBy::Grant(GrantKind::AuthorizationCode), "a c d", Some("a d"));
    let proofs =
        |verdict| Proofs { proofs: ["a", "c"].map(|scope| proof(scope, verdict)).to_vec(), ..Proofs::default() };
    // `a` is granted and `c` is not: does that hold, and can it be relied on?
    for (verdict, a, c) in [
        (Some(Proven), (false, true), (true, true)),
        (Some(Denied), (true, false), (false, false)),
        (Some(Unknown), (false, false), (false, false)),
        (None, (false, true), (false, false)),
    ] {
        let evidence = gather(&provider().definition, &token, None, verdict.map(proofs).as_ref());
        let of = |scope| (finding(&evidence, scope).is_contradicted(), finding(&evidence, scope).is_good());
        assert_eq!((of("a"), of("c")), (a, c), "{verdict:?}");
    }
    let evidence = gather(&provider().definition, &token, None, Some(&proofs(Denied)));
    let missing = evidence.missing(&ScopeSet::parse("a d"));
    let missing: Vec<_> = missing.iter().map(|missing| (missing.scope.as_str(), missing.why.as_str())).collect();
    let unknown = "it is not in the definition";
    assert_eq!(missing, [("a", "GET /a → 403 made up"), ("d", unknown)]);
}

#[test]
fn a_missing_scope_comes_with_the_reason() {
    let token = token(ObtainedBy::Grant(GrantKind::AuthorizationCode), "a d", Some("a d"));
    let evidence = gather(&provider().definition, &token, Some(&introspected("a")), None);
    let why = |evidence: &Evidence, scope| evidence.missing(&ScopeSet::parse(scope)).pop().map(|missing| missing.why);
    assert_eq!(why(&evidence, "a"), None);
    assert_eq!(why(&evidence, "b").as_deref(), Some("not granted"));
    assert_eq!(why(&evidence, "d").as_deref(), Some("the sources disagree"));
    // A scope on which two sources disagree is neither granted nor withheld, and that is said once.
    assert_eq!((evidence.withheld().to_string(), evidence.granted().to_string()), ("".into(), "public a".into()));
    assert_eq!(
        (evidence.disputed().to_string(), evidence.named().unwrap().to_string()),
        ("d".into(), "public a".into())
    );
    assert_eq!(evidence.disagreements(), ["d: the token reply says yes, introspection says no"]);
    let given = self::token(ObtainedBy::Given, "", None);
    let evidence = gather(&provider().definition, &given, None, None);
    assert_eq!(evidence.named(), None);
    assert!(why(&evidence, "a").unwrap().starts_with("no source says whether it is granted"));
}
