//! Floor 0: the RFCs' nouns as pure values, parsed and built in both directions.

pub mod advice;
pub mod authorization;
pub mod bearer;
pub mod client;
pub mod error_response;
pub mod grant;
pub mod introspection;
pub mod json;
pub mod jwt;
pub mod lifetime;
pub mod link;
pub mod mask;
pub mod member;
pub mod message;
pub mod metadata;
pub mod params;
pub mod pkce;
pub mod redirect_uri;
pub mod retry_after;
pub mod sanitize;
pub mod scope;
pub mod secret;
pub mod shell;
pub mod state;
pub mod time;
pub mod token;
