//! The errors of the commands, and of what leads to them: the login, the provider, the client.

use oauthctl::testing::*;

use super::values::*;
use super::{Page, floors};

variants! {
    SessionError: NoLogin NoneSelected NoProvider NoProfile NoClientCredentials PublicClient NoClient NoClientSecret OpenIdAlone
        ProviderAndProfile NoClientToken NoIssuer OtherClient ClientForgotten OtherIssuer NoIntrospectionApp SeveralApps BadEmulator EmulatorEnded
        EmulatedElsewhere StoreOutside VariableNotText CacertNotAPath NoFurtherToken
        TokenWithoutProfile NoTokenVariable BadTokenVariable TokenWithoutProvider TokenForEmulator ParamNotForProject
        ServerNotConfirmed | Trust Paths Project Definition Store TokenSource NotNarrower BadProfile BadClientId;
    NotNarrower: NoScope Unknown NotGranted Impossible Wider Unsaid;
    AppError: NotRegistered NoApp InUse SecretFile NoSecret | BadClientId Session Definition Entropy Store Terminal;
    LoginError: Failed NowhereToKeep NotAProvider NotListed GrantNotOffered ListenElsewhere NobodyToPaste BadParam BadRedirectUri BadToken
        NotGranted NoParamOnStdin
        | Brought Address ByAddress Steps Register Session App Flow Store Definition Certificate Terminal Entropy;
    StepsError: RunsAlone KeepsNothing NoAnswer NotAnAnswer UnknownState Unknown Used Ended Gone Other NoCode
        NotTheAnswer CannotListen PortTaken NoTime FailedElsewhere TakenElsewhere;
    CallError: BadMethod NoPath TwoMethods BadField Input BadHeader OwnToken BadOrigin NoPages NoRows BadFilter FilterFailed
        NotJson UnreadablePage MixedPages NotForScreens TooMuch TooLarge Output ApiStatus DownloadStatus ScopeMissing CannotPrint
        | NotRenewed Session Flow Http Terminal OurHeader;
    TokenError: NoIdToken NoHeader ShellWithoutLine NotGithub GithubEnv NoRejected NotOurs OfVariable Same StdinTaken File NotEnvironments
        OnlyPrinted NoAwsKeys NoGoogleToken NoServer NotForServer NotStoredHere HeaderNotText | NoShellLine Session Definition
        Terminal;
    TraceError: UnknownForm NotATrace NotWritten;
    ManyError: NoMatch Failed | Session Store Terminal;
    StatusError: LoginsEnd Userinfo Rejected Inactive CannotTell | Many Flow Session Store Terminal;
    InspectError: NoServer NoVariable BadToken NoIdToken NotAJws NotVerifiable Forged NoKeys | Session Flow Terminal;
    ScopesError: ScopesMissing TokenRejected | NotRenewed Session Flow Terminal;
    LogoutError: OneOrAll Leftover NotRegisteredByUs NoDeletion ClientInUse | Register Session Store TokenSource Flow Terminal;
    RefreshError: | Session Terminal;
    ExchangeError: NoExchange OfVariable | Session Definition Terminal;
    UseError: | Session Store Terminal;
    ExplainError: NothingRecorded NothingOf NoSuchFlow NotSoMany | Session Terminal;
    ExecError: TokenFile NotATokenFile InWorkTree OwnFolder BadOrigin TokenInBody NoProxy NoCompanion NoSignals
        | NotStarted Session Flow Http Entropy;
    PassphraseError: NoPassphrase PassphrasesDiffer NotOnStdin | Terminal;
    ExportError: MoveOfVariable File MayNotHaveArrived MovedNotDeleted | SealedLogin Passphrase Session Store Terminal;
    ImportError: ImportFile LoginExists Foreign NoProvider NotForExported SealedLogin
        | Passphrase Brought Session Definition Store Entropy Terminal;
    BroughtError: NoClient Reply | Session Flow Definition;
    NotAForeignLogin: OtherForm Cbor NotText JsonWithoutToken NoVariable NoSuchVariable EmptyVariables Reference
        SeveralVariables NoSuchHost SeveralHosts InKeychain | Given;
    ProvidersError: NotAnId BuiltIn NotBuiltIn NoneFound NotDrafted ApiFile Faulty DefinitionExists NotWritten
        | Document NotAnApi Session Definition Flow Terminal;
    EmulateError: OwnStore | NotStarted NoShellLine Session Definition Emulator Terminal;
    DemoError: DemoStep NoThread NoBrowserGrant
        | Browser BadProfile BadRedirectUri Session Emulator Flow Http Store Definition Terminal Entropy;
    DoctorError: Problems | Terminal;
    ManError: NoSuchCommand NotWritten | Terminal;
    UsageError: NoSuchCommand NoSuchFlag TooMany Missing Refused;
    InstallError: UnknownShell NoHome NotOurs Link NotInstalled;
    CompletionsError: | Install Terminal;
    NoDocument: BadAddress Status Elsewhere | Flow;
    NotAnApiDescription: Unreadable Swagger NoVersion OtherVersion;
    NoGivenToken: Characters NotJson NoMember Several NeedsProof | Text;
    NotASecretText: Empty NotText Lines;
}

/// Those of one command, in the order in which its help has it.
pub fn errors(page: &mut Page) {
    page.section(session_errors());
    page.section(not_narrower_errors());
    page.section(app_errors());
    page.section(login_errors());
    page.inside(steps_errors(), LoginError::Steps);
    page.inside(floors::redirect_uri_errors(), LoginError::BadRedirectUri);
    page.inside(given_token_errors(), LoginError::BadToken);
    let not_texts = vec![NotASecretText::Empty, NotASecretText::NotText, NotASecretText::Lines];
    page.inside(not_texts, |source| AppError::NoSecret { place: text("in `/run/secrets/acme`"), source });
    page.section(call_errors());
    page.section(token_errors());
    page.section(vec![
        TraceError::UnknownForm { path: text("trace.txt") },
        TraceError::NotATrace { path: text("browser.har") },
        TraceError::NotWritten { path: text("/srv/trace.har"), source: denied() },
    ]);
    page.section(vec![
        StatusError::LoginsEnd { profiles: vec![profile()], provider: provider(), unused: false },
        StatusError::LoginsEnd { profiles: vec![profile(), text("acme-us")], provider: provider(), unused: true },
        StatusError::Userinfo(NoUserinfo::NoEndpoint { provider: provider() }),
        StatusError::Rejected {
            profile: profile(),
            request: text("GET /api/v1/shop"),
            status: 401,
            said: Some(text("invalid_token")),
            login: text("oauthctl login acme --profile acme-eu"),
        },
        StatusError::Inactive { profile: profile(), login: text("oauthctl login acme --profile acme-eu") },
        StatusError::CannotTell { profile: profile(), asked: Some(text("GET /api/v1/shop → 503")) },
        StatusError::CannotTell { profile: profile(), asked: None },
    ]);
    page.section(vec![
        InspectError::NoServer { flag: "--introspect" },
        InspectError::NoVariable { name: text("ACME_TOKEN") },
        InspectError::BadToken { place: text("the text on stdin"), source: NoGivenToken::NoMember },
        InspectError::NoIdToken { profile: profile() },
        InspectError::NotAJws(NotAJws::Form),
        InspectError::NotVerifiable {
            problem: text("the definition has no `openid.issuer`"),
            hint: "`--issuer URL` names the issuer whose keys to use",
        },
        InspectError::Forged { issuer: text("https://acme.example"), problem: "none of its keys has signed the token" },
        InspectError::NoKeys(NoKeys::Status { location: text("https://acme.example/keys"), status: 503 }),
        InspectError::NoKeys(NoKeys::Circle { location: text("https://acme.example/keys") }),
    ]);
    let failed = vec![(profile(), ExitCode::LoginNeeded), (text("acme-us"), ExitCode::Network)];
    page.section(vec![
        ManyError::NoMatch { pattern: text("shop-*"), logins: vec![profile(), text("acme-us")] },
        ManyError::NoMatch { pattern: text("shop-*"), logins: vec![profile(); 12] },
        ManyError::Failed { of: 3, failed, code: ExitCode::LoginNeeded },
    ]);
    page.section(vec![
        ScopesError::ScopesMissing {
            profile: profile(),
            missing: missing(),
            remedy: text("oauthctl login acme --scope 'read_products write_products'"),
        },
        ScopesError::TokenRejected {
            request: text("GET /api/v1/shop"),
            status: 401,
            said: Some(text("invalid_token")),
            way_out: text("this login has no refresh token; `oauthctl login acme` gets another token"),
        },
    ]);
    page.section(vec![
        ExplainError::NothingRecorded,
        ExplainError::NothingOf { profile: text("acme-eu") },
        ExplainError::NoSuchFlow { id: text("1f0c") },
        ExplainError::NotSoMany { count: 1 },
        ExplainError::NotSoMany { count: 12 },
    ]);
    page.only(
        "Explained",
        Explained {
            error: Box::new(ExplainError::NothingRecorded),
            hint: text("`oauthctl explain` shows what was sent and what came"),
        },
    );
    let source = Box::new(SessionError::TokenSource(TokenSourceError::Dead {
        profile: text("acme-eu"),
        provider: text("acme"),
        since: Timestamp(1_790_000_000),
    }));
    page.only(
        "NotRenewed",
        NotRenewed { profile: text("acme-eu"), status: 401, said: Some(text("it expired")), source },
    );
    let source = Box::new(StoreError::Index(IndexError::Busy));
    page.section(vec![
        LogoutError::OneOrAll,
        LogoutError::Leftover { profile: text("acme-eu"), source },
        LogoutError::NotRegisteredByUs { profile: text("acme-eu") },
        LogoutError::NoDeletion { client_id: text("client-1") },
        LogoutError::ClientInUse { client_id: text("client-1"), others: vec![text("acme-us")] },
    ]);
    let not_apis = vec![
        NotAnApiDescription::Unreadable { problem: text("line 1: a list has no end") },
        NotAnApiDescription::Swagger { version: text("2.0") },
        NotAnApiDescription::NoVersion,
        NotAnApiDescription::OtherVersion { version: text("4.0.0") },
    ];
    page.inside(not_apis, |source| ProvidersError::NotAnApi { place: text("api.yaml"), source });
    let at = || text("https://shop.test/openapi.json");
    page.section(vec![
        NoDocument::BadAddress {
            address: text("ftp://shop.test/openapi.json"),
            problem: "secrets are sent over https only",
        },
        NoDocument::Status { address: at(), status: 404 },
        NoDocument::Elsewhere { address: at(), target: text("https://docs.test") },
    ]);
    page.section(vec![
        ExchangeError::NoExchange { provider: provider() },
        ExchangeError::OfVariable { profile: profile() },
    ]);
    page.only("ChildNotStarted", ChildNotStarted { program: text("crul"), source: not_found() });
    page.section(vec![
        PassphraseError::NoPassphrase,
        PassphraseError::PassphrasesDiffer,
        PassphraseError::NotOnStdin(NotASecretText::Empty),
    ]);
    page.section(vec![
        ExportError::MoveOfVariable { profile: profile() },
        ExportError::File {
            path: text("acme.sealed"),
            source: std::io::Error::new(std::io::ErrorKind::AlreadyExists, "the file already exists"),
        },
        ExportError::File { path: text("/mnt/acme.sealed"), source: denied() },
        ExportError::MayNotHaveArrived {
            profile: profile(),
            source: TerminalError::Stdout(std::io::ErrorKind::BrokenPipe.into()),
        },
        ExportError::MovedNotDeleted {
            profile: profile(),
            copy: text("`acme.sealed`"),
            left: "it is also on this machine",
            source: Box::new(in_keychain(StoreKind::Keychain, "the OS keychain", KeychainError::Silent { seconds: 5 })),
        },
    ]);
    page.section(vec![
        ImportError::ImportFile { path: text("login.oauthctl"), source: not_found() },
        ImportError::LoginExists { profile: profile() },
        ImportError::Foreign(NoGivenToken::NotJson.into()),
        ImportError::NoProvider { host: None },
        ImportError::NoProvider { host: Some(text("git.acme.example")) },
        ImportError::NotForExported { flag: "--provider" },
        ImportError::SealedLogin(SealedLoginError::WrongPassphrase),
    ]);
    page.inside(floors::sealed_login_errors(), ImportError::SealedLogin);
    page.inside(foreign_errors(), ImportError::Foreign);
    page.inside(
        vec![BroughtError::NoClient { provider: provider() }, BroughtError::Reply(NotATokenResponse::NoAccessToken)],
        ImportError::from,
    );
    page.section(vec![
        ProvidersError::NotAnId { id: text("My Shop") },
        ProvidersError::BuiltIn { id: text("judgeme") },
        ProvidersError::NotBuiltIn { id: provider() },
        ProvidersError::NoneFound { words: text("flower shop") },
        ProvidersError::NotDrafted {
            id: provider(),
            source: DiscoveryError::NotAnIssuer {
                issuer: text("login.acme.example"),
                meant: Some(text("https://login.acme.example")),
            },
        },
        ProvidersError::ApiFile { path: text("api.yaml"), source: not_found() },
        ProvidersError::Faulty {
            file: text("/home/me/.config/oauthctl/acme.toml"),
            faults: vec![
                text("line 4, column 7: `token.url`: it is missing, and the grant `authorization-code` gets its token there"),
                text("line 9, column 1: `api.headers.X Shop`: `X Shop` is not the name of a header"),
            ],
        },
        ProvidersError::DefinitionExists { path: text("/home/me/.config/oauthctl/acme.toml") },
        ProvidersError::NotWritten { path: text("/home/me/.config/oauthctl/acme.toml"), source: denied() },
    ]);
    page.section(vec![
        DemoError::DemoStep { step: "store" },
        DemoError::NoThread(no_thread()),
        DemoError::NoBrowserGrant { provider: provider() },
    ]);
    page.section(vec![
        DoctorError::Problems { count: 1, code: ExitCode::Store },
        DoctorError::Problems { count: 3, code: ExitCode::Network },
    ]);
    let source = PrivateFileError::from(denied());
    let folder = OwnFolderError::Folder { path: text("/tmp/oauthctl-emulator-0123456789abcdef"), source };
    page.section(vec![EmulateError::OwnStore(folder)]);
    page.section(exec_errors());
    page.only("NoShellLine", NoShellLine { name: text("OAUTHCTL_TOKEN") });
    page.section(vec![
        ManError::NoSuchCommand { name: text("logn"), near: Some(text("login")) },
        ManError::NoSuchCommand { name: text("nope"), near: None },
        ManError::NotWritten {
            path: text("/usr/share/man/man1/oauthctl.1"),
            source: std::io::ErrorKind::PermissionDenied.into(),
        },
    ]);
    page.section(vec![
        UsageError::NoSuchCommand {
            command: text("oauthctl"),
            word: text("loign"),
            meant: Some(text("did you mean `oauthctl login`?")),
        },
        UsageError::NoSuchCommand { command: text("oauthctl app"), word: text("zzz"), meant: None },
        UsageError::NoSuchFlag {
            command: text("oauthctl login"),
            flag: text("--scop"),
            meant: Some(text("did you mean `--scope`?")),
        },
        UsageError::TooMany { command: text("oauthctl login"), word: text("github"), meant: None },
        UsageError::Missing {
            command: text("oauthctl call"),
            missing: vec![text("`[METHOD] PATH`")],
            example: Some(text("oauthctl call /api/v1/products")),
        },
        UsageError::Refused {
            command: text("oauthctl status"),
            message: text("the argument '--online' cannot be used with '--profiles <GLOB>'"),
            meant: None,
        },
    ]);
    page.section(vec![
        InstallError::UnknownShell,
        InstallError::NoHome,
        InstallError::NotOurs { path: text("/home/ada/.config/fish/completions/oauthctl.fish") },
        InstallError::Link { path: text("/home/ada/.config/fish/completions/oauthctl.fish") },
        InstallError::NotInstalled {
            path: text("/home/ada/.zshrc"),
            source: std::io::ErrorKind::PermissionDenied.into(),
        },
    ]);
}

fn provider() -> String {
    text("acme")
}

fn profile() -> String {
    text("acme-eu")
}

fn missing() -> Vec<Missing> {
    vec![
        Missing { scope: text("write_products"), why: text("asked for, not granted") },
        Missing { scope: text("read_orders"), why: text("GET /api/v1/orders → 403") },
    ]
}

fn exec_errors() -> Vec<ExecError> {
    let path = || text("/home/ada/shop/token");
    let source = PrivateFileError::NotPrivate("it is a symbolic link");
    let folder = text("/tmp/oauthctl-exec-0123456789abcdef");
    vec![
        ExecError::TokenFile { path: path(), source },
        ExecError::TokenFile { path: path(), source: std::io::Error::from(std::io::ErrorKind::StorageFull).into() },
        ExecError::NotATokenFile { path: path() },
        ExecError::InWorkTree { path: path(), tree: text("/home/ada/shop") },
        ExecError::OwnFolder(OwnFolderError::Folder { path: folder, source: denied().into() }),
        ExecError::BadOrigin { text: text("https://api.example/v1"), problem: "an origin cannot have a path or query" },
        ExecError::TokenInBody { provider: provider() },
        ExecError::NoProxy(LoopbackError::Other(denied())),
        ExecError::NoCompanion(std::io::ErrorKind::OutOfMemory.into()),
        ExecError::NoSignals,
    ]
}

fn session_errors() -> Vec<SessionError> {
    vec![
        SessionError::no_login_yet(),
        SessionError::no_login(&text("work").parse().unwrap()),
        SessionError::NoLogin {
            profile: Some(profile()),
            provider: None,
            named_by: Some(text("OAUTHCTL_PROFILE")),
            near: Some(text("works")),
        },
        SessionError::NoLogin { profile: Some(profile()), provider: Some(provider()), named_by: None, near: None },
        SessionError::NoneSelected { logins: vec![profile()] },
        SessionError::NoneSelected { logins: vec![profile(), text("acme-us")] },
        SessionError::NoProvider,
        SessionError::NoProfile,
        SessionError::NoClientCredentials {
            provider: provider(),
            offered: vec!["authorization-code"],
            file: Some(text("/home/me/.config/oauthctl/providers/acme.toml")),
        },
        SessionError::NoClientCredentials { provider: provider(), offered: vec!["implicit"], file: None },
        SessionError::PublicClient { provider: provider() },
        SessionError::NoClient { provider: provider() },
        SessionError::NoClientSecret { provider: provider(), client_id: text("client-1") },
        SessionError::OpenIdAlone,
        SessionError::ProviderAndProfile { provider: provider(), profile: profile() },
        SessionError::NoIssuer {
            address: text("https://id.example"),
            source: Box::new(FlowError::TokenRequest(HttpError::Timeout {
                origin: text("https://id.example"),
                seconds: 30,
            })),
        },
        SessionError::NoClientToken {
            provider: provider(),
            source: Box::new(FlowError::TokenRequest(HttpError::Timeout {
                origin: text("https://acme.example"),
                seconds: 30,
            })),
        },
        SessionError::OtherClient { profile: profile(), provider: provider(), client_id: text("client-1") },
        SessionError::ClientForgotten {
            profile: profile(),
            provider: provider(),
            issuer: text("https://login.shop.example"),
        },
        SessionError::OtherIssuer {
            client: text("the client of `login.shop.example`"),
            issuer: text("https://login.shop.example"),
            now: text("https://elsewhere.example"),
        },
        SessionError::NoIntrospectionApp { provider: provider(), app: text("introspector") },
        SessionError::SeveralApps { provider: provider(), apps: vec![app("ci"), app("work")] },
        SessionError::BadEmulator { value: text("http://127.0.0.1:4000") },
        SessionError::EmulatorEnded { provider: provider(), origin: text("http://127.0.0.1:4000") },
        SessionError::EmulatedElsewhere {
            profile: text("acme-emulator"),
            provider: provider(),
            origin: text("http://127.0.0.1:4000"),
            gone: true,
        },
        SessionError::EmulatedElsewhere {
            profile: text("acme-emulator"),
            provider: provider(),
            origin: text("http://127.0.0.1:4000"),
            gone: false,
        },
        SessionError::StoreOutside { store: text("keychain") },
        SessionError::VariableNotText { name: text("OAUTHCTL_CLIENT_SECRET") },
        SessionError::NoFurtherToken {
            profile: profile(),
            name: text("user"),
            known: vec![],
            login: text("oauthctl login acme"),
        },
        SessionError::NoFurtherToken {
            profile: profile(),
            name: text("usr"),
            known: vec![text("user")],
            login: text("oauthctl login acme"),
        },
        SessionError::CacertNotAPath { path: text("/etc/ssl/\u{fffd}.pem") },
        SessionError::TokenWithoutProfile,
        SessionError::NoTokenVariable,
        SessionError::BadTokenVariable,
        SessionError::TokenWithoutProvider { profile: profile() },
        SessionError::TokenForEmulator { profile: profile(), provider: provider() },
        SessionError::ParamNotForProject { at: at(), param: text("store"), provider: provider() },
        SessionError::ServerNotConfirmed {
            at: at(),
            params: vec![text("store=our-shop")],
            servers: vec![text("https://our-shop.acme.example")],
            remedy: text("oauthctl login acme --param store=our-shop"),
        },
    ]
}

fn not_narrower_errors() -> Vec<NotNarrower> {
    let login = || text("oauthctl login acme --profile acme-narrow --scope read");
    let impossible = |why| NotNarrower::Impossible { profile: profile(), provider: provider(), why, login: login() };
    vec![
        NotNarrower::NoScope,
        NotNarrower::Unknown {
            provider: provider(),
            scopes: vec![text("raed")],
            known: vec![text("read"), text("write")],
        },
        NotNarrower::NotGranted {
            profile: profile(),
            scopes: vec![text("admin")],
            granted: vec![text("read"), text("write")],
            login: text("oauthctl login acme --scope 'read write admin'"),
        },
        impossible(NoWay::NoRefreshToken),
        impossible(NoWay::Provider),
        impossible(NoWay::Variable),
        NotNarrower::Wider { provider: provider(), beyond: vec![text("write")], login: login() },
        NotNarrower::Unsaid { provider: provider(), asked: vec![text("read")], login: login() },
    ]
}

fn app_errors() -> Vec<AppError> {
    vec![
        AppError::NotRegistered { key: client("default"), others: false },
        AppError::NotRegistered { key: client("work"), others: true },
        AppError::NoApp { key: client("default"), others: false },
        AppError::NoApp { key: client("work"), others: false },
        AppError::NoApp { key: client("default"), others: true },
        AppError::InUse { key: client("default"), client_id: Some(text("client-1")), logins: vec![profile()] },
        AppError::InUse { key: client("work"), client_id: None, logins: vec![profile(), text("acme-us")] },
        AppError::SecretFile { path: text("/run/secrets/acme"), source: not_found() },
        AppError::NoSecret { place: text("on stdin"), source: NotASecretText::Empty },
    ]
}

fn given_token_errors() -> Vec<NoGivenToken> {
    let kinds = ["DPoP", "mac", "pop"].map(|kind| TokenType::judge(Some(&kind.into())));
    let bound = kinds.into_iter().filter_map(|kind| match kind {
        TokenType::Proof(kind) => Some(NoGivenToken::NeedsProof(kind)),
        _ => None,
    });
    [
        NoGivenToken::Characters,
        NoGivenToken::NotJson,
        NoGivenToken::NoMember,
        NoGivenToken::Several { paths: vec![text("access_token"), text("authed_user.access_token")] },
    ]
    .into_iter()
    .chain(bound)
    .collect()
}

fn foreign_errors() -> Vec<NotAForeignLogin> {
    let (names, hosts) = (vec![text("SHOP_TOKEN"), text("OTHER_TOKEN")], vec![text("git.acme.example")]);
    vec![
        NotAForeignLogin::OtherForm { found: "JSON", wanted: "a dotenv file" },
        NotAForeignLogin::Cbor,
        NotAForeignLogin::NotText,
        NotAForeignLogin::JsonWithoutToken { members: vec![text("name"), text("id")] },
        NotAForeignLogin::NoVariable { names: vec![text("PATH")] },
        NotAForeignLogin::NoSuchVariable { name: text("ACME_TOKEN"), names: names.clone() },
        NotAForeignLogin::EmptyVariables { names: vec![text("ACME_TOKEN")] },
        NotAForeignLogin::Reference { name: text("ACME_TOKEN") },
        NotAForeignLogin::SeveralVariables { names },
        NotAForeignLogin::NoSuchHost { host: text("acme.example"), hosts: hosts.clone() },
        NotAForeignLogin::SeveralHosts { hosts: vec![text("acme.example"), text("git.acme.example")] },
        NotAForeignLogin::InKeychain { hosts },
    ]
}

fn steps_errors() -> Vec<StepsError> {
    let id = || text("0123456789abcdef");
    vec![
        StepsError::RunsAlone,
        StepsError::KeepsNothing,
        StepsError::NoAnswer(NotASecretText::Empty),
        StepsError::NotAnAnswer,
        StepsError::UnknownState,
        StepsError::Unknown { id: id() },
        StepsError::Used { id: id(), provider: provider() },
        StepsError::Ended { id: id(), provider: provider(), at: Timestamp(1_767_225_600) },
        StepsError::Gone { id: id(), provider: provider() },
        StepsError::Other { id: id(), what: "provider", is: provider(), named: text("other") },
        StepsError::NoCode { id: id() },
        StepsError::NotTheAnswer { id: id(), provider: provider(), why: text("it has no state") },
        StepsError::CannotListen { id: id(), redirect_uri: text("https://app.example/cb") },
        StepsError::PortTaken { id: id(), source: LoopbackError::Taken { port: 8765, holder: PortHolder::default() } },
        StepsError::NoTime,
        StepsError::FailedElsewhere { id: id(), provider: provider() },
        StepsError::TakenElsewhere { id: id(), provider: provider() },
    ]
}

fn login_errors() -> Vec<LoginError> {
    vec![
        LoginError::Failed { provider: provider(), source: Box::new(LoginError::BadToken(NoGivenToken::NoMember)) },
        LoginError::NowhereToKeep {
            provider: provider(),
            source: Box::new(in_keychain(StoreKind::Keychain, "the OS keychain", KeychainError::Locked)),
        },
        LoginError::NoParamOnStdin { param: text("key"), source: NotASecretText::Empty },
        LoginError::NotAProvider { login: text("work"), provider: provider() },
        LoginError::NotListed,
        LoginError::GrantNotOffered { provider: provider(), offered: vec![GrantKind::AuthorizationCode] },
        LoginError::GrantNotOffered {
            provider: provider(),
            offered: vec![GrantKind::AuthorizationCode, GrantKind::Implicit],
        },
        LoginError::BadParam(BadLoginParam::Reserved {
            name: text("scope"),
            flag: "--auth-param",
            instead: Some("--scope"),
        }),
        LoginError::BadParam(BadLoginParam::Reserved { name: text("state"), flag: "--auth-param", instead: None }),
        LoginError::BadParam(BadLoginParam::Twice { name: text("prompt"), flag: "--auth-param" }),
        LoginError::BadParam(BadLoginParam::NoName { flag: "--token-param" }),
        LoginError::ListenElsewhere { address: "192.168.1.5:8765".parse().unwrap() },
        LoginError::NobodyToPaste { redirect_uri: text("https://shop.example/callback") },
        LoginError::BadRedirectUri(RedirectUriError::NotAbsolute(text("callback"))),
        LoginError::BadToken(NoGivenToken::Text(NotASecretText::Lines)),
        LoginError::NotGranted { provider: provider(), missing: missing() },
    ]
}

fn call_errors() -> Vec<CallError> {
    vec![
        CallError::BadMethod { text: text("FE TCH"), instead: None },
        CallError::BadMethod { text: text("DELET"), instead: Some(text("did you mean `DELETE`?")) },
        CallError::NoPath { method: text("GET") },
        CallError::TwoMethods { first: text("GET"), second: text("PUT") },
        CallError::BadField { text: text("title"), problem: "it has no `=`" },
        CallError::Input { path: text("body.json"), source: not_found() },
        CallError::BadHeader { text: text("Accept json"), problem: "it has no colon" },
        CallError::OwnToken { what: text("the header `authorization`") },
        CallError::BadOrigin { text: text("api.example.com"), problem: "it is not an absolute URL" },
        CallError::NoPages(NoPages::Method),
        CallError::NoPages(NoPages::Mutation),
        CallError::NoPages(NoPages::NoVariable),
        CallError::NoRows { path: text(".rows"), lists: vec![text(".data"), text(".included")] },
        CallError::NoRows { path: text(".rows"), lists: Vec::new() },
        CallError::BadFilter { problem: text("at `.[`: a bracket is not closed") },
        CallError::FilterFailed { problem: text("cannot index a number with \"title\"") },
        CallError::NotJson,
        CallError::UnreadablePage { kind: Some(text("text/html")) },
        CallError::UnreadablePage { kind: None },
        CallError::MixedPages { problem: "the first is JSON, another one is not" },
        CallError::NotForScreens { what: "binary" },
        CallError::TooMuch(json::TooMuch::Depth),
        CallError::TooMuch(json::TooMuch::Values { limit: 4_000_000 }),
        CallError::TooMuch(json::TooMuch::Digits),
        CallError::TooLarge { limit: 16 * 1024 * 1024 },
        CallError::Output { path: text("/home/me/reply.json"), source: denied() },
        CallError::ApiStatus { status: 409, asked: None, detail: None, advice: None },
        CallError::ApiStatus {
            status: 404,
            asked: Some(text("GET https://shop.example/products")),
            detail: None,
            advice: Some(text(
                "a path that begins with `/` starts at the server's root; under the definition's base it is \
                 `oauthctl call products`, which asks https://shop.example/api/products",
            )),
        },
        CallError::ApiStatus {
            status: 429,
            asked: None,
            detail: Some(text("\"slow down\"")),
            advice: Some(text("the API asks to wait 5 min; `--max-wait` says how long may be waited")),
        },
        CallError::DownloadStatus { origin: text("https://files.example"), status: 403, detail: None },
        CallError::ScopeMissing {
            profile: profile(),
            status: 403,
            detail: Some(text("\"insufficient_scope\"")),
            lacks: Some(text("write_products")),
            is_known: true,
            remedy: text("oauthctl login acme --scope 'read_products write_products'"),
        },
        CallError::ScopeMissing {
            profile: profile(),
            status: 403,
            detail: None,
            lacks: None,
            is_known: false,
            remedy: text("oauthctl login acme --scope 'read_products SCOPES'"),
        },
        CallError::CannotPrint {
            language: text("wget"),
            problem: "its body is stdin, which wget does not send",
            instead: "curl",
        },
    ]
}

fn no_id_token(was_asked: bool) -> TokenError {
    let login = text("oauthctl login acme --profile acme-eu --scope 'openid read'");
    TokenError::NoIdToken { profile: profile(), provider: provider(), was_asked, login }
}

fn token_file(source: TokenFileError) -> TokenError {
    TokenError::File { path: text("/home/me/shop/.env"), source }
}

fn token_errors() -> Vec<TokenError> {
    vec![
        no_id_token(false),
        no_id_token(true),
        TokenError::NoHeader { provider: provider() },
        TokenError::ShellWithoutLine,
        TokenError::NotGithub,
        TokenError::NoRejected(NotASecretText::Empty.into()),
        TokenError::NotOurs { profile: profile() },
        TokenError::OfVariable,
        TokenError::Same { profile: profile(), login: text("oauthctl login acme") },
        TokenError::StdinTaken,
        TokenError::GithubEnv { path: text("/home/runner/_temp/set_env"), source: denied() },
        token_file(TokenFileError::Link),
        token_file(TokenFileError::NotAFile),
        token_file(TokenFileError::NotIgnored { tree: text("/home/me/shop") }),
        token_file(TokenFileError::NoFolder { folder: text("/home/me/none") }),
        token_file(TokenFileError::NotText),
        token_file(TokenFileError::Io(denied())),
        TokenError::NotEnvironments { path: text("http-client.private.env.json"), problem: text("it is not JSON") },
        TokenError::OnlyPrinted,
        TokenError::NoAwsKeys { provider: provider() },
        TokenError::NoGoogleToken { provider: provider() },
        TokenError::NoServer,
        TokenError::NotForServer { server: text("https://registry.example") },
        TokenError::NotStoredHere,
        TokenError::HeaderNotText(http::HeaderValue::from_bytes("é".as_bytes()).unwrap().to_str().unwrap_err()),
    ]
}
