//! The parts that a flow is made of, each a request.

use serde::{Deserialize, Serialize};

/// What a request is for. It is said where the request is built.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Leg {
    Discovery,
    Registration,
    PushedRequest,
    DeviceCode,
    Token,
    Refresh,
    Revocation,
    Introspection,
    Userinfo,
    Keys,
    Api,
    #[default]
    Other,
}
