//! All our words to people who met an error, on one page: every variant with made-up values, its exit code and hint.
//! `tests/fixtures/errors.txt` is there to be read as prose.

use std::error::Error;
use std::path::Path;
use std::time::Duration;
use std::{fs, io};

use oauthctl::commands::CommandError;
use oauthctl::commands::call::CallError;
use oauthctl::emulator::EmulatorError;
use oauthctl::flow::FlowError;
use oauthctl::flow::discovery::DiscoveryError;
use oauthctl::flow::evidence::Missing;
use oauthctl::flow::token_source::TokenSourceError;
use oauthctl::keychain::helper::HelperName;
use oauthctl::keychain::{FileProblem, KeychainError};
use oauthctl::protocol::error_response::ErrorResponse;
use oauthctl::protocol::grant::GrantKind;
use oauthctl::protocol::redirect_uri::RedirectUriError;
use oauthctl::protocol::time::{HumanDuration, Timestamp};
use oauthctl::protocol::token::NotATokenResponse;
use oauthctl::provider::dialect::TokenReplyError;
use oauthctl::provider::{DefinitionError, ProviderDefinition};
use oauthctl::report;
use oauthctl::store::journal::JournalError;
use oauthctl::store::login_index::IndexError;
use oauthctl::store::login_lock::LockError;
use oauthctl::store::sealed_login::SealedLoginError;
use oauthctl::store::{StoreError, StoreKind};
use oauthctl::system::account::NoAccount;
use oauthctl::system::certificate::CertificateError;
use oauthctl::system::entropy::NoEntropy;
use oauthctl::system::http::{HttpError, Reason};
use oauthctl::system::loopback::LoopbackError;
use oauthctl::system::paths::PathsError;
use oauthctl::system::private_file::PrivateFileError;
use oauthctl::system::project::{At, ProjectError};
use oauthctl::system::terminal::TerminalError;

/// With `UPDATE=1` in the environment this renews the page instead.
#[test]
fn the_error_page_has_every_message_as_it_is_said() {
    let page = error_page();
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/errors.txt");
    if std::env::var_os("UPDATE").is_some() {
        return fs::write(file, page).unwrap();
    }
    let kept = fs::read_to_string(file).unwrap_or_default().replace("\r\n", "\n");
    let changed = || page.lines().filter(|line| !kept.contains(line)).collect::<Vec<_>>().join("\n");
    assert!(
        kept == page,
        "tests/fixtures/errors.txt is stale; renew with `UPDATE=1 cargo test --test it error_page`, and read:\n{}",
        changed()
    );
}

#[test]
fn the_error_page_has_no_full_stops_and_no_capitals_at_the_beginning() {
    for line in error_page().lines().map(str::trim) {
        let ours = ["error: ", "hint: "].iter().find_map(|mark| line.strip_prefix(mark));
        assert!(!ours.is_some_and(|words| words.ends_with('.')), "{line}");
        let acronym = |words: &str| words.chars().nth(1).is_some_and(|c| c.is_ascii_uppercase());
        assert!(!ours.is_some_and(|w| w.starts_with(|c: char| c.is_uppercase()) && !acronym(w)), "{line}");
    }
}

/// The names of an enum's variants. The `match` has no `_`: a new variant does not compile until it is named here, and
/// a name without a value on the page fails the test.
trait Variants {
    const ALL: &[&str];
    const ENUM: &str;
    fn variant(&self) -> &'static str;
}

macro_rules! variants {
    ($($name:ident: $($variant:ident)+;)+) => {$(
        impl Variants for $name {
            const ALL: &[&str] = &[$(stringify!($variant)),+];
            const ENUM: &str = stringify!($name);

            fn variant(&self) -> &'static str {
                match self {
                    $($name::$variant { .. } => stringify!($variant)),+
                }
            }
        }
    )+};
}

variants! {
    CommandError: NoLogin NotRegistered OtherClient NoApp NoProvider ApiStatus ScopeMissing ScopesMissing NotGranted
        GrantNotOffered ListenElsewhere NobodyToPaste BadEmulator BadToken EmptyAnswer BadMethod BadRedirectUri
        SecretFile ChildNotStarted NotAnId DefinitionExists NotWritten TokenWithoutProfile NoTokenVariable TokenForEmulator MoveOfVariable
        VariableNotText BadTokenVariable TokenOfNobody NowhereToKeep ParamNotForProject OneOrAll LoginsEnd NoHeader NotGithub GithubEnv
        NoPassphrase PassphrasesDiffer LoginExists ImportFile SealedLogin DemoStep;
    RedirectUriError: NotAbsolute Fragment UserInfo PlainHttp;
    SealedLoginError: NotOurs Newer TooCostly WrongPassphrase ShortPassphrase Damaged Entropy;
    CallError: BadField Input BadHeader OwnToken BadOrigin PagesOfWhat BadFilter FilterFailed NotJson MixedPages
        NotForScreens Output;
    FlowError: Listen NoAnswer LaunchShared Declined NotLoopback TokenReply TokenRequest Discovery Metadata RevocationRequest
        NotRevoked ApiRequest ForeignUrl NotAPath ForeignRedirect TooManyRedirects UnknownPathParam BodyNotRepeatable
        NoThread PagesInACircle NoSuchPlacement BodyIsNotAnObject TokenDead Definition Entropy;
    LoopbackError: Taken NotAllowed Other;
    DiscoveryError: NotAnIssuer NotFound OtherIssuer UnsafeEndpoint;
    TokenReplyError: Refused ServerFault TooOften Redirected Unreadable Unusable UnusableFragment;
    NotATokenResponse: NoAccessToken BadCharacters UnknownType;
    TokenSourceError: NoRefreshToken Dead Refused Failed TooShort Busy Replaced Store Entropy;
    StoreError: Keychain Damaged Newer NotReadBack Lock Journal Index;
    KeychainError: Missing Locked Silent Refused Ambiguous TooLarge File BadKey ReadOnly;
    FileProblem: Io NotOurs Newer NotPrivate KeyGone FileGone;
    LockError: NoAccount File;
    JournalError: File BadKey Entropy;
    IndexError: File Damaged Busy Newer;
    PrivateFileError: Io NotPrivate;
    DefinitionError: UnknownProvider Unreadable UnreadableFile UnknownAlternative Missing Wrong ParamNeeded
        ParamRefused UnknownParam OriginsMoved;
    EmulatorError: Listen Serve Definition Entropy;
    HttpError: Connect Timeout Broken TooLarge Setup;
    PathsError: NoHome NotAbsolute;
    TerminalError: Stdout Stdin NoAnswer;
    ProjectError: Unreadable Wrong;
    CertificateError: NotMade NotUsable Damaged;
}

fn error_page() -> String {
    let mut page = Page(
        "Every error as people read it, with made-up values. Checked by tests/it/error_page.rs;\n\
         renewed with `UPDATE=1 cargo test --test it error_page`.\n"
            .to_owned(),
    );
    page.section(command_errors());
    page.inside(redirect_uri_errors(), CommandError::BadRedirectUri);
    page.inside(sealed_login_errors(), CommandError::SealedLogin);
    page.section(call_errors());
    page.section(flow_errors());
    page.inside(loopback_errors(), FlowError::Listen);
    page.inside(discovery_errors(), FlowError::Metadata);
    page.inside(token_reply_errors(), |source| FlowError::TokenReply { provider: text("acme"), source });
    page.inside(not_token_responses(), |source| {
        let source = TokenReplyError::Unusable { status: 200, reply: text("{\"ok\":true}"), source };
        FlowError::TokenReply { provider: text("acme"), source }
    });
    page.section(token_source_errors());
    page.section(store_errors());
    page.inside(keychain_errors(), |source| in_keychain(StoreKind::Keychain, "the OS keychain", source));
    page.inside(file_problems(), |problem| in_file(KeychainError::File { path: text(SEALED), problem }));
    page.inside(lock_errors(), StoreError::Lock);
    page.inside(journal_errors(), StoreError::Journal);
    page.inside(index_errors(), StoreError::Index);
    page.inside(private_file_errors(), |source| StoreError::Index(IndexError::File { path: text(INDEX), source }));
    page.section(definition_errors());
    page.section(emulator_errors());
    page.section(http_errors());
    page.section(vec![PathsError::NoHome, PathsError::NotAbsolute { name: "OAUTHCTL_DATA_DIR", value: text("data") }]);
    page.section(vec![TerminalError::Stdout(denied()), TerminalError::Stdin(denied()), TerminalError::NoAnswer]);
    page.section(vec![
        ProjectError::Unreadable {
            place: text("/home/me/shop/.oauthctl.toml"),
            source: io::Error::other("others may write to it"),
        },
        ProjectError::Wrong { at: at(), problem: text("unknown field `host`, expected `profile` or `params`") },
    ]);
    page.section(vec![
        CertificateError::NotMade { host: text("shop.test"), source: rcgen::Error::CouldNotParseCertificate },
        CertificateError::NotUsable { host: text("shop.test"), source: rustls::Error::General(text("no such curve")) },
        CertificateError::Damaged,
    ]);
    page.title("NoEntropy");
    page.entry("NoEntropy", &no_entropy());
    page.0
}

struct Page(String);

impl Page {
    fn section<E: Variants + Error + 'static>(&mut self, errors: Vec<E>) {
        self.inside(errors, |error| error);
    }

    /// Errors that people see as the cause of another one.
    fn inside<E: Variants, W: Error + 'static>(&mut self, errors: Vec<E>, whole: impl Fn(E) -> W) {
        self.title(E::ENUM);
        let built: Vec<&str> = errors.iter().map(E::variant).collect();
        for name in E::ALL {
            assert!(built.contains(name), "the page has no {}::{name}", E::ENUM);
        }
        for error in errors {
            let name = error.variant();
            self.entry(name, &whole(error));
        }
    }

    fn title(&mut self, name: &str) {
        self.0 += &format!("\n\n# {name}\n");
    }

    fn entry(&mut self, name: &str, error: &(dyn Error + 'static)) {
        let (code, hint) = report::verdict(error);
        let text = report::page(error, hint.as_deref());
        self.0 += &format!("\n{name}: exit {}, {code:?}\n", code as u8);
        for line in anstream::adapter::strip_str(&text).to_string().lines() {
            self.0 += format!("    {line}").trim_end();
            self.0 += "\n";
        }
    }
}

fn command_errors() -> Vec<CommandError> {
    let provider = || text("acme");
    let profile = || text("acme-eu");
    let address = text("https://shop.example/callback");
    let missing = || {
        vec![
            Missing { scope: text("write_products"), why: text("asked for, not granted") },
            Missing { scope: text("read_orders"), why: text("GET /api/v1/orders → 403") },
        ]
    };
    let wants_prompt = KeychainError::Locked;
    vec![
        CommandError::NoLogin { profile: None, provider: None },
        CommandError::NoLogin { profile: Some(profile()), provider: None },
        CommandError::NoLogin { profile: Some(profile()), provider: Some(provider()) },
        CommandError::NotRegistered { provider: provider() },
        CommandError::OtherClient { profile: profile(), provider: provider(), client_id: text("client-1") },
        CommandError::NoApp { provider: provider() },
        CommandError::NoProvider,
        CommandError::ApiStatus { status: 404, detail: None, advice: None },
        CommandError::ApiStatus {
            status: 429,
            detail: Some(text("\"slow down\"")),
            advice: Some(text("the API asks to wait 5 min; `--max-wait` says how long may be waited")),
        },
        CommandError::ScopeMissing {
            profile: profile(),
            status: 403,
            detail: Some(text("\"insufficient_scope\"")),
            remedy: text("oauthctl login --provider acme --scope 'read_products write_products'"),
        },
        CommandError::ScopesMissing {
            profile: profile(),
            missing: missing(),
            remedy: text("oauthctl login --provider acme --scope 'read_products write_products'"),
        },
        CommandError::TokenForEmulator { profile: profile(), provider: provider() },
        CommandError::MoveOfVariable { profile: profile() },
        CommandError::NotGranted { provider: provider(), missing: missing() },
        CommandError::GrantNotOffered { provider: provider(), offered: vec![GrantKind::AuthorizationCode] },
        CommandError::GrantNotOffered {
            provider: provider(),
            offered: vec![GrantKind::AuthorizationCode, GrantKind::Implicit],
        },
        CommandError::ListenElsewhere { address: "192.168.1.5:8765".parse().unwrap() },
        CommandError::NobodyToPaste { redirect_uri: address },
        CommandError::BadEmulator { value: text("http://127.0.0.1:4000") },
        CommandError::BadToken,
        CommandError::EmptyAnswer { question: "client id" },
        CommandError::BadMethod { text: text("FE TCH") },
        CommandError::BadRedirectUri(RedirectUriError::NotAbsolute(text("callback"))),
        CommandError::SecretFile { path: text("/run/secrets/acme"), source: not_found() },
        CommandError::ChildNotStarted { program: text("crul"), source: not_found() },
        CommandError::NotAnId { id: text("My Shop") },
        CommandError::DefinitionExists { path: text("/home/me/.config/oauthctl/acme.toml") },
        CommandError::NotWritten { path: text("/home/me/.config/oauthctl/acme.toml"), source: denied() },
        CommandError::TokenWithoutProfile,
        CommandError::NoTokenVariable,
        CommandError::VariableNotText { name: "OAUTHCTL_CLIENT_SECRET" },
        CommandError::BadTokenVariable,
        CommandError::TokenOfNobody { profile: profile() },
        CommandError::NowhereToKeep {
            provider: provider(),
            source: Box::new(in_keychain(StoreKind::Keychain, "the OS keychain", wants_prompt)),
        },
        CommandError::ParamNotForProject { at: at(), param: text("store"), provider: provider() },
        CommandError::OneOrAll,
        CommandError::LoginsEnd { profiles: vec![profile()], provider: provider() },
        CommandError::LoginsEnd { profiles: vec![profile(), text("acme-us")], provider: provider() },
        CommandError::NoHeader { provider: provider() },
        CommandError::NotGithub,
        CommandError::GithubEnv { path: text("/home/runner/_temp/set_env"), source: denied() },
        CommandError::NoPassphrase,
        CommandError::PassphrasesDiffer,
        CommandError::LoginExists { profile: profile() },
        CommandError::ImportFile(not_found()),
        CommandError::SealedLogin(SealedLoginError::WrongPassphrase),
        CommandError::DemoStep { step: "store" },
    ]
}

fn redirect_uri_errors() -> Vec<RedirectUriError> {
    vec![
        RedirectUriError::NotAbsolute(text("localhost:8765/callback")),
        RedirectUriError::Fragment(text("http://127.0.0.1:8765/callback#here")),
        RedirectUriError::UserInfo(text("http://user@127.0.0.1:8765/callback")),
        RedirectUriError::PlainHttp(text("http://shop.example/callback")),
    ]
}

fn sealed_login_errors() -> Vec<SealedLoginError> {
    vec![
        SealedLoginError::NotOurs,
        SealedLoginError::Newer,
        SealedLoginError::TooCostly { memory: 4_194_304, passes: 100, lanes: 4 },
        SealedLoginError::WrongPassphrase,
        SealedLoginError::ShortPassphrase,
        SealedLoginError::Damaged(not_json()),
        SealedLoginError::Entropy(no_entropy()),
    ]
}

fn call_errors() -> Vec<CallError> {
    vec![
        CallError::BadField { text: text("title"), problem: "it has no `=`" },
        CallError::Input { path: text("body.json"), source: not_found() },
        CallError::BadHeader { text: text("Accept json"), problem: "it has no colon" },
        CallError::OwnToken { what: text("the header `authorization`") },
        CallError::BadOrigin { text: text("api.example.com"), problem: "it is not an absolute URL" },
        CallError::PagesOfWhat { method: text("POST") },
        CallError::BadFilter { problem: text("at `.[`: a bracket is not closed") },
        CallError::FilterFailed { problem: text("cannot index a number with \"title\"") },
        CallError::NotJson,
        CallError::MixedPages { problem: "the first is an array, another one is not" },
        CallError::NotForScreens { what: "binary" },
        CallError::Output { path: text("/home/me/reply.json"), source: denied() },
    ]
}

fn flow_errors() -> Vec<FlowError> {
    let provider = || text("acme");
    let not_revoked = |status, reply: &str, refusal: Option<ErrorResponse>| FlowError::NotRevoked {
        what: "refresh token",
        status,
        reply: text(reply),
        refusal: refusal.map(Box::new),
    };
    vec![
        FlowError::Listen(LoopbackError::Taken { port: 8765 }),
        FlowError::NoAnswer { redirect_uri: text("http://127.0.0.1:8765/callback"), waited: text("5 min") },
        FlowError::LaunchShared,
        FlowError::Declined(said("access_denied", "the user cancelled")),
        FlowError::NotLoopback { redirect_uri: text("https://shop.example/callback") },
        FlowError::TokenReply { provider: provider(), source: redirected() },
        FlowError::TokenRequest(unreachable()),
        FlowError::Discovery(unreachable()),
        FlowError::Metadata(DiscoveryError::NotAnIssuer { issuer: text("login.shop.example") }),
        FlowError::RevocationRequest(unreachable()),
        not_revoked(503, "an empty body", None),
        not_revoked(400, "{\"error\":\"invalid_client\"}", Some(said("invalid_client", "no such client"))),
        not_revoked(404, "Not Found", None),
        FlowError::ApiRequest(unreachable()),
        FlowError::ForeignUrl {
            url: text("https://elsewhere.example"),
            provider: provider(),
            allowed: text("https://api.acme.example"),
        },
        FlowError::NotAPath { text: text("https:/products") },
        FlowError::ForeignRedirect { origin: text("https://elsewhere.example") },
        FlowError::TooManyRedirects { limit: 5 },
        FlowError::UnknownPathParam { name: text("shop"), known: text("`{store}`") },
        FlowError::UnknownPathParam { name: text("shop"), known: String::new() },
        FlowError::BodyNotRepeatable { status: 307 },
        FlowError::NoThread(io::Error::other("Resource temporarily unavailable (os error 11)")),
        FlowError::PagesInACircle { what: "an address" },
        FlowError::NoSuchPlacement { provider: provider(), wanted: "query", known: text("header X-Api-Token, bearer") },
        FlowError::BodyIsNotAnObject,
        FlowError::TokenDead { provider: provider(), request: text("GET /api/v1/shop"), said: None },
        FlowError::TokenDead {
            provider: provider(),
            request: text("GET /api/v1/shop"),
            said: Some(text("invalid_token")),
        },
        FlowError::Definition(DefinitionError::UnknownProvider { id: text("acme"), near: vec![] }),
        FlowError::Entropy(no_entropy()),
    ]
}

fn loopback_errors() -> Vec<LoopbackError> {
    vec![
        LoopbackError::Taken { port: 8765 },
        LoopbackError::NotAllowed { port: 80 },
        LoopbackError::Other(io::Error::other("Too many open files (os error 24)")),
    ]
}

fn discovery_errors() -> Vec<DiscoveryError> {
    let issuer = || text("https://login.shop.example");
    vec![
        DiscoveryError::NotAnIssuer { issuer: text("login.shop.example") },
        DiscoveryError::NotFound {
            issuer: issuer(),
            tried: text("https://login.shop.example/.well-known/oauth-authorization-server answered 404"),
        },
        DiscoveryError::OtherIssuer { asked: issuer(), said: text("https://elsewhere.example") },
        DiscoveryError::UnsafeEndpoint {
            url: text("http://login.shop.example/token"),
            problem: "plain http is for loopback only",
        },
    ]
}

fn token_reply_errors() -> Vec<TokenReplyError> {
    let refused = |code: &str, words: &str| TokenReplyError::Refused {
        status: 400,
        reply: format!("{{\"error\":\"{code}\"}}"),
        error: Box::new(said(code, words)),
    };
    vec![
        refused("invalid_client", "client authentication failed"),
        refused("invalid_grant", "the code has expired"),
        refused("invalid_request", "redirect_uri is missing"),
        TokenReplyError::ServerFault { status: 503, reply: text("<h1>Be right back</h1>") },
        redirected(),
        TokenReplyError::TooOften { reply: text("an empty body"), wait: Some(HumanDuration(Duration::from_secs(120))) },
        TokenReplyError::Unreadable { status: 200, reply: text("<html>Log in</html>"), source: Some(not_json()) },
        TokenReplyError::Unreadable { status: 404, reply: text("{}"), source: None },
        TokenReplyError::Unusable {
            status: 200,
            reply: text("{\"ok\":true}"),
            source: NotATokenResponse::NoAccessToken,
        },
        TokenReplyError::UnusableFragment { source: NotATokenResponse::NoAccessToken },
    ]
}

fn not_token_responses() -> Vec<NotATokenResponse> {
    vec![
        NotATokenResponse::NoAccessToken,
        NotATokenResponse::BadCharacters("refresh token"),
        NotATokenResponse::UnknownType(text("mac")),
    ]
}

fn token_source_errors() -> Vec<TokenSourceError> {
    let (provider, profile) = (|| text("acme"), || text("acme-eu"));
    let long_ago = Timestamp(1_790_000_000);
    let for_seconds = |seconds| HumanDuration(Duration::from_secs(seconds));
    let reply = |source| Box::new(FlowError::TokenReply { provider: text("acme"), source });
    let dead = || {
        let error = Box::new(said("invalid_grant", "the refresh token was revoked"));
        reply(TokenReplyError::Refused { status: 400, reply: text("{\"error\":\"invalid_grant\"}"), error })
    };
    vec![
        TokenSourceError::NoRefreshToken { profile: provider(), provider: provider(), expired_at: None },
        TokenSourceError::NoRefreshToken { profile: profile(), provider: provider(), expired_at: Some(long_ago) },
        TokenSourceError::Dead { profile: profile(), provider: provider(), since: long_ago },
        TokenSourceError::Refused { profile: profile(), provider: provider(), interrupted: None, source: dead() },
        TokenSourceError::Refused {
            profile: profile(),
            provider: provider(),
            interrupted: Some(long_ago),
            source: dead(),
        },
        TokenSourceError::Failed { profile: profile(), source: Box::new(FlowError::TokenRequest(unreachable())) },
        TokenSourceError::Failed {
            profile: profile(),
            source: reply(TokenReplyError::Refused {
                status: 401,
                reply: text("{\"error\":\"invalid_client\"}"),
                error: Box::new(said("invalid_client", "unknown client")),
            }),
        },
        TokenSourceError::TooShort {
            left: for_seconds(240),
            wanted: for_seconds(3600),
            why: text("`acme` gives no longer ones"),
        },
        TokenSourceError::Busy { profile: profile(), waited: for_seconds(35) },
        TokenSourceError::Replaced { profile: profile() },
        TokenSourceError::Store(in_keychain(StoreKind::Keychain, "the OS keychain", KeychainError::Locked)),
        TokenSourceError::Entropy(no_entropy()),
    ]
}

fn store_errors() -> Vec<StoreError> {
    let helper = || StoreKind::Helper(HelperName::parse("pass").unwrap());
    let in_helper = |source| in_keychain(helper(), "the credential helper `docker-credential-pass`", source);
    vec![
        in_helper(KeychainError::Missing { reason: text("`docker-credential-pass` is not on the search path") }),
        in_helper(KeychainError::Refused { reason: text("gpg: decryption failed: no secret key") }),
        in_file(KeychainError::BadKey { name: text("OAUTHCTL_STORE_KEY") }),
        in_keychain(StoreKind::Env, "the variable OAUTHCTL_TOKEN", KeychainError::ReadOnly),
        StoreError::Damaged { name: text("acme-eu"), place: text("the OS keychain"), source: not_json() },
        StoreError::Newer { name: text("acme-eu"), place: text("the OS keychain"), version: 2 },
        StoreError::NotReadBack { place: text("the OS keychain") },
        StoreError::Lock(LockError::NoAccount(NoAccount)),
        StoreError::Journal(JournalError::BadKey),
        StoreError::Index(IndexError::Busy),
    ]
}

fn keychain_errors() -> Vec<KeychainError> {
    vec![
        KeychainError::Missing { reason: text("no session bus") },
        KeychainError::Locked,
        KeychainError::Silent { seconds: 30 },
        KeychainError::Refused { reason: text("access denied") },
        KeychainError::Ambiguous { account: text("acme-eu") },
        KeychainError::TooLarge { limit: 2560 },
        KeychainError::File { path: text(SEALED), problem: FileProblem::NotOurs },
        KeychainError::BadKey { name: text("OAUTHCTL_STORE_KEY") },
        KeychainError::ReadOnly,
    ]
}

fn file_problems() -> Vec<FileProblem> {
    vec![
        FileProblem::Io(denied()),
        FileProblem::NotOurs,
        FileProblem::Newer,
        FileProblem::NotPrivate("others may read it"),
        FileProblem::KeyGone,
        FileProblem::FileGone,
    ]
}

fn lock_errors() -> Vec<LockError> {
    vec![
        LockError::NoAccount(NoAccount),
        LockError::File { path: text("/home/me/.local/state/oauthctl"), source: PrivateFileError::Io(denied()) },
    ]
}

fn journal_errors() -> Vec<JournalError> {
    let path = text("/home/me/.local/state/oauthctl/acme-eu.journal");
    vec![
        JournalError::File { path, source: PrivateFileError::Io(denied()) },
        JournalError::BadKey,
        JournalError::Entropy(no_entropy()),
    ]
}

fn index_errors() -> Vec<IndexError> {
    let path = || text(INDEX);
    vec![
        IndexError::File { path: path(), source: PrivateFileError::Io(denied()) },
        IndexError::Damaged { path: path(), source: not_json() },
        IndexError::Busy,
        IndexError::Newer { path: path(), version: 2 },
    ]
}

fn private_file_errors() -> Vec<PrivateFileError> {
    vec![PrivateFileError::Io(denied()), PrivateFileError::NotPrivate("it is a symbolic link")]
}

fn definition_errors() -> Vec<DefinitionError> {
    let id = || text("acme");
    let place = || text("/home/me/.config/oauthctl/acme.toml");
    let misspelt = "name = \"Acme\"\n\n[token]\nulr = \"https://acme.example/token\"\n";
    let source = toml::from_str::<ProviderDefinition>(misspelt).err().unwrap();
    let some = || vec![text("store"), text("region")];
    vec![
        DefinitionError::UnknownProvider { id: text("zebra"), near: vec![] },
        DefinitionError::UnknownProvider { id: text("acm"), near: vec![id()] },
        DefinitionError::Unreadable { place: place(), source },
        DefinitionError::UnreadableFile { place: place(), source: io::Error::other("others may write to it") },
        DefinitionError::UnknownAlternative { id: id(), name: text("old"), known: vec![] },
        DefinitionError::UnknownAlternative { id: id(), name: text("old"), known: vec![text("legacy")] },
        DefinitionError::Missing { id: id(), key: "authorize.url", purpose: "a login" },
        DefinitionError::Wrong { id: id(), key: text("token.url"), problem: text("`{shop}` is no parameter") },
        DefinitionError::ParamNeeded { id: id(), param: text("store"), example: text("mugs") },
        DefinitionError::ParamRefused {
            id: id(),
            param: text("store"),
            value: text("mugs/.."),
            problem: text("it takes a host name such as `shop.example.com`"),
        },
        DefinitionError::UnknownParam { id: id(), param: text("shop"), known: vec![] },
        DefinitionError::UnknownParam { id: id(), param: text("shop"), known: some() },
        DefinitionError::OriginsMoved {
            id: id(),
            part: "token",
            recorded: text("https://acme.example"),
            now: text("https://elsewhere.example"),
            remedy: text("oauthctl login --provider acme"),
        },
    ]
}

fn emulator_errors() -> Vec<EmulatorError> {
    vec![
        EmulatorError::Listen { port: 4000, source: io::Error::other("Address already in use (os error 98)") },
        EmulatorError::Serve("no threads are left".into()),
        EmulatorError::Definition(DefinitionError::UnknownProvider { id: text("acme"), near: vec![] }),
        EmulatorError::Entropy(no_entropy()),
    ]
}

fn http_errors() -> Vec<HttpError> {
    let origin = || text("https://acme.example");
    vec![
        unreachable(),
        HttpError::Timeout { origin: origin(), seconds: 30 },
        HttpError::Broken { origin: origin(), source: Reason(text("connection reset")) },
        HttpError::TooLarge { origin: origin(), limit: 1_048_576 },
        HttpError::Setup(Reason(text("no usable proxy in HTTPS_PROXY"))),
    ]
}

const INDEX: &str = "/home/me/.local/share/oauthctl/logins.json";
const SEALED: &str = "/home/me/.local/share/oauthctl/sealed/acme-eu";

fn in_keychain(kind: StoreKind, place: &str, source: KeychainError) -> StoreError {
    StoreError::Keychain { place: text(place), kind, source }
}

fn in_file(source: KeychainError) -> StoreError {
    in_keychain(StoreKind::File, "the sealed files below `/home/me/.local/share/oauthctl/sealed`", source)
}

fn at() -> At {
    At { place: text("/home/me/shop/.oauthctl.toml"), line: 3, column: 9 }
}

fn said(code: &str, description: &str) -> ErrorResponse {
    ErrorResponse { code: text(code), description: Some(text(description)), hint: None, uri: None }
}

fn redirected() -> TokenReplyError {
    TokenReplyError::Redirected { status: 302, target: text("`https://elsewhere.example`") }
}

fn unreachable() -> HttpError {
    let source = Reason(text("Connection refused (os error 111)"));
    HttpError::Connect { origin: text("https://acme.example"), source }
}

fn denied() -> io::Error {
    io::Error::other("Permission denied (os error 13)")
}

fn not_found() -> io::Error {
    io::Error::other("No such file or directory (os error 2)")
}

fn not_json() -> serde_json::Error {
    serde_json::from_str::<serde_json::Value>("<html>").unwrap_err()
}

fn no_entropy() -> NoEntropy {
    NoEntropy(getrandom::Error::new_custom(1))
}

fn text(words: &str) -> String {
    words.to_owned()
}
