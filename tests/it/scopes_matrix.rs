//! For each provider and each few scopes: what is granted is proven, and what is not is denied, wherever there is a
//! probe. The emulator is made from the same definitions, so this shows that samples and probes fit together.

use std::collections::BTreeMap;
use std::sync::Arc;

use oauthctl::testing::{
    AccessToken, AuthorizationCode, AuthorizationRequest, Catalogue, ClientId, DEFAULT_REDIRECT_URI, Dialect, Emulator,
    Expiry, Grant, GrantKind, HeldToken, HttpClient, HttpRequest, MAX_REPLY, NetworkClient, NoFiles, Options,
    OsEntropy, Params, RedirectUri, Renew, Renewed, ResponseType, ScopeSet, SystemClock, Timestamp, TokenRequest,
    probe, probe::Probing, probe::Verdict,
};
use url::Url;

#[test]
fn what_is_granted_is_proven_wherever_there_is_a_probe() {
    let mut tried = BTreeMap::new();
    for id in Catalogue::new(&NoFiles, None).ids() {
        let definition = Catalogue::new(&NoFiles, None).get(&id).unwrap();
        let options = Options { approve: true, ..Options::default() };
        let emulator =
            Emulator::start(&definition, options, Arc::new(SystemClock), Arc::new(OsEntropy), |_| {}).unwrap();
        let http = NetworkClient::default();
        // Those with a probe, and as many of the others as make 14; of the many, five.
        let most = if FULL.contains(&id.as_str()) { 14 } else { 5 };
        let (probed, others): (Vec<_>, Vec<_>) = definition.scope.known.iter().partition(|known| known.probe.is_some());
        let others = others.iter().filter(|_| !probed.is_empty());
        let names: Vec<&str> = probed.iter().chain(others).map(|known| known.name.as_str()).take(most).collect();
        for subset in subsets(&names) {
            let token = token_with(&emulator, &http, &subset);
            let first = Renewed { token, expiry: Expiry::Unknown, refreshed: false };
            let held = HeldToken::new(first, &SystemClock, &Never);
            let provider = emulator.provider();
            let probing = Probing { http: &http, clock: &SystemClock, provider, held: &held, writes: false };
            let proofs = probe::run(&probing, &|_| {}).unwrap().proofs;
            for (proof, known) in proofs.iter().zip(&definition.scope.known) {
                if known.probe.is_some() {
                    let held = definition.scope.is_held(&known.name, &subset);
                    let granted = held || definition.always_granted().contains(&known.name);
                    let expected = if granted { Verdict::Proven } else { Verdict::Denied };
                    assert_eq!(proof.verdict, expected, "{id}, granted {subset}: {proof:?}");
                }
            }
            *tried.entry(id.clone()).or_insert(0) += 1;
        }
    }
    // n + n(n-1)/2 + n(n-1)(n-2)/6 of 14, 3, 14, 7 and 14 scopes.
    let of_full: Vec<(&str, i32)> = FULL.iter().map(|id| (*id, tried[*id])).collect();
    assert_eq!(of_full, [("github", 469), ("goodsie", 7), ("judgeme", 469), ("smithcart", 63), ("storehippo", 469)]);
    assert!(tried.len() >= 25, "{tried:?}");
}

/// Those of which many scopes are tried.
const FULL: [&str; 5] = ["github", "goodsie", "judgeme", "smithcart", "storehippo"];

/// Each token here is good.
struct Never;

impl Renew for Never {
    fn renew(&self, _: &AccessToken) -> Option<Renewed> {
        None
    }
}

/// Every one, two and three of them.
fn subsets(names: &[&str]) -> Vec<ScopeSet> {
    let mut subsets = Vec::new();
    for (n, a) in names.iter().enumerate() {
        subsets.push(ScopeSet::from_iter([*a]));
        for (m, b) in names.iter().enumerate().skip(n + 1) {
            subsets.push(ScopeSet::from_iter([*a, *b]));
            subsets.extend(names[m + 1..].iter().map(|c| ScopeSet::from_iter([*a, *b, *c])));
        }
    }
    subsets
}

fn token_with(emulator: &Emulator, http: &dyn HttpClient, scope: &ScopeSet) -> AccessToken {
    let provider = emulator.provider();
    let dialect = Dialect::new(provider);
    let implicit = provider.definition.grants()[0] == GrantKind::Implicit;
    let request = AuthorizationRequest {
        response_type: if implicit { ResponseType::Token } else { ResponseType::Code },
        client_id: ClientId::new(emulator.client_id()),
        redirect_uri: RedirectUri::parse(DEFAULT_REDIRECT_URI).unwrap(),
        scope: scope.clone(),
        state: "st".to_owned(),
        code_challenge: None,
        nonce: None,
    };
    let url = dialect.authorization_url(&request).unwrap();
    let reply = http.send(&HttpRequest::new(http::Method::GET, url)).unwrap();
    let callback = Url::parse(reply.header("location").expect("consent at once")).unwrap();
    if implicit {
        let fragment = Params::from_urlencoded(callback.fragment().unwrap());
        return dialect.decode_fragment(&fragment, Timestamp(0)).unwrap().response.access_token;
    }
    let code = Params::from_urlencoded(callback.query().unwrap()).single("code").unwrap().unwrap().to_owned();
    let request = TokenRequest {
        client_id: ClientId::new(emulator.client_id()),
        client_secret: Some(emulator.client_secret().clone()),
        grant: Grant::AuthorizationCode {
            code: AuthorizationCode::new(code),
            redirect_uri: DEFAULT_REDIRECT_URI.to_owned(),
            code_verifier: None,
        },
        state: None,
    };
    let reply = http.send(&dialect.encode_token_request(&request).unwrap()).unwrap();
    let (status, headers) = (reply.status, reply.headers.clone());
    let body = reply.read(MAX_REPLY).unwrap();
    let reply = dialect.decode_token_reply(status, &headers, &body, &[], Timestamp(0));
    reply.unwrap().response.access_token
}
