//! The narrow door for the tests, the benchmarks and the fuzz targets in `tests/`: what they look at beside the binary.
//!
//! It is not an interface: it changes with every version. All other modules are private, so that the compiler says what
//! is unused; a name that no test needs any more goes from here.

pub use crate::cli::{Cli, UsageError};
pub use crate::commands::errors::*;
pub use crate::commands::{Example, GROUPS, Kind, examples_of, inspect_page, value_kind};
pub use crate::emulator::{Emulator, EmulatorError, Fault, MCP_DEFINITION, Options};
pub use crate::flow::authorization::{Seen, Unanswered};
pub use crate::flow::client::Client;
pub use crate::flow::discover::AddressError;
pub use crate::flow::discovery::DiscoveryError;
pub use crate::flow::document::NoDocument;
pub use crate::flow::evidence::Missing;
pub use crate::flow::held_token::{HeldToken, Renew, Renewed};
pub use crate::flow::id_token::{Aftermath, IdTokenRefused};
pub use crate::flow::jwks::NoKeys;
pub use crate::flow::not_followed::NotFollowed;
pub use crate::flow::paging::NoPages;
pub use crate::flow::pasted::judge_pasted;
pub use crate::flow::redirect::{
    Answer, Claim, Difference, Doubt, Expected, RedirectVerdict, Stray, Unproven, Unusable, judge as judge_redirect,
};
pub use crate::flow::refusal::{Asked, NoCode, NoToken, Refusal, Sent};
pub use crate::flow::register::RegisterError;
pub use crate::flow::rows_missing::RowsMissing;
pub use crate::flow::token_endpoint::request_token;
pub use crate::flow::token_source::{TokenSource, TokenSourceError, TokenWarning, ValidToken, Wanted};
pub use crate::flow::userinfo::NoUserinfo;
pub use crate::flow::{FlowError, probe};
#[cfg(target_os = "linux")]
pub use crate::keychain::dbus::{Body as BusBody, HEAD as DBUS_HEAD, MAX_MESSAGE, Message as BusMessage, MessageKind};
pub use crate::keychain::helper::HelperName;
pub use crate::keychain::os::OsKeychain;
pub use crate::keychain::seal::SealKey;
pub use crate::keychain::{FileProblem, Keychain, KeychainError, MemoryKeychain, SecretBytes, StateFolder};
pub use crate::protocol::advice::{Advice, ExitCode, NextStep};
pub use crate::protocol::authorization::{AuthorizationRequest, AuthorizationResponse, ResponseType};
pub use crate::protocol::bearer::Challenge;
pub use crate::protocol::client::{BadClientId, ClientAuthMethod, ClientId};
pub use crate::protocol::client_document::ClientDocument;
pub use crate::protocol::device::NotADeviceResponse;
pub use crate::protocol::error_response::ErrorResponse;
pub use crate::protocol::error_text::page as error_text;
pub use crate::protocol::foreign_login::NotAForeignLogin;
pub use crate::protocol::given_token::NoGivenToken;
pub use crate::protocol::grant::GrantKind;
pub use crate::protocol::id_token;
pub use crate::protocol::id_token::{BadIdToken, FoundNonce};
pub use crate::protocol::jwks::Jwks;
pub use crate::protocol::jws::{Jws, NotAJws};
pub use crate::protocol::link::Link;
pub use crate::protocol::login_params::BadLoginParam;
pub use crate::protocol::member::WrongKind;
pub use crate::protocol::message::{BadHeader, HttpRequest};
pub use crate::protocol::metadata::AuthorizationServerMetadata;
pub use crate::protocol::openapi::NotAnApiDescription;
pub use crate::protocol::params::Params;
pub use crate::protocol::pkce::CodeVerifier;
pub use crate::protocol::protected_resource::{Match, ProtectedResourceMetadata};
pub use crate::protocol::redirect_uri::{DEFAULT_REDIRECT_URI, RedirectUri, RedirectUriError};
pub use crate::protocol::registration::{NotARegistration, RegistrationResponse};
pub use crate::protocol::resource_error::{ResourceError, TokenProblem};
pub use crate::protocol::scope::ScopeSet;
pub use crate::protocol::secret::{AccessToken, AuthorizationCode, ClientSecret, RefreshToken, Secret, is_vschar};
pub use crate::protocol::secret_text::NotASecretText;
pub use crate::protocol::signing_algorithm::Algorithm as SigningAlgorithm;
pub use crate::protocol::state::State;
pub use crate::protocol::time::{HumanDuration, Timestamp};
pub use crate::protocol::token::{Grant, NotATokenResponse, TokenRequest};
pub use crate::protocol::token_type::{ProofType, TokenType};
pub use crate::protocol::{flow_record, json, jwt, mask, sanitize};
pub use crate::provider::builtin::{Entry, entries};
pub use crate::provider::catalogue::NoFiles;
pub use crate::provider::definition::rfc_defaults;
pub use crate::provider::dialect::{ClientAuth, DeviceReplyError, TokenReply, TokenReplyError};
pub use crate::provider::draft::AddressFacts;
pub use crate::provider::evidence::{Sureness, ValueLine, idle_paths, values};
pub use crate::provider::params::fill_params;
pub use crate::provider::place::Place;
pub use crate::provider::proof::{How, Proof};
pub use crate::provider::reader::read as read_definition;
pub use crate::provider::{
    Catalogue, DefinitionError, DefinitionFiles, Dialect, Endpoint, Origin, Provider, ProviderDefinition,
};
pub use crate::session::project::FilePosition;
pub use crate::session::{NoWay, NotNarrower, ProjectError, SessionError};
pub use crate::store::flow_records::FlowRecords;
pub use crate::store::journal::JournalError;
pub use crate::store::login_index::{IndexError, IndexFile};
pub use crate::store::login_lock::{LOCK_TIMEOUT, LockError};
pub use crate::store::profile::NotAProfile;
pub use crate::store::scope_history::ScopeRun;
pub use crate::store::sealed_login::SealedLoginError;
pub use crate::store::stored_token::{Expiry, ObtainedBy};
pub use crate::store::{
    AppName, ClientKey, LoginIndex, Profile, Registration, SealedLogin, StoreError, StoreKind, StoredToken, TokenStore,
    record,
};
pub use crate::system::account::{NoAccount, state_folder};
pub use crate::system::browser::BrowserError;
pub use crate::system::certificate::CertificateError;
pub use crate::system::clock::{Clock, SystemClock};
pub use crate::system::entropy::{NoEntropy, OsEntropy};
pub use crate::system::http::{
    Certificate, HttpClient, HttpError, HttpReply, MAX_REPLY, NamedBy, NetworkClient, Reach, Reason, Refused,
    TlsProblem, TrustError, Upload,
};
pub use crate::system::loopback::{
    Holder as PortHolder, LoopbackError, LoopbackRequest, Parsed, parse as parse_request,
};
pub use crate::system::own_folder::OwnFolderError;
pub use crate::system::paths::PathsError;
pub use crate::system::private_file::{ExposedFolder, PrivateFileError};
pub use crate::system::proxy::{ProxyError, ProxyProblem};
pub use crate::system::terminal::TerminalError;
pub use crate::system::token_file::TokenFileError;
