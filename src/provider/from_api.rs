//! A request for the value of a parameter, sent once after a login (`flow::asked_value`).

use super::keys::keys;

keys! {
    /// A request for a value, with the login's first token.
    #[derive(PartialEq, Eq)]
    pub struct FromApi {
        key url: String {
            help: "Its URL, on a server of the login or of the API",
            required,
            example: "\"https://login.shop.example/metadata\"",
        }
        key path: String { help: "A dotted path to the value in the JSON reply", required, example: "\"shop.region\"" }
        #[serde(skip_serializing_if = "Option::is_none")]
        key scheme: Option<String> {
            help: "The word before the token in the `Authorization` header of this request",
            absent: "as in every request",
            example: "\"OAuth\"",
        }
    }
}
