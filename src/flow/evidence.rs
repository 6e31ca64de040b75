//! The scopes of a token, combined from all sources: the request, the token reply, the token itself, introspection, and
//! what the API actually allowed.
//!
//! No source counts more than another. If two disagree, that is the result.

use std::fmt;

use serde::{Serialize, Serializer};

use super::probe::{Proof, Proofs, Verdict};
use crate::protocol::introspection::IntrospectionResponse;
use crate::protocol::jwt;
use crate::protocol::scope::ScopeSet;
use crate::provider::ProviderDefinition;
use crate::store::StoredToken;
use crate::store::stored_token::ObtainedBy;

/// A source that says which scopes are granted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StatementSource {
    /// The token reply (RFC 6749 §5.1).
    Reply,
    /// The reply names no scopes, which means that the requested ones are granted (RFC 6749 §5.1).
    AsAsked,
    /// A claim of the token itself.
    Jwt(&'static str),
    /// The introspection endpoint (RFC 7662).
    Introspection,
    /// A header of the API's replies.
    Header(String),
}

impl fmt::Display for StatementSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reply => f.write_str("the token reply"),
            Self::AsAsked => f.write_str("as asked, since the reply names none (RFC 6749 §5.1)"),
            Self::Jwt(claim) => write!(f, "the token's claim `{claim}`"),
            Self::Introspection => f.write_str("introspection"),
            Self::Header(name) => write!(f, "the header `{name}`"),
        }
    }
}

impl Serialize for StatementSource {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The statement of one source: exactly these scopes.
#[derive(Clone, Debug, Serialize)]
pub struct Statement {
    pub source: StatementSource,
    pub scopes: ScopeSet,
}

/// All that is known about a token's scopes.
#[derive(Clone, Debug)]
pub struct Evidence {
    pub statements: Vec<Statement>,
    pub findings: Vec<Finding>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Granted {
    Yes,
    No,
    /// One source says yes, and another says no.
    Disputed,
    /// No source says.
    Unknown,
}

/// All that is known about one scope.
#[derive(Clone, Debug)]
pub struct Finding {
    pub scope: String,
    pub asked: bool,
    /// Granted even if not requested.
    pub always: bool,
    pub granted: Granted,
    /// The statements that it is granted, or not.
    pub said: Vec<(String, bool)>,
    pub proof: Option<Proof>,
}

impl Finding {
    /// Returns true if the API contradicts the sources.
    pub fn is_contradicted(&self) -> bool {
        let verdict = self.proof.as_ref().map(|proof| proof.verdict);
        matches!((self.granted, verdict), (Granted::Yes, Some(Verdict::Denied)) | (Granted::No, Some(Verdict::Proven)))
    }

    /// Returns true if the scope can be relied on: proven if it was probed, else granted.
    pub fn is_good(&self) -> bool {
        match &self.proof {
            Some(proof) => proof.verdict == Verdict::Proven,
            None => self.granted == Granted::Yes,
        }
    }
}

/// Combines the token, its record, and the replies from the network, if any were requested.
pub fn gather(
    definition: &ProviderDefinition,
    token: &StoredToken,
    introspected: Option<&IntrospectionResponse>,
    proofs: Option<&Proofs>,
) -> Evidence {
    let statements = statements(token, introspected, proofs);
    let always = definition.always_granted();
    let mut names = definition.known_scopes().union(&token.asked).union(&always);
    for statement in &statements {
        names = names.union(&statement.scopes);
    }
    let implied = |name: &str| {
        let holds = |implying: &&str| statements.iter().any(|statement| statement.scopes.contains(implying));
        definition.scope.implying(name).find(holds).map(str::to_owned)
    };
    let findings = names
        .iter()
        .map(|name| {
            let votes: Vec<bool> = statements.iter().map(|statement| statement.scopes.contains(name)).collect();
            let mut said: Vec<(String, bool)> =
                statements.iter().zip(&votes).map(|(statement, vote)| (statement.source.to_string(), *vote)).collect();
            let mut granted = match (votes.contains(&true), votes.contains(&false)) {
                (true, true) => Granted::Disputed,
                (true, false) => Granted::Yes,
                (false, true) => Granted::No,
                (false, false) => Granted::Unknown,
            };
            // A source may omit a scope that every token has, or that another scope implies. It does not deny it then.
            let without_saying = match (always.contains(name), implied(name)) {
                (true, _) => Some("always granted".to_owned()),
                (false, implied) => implied.map(|implying| format!("implied by {implying}")),
            };
            if let Some(why) = without_saying {
                granted = Granted::Yes;
                said.retain(|(_, vote)| *vote);
                said.push((why, true));
            }
            Finding {
                scope: name.to_owned(),
                asked: token.asked.contains(name),
                always: always.contains(name),
                granted,
                said,
                proof: proofs.map(|proofs| proof_of(name, proofs)),
            }
        })
        .collect();
    Evidence { statements, findings }
}

fn statements(
    token: &StoredToken,
    introspected: Option<&IntrospectionResponse>,
    proofs: Option<&Proofs>,
) -> Vec<Statement> {
    let sources = [
        token.granted.clone().map(|scopes| (StatementSource::Reply, scopes)),
        jwt::scopes(token.access_token.expose())
            .ok()
            .flatten()
            .map(|(claim, scopes)| (StatementSource::Jwt(claim), scopes)),
        introspected.and_then(|response| Some((StatementSource::Introspection, response.scope.clone()?))),
        proofs
            .and_then(|proofs| proofs.listed.clone())
            .map(|listed| (StatementSource::Header(listed.header), listed.scopes)),
    ];
    let mut statements: Vec<Statement> =
        sources.into_iter().flatten().map(|(source, scopes)| Statement { source, scopes }).collect();
    // A token that the user supplied has no request, and a server grants its own default if none is requested.
    if statements.is_empty() && token.obtained_by != ObtainedBy::Given && !token.asked.is_empty() {
        statements.push(Statement { source: StatementSource::AsAsked, scopes: token.asked.clone() });
    }
    statements
}

fn proof_of(name: &str, proofs: &Proofs) -> Proof {
    proofs.proofs.iter().find(|proof| proof.scope == name).cloned().unwrap_or_else(|| Proof {
        scope: name.to_owned(),
        verdict: Verdict::Unknown,
        request: None,
        status: None,
        reason: Some("it is not in the definition".to_owned()),
        guess: false,
    })
}

impl Evidence {
    /// Returns which of these scopes are missing, each with the reason.
    pub fn missing(&self, required: &ScopeSet) -> Vec<Missing> {
        let missing =
            required.iter().filter_map(|name| match self.findings.iter().find(|finding| finding.scope == name) {
                Some(finding) if finding.is_good() => None,
                finding => {
                    Some(Missing { scope: name.to_owned(), why: finding.map_or("it is unknown".to_owned(), why) })
                }
            });
        missing.collect()
    }

    /// Returns the scopes that are granted according to all sources.
    pub fn granted(&self) -> ScopeSet {
        self.findings
            .iter()
            .filter(|finding| finding.granted == Granted::Yes)
            .map(|finding| finding.scope.as_str())
            .collect()
    }

    /// Returns the requested scopes that a source says are not granted.
    pub fn withheld(&self) -> ScopeSet {
        let withheld = |finding: &&Finding| finding.asked && matches!(finding.granted, Granted::No | Granted::Disputed);
        self.findings.iter().filter(withheld).map(|finding| finding.scope.as_str()).collect()
    }
}

/// A required scope that is missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    pub scope: String,
    pub why: String,
}

fn why(finding: &Finding) -> String {
    if let Some(proof) = &finding.proof {
        let request = match (&proof.request, proof.status) {
            (Some(request), Some(status)) => format!("{request} → {status}"),
            (Some(request), None) => request.clone(),
            (None, _) => String::new(),
        };
        return [request, proof.reason.clone().unwrap_or_default()].join(" ").trim().to_owned();
    }
    match finding.granted {
        Granted::Yes => "granted".to_owned(),
        Granted::No if finding.asked => "asked for and not granted".to_owned(),
        Granted::No => "not granted".to_owned(),
        Granted::Disputed => "the sources disagree".to_owned(),
        Granted::Unknown => "no source says whether it is granted; `oauthctl scopes --probe` tests it".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::protocol::grant::GrantKind;
    use crate::protocol::secret::AccessToken;
    use crate::protocol::time::Timestamp;
    use crate::provider::Provider;
    use crate::provider::dialect::ListedScopes;

    const SCOPES: &str = "scope.always = ['public']\nscope.known = [{ name = 'public' }, { name = 'a' }, { name = 'b', implies = ['a'] }]";

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
        IntrospectionResponse { active: true, scope: Some(ScopeSet::parse(scope)), subject: None }
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
        assert_eq!(granted(&token(ObtainedBy::Given, "a", None), None), "public=Yes a=Unknown b=Unknown ");
        assert_eq!(granted(&token(code, "a b", None), Some("a")), "public=Yes a=Yes b=No ");
    }

    #[test]
    fn sources_that_disagree_are_not_reconciled() {
        let token = token(ObtainedBy::Grant(GrantKind::AuthorizationCode), "a b", Some("a x"));
        assert_eq!(granted(&token, Some("x")), "public=Yes a=Disputed b=No x=Yes ");
        let evidence = gather(&provider().definition, &token, None, None);
        assert_eq!(evidence.withheld().to_string(), "b");
        let missing = evidence.missing(&ScopeSet::parse("public a b y"));
        let missing: Vec<String> =
            missing.iter().map(|missing| format!("{}: {}", missing.scope, missing.why)).collect();
        assert_eq!(missing, ["b: asked for and not granted", "y: it is unknown"]);
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
    fn each_source_is_named_with_its_scopes() {
        let mut token = token(ObtainedBy::Grant(GrantKind::AuthorizationCode), "a c", Some("a"));
        // {"alg":"none"}.{"scope":"a c"}
        token.access_token = AccessToken::new("eyJhbGciOiJub25lIn0.eyJzY29wZSI6ImEgYyJ9.");
        let listed = ListedScopes { header: "x-scopes".to_owned(), scopes: ScopeSet::parse("c") };
        let proofs = Proofs { listed: Some(listed), ..Proofs::default() };
        let evidence = gather(&provider().definition, &token, Some(&introspected("a")), Some(&proofs));
        let sources = [
            ("the token reply", "a"),
            ("the token's claim `scope`", "a c"),
            ("introspection", "a"),
            ("the header `x-scopes`", "c"),
        ];
        let stated = sources.map(
            |(source, scopes)| serde_json::json!({"source": source, "scopes": scopes.split(' ').collect::<Vec<_>>()}),
        );
        assert_eq!(serde_json::to_value(&evidence.statements).unwrap(), serde_json::Value::from(stated.to_vec()));
        let said = sources.map(|(source, scopes)| (source.to_owned(), scopes.contains('a')));
        assert_eq!(finding(&evidence, "a").said, said);
        // No source mentions a scope that every token has.
        assert_eq!(finding(&evidence, "public").said, [("always granted".to_owned(), true)]);
    }

    #[test]
    fn a_silent_reply_is_quoted_as_such() {
        let evidence = gather(
            &provider().definition,
            &token(ObtainedBy::Grant(GrantKind::AuthorizationCode), "a", None),
            None,
            None,
        );
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
        let why =
            |evidence: &Evidence, scope| evidence.missing(&ScopeSet::parse(scope)).pop().map(|missing| missing.why);
        assert_eq!(why(&evidence, "a"), None);
        assert_eq!(why(&evidence, "b").as_deref(), Some("not granted"));
        assert_eq!(why(&evidence, "d").as_deref(), Some("the sources disagree"));
        // Only a requested scope can be withheld, and only a scope that no source denies is granted.
        assert_eq!((evidence.withheld().to_string(), evidence.granted().to_string()), ("d".into(), "public a".into()));
        let given = self::token(ObtainedBy::Given, "", None);
        let evidence = gather(&provider().definition, &given, None, None);
        assert!(why(&evidence, "a").unwrap().starts_with("no source says whether it is granted"));
    }
}
