//! The section `[par]`: pushed authorization requests (RFC 9126).

use crate::provider::departure::Departure;
use crate::provider::keys::keys;

keys! {
    /// RFC 9126.
    #[derive(Default)]
    pub struct Par {
        departure url: String {
            help: "The URL to which authorization requests can be pushed, so that the browser carries only a reference",
            rfc: "RFC 9126, if there is one",
            example: "\"https://shop.example/oauth/par\"",
        }
        departure required: bool {
            help: "Push every authorization request. Without it, only `login --par` does",
            rfc: "a request may also come with the browser (RFC 9126 §5)",
            example: "true",
        }
    }
}
