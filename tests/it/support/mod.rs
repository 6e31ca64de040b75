//! Support for the stories: a home directory for each, servers with scripted behavior, and browsers.
//!
//! Nothing sleeps. Tests wait for a line, a reply or the end of a process.

pub mod address_server;
pub mod api_server;
#[cfg(target_os = "linux")]
pub mod canary;
pub mod chromium;
pub mod emulated;
#[cfg(target_os = "linux")]
pub mod faketime;
pub mod http;
pub mod lacks;
#[cfg(target_os = "linux")]
pub mod leaky_provider;
pub mod leftovers;
#[cfg(target_os = "linux")]
pub mod namespace;
#[cfg(target_os = "linux")]
pub mod observer;
pub mod oidc_provider;
pub mod pending_device;
pub mod pending_login;
pub mod process;
#[cfg(unix)]
pub mod pty;
#[cfg(target_os = "linux")]
pub mod random;
pub mod raw_server;
#[cfg(target_os = "linux")]
pub mod replies;
pub mod sandbox;
#[cfg(unix)]
pub mod scripted_bus;
#[cfg(target_os = "linux")]
pub mod session_bus;
pub mod shop_api;
#[cfg(unix)]
pub mod terminal_session;
pub mod tls;
#[cfg(target_os = "linux")]
pub mod unprivileged_user;
#[cfg(target_os = "linux")]
pub mod visible;

pub use api_server::ApiServer;
pub use chromium::Chromium;
pub use emulated::Emulated;
pub use oidc_provider::{OidcProvider, Person};
pub use pending_device::PendingDevice;
pub use pending_login::PendingLogin;
pub use raw_server::RawServer;
pub use sandbox::{Output, Sandbox};
pub use shop_api::ShopApi;
#[cfg(unix)]
pub use terminal_session::TerminalSession;
#[cfg(target_os = "linux")]
pub use unprivileged_user::UnprivilegedUser;
