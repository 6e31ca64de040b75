//! Flows that went well, on which no rule may be sure of anything.

use serde_json::json;

use super::super::{Confidence, diagnose};
use super::record::{EXCHANGE, Made, REFRESH, call, login, of, tree};
use crate::protocol::flow_record::{Body, FlowKind, Leg};

fn tokens() -> serde_json::Value {
    json!({"access_token": "#at", "token_type": "Bearer", "expires_in": 3600, "refresh_token": "#rt", "scope": "read write"})
}

fn went_well() -> Vec<Made> {
    let begun = || login().with_code();
    let id_token =
        json!({"$jwt": {"iss": "https://other.example", "aud": "other", "nonce": "#other", "iat": 1, "exp": 2}});
    let mut all = vec![
        begun().exchange(Leg::Token, EXCHANGE, 200, &tokens()),
        begun().exchange(Leg::Token, EXCHANGE, 200, &json!({"access_token": "#at", "scope": "read"})),
        begun().exchange(Leg::Token, EXCHANGE, 200, &json!({"access_token": "#at", "id_token": id_token})),
        begun().exchange(Leg::Token, EXCHANGE, 200, &tokens()).reply_header("date", "Sun, 06 Nov 1994 08:49:37 GMT"),
        begun().exchange(Leg::Token, EXCHANGE, 200, &tokens()).page(Leg::Keys, 403, "<h1>Blocked by cloudflare</h1>"),
        begun().exchange(Leg::Token, EXCHANGE, 503, &json!({})).exchange(Leg::Token, EXCHANGE, 200, &tokens()),
        login().stray(&[("code", "#c"), ("state", "#other")]).with_code().exchange(
            Leg::Token,
            EXCHANGE,
            200,
            &tokens(),
        ),
        login().stray(&[("error", "access_denied")]).with_code().exchange(Leg::Token, EXCHANGE, 200, &tokens()),
        login().stray(&[("code", "#code")]).with_code().exchange(Leg::Token, EXCHANGE, 200, &tokens()),
        begun().exchange(Leg::Token, EXCHANGE, 200, &tokens()).exchange(
            Leg::Introspection,
            REFRESH,
            401,
            &json!({"error": "invalid_client"}),
        ),
        of(FlowKind::Refresh).exchange(Leg::Refresh, REFRESH, 200, &tokens()),
        of(FlowKind::Refresh).exchange(Leg::Refresh, REFRESH, 500, &json!({})).exchange(
            Leg::Refresh,
            REFRESH,
            200,
            &tokens(),
        ),
        of(FlowKind::Revoke).exchange(Leg::Revocation, &[("token", "#at")], 200, &json!(null)),
        call().exchange(Leg::Api, &[], 401, &json!({"error": "invalid_token"})).exchange(
            Leg::Refresh,
            REFRESH,
            200,
            &tokens(),
        ),
        login().exchange(Leg::Discovery, &[], 404, &json!({})).with_code().exchange(
            Leg::Token,
            EXCHANGE,
            200,
            &tokens(),
        ),
    ];
    all.push(begun().replied(
        Leg::Token,
        EXCHANGE,
        200,
        Some(Body::Json(tree(&json!({"access_token": "#at", "error": null})))),
    ));
    all
}

#[test]
fn no_rule_is_sure_on_a_flow_that_succeeded() {
    for made in went_well() {
        let record = made.ends(0, "").0;
        let sure = diagnose(&record, None).into_iter().find(|finding| finding.confidence == Confidence::High);
        assert!(sure.is_none(), "{sure:?}");
    }
}
