//! What the stories are told with: a home of their own, servers that do as they are told, and a person's browser.
//!
//! Nothing sleeps. Whoever waits, waits for a line, a reply or the end of a process.

pub mod api_server;
#[cfg(target_os = "linux")]
pub mod canary;
pub mod chromium;
pub mod desk;
#[cfg(target_os = "linux")]
pub mod dice;
pub mod emulated;
#[cfg(target_os = "linux")]
pub mod faketime;
pub mod http;
#[cfg(target_os = "linux")]
pub mod indiscreet;
pub mod leftovers;
pub mod oidc_provider;
#[cfg(target_os = "linux")]
pub mod ordinary_user;
pub mod pending_login;
#[cfg(unix)]
pub mod pty;
pub mod raw_server;
#[cfg(target_os = "linux")]
pub mod replies;
pub mod sandbox;
#[cfg(unix)]
pub mod seat;
pub mod shop_api;
#[cfg(target_os = "linux")]
pub mod tls;
#[cfg(target_os = "linux")]
pub mod witness;

pub use api_server::ApiServer;
pub use chromium::Chromium;
pub use emulated::Emulated;
pub use oidc_provider::{OidcProvider, Person};
#[cfg(target_os = "linux")]
pub use ordinary_user::OrdinaryUser;
pub use pending_login::PendingLogin;
pub use raw_server::RawServer;
pub use sandbox::{Output, Sandbox};
#[cfg(unix)]
pub use seat::Seat;
pub use shop_api::ShopApi;
