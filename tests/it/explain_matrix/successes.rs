//! Flows that go well, on which no finding may be sure.

use super::{each, findings};
use crate::support::{Emulated, OidcProvider, PendingLogin, Person, Sandbox, http};

/// Built-in providers, each with its own dialect.
const PROVIDERS: [&str; 22] = [
    "judgeme",
    "shopify",
    "github",
    "spotify",
    "bigcommerce",
    "ebay",
    "square",
    "stripe",
    "paypal",
    "mollie",
    "klaviyo",
    "mailchimp",
    "xero",
    "quickbooks",
    "zoho",
    "slack",
    "discord",
    "notion",
    "linear",
    "dropbox",
    "box",
    "gitlab",
];

fn at_oidc_provider(client: &str, more: &str, scope: &str, then: &[&str]) -> Sandbox {
    let sandbox = OidcProvider::running().sandbox(client, more);
    let login = ["login", "--provider", "acme", "--port", "0", "--no-browser", "--timeout", "1m", "--scope", scope];
    let login = PendingLogin::start(sandbox.command(&login));
    let landing = Person::approves(&login);
    if landing.fragment().is_some() {
        http::post_address(&landing)
    } else {
        http::get(&landing)
    };
    login.finish().code(0);
    if !then.is_empty() {
        sandbox.run(then).code(0);
    }
    sandbox
}

fn at_emulator(provider: &str) -> Option<Sandbox> {
    let emulated = Emulated::provider(provider, &["--approve"]);
    let browser = emulated.browser();
    let login = emulated.run(&["login", "--port", "0", "--browser", &browser]);
    // One that wants an address of its own, or a parameter that only its user knows, is none of this story.
    (login.exit_code() == Some(0)).then(|| emulated.same_home().without("OAUTHCTL_EMULATOR"))
}

#[test]
fn no_finding_is_sure_on_a_flow_that_succeeds() {
    let issuer = OidcProvider::running().issuer();
    let basic = "token.auth = 'basic'";
    let offline = format!("{basic}\nauthorize.params = {{ prompt = 'consent' }}");
    let keys = format!("{basic}\nopenid.jwks_url = '{issuer}/jwks'");
    let par = format!("{basic}\npar.url = '{issuer}/request'\npar.required = true");
    let body = "token.auth = 'body'".to_owned();
    let public = "token.auth = 'none'".to_owned();
    let fragment = "token.auth = 'none'\nauthorize.params = { response_mode = 'fragment' }".to_owned();
    let resource = format!(
        "{basic}\nauthorize.params = {{ resource = 'https://x.example' }}\ntoken.params = {{ resource = 'https://x.example' }}"
    );
    let flows: [(&str, &str, &str, &[&str]); 12] = [
        ("web app:1", basic, "read", &[]),
        ("web app:1", basic, "openid read write", &[]),
        ("web app:1", basic, "read unheard-of", &[]),
        ("web app:1", &keys, "openid read", &[]),
        ("web app:1", &offline, "openid offline_access", &["refresh"]),
        ("web app:1", basic, "openid read", &["scopes"]),
        ("web app:1", basic, "openid read", &["logout"]),
        ("web app:1", &resource, "read", &[]),
        ("pushing", &par, "openid read", &[]),
        ("body", &body, "read", &[]),
        ("public", &public, "openid read", &[]),
        ("public", &fragment, "openid read", &[]),
    ];
    let counted = std::sync::Mutex::new(0);
    let check = |sandbox: &Sandbox, what: &str| {
        let sure: Vec<_> = findings(sandbox, &[]).into_iter().filter(|(_, confidence)| confidence == "high").collect();
        assert!(sure.is_empty(), "{what}: {sure:?}");
        *counted.lock().unwrap() += 1;
    };
    each(&flows, |_, (client, more, scope, then)| check(&at_oidc_provider(client, more, scope, then), client));
    each(&PROVIDERS, |_, provider| {
        if let Some(sandbox) = at_emulator(provider) {
            check(&sandbox, provider);
        }
    });
    let counted = counted.into_inner().unwrap();
    println!("{counted} flows that succeed have no finding of high confidence");
    assert!(counted >= 30, "{counted} flows");
}
