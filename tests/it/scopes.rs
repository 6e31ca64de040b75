//! What a token may do, as a person asks for it: asked, granted, proven, and a gate for CI.

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use serde_json::{Value, json};

use crate::support::raw_server::http;
use crate::support::shop_api::{Denial, Rules, TOKEN};
use crate::support::{Output, PendingLogin, RawServer, Sandbox, ShopApi};

/// A home in which Judge.me is this shop, and somebody has brought a token.
fn judgeme_at(shop: &ShopApi) -> Sandbox {
    let sandbox = Sandbox::new().with("OAUTHCTL_EMULATOR", &format!("judgeme={}", shop.origin()));
    keep(&sandbox, "judgeme", TOKEN);
    sandbox
}

fn keep(sandbox: &Sandbox, provider: &str, token: &str) {
    let login = ["login", "--provider", provider, "--scope", "read_products,read_reviews", "--with-token"];
    sandbox.run_with_stdin(&login, token).code(0).hides(token);
}

fn answer(output: &Output) -> Value {
    output.hides(TOKEN);
    serde_json::from_str(output.stdout()).unwrap_or_else(|error| panic!("{error}: {output}"))
}

fn row<'a>(answer: &'a Value, scope: &str) -> &'a Value {
    answer["scopes"].as_array().unwrap().iter().find(|row| row["scope"] == scope).unwrap()
}

#[test]
fn every_way_to_deny_is_read_for_what_it_is() {
    let cases = [
        (Denial::Forbidden, json!(false), "\"You don't have access to the resource\""),
        (Denial::UnauthorizedInWords, json!(false), "\"You don't have access to the resource\""),
        (Denial::ErrorWith200, json!(false), "\"You don't have access to the resource\""),
        (Denial::NotFound, json!(null), "the API hides what the token may not see"),
        (Denial::LoginPage, json!(null), "a web page and not the API's data"),
    ];
    for (denial, proven, reason) in cases {
        let shop = ShopApi::start(Rules { denial, ..Rules::granting(&["read_products"]) });
        let output = judgeme_at(&shop).run(&["scopes", "--probe", "--json"]);
        let answer = answer(output.code(0));
        assert_eq!(row(&answer, "read_products")["proven"], true, "{output}");
        assert_eq!(row(&answer, "public")["proven"], true, "{output}");
        for scope in ["read_reviews", "read_orders", "read_settings", "read_widgets", "read_shops"] {
            let row = row(&answer, scope);
            assert_eq!(row["proven"], proven, "{scope}: {output}");
            assert!(row["proof"]["reason"].as_str().unwrap().contains(reason), "{scope}: {output}");
        }
    }
}

#[test]
fn a_401_ends_the_run_and_means_a_new_login() {
    let shop = ShopApi::start(Rules { denial: Denial::Unauthorized, ..Rules::granting(&[]) });
    let output = judgeme_at(&shop).run(&["scopes", "--probe"]);
    output.code(4).says("→ 401 \"unauthorized\"").says("`oauthctl login judgeme`");
    assert!(output.stdout().is_empty() && shop.requests().len() <= 4, "{:?}", shop.requests());

    let sandbox = Sandbox::new().with("OAUTHCTL_EMULATOR", &format!("judgeme={}", shop.origin()));
    keep(&sandbox, "judgeme", "another-token");
    sandbox.run(&["scopes", "--probe"]).code(4).says("invalid_token").hides("another-token");
}

#[test]
fn an_id_comes_from_another_probes_reply_or_is_the_constant() {
    let shop = ShopApi::start(Rules::granting(&["read_reviews", "read_reviewers"]));
    let sandbox = judgeme_at(&shop);
    let with_review = answer(&sandbox.run(&["scopes", "--probe", "--json"]));
    assert_eq!(row(&with_review, "read_reviewers")["proof"]["request"], "GET /api/v1/reviewers/31?external_id=0");
    shop.change(|rules| rules.granted = vec!["read_reviewers"]);
    let without = answer(&sandbox.run(&["scopes", "--probe", "--json"]));
    assert_eq!(row(&without, "read_reviewers")["proof"]["request"], "GET /api/v1/reviewers/-1?external_id=0");
    assert_eq!(row(&without, "read_reviewers")["proven"], true);
}

#[test]
fn probes_that_could_change_data_are_sent_on_request_only() {
    let shop = ShopApi::start(Rules::granting(&["write_reviews", "read_products"]));
    let sandbox = Sandbox::new();
    let origin = shop.origin();
    sandbox.define(
        "mine",
        &format!(
            "api.base = '{origin}/api/v1'\n[[scope.known]]\nname = 'write_reviews'\n\
             probe = {{ method = 'POST', path = 'replies/check', harmless = true, body = '{{}}' }}\n\
             [[scope.known]]\nname = 'read_products'\nprobe = {{ path = 'products', guess = true }}\n"
        ),
    );
    keep(&sandbox, "mine", TOKEN);
    let safe = sandbox.run(&["scopes", "--probe"]);
    assert!(safe.code(0).stdout().contains("`--probe-writes` sends it"), "{safe}");
    assert!(safe.stdout().contains("GET /api/v1/products → 200 (the path is a guess)"), "{safe}");
    assert_eq!(shop.requests(), ["GET /api/v1/products"]);
    let output = sandbox.run(&["scopes", "--probe-writes", "--json"]);
    assert_eq!(row(&answer(&output), "write_reviews")["proven"], true);
    assert!(shop.requests().contains(&"POST /api/v1/replies/check".to_owned()));
}

#[test]
fn probes_run_side_by_side_so_a_slow_one_holds_up_nobody() {
    let all = [
        "read_shops",
        "read_widgets",
        "read_orders",
        "read_products",
        "read_reviewers",
        "read_reviews",
        "read_settings",
    ];
    let shop = ShopApi::start(Rules { products_after: 6, ..Rules::granting(&all) });
    let output = judgeme_at(&shop).run(&["scopes", "--probe", "--require", &all.join(",")]);
    output.code(0).hides(TOKEN);
}

#[test]
fn a_rate_limit_is_obeyed_or_told() {
    let shop = ShopApi::start(Rules { busy: Some(("0", 2)), ..Rules::granting(&["read_products"]) });
    let sandbox = judgeme_at(&shop);
    sandbox.run(&["scopes", "--probe", "--require", "read_products"]).code(0);
    assert_eq!(shop.requests().len(), 7 + 2, "{:?}", shop.requests());

    shop.change(|rules| rules.busy = Some(("3600", usize::MAX)));
    let output = sandbox.run(&["scopes", "--probe", "--json"]);
    let answer = answer(output.code(0));
    assert_eq!(row(&answer, "read_products")["proven"], json!(null));
    assert_eq!(row(&answer, "read_products")["proof"]["reason"], "the API asks to wait 1h");
}

#[test]
fn a_gate_names_what_is_missing() {
    let shop = ShopApi::start(Rules::granting(&["read_products"]));
    let sandbox = judgeme_at(&shop);
    sandbox.run(&["scopes", "--probe", "--require", "read_products,public"]).code(0);
    let output =
        sandbox.run(&["scopes", "--probe", "--require", "read_products", "--require", "read_reviews,write_shops"]);
    output.code(10).says("lacks read_reviews (GET /api/v1/reviews?per_page=1 → 403");
    output.says("write_shops (no safe request exists)").says("read_reviews write_shops'`");
    // Without probes the word of the sources counts, and no source says anything about a token that the user supplied.
    sandbox.run(&["scopes", "--require", "read_products"]).code(10).says("no source says whether it is granted");
}

#[test]
fn the_next_look_tells_what_has_changed() {
    let shop = ShopApi::start(Rules::granting(&["read_shops", "read_products"]));
    let sandbox = judgeme_at(&shop);
    let first = answer(&sandbox.run(&["scopes", "--probe", "--diff", "--json"]));
    assert_eq!(first["diff"], json!(null));
    let same = answer(&sandbox.run(&["scopes", "--diff", "--json"]));
    assert_eq!((&same["diff"]["other_account"], &same["diff"]["no_longer_proven"]), (&json!(false), &json!([])));
    shop.change(|rules| {
        rules.granted = vec!["read_shops", "read_orders"];
        rules.domain = "other-shop.test";
    });
    let output = sandbox.run(&["scopes", "--probe", "--diff"]);
    let told = output.code(0).stdout();
    assert!(told.contains("proven now: read_orders; proven no more: read_products; it is another account"), "{output}");
    let kept = std::fs::read_dir(sandbox.home().join(".local/share/oauthctl/scopes")).unwrap();
    for file in kept {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        assert!(!text.contains(TOKEN) && !text.contains("shop.test"), "{text}");
    }
}

#[test]
fn sources_that_disagree_are_told_apart() {
    let claims = BASE64_URL_SAFE_NO_PAD.encode(r#"{"scp":["a","b"],"sub":"somebody"}"#);
    let token = format!("e30.{claims}.c2ln");
    let server = RawServer::start([
        http("200 OK", &[], r#"{"active":true,"scope":"a"}"#),
        http("200 OK", &["X-OAuth-Scopes: a, c"], "{}"),
    ]);
    let sandbox = Sandbox::new().with("OAUTHCTL_CLIENT_ID", "id").with("OAUTHCTL_CLIENT_SECRET", "canary-secret");
    let origin = server.origin();
    sandbox.define(
        "mine",
        &format!(
            "api.base = '{origin}'\napi.scopes_header = 'X-OAuth-Scopes'\nintrospect.url = '{origin}/introspect'\n\
             [[scope.known]]\nname = 'a'\nprobe = {{ path = 'a' }}\n[[scope.known]]\nname = 'b'\n"
        ),
    );
    keep(&sandbox, "mine", &token);
    let output = sandbox.run(&["scopes", "--probe"]);
    output.code(0).hides(&token).hides("canary-secret");
    for words in [
        "Disagreement  b: the token's claim `scp` says yes, introspection says no, the header `X-OAuth-Scopes` says no",
        "Disagreement  c: the token's claim `scp` says no, introspection says no, the header `X-OAuth-Scopes` says yes",
        "the token's claim `scp`; introspection; the header `X-OAuth-Scopes`; probes (1)",
    ] {
        assert!(output.stdout().contains(words), "{words}\n{output}");
    }
    let requests = server.stop();
    assert!(requests[0].starts_with("POST /introspect") && requests[1].starts_with("GET /a"), "{requests:?}");
}

#[test]
fn failed_introspection_is_an_error_and_sends_nothing_elsewhere() {
    let (foreign, shop) = (RawServer::start([]), ShopApi::start(Rules::granting(&[])));
    let sandbox = Sandbox::new().with("OAUTHCTL_CLIENT_ID", "id");
    let define = |introspect: &str| {
        sandbox.define("mine", &format!("api.base = '{}/api/v1'\nintrospect.url = '{introspect}'", shop.origin()));
    };
    define(&format!("{}/introspect", foreign.origin()));
    keep(&sandbox, "mine", TOKEN);
    let output = sandbox.run(&["scopes"]);
    assert!(output.code(0).stdout().contains("which is not a server of this login"), "{output}");
    assert_eq!(foreign.stop(), [""; 0]);
    define(&format!("{}/introspect", shop.origin()));
    let output = sandbox.run(&["scopes"]);
    assert!(output.code(0).stdout().contains("introspection: the server answered with status 401"), "{output}");
}

/// A login that asks for three scopes and gets one.
fn partly_granted(args: &[&str]) -> (Sandbox, Output) {
    let reply = format!(r#"{{"access_token":"{TOKEN}","token_type":"Bearer","scope":"a"}}"#);
    let server = RawServer::start([http("200 OK", &["Content-Type: application/json"], reply)]);
    let sandbox = Sandbox::new().with("OAUTHCTL_CLIENT_ID", "mine").with("OAUTHCTL_CLIENT_SECRET", "made-up");
    let origin = server.origin();
    sandbox.define(
        "mine",
        &format!(
            "authorize.url = '{origin}/authorize'\ntoken.url = '{origin}/token'\ntoken.auth = 'body'\napi.base = '{origin}'\n\
             [scope]\nwithheld = 'the user may deny any scope'\n[[scope.known]]\nname = 'a'\n[[scope.known]]\nname = 'b'\n\
             [[scope.known]]\nname = 'c'\nnote = 'unused so far'"
        ),
    );
    let login = ["login", "--provider", "mine", "--scope", "a,b,c,d", "--port", "0", "--no-browser"];
    let login = PendingLogin::start(sandbox.command(&[&login, args].concat()));
    login.come_back(&[("code", "made-up-code")]);
    let output = login.finish();
    output.hides(TOKEN);
    (sandbox, output)
}

#[test]
fn each_missing_scope_is_named_with_its_likely_reason() {
    let (sandbox, output) = partly_granted(&["--require-scopes", "a"]);
    output.code(0).says("b was asked for and not granted; the likely reason: the user may deny any scope");
    output.says("c was asked for and not granted; the likely reason: unused so far");
    output.says("d was asked for and not granted; the likely reason: the provider's documents do not name it");
    sandbox.run(&["scopes", "--require", "a,b"]).code(10).says("lacks b (asked for and not granted)");
}

#[test]
fn a_login_that_lacks_a_required_scope_is_not_kept() {
    let (sandbox, output) = partly_granted(&["--require-scopes", "a,b"]);
    output.code(10).says("did not grant b (the user may deny any scope), so the token is not kept");
    sandbox.run(&["token"]).code(4);
}

#[test]
fn the_catalogue_is_shown_without_any_login() {
    let sandbox = Sandbox::new().with("COLUMNS", "200");
    let output = sandbox.run(&["providers", "scopes", "goodsie"]);
    assert!(output.code(0).stdout().contains("currently unused, says the guide"), "{output}");
    assert!(output.stdout().contains("ask for it only if the app acts as a store administrator"), "{output}");
    let hippo = sandbox.run(&["providers", "scopes", "storehippo"]);
    assert!(hippo.code(0).stdout().contains("GET entity/ms.controllers?limit=1 (a guess)"), "{hippo}");
    let all: Value = serde_json::from_str(sandbox.run(&["providers", "scopes", "--json"]).stdout()).unwrap();
    let counts: Vec<(&str, usize)> = (all.as_array().unwrap().iter())
        .map(|provider| (provider["provider"].as_str().unwrap(), provider["scopes"].as_array().unwrap().len()))
        .collect();
    let expected = [
        ("github", 34),
        ("glu", 0),
        ("goodsie", 3),
        ("judgeme", 14),
        ("shopify", 41),
        ("smithcart", 7),
        ("storehippo", 14),
    ];
    for one in expected {
        assert!(counts.contains(&one), "{one:?}: {counts:?}");
    }
    assert_eq!(counts.len(), oauthctl::testing::entries().count());
    sandbox.run(&["providers", "scopes", "nobody"]).code(3).says("no provider is called `nobody`");
}

#[test]
fn the_old_flags_of_scopes_work_and_say_where_they_moved() {
    let sandbox = Sandbox::new();
    for (old, new) in [
        (["--provider", "judgeme"].as_slice(), ["judgeme"].as_slice()),
        (&["--provider", "judgeme", "--json"], &["judgeme", "--json"]),
        (&["--all-providers"], &[]),
        (&["--all-providers", "--json"], &["--json"]),
    ] {
        let (before, now) =
            (sandbox.run(&[&["scopes"], old].concat()), sandbox.run(&[&["providers", "scopes"], new].concat()));
        assert_eq!(before.code(0).stdout(), now.code(0).stdout());
        assert_eq!((now.stderr(), before.stderr().lines().count()), ("", 1), "{before}");
        before.says("is now `oauthctl providers scopes");
    }
    assert!(!sandbox.run(&["scopes", "--help"]).code(0).stdout().contains("--all-providers"));
    // With a probe it is about a token of the client alone.
    let probed = sandbox.run(&["scopes", "--provider", "judgeme", "--probe"]);
    probed.code(3).says("does not offer the grant `client-credentials`");
    assert_eq!(sandbox.run(&["scopes", "--provider", "judgeme", "-q"]).code(0).stderr(), "");
}

#[test]
fn the_table_fits_80_and_120_columns() {
    let shop = ShopApi::start(Rules::granting(&["read_products", "read_reviewers"]));
    let table = |columns: &str| {
        let output = judgeme_at(&shop).with("COLUMNS", columns).run(&["scopes", "--probe"]);
        output.code(0).hides(TOKEN).stdout().to_owned()
    };
    insta::assert_snapshot!(table("80"), @r#"
    SCOPE            ASKED  GRANTED  PROVEN  HOW
    public           –      yes      yes     implied by any success
    read_shops       no     ?        no      GET /api/v1/shops/info → 403 "You don't
                                             have access to the resource"
    write_shops      no     ?        ?       no safe request exists
    read_widgets     no     ?        no      GET /api/v1/widgets/all_reviews_page →
                                             403 "You don't have access to the
                                             resource"
    read_orders      no     ?        no      GET /api/v1/orders?per_page=1 → 403
                                             "You don't have access to the resource"
    write_orders     no     ?        ?       no safe request exists
    read_products    yes    ?        yes     GET /api/v1/products?per_page=1 → 200
    write_products   no     ?        ?       no safe request exists
    read_reviewers   no     ?        yes     GET /api/v1/reviewers/-1?external_id=0
                                             → 404: a missing scope gets a denial
    write_reviewers  no     ?        ?       no safe request exists
    read_reviews     yes    ?        no      GET /api/v1/reviews?per_page=1 → 403
                                             "You don't have access to the resource"
    write_reviews    no     ?        ?       no safe request exists
    read_settings    no     ?        no      GET
                                             /api/v1/settings?setting_keys[]=autopub
                                             lish → 403 "You don't have access to
                                             the resource"
    write_settings   no     ?        ?       no safe request exists

    Sources       the documents of Judge.me (14 scopes, read 2026-11-20); what `login` asked for; probes (7)
    "#);
    insta::assert_snapshot!(table("120"), @r#"
    SCOPE            ASKED  GRANTED  PROVEN  HOW
    public           –      yes      yes     implied by any success
    read_shops       no     ?        no      GET /api/v1/shops/info → 403 "You don't have access to the resource"
    write_shops      no     ?        ?       no safe request exists
    read_widgets     no     ?        no      GET /api/v1/widgets/all_reviews_page → 403 "You don't have access to the
                                             resource"
    read_orders      no     ?        no      GET /api/v1/orders?per_page=1 → 403 "You don't have access to the resource"
    write_orders     no     ?        ?       no safe request exists
    read_products    yes    ?        yes     GET /api/v1/products?per_page=1 → 200
    write_products   no     ?        ?       no safe request exists
    read_reviewers   no     ?        yes     GET /api/v1/reviewers/-1?external_id=0 → 404: a missing scope gets a denial
    write_reviewers  no     ?        ?       no safe request exists
    read_reviews     yes    ?        no      GET /api/v1/reviews?per_page=1 → 403 "You don't have access to the resource"
    write_reviews    no     ?        ?       no safe request exists
    read_settings    no     ?        no      GET /api/v1/settings?setting_keys[]=autopublish → 403 "You don't have access to
                                             the resource"
    write_settings   no     ?        ?       no safe request exists

    Sources       the documents of Judge.me (14 scopes, read 2026-11-20); what `login` asked for; probes (7)
    "#);
}

#[test]
fn the_same_table_is_there_as_json() {
    let shop = ShopApi::start(Rules::granting(&["read_products"]));
    let mut answer = answer(judgeme_at(&shop).run(&["scopes", "--probe", "--json"]).code(0));
    // Three rows show every shape that a row has.
    let rows = ["public", "read_products", "read_orders"].map(|scope| row(&answer, scope).clone());
    answer["scopes"] = Value::from(rows.to_vec());
    insta::assert_snapshot!(serde_json::to_string_pretty(&answer).unwrap(), @r#"
    {
      "profile": "judgeme",
      "provider": "judgeme",
      "scopes": [
        {
          "scope": "public",
          "about": "what every app may read",
          "asked": false,
          "always": true,
          "granted": true,
          "disputed": false,
          "proven": true,
          "contradicted": false,
          "evidence": [
            {
              "source": "always granted",
              "granted": true
            }
          ],
          "proof": {
            "scope": "public",
            "verdict": "proven",
            "request": null,
            "status": null,
            "reason": "implied by any success",
            "guess": false
          }
        },
        {
          "scope": "read_products",
          "about": "products",
          "asked": true,
          "always": false,
          "granted": null,
          "disputed": false,
          "proven": true,
          "contradicted": false,
          "evidence": [],
          "proof": {
            "scope": "read_products",
            "verdict": "proven",
            "request": "GET /api/v1/products?per_page=1",
            "status": 200,
            "reason": null,
            "guess": false
          }
        },
        {
          "scope": "read_orders",
          "about": "orders",
          "asked": false,
          "always": false,
          "granted": null,
          "disputed": false,
          "proven": false,
          "contradicted": false,
          "evidence": [],
          "proof": {
            "scope": "read_orders",
            "verdict": "denied",
            "request": "GET /api/v1/orders?per_page=1",
            "status": 403,
            "reason": "\"You don't have access to the resource\"",
            "guess": false
          }
        }
      ],
      "sources": [
        "the documents of Judge.me (14 scopes, read 2026-11-20)",
        "what `login` asked for",
        "probes (7)"
      ]
    }
    "#);
}
