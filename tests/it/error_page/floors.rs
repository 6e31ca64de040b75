//! The errors of the floors below the commands.

use std::io;
use std::time::Duration;

use oauthctl::testing::*;

use super::Page;
use super::values::*;

variants! {
    RedirectUriError: NotAbsolute Fragment UserInfo PlainHttp;
    SealedLoginError: NotOurs Newer TooCostly WrongPassphrase ShortPassphrase Damaged Entropy;
    FlowError: Listen NoAnswer Unusable Declined TakenElsewhere NotLoopback TokenReply PushReply PushRequest TokenRequest DeviceRequest
        DeviceReply NotConfirmed IdToken Discovery Metadata RevocationRequest
        NotRevoked ApiRequest ForeignUrl NotAPath ForeignRedirect ForeignPage NotFollowed Download TooManyRedirects
        UnknownPathParam BodyNotRepeatable NoThread PagesInACircle LongCursor Rows NoSuchPlacement BodyIsNotAnObject TokenDead Definition Entropy;
    RowsMissing: NoWay Fewer Empty Link NotAnAddress Elsewhere NoPageInfo;
    LoopbackError: Taken NotAllowed Other;
    BadIdToken: Form Malformed Missing Issuer Audience Audiences AuthorizedParty Ended FromTheFuture Nonce AccessTokenHash
        Subject Changed Unsigned Algorithm NoSecret UnknownKey Signature;
    NoUserinfo: NoEndpoint ForeignOrigin Status Signed NotAnObject Malformed NoSubject NoAccount OtherSubject | Flow;
    DiscoveryError: NotAnIssuer Placeholder NotFound Redirected Malformed OtherIssuer UnsafeEndpoint;
    DeviceReplyError: Refused Busy Redirected Unreadable Unusable;
    NotADeviceResponse: Missing Malformed BadCharacters;
    TokenReplyError: Refused ServerFault TooOften Redirected Unreadable Unusable UnusableFragment;
    NotATokenResponse: NoAccessToken Malformed BadCharacters NeedsProof;
    TokenSourceError: NoRefreshToken Dead Refused Failed NotIssued NotExchanged NothingToExchange IdToken TooShort Busy Replaced Unsettled Store Entropy;
    StoreError: Keychain Damaged Newer LoginGone ClientGone NotReadBack Lock Journal Index;
    KeychainError: Missing Locked Silent Refused Ambiguous TooLarge File BadKey ReadOnly;
    FileProblem: Io NotOurs Newer NotPrivate Exposed KeyGone FileGone;
    LockError: NoAccount File;
    JournalError: File NotMade BadKey Damaged Newer Entropy;
    IndexError: File Damaged Busy Newer;
    PrivateFileError: Io NotPrivate Exposed;
    DefinitionError: UnknownProvider Unreadable UnreadableFile UnknownAlternative Missing NotCaptured Wrong
        ParamNeeded ParamRefused UnknownParam OriginsMoved SecretNeeded SecretTyped ClientSecretNeeded;
    EmulatorError: Listen Serve Definition Entropy;
    HttpError: Connect Tls Timeout Overdue Broken TooLarge OutOfReach Setup Proxy | Trust;
    TrustError: Unreadable NoCertificate;
    PathsError: NoHome NotAbsolute;
    TerminalError: Stdout StdoutClosed Stdin NoAnswer Canceled;
    ProjectError: Unreadable Wrong;
    CertificateError: NotMade NotUsable Damaged;
    BrowserError: NoneFound NotStarted NoneOfBrowser UnsafeUrl;
}

pub fn flows(page: &mut Page) {
    page.section(flow_errors().into_iter().chain(refusals()).collect());
    page.inside(loopback_errors(), FlowError::Listen);
    page.inside(rows_missing(), FlowError::Rows);
    page.inside(discovery_errors(), FlowError::Metadata);
    page.inside(token_reply_errors(), |reply| FlowError::from(no_token(reply)));
    page.inside(not_token_responses(), |source| {
        let source = TokenReplyError::Unusable { status: 200, reply: text("{\"ok\":true}"), source };
        FlowError::from(no_token(source))
    });
    page.inside(device_reply_errors(), no_code);
    page.inside(not_device_responses(), |source| {
        no_code(DeviceReplyError::Unusable { status: 200, reply: text("{\"ok\":true}"), source })
    });
    page.section(token_source_errors());
    page.inside(bad_id_tokens(), |problem| FlowError::from(id_token_refused(problem)));
    page.only("IdTokenRefused", id_token_refused(BadIdToken::Unsigned));
    page.section(no_userinfos());
}

pub fn stores(page: &mut Page) {
    page.section(store_errors());
    page.inside(keychain_errors(), |source| in_keychain(StoreKind::Keychain, "the OS keychain", source));
    page.inside(file_problems(), |problem| in_file(KeychainError::File { path: text(SEALED), problem }));
    page.inside(lock_errors(), StoreError::Lock);
    page.inside(journal_errors(), StoreError::Journal);
    page.inside(index_errors(), StoreError::Index);
    page.inside(private_file_errors(), |source| StoreError::Index(IndexError::File { path: text(INDEX), source }));
}

pub fn others(page: &mut Page) {
    page.section(definition_errors());
    page.section(emulator_errors());
    page.section(http_errors());
    page.section(trust_errors());
    page.section(vec![PathsError::NoHome, PathsError::NotAbsolute { name: "OAUTHCTL_DATA_DIR", value: text("data") }]);
    page.section(vec![
        TerminalError::Stdout(denied()),
        TerminalError::StdoutClosed,
        TerminalError::Stdin(denied()),
        TerminalError::NoAnswer,
        TerminalError::Canceled,
    ]);
    page.section(vec![
        ProjectError::Unreadable {
            place: text("/home/me/shop/.oauthctl.toml"),
            source: io::Error::other("other users can write to it"),
        },
        ProjectError::Wrong { at: at(), problem: text("unknown field `host`, expected `profile` or `params`") },
    ]);
    page.section(vec![
        CertificateError::NotMade { host: text("shop.test"), source: rcgen::Error::CouldNotParseCertificate },
        CertificateError::NotUsable { host: text("shop.test"), source: rustls::Error::General(text("no such curve")) },
        CertificateError::Damaged,
    ]);
    page.only("NoEntropy", no_entropy());
    page.section(vec![
        BrowserError::NoneFound(not_found()),
        BrowserError::NotStarted { program: text("firefix"), source: not_found() },
        BrowserError::NoneOfBrowser { value: text("firefix:chromiun"), source: not_found() },
        BrowserError::UnsafeUrl,
    ]);
    page.only("NotAProfile", NotAProfile);
    page.only("BadClientId", BadClientId);
    page.only("BadHeader", BadHeader(text("X Shop")));
}

pub fn redirect_uri_errors() -> Vec<RedirectUriError> {
    vec![
        RedirectUriError::NotAbsolute(text("localhost:8765/callback")),
        RedirectUriError::Fragment(text("http://127.0.0.1:8765/callback#here")),
        RedirectUriError::UserInfo(text("http://user@127.0.0.1:8765/callback")),
        RedirectUriError::PlainHttp(text("http://shop.example/callback")),
    ]
}

pub fn sealed_login_errors() -> Vec<SealedLoginError> {
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

fn flow_errors() -> Vec<FlowError> {
    let provider = || text("acme");
    let not_revoked = |status, reply: &str, error: Option<ErrorResponse>| FlowError::NotRevoked {
        what: "refresh token",
        status,
        reply: text(reply),
        refusal: error.map(|error| Box::new(Refusal { error, sent: Sent { asked: Asked::Revocation, ..sent() } })),
    };
    vec![
        FlowError::Listen(LoopbackError::Taken { port: 8765, holder: PortHolder::default() }),
        FlowError::TakenElsewhere,
        unanswered(vec![], false),
        unanswered(vec![Seen::Unproven(unproven(Claim::Code, false))], true),
        unanswered(vec![Seen::Unproven(unproven(Claim::Token, false)), Seen::Tls], true),
        unanswered(vec![Seen::Unproven(unproven(Claim::Code, true)), Seen::Page], false),
        unanswered(vec![Seen::Unproven(unproven(Claim::Error(Some("access_denied")), false))], false),
        unanswered(vec![Seen::Unproven(unproven(Claim::Error(None), true))], false),
        unanswered(vec![Seen::Unproven(unproven(Claim::Jwt, false))], false),
        unanswered(vec![Seen::Unproven(unproven(Claim::Nothing, false))], false),
        unanswered(vec![Seen::Page], false),
        unanswered(vec![Seen::Tls], false),
        unanswered(vec![Seen::PlainHttp], false),
        unusable(Difference::Place, "the path differs", "`http://127.0.0.1:8765/`"),
        unusable(Difference::Message, "the method differs", "`PUT`"),
        unusable(Difference::State, "`state` came 2 times", "`code`, `state`, `state`"),
        unusable(Difference::Jwt, "the answer is a JWT (JARM), whose signature is not verified here", "`response`"),
        unusable(Difference::Issuer, "the answer is from another issuer than the provider's (RFC 9207)", "`iss` `x`"),
        unusable(Difference::NoIssuer, "the answer does not name its issuer (RFC 9207)", "no `iss`"),
        unusable(Difference::Signature, "there is no signature", "`code`, `state`"),
        unusable(Difference::Nothing, "there is neither a code nor an error", "`state`"),
        unusable(Difference::OwnError, "an error is reported, but not as `error`", "`error_reason=user_denied`"),
        unusable(Difference::Answer, "the parameter `code` appears more than once", "`code`, `code`, `state`"),
        unusable(Difference::OtherGrant, "a token came, and a code was asked for", "`access_token`, `state`"),
        no_token(redirected()).into(),
        declined("access_denied", "the user cancelled"),
        declined("invalid_scope", "unknown scope `read_everything`"),
        declined("invalid_request", "the parameter request_uri is required"),
        declined("login_required", "prompt is none"),
        FlowError::PushReply { status: 404, reply: text("sent a web page: “Not found”") },
        FlowError::PushRequest(unreachable()),
        FlowError::NotLoopback { redirect_uri: text("https://shop.example/callback") },
        FlowError::TokenRequest(unreachable()),
        FlowError::DeviceRequest(unreachable()),
        no_code(DeviceReplyError::Redirected { status: 302, target: text("`https://login.example`") }),
        FlowError::NotConfirmed { waited: HumanDuration(Duration::from_secs(900)), has_ended: true },
        FlowError::NotConfirmed { waited: HumanDuration(Duration::from_secs(60)), has_ended: false },
        IdTokenRefused {
            provider: provider(),
            problem: BadIdToken::Nonce(FoundNonce::None),
            tokens: Aftermath::StillValid,
        }
        .into(),
        FlowError::Discovery(unreachable()),
        FlowError::Metadata(DiscoveryError::NotAnIssuer { issuer: text("login:shop"), meant: None }),
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
        FlowError::ForeignPage { origin: text("https://elsewhere.example") },
        not_followed("https://files.example", NotFollowed::Method { method: text("POST") }),
        not_followed("http://files.example", NotFollowed::Scheme),
        not_followed("`https://[`", NotFollowed::Unreadable),
        not_followed("https://files.example", NotFollowed::UserName),
        not_followed("https://files.example", NotFollowed::Token),
        FlowError::Download(unreachable()),
        FlowError::TooManyRedirects { limit: 5 },
        FlowError::UnknownPathParam { name: text("shop"), known: text("`{store}`") },
        FlowError::UnknownPathParam { name: text("shop"), known: String::new() },
        FlowError::BodyNotRepeatable { status: 307 },
        FlowError::NoThread(no_thread()),
        FlowError::PagesInACircle { what: "an address" },
        FlowError::Rows(RowsMissing::NoPageInfo),
        FlowError::LongCursor { limit: 16_384 },
        FlowError::ApiRequest(HttpError::TooLarge { origin: text("https://api.example"), limit: 16 * 1024 * 1024 }),
        FlowError::NoSuchPlacement { provider: provider(), wanted: "query", known: text("header X-Api-Token, bearer") },
        FlowError::BodyIsNotAnObject,
        FlowError::TokenDead { provider: provider(), request: text("GET /api/v1/shop"), status: 401, said: None },
        FlowError::TokenDead {
            provider: provider(),
            request: text("GET /api/v1/shop"),
            status: 403,
            said: Some(text("invalid_token")),
        },
        FlowError::Definition(DefinitionError::UnknownProvider { id: text("acme"), near: vec![] }),
        FlowError::Entropy(no_entropy()),
    ]
}

fn unproven(claim: Claim, other_state: bool) -> Unproven {
    Unproven { claim, other_state }
}

fn unanswered(seen: Vec<Seen>, missing_state_can_be_allowed: bool) -> FlowError {
    FlowError::NoAnswer(Box::new(Unanswered {
        waited: text("5 min"),
        client_id: text("my-client"),
        redirect_uri: text("http://127.0.0.1:8765/callback"),
        seen,
        missing_state_can_be_allowed,
    }))
}

fn unusable(difference: Difference, differs: &str, came: &str) -> FlowError {
    let (differs, came, expected) = (text(differs), text(came), text("what was sent"));
    FlowError::Unusable(Box::new(Unusable { difference, differs, came, expected }))
}

fn not_followed(origin: &str, why: NotFollowed) -> FlowError {
    FlowError::NotFollowed { origin: text(origin), why }
}

fn rows_missing() -> Vec<RowsMissing> {
    vec![
        RowsMissing::NoWay { mark: text(".has_more"), cursor: None },
        RowsMissing::NoWay { mark: text(".nextPageToken"), cursor: Some(text(".nextPageToken")) },
        RowsMissing::Fewer { came: 1000, total: 4711, mark: text(".total_count") },
        RowsMissing::Empty { pages: 100, mark: text(".has_more") },
        RowsMissing::Link { header: text("https://api.example/products?page=2; rel=\"next\"") },
        RowsMissing::NotAnAddress { path: text(".meta.next"), found: "a number" },
        RowsMissing::Elsewhere { origin: text("https://files.example") },
        RowsMissing::NoPageInfo,
    ]
}

fn loopback_errors() -> Vec<LoopbackError> {
    vec![
        LoopbackError::Taken { port: 8765, holder: PortHolder::default() },
        LoopbackError::Taken {
            port: 8765,
            holder: PortHolder { program: Some((text("oauthctl"), 4711)), user: None, is_oauthctl: true },
        },
        LoopbackError::Taken {
            port: 8765,
            holder: PortHolder { program: Some((text("node"), 4711)), user: None, is_oauthctl: false },
        },
        LoopbackError::NotAllowed { port: 80 },
        LoopbackError::Other(io::Error::other("Too many open files (os error 24)")),
    ]
}

fn discovery_errors() -> Vec<DiscoveryError> {
    let issuer = || text("https://login.shop.example");
    vec![
        DiscoveryError::NotAnIssuer { issuer: text("login:shop"), meant: None },
        DiscoveryError::NotAnIssuer {
            issuer: text("login.shop.example"),
            meant: Some(text("https://login.shop.example")),
        },
        DiscoveryError::Placeholder {
            issuer: text("https://login.shop.example/{tenantid}/v2.0"),
            part: text("{tenantid}"),
        },
        DiscoveryError::Redirected {
            issuer: issuer(),
            location: format!("{}/.well-known/openid-configuration", issuer()),
            target: text("https://www.shop.example"),
            issuer_there: Some(text("https://www.shop.example")),
        },
        DiscoveryError::Redirected {
            issuer: issuer(),
            location: format!("{}/.well-known/openid-configuration", issuer()),
            target: text("https://www.shop.example"),
            issuer_there: None,
        },
        DiscoveryError::NotFound {
            issuer: issuer(),
            tried: text("https://login.shop.example/.well-known/oauth-authorization-server answered 404"),
        },
        DiscoveryError::Malformed {
            location: text("https://login.shop.example/.well-known/oauth-authorization-server"),
            source: malformed("token_endpoint"),
        },
        DiscoveryError::OtherIssuer { asked: issuer(), said: text("https://elsewhere.example") },
        DiscoveryError::OtherIssuer { asked: issuer(), said: text("https://elsewhere.example/{tenantid}/") },
        DiscoveryError::OtherIssuer { asked: issuer(), said: text("the shop") },
        DiscoveryError::UnsafeEndpoint {
            member: "token_endpoint",
            url: text("http://login.shop.example/token"),
            problem: "plain http is for loopback only",
        },
    ]
}

fn no_code(reply: DeviceReplyError) -> FlowError {
    let params = ["client_id", "scope"].map(|name| (text(name), String::new())).into();
    let sent = Sent { asked: Asked::Device, params, url: text("https://acme.example/device"), ..sent() };
    FlowError::DeviceReply(Box::new(NoCode { sent, reply }))
}

fn device_reply_errors() -> Vec<DeviceReplyError> {
    let refused = |code: &str, words: &str| DeviceReplyError::Refused {
        status: 400,
        rest: None,
        error: Box::new(said(code, words)),
    };
    let busy = |status, wait: Option<u64>| DeviceReplyError::Busy {
        status,
        reply: text("an empty body"),
        wait: wait.map(|wait| HumanDuration(Duration::from_secs(wait))),
    };
    vec![
        refused("invalid_client", "client authentication failed"),
        refused("unauthorized_client", "the device flow is not enabled"),
        refused("device_flow_disabled", "Device Flow must be explicitly enabled for this App"),
        busy(503, None),
        busy(429, Some(30)),
        DeviceReplyError::Redirected { status: 302, target: text("`https://login.example`") },
        DeviceReplyError::Unreadable { status: 404, reply: text("<html>Not found</html>") },
        DeviceReplyError::Unusable {
            status: 200,
            reply: text("{\"ok\":true}"),
            source: NotADeviceResponse::Missing("device_code"),
        },
    ]
}

fn not_device_responses() -> Vec<NotADeviceResponse> {
    vec![
        NotADeviceResponse::Missing("user_code"),
        NotADeviceResponse::Malformed(WrongKind::new("interval", &serde_json::json!([]), "a number of seconds")),
        NotADeviceResponse::BadCharacters("user_code"),
    ]
}

fn token_reply_errors() -> Vec<TokenReplyError> {
    let error = Box::new(said("invalid_grant", "the code has expired"));
    vec![
        TokenReplyError::Refused { status: 400, rest: Some(text("{\"trace_id\":\"4bf92f35\"}")), is_own: false, error },
        TokenReplyError::ServerFault { status: 503, reply: text("<h1>Be right back</h1>"), wait: None },
        TokenReplyError::ServerFault {
            status: 503,
            reply: text("an empty body"),
            wait: Some(HumanDuration(Duration::from_secs(30))),
        },
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

/// A type of token that needs a proof.
fn bound(name: &str) -> ProofType {
    match TokenType::judge(Some(&name.into())) {
        TokenType::Proof(kind) => kind,
        other => panic!("{other:?}"),
    }
}

/// What servers object to, each with its own advice.
fn refusals() -> Vec<FlowError> {
    let file = || Some(text("/home/me/.config/oauthctl/acme.toml"));
    let with = |method, is_written, file| Sent { auth: ClientAuth { method, is_written, file }, ..sent() };
    let client = |sent| refused(401, "invalid_client", "client authentication failed", sent);
    let refusals = vec![
        client(sent()),
        client(with(ClientAuthMethod::Body, false, file())),
        client(with(ClientAuthMethod::Basic, true, file())),
        client(Sent { has_secret: false, ..sent() }),
        refused(400, "invalid_grant", "the code has expired", sent()),
        refused(400, "invalid_grant", "PKCE verification failed", sent()),
        refused(400, "invalid_request", "redirect_uri is missing", sent()),
        refused(400, "invalid_request", "acr_values is missing", sent()),
        refused(400, "unsupported_grant_type", "", sent()),
        refused(400, "unauthorized_client", "", sent()),
        refused(400, "use_dpop_nonce", "authorization server requires nonce in DPoP proof", sent()),
        refused(400, "invalid_target", "", sent()),
        refused(400, "try_harder", "", sent()),
        refused(503, "temporarily_unavailable", "", sent()),
    ];
    refusals.into_iter().map(FlowError::from).collect()
}

fn not_token_responses() -> Vec<NotATokenResponse> {
    vec![
        NotATokenResponse::NoAccessToken,
        NotATokenResponse::Malformed(malformed("refresh_token")),
        NotATokenResponse::BadCharacters("refresh token"),
        NotATokenResponse::NeedsProof(bound("DPoP")),
        NotATokenResponse::NeedsProof(bound("mac")),
    ]
}

fn id_token_refused(problem: BadIdToken) -> IdTokenRefused {
    IdTokenRefused { provider: text("acme"), problem, tokens: Aftermath::Revoked }
}

fn bad_id_tokens() -> Vec<BadIdToken> {
    let (expected, got) = (|| text("app-1"), || text("app-2"));
    let (ended, now) = (Timestamp(1_790_000_000), Timestamp(1_790_086_400));
    vec![
        BadIdToken::Form(NotAJws::Encrypted),
        BadIdToken::Form(NotAJws::Form),
        BadIdToken::Malformed(malformed("exp")),
        BadIdToken::Missing("at_hash"),
        BadIdToken::Issuer { expected: text("https://id.acme.example"), got: text("https://id.acme.example/") },
        BadIdToken::Audience { expected: expected(), got: got() },
        BadIdToken::Audiences { expected: expected(), got: text("app-1, app-2") },
        BadIdToken::AuthorizedParty { expected: expected(), got: got() },
        BadIdToken::Ended { ended, now },
        BadIdToken::FromTheFuture { issued: now, now: ended },
        BadIdToken::Nonce(FoundNonce::None),
        BadIdToken::Nonce(FoundNonce::Other),
        BadIdToken::AccessTokenHash,
        BadIdToken::Subject,
        BadIdToken::Changed("auth_time"),
        BadIdToken::Unsigned,
        BadIdToken::Algorithm { expected: text("RS256"), got: text("ES256") },
        BadIdToken::Algorithm { expected: text("RS256"), got: text("ES512") },
        BadIdToken::NoSecret,
        BadIdToken::UnknownKey { kid: text("2026-11") },
        BadIdToken::Signature,
    ]
}

fn no_userinfos() -> Vec<NoUserinfo> {
    let provider = || text("acme");
    vec![
        NoUserinfo::NoEndpoint { provider: provider() },
        NoUserinfo::ForeignOrigin { provider: provider(), origin: text("https://users.acme.example") },
        NoUserinfo::Status { provider: provider(), status: 403, reply: text("{\"error\":\"insufficient_scope\"}") },
        NoUserinfo::Status { provider: provider(), status: 503, reply: text("an empty body") },
        NoUserinfo::Status { provider: provider(), status: 404, reply: text("Not Found") },
        NoUserinfo::Signed,
        NoUserinfo::NotAnObject,
        NoUserinfo::Malformed(malformed("sub")),
        NoUserinfo::NoSubject,
        NoUserinfo::NoAccount { provider: "acme".into() },
        NoUserinfo::OtherSubject,
    ]
}

fn token_source_errors() -> Vec<TokenSourceError> {
    let (provider, profile) = (|| text("acme"), || text("acme-eu"));
    let long_ago = Timestamp(1_790_000_000);
    let for_seconds = |seconds| HumanDuration(Duration::from_secs(seconds));
    let refreshed = || Sent { asked: Asked::Refresh, ..sent() };
    let dead = || refused(400, "invalid_grant", "the refresh token was revoked", refreshed()).into();
    let dead = || Box::new(dead());
    vec![
        TokenSourceError::NoRefreshToken {
            profile: provider(),
            provider: provider(),
            expired_at: None,
            renewable_with: Some(text("openid offline_access")),
        },
        TokenSourceError::NoRefreshToken {
            profile: profile(),
            provider: provider(),
            expired_at: Some(long_ago),
            renewable_with: None,
        },
        TokenSourceError::Dead { profile: profile(), provider: provider(), since: long_ago },
        TokenSourceError::Refused {
            profile: profile(),
            provider: provider(),
            interrupted: None,
            ended: None,
            source: dead(),
        },
        TokenSourceError::Refused {
            profile: profile(),
            provider: provider(),
            interrupted: Some(long_ago),
            ended: Some(long_ago),
            source: dead(),
        },
        TokenSourceError::Failed {
            profile: profile(),
            provider: provider(),
            may_be_spent: false,
            source: Box::new(FlowError::TokenRequest(unreachable())),
        },
        TokenSourceError::Failed {
            profile: profile(),
            provider: provider(),
            may_be_spent: true,
            source: Box::new(FlowError::TokenRequest(lost())),
        },
        TokenSourceError::Failed {
            profile: profile(),
            provider: provider(),
            may_be_spent: false,
            source: Box::new(refused(401, "invalid_client", "unknown client", refreshed()).into()),
        },
        TokenSourceError::NotIssued {
            profile: profile(),
            provider: provider(),
            source: Box::new(FlowError::TokenRequest(unreachable())),
        },
        TokenSourceError::NotExchanged {
            profile: profile(),
            provider: provider(),
            may_be_spent: true,
            repeatable_days: Some(7),
            source: Box::new(FlowError::TokenRequest(lost())),
        },
        TokenSourceError::NotExchanged {
            profile: profile(),
            provider: provider(),
            may_be_spent: true,
            repeatable_days: None,
            source: Box::new(FlowError::TokenRequest(lost())),
        },
        TokenSourceError::NothingToExchange { profile: profile() },
        TokenSourceError::IdToken {
            profile: profile(),
            provider: provider(),
            source: Box::new(IdTokenRefused {
                provider: provider(),
                problem: BadIdToken::Subject,
                tokens: Aftermath::NotRevoked,
            }),
        },
        TokenSourceError::TooShort {
            left: for_seconds(240),
            wanted: for_seconds(3600),
            why: text("`acme` gives no longer ones"),
        },
        TokenSourceError::Busy { profile: profile(), waited: for_seconds(35) },
        TokenSourceError::Replaced { profile: profile() },
        TokenSourceError::Unsettled {
            profile: profile(),
            provider: provider(),
            place: text("the OS keychain"),
            journal: text("/home/me/.local/state/oauthctl/acme-eu.journal"),
        },
        TokenSourceError::Store(in_keychain(StoreKind::Keychain, "the OS keychain", KeychainError::Locked)),
        TokenSourceError::Entropy(no_entropy()),
    ]
}

fn store_errors() -> Vec<StoreError> {
    let helper = || StoreKind::Helper(HelperName::parse("pass").unwrap());
    let in_helper = |source| in_keychain(helper(), "the credential helper `docker-credential-pass`", source);
    vec![
        in_helper(KeychainError::Missing { reason: text("`docker-credential-pass` is not in PATH") }),
        in_helper(KeychainError::Refused { reason: text("gpg: decryption failed: no secret key") }),
        in_file(KeychainError::BadKey { name: text("OAUTHCTL_STORE_KEY") }),
        in_keychain(StoreKind::Env, "the variable OAUTHCTL_TOKEN", KeychainError::ReadOnly),
        StoreError::Damaged { name: text("acme-eu"), place: text("the OS keychain"), source: not_json() },
        StoreError::Newer { name: text("acme-eu"), place: text("the OS keychain"), version: 2 },
        StoreError::LoginGone { profile: text("acme-eu"), provider: text("acme"), place: text("the OS keychain") },
        StoreError::ClientGone { key: client("default"), place: text("the OS keychain") },
        StoreError::ClientGone { key: client("work"), place: text("the OS keychain") },
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
        FileProblem::NotPrivate("other users can open it; run `chmod 600` on it"),
        FileProblem::Exposed(ExposedFolder::above("/home/me/.local".as_ref())),
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
        JournalError::File { path: path.clone(), source: PrivateFileError::Io(denied()) },
        JournalError::NotMade { path: path.clone(), source: PrivateFileError::Io(denied()) },
        JournalError::BadKey,
        JournalError::Damaged { path: path.clone(), source: malformed_record() },
        JournalError::Newer { path, version: 2 },
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
    vec![
        PrivateFileError::Io(denied()),
        PrivateFileError::NotPrivate("it is a symbolic link"),
        PrivateFileError::Exposed(ExposedFolder::holding("/home/me/.local/share/oauthctl".as_ref())),
    ]
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
        DefinitionError::Unreadable { place: place(), source: Box::new(source), near: Some(text("url")) },
        DefinitionError::UnreadableFile { place: place(), source: io::Error::other("other users can write to it") },
        DefinitionError::UnknownAlternative { id: id(), place: place(), name: text("old"), known: vec![] },
        DefinitionError::UnknownAlternative {
            id: id(),
            place: place(),
            name: text("old"),
            known: vec![text("legacy")],
        },
        DefinitionError::Missing { id: id(), file: None, key: "authorize.url", purpose: "a login" },
        DefinitionError::Missing { id: id(), file: Some(place()), key: "authorize.url", purpose: "a login" },
        DefinitionError::NotCaptured { id: id(), key: "api.base", param: text("realm") },
        DefinitionError::Wrong {
            id: id(),
            file: None,
            place: None,
            key: text("token.url"),
            problem: text("`{shop}` is not a parameter"),
        },
        DefinitionError::Wrong {
            id: id(),
            file: Some(place()),
            place: Some(Place { line: 4, column: 1 }),
            key: text("token.url"),
            problem: text("`{shop}` is not a parameter"),
        },
        DefinitionError::ParamNeeded { id: id(), param: text("store"), example: text("mugs") },
        DefinitionError::ParamRefused {
            id: id(),
            param: text("store"),
            value: text("mugs/.."),
            problem: text("it must be a host name such as `shop.example.com`"),
        },
        DefinitionError::SecretNeeded { id: id(), param: text("key") },
        DefinitionError::SecretTyped { id: id(), param: text("key") },
        DefinitionError::ClientSecretNeeded { id: id() },
        DefinitionError::UnknownParam { id: id(), param: text("shop"), known: vec![] },
        DefinitionError::UnknownParam { id: id(), param: text("shop"), known: some() },
        DefinitionError::OriginsMoved {
            id: id(),
            part: "token",
            recorded: text("https://acme.example"),
            now: text("https://elsewhere.example"),
            remedy: text("oauthctl login acme"),
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

fn proxy(name: &'static str, problem: ProxyProblem) -> HttpError {
    HttpError::Proxy(ProxyError { name, problem })
}

fn tls(problem: TlsProblem, said: &str) -> HttpError {
    let trust = text("the operating system's, `/etc/ssl/certs/ca-certificates.crt`");
    HttpError::Tls { origin: text("https://acme.example"), problem, refused: None, trust, source: Reason(text(said)) }
}

fn intercepted() -> HttpError {
    let (subject, issuer) = (text("CN=acme.example"), text("CN=Corp TLS Inspection,O=Corp"));
    let certificate = Certificate { subject, issuer, until: Timestamp(1_900_000_000), chain: 2 };
    let mut error = tls(TlsProblem::UnknownIssuer, "invalid peer certificate: UnknownIssuer");
    if let HttpError::Tls { refused, .. } = &mut error {
        *refused = Some(Box::new(Refused::of(&"https://acme.example".parse().unwrap(), certificate)));
    }
    error
}

fn trust_errors() -> Vec<TrustError> {
    let path = || text("/etc/ssl/acme.pem");
    let unreadable = |by| TrustError::Unreadable { path: path(), by, source: not_found() };
    vec![
        unreadable(NamedBy::Flag),
        unreadable(NamedBy::Login),
        unreadable(NamedBy::Variable("SSL_CERT_FILE")),
        TrustError::NoCertificate { path: path(), by: NamedBy::Flag },
        TrustError::NoCertificate { path: path(), by: NamedBy::Variable("SSL_CERT_DIR") },
    ]
}

fn http_errors() -> Vec<HttpError> {
    let origin = || text("https://acme.example");
    vec![
        unreachable(),
        tls(TlsProblem::UnknownIssuer, "invalid peer certificate: UnknownIssuer"),
        intercepted(),
        tls(TlsProblem::Expired, "invalid peer certificate: certificate expired"),
        tls(TlsProblem::NotYetValid, "invalid peer certificate: certificate not valid yet"),
        tls(TlsProblem::OtherName, "invalid peer certificate: certificate not valid for name \"acme.example\""),
        tls(TlsProblem::AuthorityAsServer, "invalid peer certificate: CaUsedAsEndEntity"),
        tls(TlsProblem::Certificate, "invalid peer certificate: Revoked"),
        tls(TlsProblem::NotTls, "received corrupt message of type InvalidContentType"),
        tls(TlsProblem::WantsCertificate, "received fatal alert: CertificateRequired"),
        tls(TlsProblem::Other, "received fatal alert: HandshakeFailure"),
        HttpError::Timeout { origin: origin(), seconds: 30 },
        HttpError::Overdue { origin: origin(), limit: HumanDuration(Duration::from_secs(600)) },
        HttpError::Connect {
            origin: text("https://acme.example through the proxy http://proxy.example:3128 (from https_proxy)"),
            source: Reason(text("proxy authorization required")),
        },
        HttpError::Broken { origin: origin(), source: Reason(text("connection reset")) },
        HttpError::TooLarge { origin: origin(), limit: 1_048_576 },
        HttpError::OutOfReach { origin: text("https://10.0.0.1"), reach: Reach::Private, from: Reach::Internet },
        HttpError::OutOfReach { origin: text("https://localhost"), reach: Reach::Loopback, from: Reach::Link },
        HttpError::Setup(Reason(text("no threads are left"))),
        proxy("HTTPS_PROXY", ProxyProblem::Scheme),
        proxy("all_proxy", ProxyProblem::Address),
        proxy("no_proxy", ProxyProblem::List),
        proxy("HTTP_PROXY", ProxyProblem::NotText),
    ]
}
