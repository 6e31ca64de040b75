//! Floor 4, the client's side: one grant or one request per file.

pub mod api;
pub mod api_gate;
pub mod ask_api;
pub mod asked_value;
pub mod authorization;
mod authorization_code;
pub mod checkup;
pub mod client;
pub mod client_credentials;
pub mod device;
pub mod discover;
pub mod discovery;
#[cfg(test)]
mod doubles;
mod error;
pub mod evidence;
pub mod explain;
pub mod held_token;
pub mod id_token;
pub mod implicit;
pub mod introspection;
pub mod judge;
pub mod jwks;
pub mod lasting_token;
pub mod launch;
pub mod not_followed;
pub mod pages;
pub mod paging;
pub mod pasted;
pub mod probe;
pub mod pushed;
pub mod recording;
pub mod redirect;
pub mod refresh;
pub mod refusal;
pub mod register;
pub mod retry;
pub mod revoke;
pub mod rows_missing;
mod second_exchange;
pub mod signature;
pub mod token_endpoint;
pub mod token_source;
pub mod trial;
pub mod userinfo;

pub use error::FlowError;
