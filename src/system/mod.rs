//! Floor 2: the only floor that touches the machine. Each port is a small trait and its real form, so that a flow's
//! signature says which effects it has.

pub mod browser;
pub mod clock;
pub mod entropy;
pub mod http;
pub mod keychain;
pub mod loopback;
pub mod paths;
pub mod private_file;
pub mod sealed_file;
pub mod terminal;
