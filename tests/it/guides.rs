//! The providers' own guides, sentence by sentence: what a client can honour is honoured. The sentences stand in the
//! comments; how replies are read is in `recorded_replies.rs`.

use std::collections::BTreeMap;

use oauthctl::testing::{
    AccessToken, AuthorizationCode, AuthorizationRequest, Catalogue, ClientId, ClientSecret, Dialect, Grant,
    HttpRequest, NoFiles, Params, Provider, RedirectUri, RefreshToken, ResponseType, ScopeSet, TokenRequest,
};

fn provider(id: &str, params: &[(&str, &str)]) -> Provider {
    let given: BTreeMap<String, String> = params.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
    Catalogue::new(&NoFiles, None).resolve(id, &given).unwrap()
}

/// The provider with one of its alternatives.
fn chosen(id: &str, alternative: &str, params: &[(&str, &str)]) -> Provider {
    let own = format!("alternative = '{alternative}'");
    let definition = Catalogue::new(&NoFiles, None).compose(id, Some((&own, "mine.toml"))).unwrap();
    let given = params.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
    Provider::new(definition, given, None).unwrap()
}

fn authorize_url(provider: &Provider, response_type: ResponseType, scope: &str) -> String {
    let request = AuthorizationRequest {
        response_type,
        client_id: ClientId::new("ID"),
        redirect_uri: RedirectUri::parse("https://example.com/cb").unwrap(),
        scope: ScopeSet::parse(scope),
        state: "NONCE".into(),
        code_challenge: None,
        nonce: None,
    };
    Dialect::new(provider).authorization_url(&request).unwrap().to_string()
}

fn token_request(provider: &Provider, grant: Grant, state: Option<&str>) -> HttpRequest {
    let request = TokenRequest {
        client_id: ClientId::new("ID"),
        client_secret: Some(ClientSecret::new("SECRET")),
        grant,
        state: state.map(str::to_owned),
    };
    Dialect::new(provider).encode_token_request(&request).unwrap()
}

fn code() -> Grant {
    Grant::AuthorizationCode {
        code: AuthorizationCode::new("CODE"),
        redirect_uri: "https://example.com/cb".into(),
        code_verifier: None,
    }
}

fn body(request: &HttpRequest) -> &str {
    std::str::from_utf8(&request.body).unwrap()
}

fn authorized(provider: &Provider, n: usize) -> HttpRequest {
    let url = provider.api_base().unwrap().url().clone();
    let mut request = HttpRequest::new(http::Method::GET, url);
    let placement = provider.definition.token_placements()[n].clone();
    Dialect::new(provider).place_token(&mut request, &placement, &AccessToken::new("TOKEN")).unwrap();
    request
}

#[test]
fn judgeme() {
    let judgeme = provider("judgeme", &[]);
    // "https://judge.me/oauth/authorize?client_id=[…]&redirect_uri=[…]&response_type=code&scope=read_products%20write_products&state=[…]"
    assert_eq!(
        authorize_url(&judgeme, ResponseType::Code, "read_products write_products"),
        "https://judge.me/oauth/authorize?client_id=ID&redirect_uri=https%3A%2F%2Fexample.com%2Fcb&response_type=code\
         &scope=read_products%20write_products&state=NONCE"
    );
    // "curl --request POST 'https://judge.me/oauth/token' --header 'Content-Type: application/json' --data-raw '{client_id,
    // client_secret, code, redirect_uri, state, grant_type}'"
    let request = token_request(&judgeme, code(), Some("NONCE"));
    assert_eq!((request.method.as_str(), request.url.as_str()), ("POST", "https://judge.me/oauth/token"));
    assert_eq!(request.headers["content-type"], "application/json");
    let sent: BTreeMap<String, String> = serde_json::from_slice(&request.body).unwrap();
    let pairs = [
        ("client_id", "ID"),
        ("client_secret", "SECRET"),
        ("code", "CODE"),
        ("grant_type", "authorization_code"),
        ("redirect_uri", "https://example.com/cb"),
        ("state", "NONCE"),
    ];
    assert_eq!(sent, pairs.into_iter().map(|(n, v)| (n.to_owned(), v.to_owned())).collect());
    // "curl --request GET 'https://judge.me/api/v1/products' --header 'Content-Type: application/json' --data-raw
    // '{"api_token": …}'", and the other places that the API documents.
    assert_eq!(authorized(&judgeme, 0).headers["x-api-token"], "TOKEN");
    assert_eq!(authorized(&judgeme, 1).headers["authorization"], "Bearer TOKEN");
    let request = authorized(&judgeme, 2);
    assert_eq!(
        (body(&request), &request.headers["content-type"]),
        ("{\"api_token\":\"TOKEN\"}", &http::HeaderValue::from_static("application/json"))
    );
    assert_eq!(authorized(&judgeme, 3).url.query(), Some("api_token=TOKEN"));
    // "Here is the full list of scopes": public, and read and write for six things; read_widgets is newer.
    let scopes = judgeme.definition.known_scopes();
    for thing in ["shops", "orders", "products", "reviewers", "reviews", "settings"] {
        assert!(scopes.contains(&format!("read_{thing}")) && scopes.contains(&format!("write_{thing}")), "{thing}");
    }
    assert!(scopes.contains("public") && scopes.contains("read_widgets"));
}

#[test]
fn storehippo() {
    let storehippo = provider("storehippo", &[("store", "myshop")]);
    // "{scopes} - a comma-separated list of scopes"; "{nonce} - a randomly selected value, unique for each request"
    assert_eq!(
        authorize_url(&storehippo, ResponseType::Code, "write_orders read_customers"),
        "https://myshop.storehippo.com/admin/oauth/authorization?client_id=ID&redirect_uri=https%3A%2F%2Fexample.com%2Fcb\
         &response_type=code&scope=write_orders%2Cread_customers&state=NONCE"
    );
    // Its name is lost with the URL of the guide, so `nonce` is one of the alternatives.
    let named = chosen("storehippo", "nonce", &[("store", "myshop")]);
    let url = authorize_url(&named, ResponseType::Code, "read_orders");
    assert!(url.contains("&state=NONCE&") && url.contains("&nonce="), "{url}");
    // "with the following parameters provided in the body": client_id, client_secret, code, redirect_uri, grant_type
    let request = token_request(&storehippo, code(), Some("NONCE"));
    assert_eq!(request.url.as_str(), "https://myshop.storehippo.com/admin/oauth/token");
    assert_eq!(
        body(&request),
        "client_id=ID&client_secret=SECRET&grant_type=authorization_code&code=CODE&redirect_uri=https%3A%2F%2Fexample.com%2Fcb"
    );
    // "accompanied with a header Authorization: Bearer {access_token}"
    assert_eq!(authorized(&storehippo, 0).headers["authorization"], "Bearer TOKEN");
    // read_ and write_ of seven things
    assert_eq!(storehippo.definition.known_scopes().iter().count(), 14);
}

#[test]
fn goodsie() {
    let goodsie = provider("goodsie", &[]);
    // "The requested access scope(s) separated by spaces (+ when url-encoded)"
    assert_eq!(
        authorize_url(&goodsie, ResponseType::Code, "storefront cart"),
        "https://api.goodsie.com/oauth2/authorize?client_id=ID&redirect_uri=https%3A%2F%2Fexample.com%2Fcb\
         &response_type=code&scope=storefront+cart&state=NONCE"
    );
    // "you will specify a response_type with the value token"
    assert!(authorize_url(&goodsie, ResponseType::Token, "storefront").contains("&response_type=token&"));
    // "curl … -d client_id -d client_secret -d grant_type=authorization_code -d redirect_uri -d code"
    let request = token_request(&goodsie, code(), Some("NONCE"));
    assert_eq!(request.headers["content-type"], "application/x-www-form-urlencoded");
    assert!(body(&request).contains("client_secret=SECRET") && body(&request).contains("code=CODE"));
    // "We recommend passing the access token as an HTTP header whenever possible"
    assert_eq!(authorized(&goodsie, 0).headers["authorization"], "Bearer TOKEN");
    assert_eq!(authorized(&goodsie, 1).url.query(), Some("access_token=TOKEN"));
    // "it should generally only request storefront and cart scopes"; cart is "currently unused"
    assert_eq!(goodsie.definition.default_scope().to_string(), "storefront cart");
}

#[test]
fn smithcart() {
    let smithcart = provider("smithcart", &[("domain", "shop.example.com")]);
    // "GET /oauth2/authorize?response_type=token&client_id=…&scope=private&state=…"
    assert_eq!(
        authorize_url(&smithcart, ResponseType::Token, "private orders"),
        "https://shop.example.com/oauth2/authorize?client_id=ID\
         &redirect_uri=https%3A%2F%2Fexample.com%2Fcb&response_type=token&scope=private%20orders&state=NONCE"
    );
    // A login that was made at the path of 0.1 stays good: its servers are the same.
    let earlier = chosen("smithcart", "module-paths", &[("domain", "shop.example.com")]);
    assert!(authorize_url(&earlier, ResponseType::Token, "private").contains("/Authorize.ashx?"));
    assert!(smithcart.check_origins(&earlier.recorded_origins(), "").is_ok());
    // "Must be token": there is no other grant, and no token endpoint.
    assert!(smithcart.token_endpoint().is_err());
    // "to deny any of the scopes you requested (except for public)"
    assert_eq!(smithcart.definition.always_granted().to_string(), "public");
    let names = ["public", "private", "create", "edit", "delete", "users", "orders"];
    assert_eq!(smithcart.definition.known_scopes().iter().collect::<Vec<_>>(), names);
}

#[test]
fn glu() {
    let glu = provider("glu", &[("store", "https://my-store.glu.io")]);
    // "GET {store}/oauth/authorize": response_type "Always code", client_id, redirect_uri, state; no scope.
    assert_eq!(
        authorize_url(&glu, ResponseType::Code, "anything"),
        "https://my-store.glu.io/oauth/authorize?client_id=ID&redirect_uri=https%3A%2F%2Fexample.com%2Fcb&response_type=code&state=NONCE"
    );
    // "POST {store}/token": client_id, client_secret, grant_type "Always authorization_code", redirect_uri; the table
    // forgets the code.
    let request = token_request(&glu, code(), Some("NONCE"));
    assert_eq!(request.url.as_str(), "https://my-store.glu.io/token");
    assert_eq!(
        body(&request),
        "client_id=ID&client_secret=SECRET&grant_type=authorization_code&code=CODE&redirect_uri=https%3A%2F%2Fexample.com%2Fcb"
    );
    // A refresh token is in the reply; RFC 6749 §6 says what it is for.
    let refresh = token_request(&glu, Grant::RefreshToken(RefreshToken::new("REFRESH")), None);
    assert_eq!(body(&refresh), "client_id=ID&client_secret=SECRET&grant_type=refresh_token&refresh_token=REFRESH");
    // "the Authorization header with the value BEARER {access_token}"
    assert_eq!(authorized(&glu, 0).headers["authorization"], "BEARER TOKEN");
}

#[test]
fn github() {
    let github = provider("github", &[]);
    // "GET /login/oauth/authorize": client_id, redirect_uri, "A space-delimited list of scopes", state
    assert_eq!(
        authorize_url(&github, ResponseType::Code, "repo gist"),
        "https://github.com/login/oauth/authorize?client_id=ID&redirect_uri=https%3A%2F%2Fexample.com%2Fcb\
         &response_type=code&scope=repo%20gist&state=NONCE"
    );
    // "POST /login/oauth/access_token": client_id, client_secret, code, redirect_uri; "Accept: application/json"
    let request = token_request(&github, code(), None);
    assert_eq!(request.url.as_str(), "https://github.com/login/oauth/access_token");
    assert_eq!(request.headers["accept"], "application/json");
    assert_eq!(
        body(&request),
        "client_id=ID&client_secret=SECRET&grant_type=authorization_code&code=CODE&redirect_uri=https%3A%2F%2Fexample.com%2Fcb"
    );
    // "Authorization: Bearer OAUTH-TOKEN"
    assert_eq!(authorized(&github, 0).headers["authorization"], "Bearer TOKEN");
}

#[test]
fn shopify() {
    let shopify = provider("shopify", &[("store", "My-Shop.myshopify.com")]);
    // "https://{shop}.myshopify.com/admin/oauth/authorize?client_id={client_id}&scope={scopes}&redirect_uri={redirect_uri}
    // &state={nonce}": "A comma-separated list of scopes"
    assert_eq!(
        authorize_url(&shopify, ResponseType::Code, "read_orders write_customers"),
        "https://my-shop.myshopify.com/admin/oauth/authorize?client_id=ID&redirect_uri=https%3A%2F%2Fexample.com%2Fcb\
         &response_type=code&scope=read_orders%2Cwrite_customers&state=NONCE"
    );
    // "POST https://{shop}.myshopify.com/admin/oauth/access_token": client_id, client_secret, code, expiring "1"
    let request = token_request(&shopify, code(), None);
    assert_eq!(request.url.as_str(), "https://my-shop.myshopify.com/admin/oauth/access_token");
    assert_eq!(
        body(&request),
        "client_id=ID&client_secret=SECRET&grant_type=authorization_code&code=CODE&redirect_uri=https%3A%2F%2Fexample.com%2Fcb\
         &expiring=1"
    );
    // "client_id, client_secret, grant_type: refresh_token, refresh_token"
    let refresh = token_request(&shopify, Grant::RefreshToken(RefreshToken::new("REFRESH")), None);
    assert_eq!(body(&refresh), "client_id=ID&client_secret=SECRET&grant_type=refresh_token&refresh_token=REFRESH");
    // "you should include your token as a X-Shopify-Access-Token header"
    let request = authorized(&shopify, 0);
    assert_eq!(request.headers["x-shopify-access-token"], "TOKEN");
    assert!(!request.headers.contains_key("authorization"));
    assert_eq!(request.url.as_str(), "https://my-shop.myshopify.com/admin/api/2026-10");
    // "Any scope that writes a resource also grants read access to it"
    for scope in shopify.definition.known_scopes().iter().filter_map(|scope| scope.strip_prefix("write_")) {
        let implying: Vec<_> = shopify.definition.scope.implying(&format!("read_{scope}")).map(str::to_owned).collect();
        assert_eq!(implying, [format!("write_{scope}")]);
    }
    // "Remove the hmac parameter … process the string through an HMAC-SHA256 hash function", with the library's example
    let signed = "code=0907a61c0c8d55e99db179b68161bc00&hmac=HMAC&shop=some-shop.myshopify.com&state=0.6784241404160823\
                  &timestamp=1337178173";
    let hmac = "700e2dadb827fcc8609e9d5ce208b2e9cdaab9df07390d2cbca10d7c328fc4bf";
    let bad = |query: &str| {
        let params = Params::from_urlencoded(query);
        Dialect::new(&shopify).bad_signature(&params, Some(&ClientSecret::new("hush"))).map(str::to_owned)
    };
    assert_eq!(bad(&signed.replace("HMAC", hmac)), None);
    assert_eq!(bad(&signed.replace("HMAC", &hmac.replace('7', "8"))).as_deref(), Some("hmac"));
    assert_eq!(bad(&signed.replace("HMAC", hmac).replace("some-shop", "other-shop")).as_deref(), Some("hmac"));
}
