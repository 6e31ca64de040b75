//! The section `[[samples]]`: the emulator's replies.

use crate::provider::keys::keys;

keys! {
    /// One answer of the emulated API.
    pub struct Sample {
        key method: String {
            help: "The request's method",
            absent: "GET" by "Sample::default_method",
            example: "\"GET\"",
        }
        key path: String {
            help: "Its path: from the root with a leading `/`, else under the API's base",
            required,
            example: "\"products\"",
        }
        key scope: Option<String> {
            help: "The required scope. Without it, the answer is the provider's denial",
            absent: "any token is enough",
            example: "\"read_products\"",
        }
        #[serde(skip_serializing_if = "Vec::is_empty")]
        key any_of: Vec<String> {
            help: "Other scopes each of which is enough too",
            absent: "only `scope` is",
            example: "[\"write_products\"]",
        }
        key status: u16 {
            help: "The status of the answer",
            absent: "200" by "Sample::default_status",
            example: "200",
        }
        key location: Option<String> {
            help: "A `Location` header, relative to the path",
            absent: "none",
            example: "\"/products/1\"",
        }
        key body: String { help: "The JSON body", absent: "no body", example: "'[{\"id\":1}]'" }
    }
}

impl Sample {
    /// Lists the scopes of which one is enough.
    pub fn scopes(&self) -> impl Iterator<Item = &str> {
        self.scope.iter().chain(&self.any_of).map(String::as_str)
    }

    fn default_method() -> String {
        "GET".to_owned()
    }

    fn default_status() -> u16 {
        200
    }
}
