//! The answers that other programs document: each as its consumer reads it, with the end that it may rely on.
//!
//! | form | consumer | its document |
//! | --- | --- | --- |
//! | `exec-credential` | kubectl, client-go | client-go credential plugins: `client.authentication.k8s.io/v1` |
//! | `google-executable` | Google's client libraries | AIP-4117, executable-sourced credentials |
//! | `aws-process` | AWS CLI and SDKs | `credential_process` |
//! | `mcp-headers` | MCP clients with a headers helper | an object of header names and values |
//!
//! * An end is written only if it is known. What a consumer does with an unknown one is its own rule.
//! * A failure is an exit code and a message on stderr, as kubectl and AWS read it. Google's libraries take any other exit code
//!   than 0 for a crash and have a form of their own for it, so that form ends with 0.
//! * AWS wants keys, and an OAuth token is none. Where a reply has them beside its token, a definition names them in
//!   `token.further`; elsewhere the error says what to do.

use serde_json::{Value, json};

use super::error::TokenError;
use crate::protocol::advice::{Advice, with_causes};
use crate::protocol::jwt;
use crate::protocol::time::Timestamp;
use crate::store::StoredToken;
use crate::system::paths::variable;

/// What kubectl says to its plugins.
const EXEC_INFO: &str = "KUBERNETES_EXEC_INFO";

/// The token type that Google's configuration asks for.
const GOOGLE_TYPE: &str = "GOOGLE_EXTERNAL_ACCOUNT_TOKEN_TYPE";

const KUBERNETES: &str = "client.authentication.k8s.io/";

/// Returns an ExecCredential of the version that kubectl asks for.
pub fn exec_credential(record: &StoredToken) -> Value {
    let info = variable(EXEC_INFO).and_then(|info| serde_json::from_str::<Value>(&info).ok());
    let asked = info.as_ref().and_then(|info| info["apiVersion"].as_str());
    let version = match asked.and_then(|asked| asked.strip_prefix(KUBERNETES)) {
        Some("v1beta1") => "v1beta1",
        _ => "v1",
    };
    let mut status = json!({ "token": record.access_token.expose() });
    if let Some(end) = record.end().at() {
        status["expirationTimestamp"] = json!(end.to_string());
    }
    json!({ "apiVersion": format!("{KUBERNETES}{version}"), "kind": "ExecCredential", "status": status })
}

/// Returns the answer for Google's libraries: an ID token, or an access token that is a JWT. `None` if there is neither of
/// the type that is asked for.
pub fn google(record: &StoredToken, now: Timestamp) -> Option<Value> {
    let [id, jwt] = ["id_token", "jwt"].map(|name| format!("urn:ietf:params:oauth:token-type:{name}"));
    let asked = variable(GOOGLE_TYPE);
    let takes = |kind: &String| asked.as_ref().is_none_or(|asked| asked == kind);
    let kept = record.id_token.as_ref().filter(|kept| kept.expires_at().is_none_or(|end| end > now));
    let access = Some(record.access_token.expose()).filter(|token| jwt::claims(token).is_some());
    let (kind, token, end) = match (kept, access) {
        (Some(kept), _) if takes(&id) => (id, kept.token.expose(), kept.expires_at()),
        (_, Some(token)) if takes(&jwt) => (jwt, token, record.end().at()),
        // An ID token is a JWT.
        (Some(kept), _) if takes(&jwt) => (jwt, kept.token.expose(), kept.expires_at()),
        _ => return None,
    };
    let mut answer = json!({ "version": 1, "success": true, "token_type": kind, "id_token": token });
    if let Some(end) = end {
        answer["expiration_time"] = json!(end.0);
    }
    Some(answer)
}

/// Returns the form in which Google's libraries are told of a failure.
pub fn google_failure(error: &dyn Advice) -> Value {
    let next = error.next_step();
    let hint = next.hint.map(|hint| format!(" ({hint})")).unwrap_or_default();
    let message = format!("{}{hint}", with_causes(error));
    json!({ "version": 1, "success": false, "code": (next.code as u8).to_string(), "message": message })
}

/// Returns keys for AWS, if the login has some.
pub fn aws(record: &StoredToken) -> Result<Value, TokenError> {
    let further = |name: &str| record.further_tokens.get(name).map(|token| token.expose());
    let (Some(id), Some(secret)) = (further("access_key_id"), further("secret_access_key")) else {
        return Err(TokenError::NoAwsKeys { provider: record.provider.clone() });
    };
    let token = record.access_token.expose();
    let mut keys = json!({ "Version": 1, "AccessKeyId": id, "SecretAccessKey": secret, "SessionToken": token });
    if let Some(end) = record.end().at() {
        keys["Expiration"] = json!(end.to_string());
    }
    Ok(keys)
}
