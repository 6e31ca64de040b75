pub mod protocol;
pub mod provider;
