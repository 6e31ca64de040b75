//! Secrets taken out of a reply before a person sees it. What is left is the shape, which is what one debugs.

use serde_json::Value;

use super::sanitize;

/// `"access_token": "[64 characters]"`: members whose name says that they are secret lose their value.
pub fn json(value: &Value) -> Value {
    match value {
        Value::Object(object) => object
            .iter()
            .map(|(name, value)| {
                // The code of an error object is a word to be read.
                let is_error_code = name == "code" && object.contains_key("message");
                let shown = if is_secret_name(name) && !is_error_code { hidden(value) } else { json(value) };
                (name.clone(), shown)
            })
            .collect(),
        Value::Array(items) => items.iter().map(json).collect(),
        other => other.clone(),
    }
}

/// One clean line of a reply of any kind: JSON with its secrets masked, a form with its values hidden, anything else
/// with known secrets cut out. What looks as if it held a token and cannot be read is not shown at all.
pub fn reply(body: &[u8], known_secrets: &[&str]) -> String {
    if let Ok(value @ (Value::Object(_) | Value::Array(_))) = super::json::parse(body) {
        return sanitize::line(&without(json(&value).to_string(), known_secrets));
    }
    let text = String::from_utf8_lossy(body);
    if is_form(&text) {
        let names: Vec<&str> = text.split('&').map(|pair| pair.split('=').next().unwrap_or_default()).collect();
        return sanitize::line(&without(format!("{}=[hidden]", names.join("=[hidden]&")), known_secrets));
    }
    if text.contains("token\"") || text.contains("token=") || text.contains("secret\"") {
        return format!("{} bytes that are not shown, as there seems to be a token in them", body.len());
    }
    sanitize::line(&without(text.into_owned(), known_secrets))
}

/// Pairs and nothing else: names of letters, digits, `_`, `-` and `.`.
fn is_form(text: &str) -> bool {
    let is_name =
        |name: &str| !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.".contains(&b));
    text.contains("token=")
        && text.trim().split('&').all(|pair| pair.split_once('=').is_some_and(|(name, _)| is_name(name)))
}

/// A text without the given secrets; short ones are left, as they would cut up every word.
pub fn without(mut text: String, secrets: &[&str]) -> String {
    for secret in secrets.iter().filter(|secret| secret.len() >= 6) {
        text = text.replace(secret, "[hidden]");
    }
    text
}

fn hidden(value: &Value) -> Value {
    match value {
        Value::String(text) => format!("[{} characters]", text.chars().count()).into(),
        // An object under `token` may hold the token further in; nothing of it is shown.
        Value::Object(_) | Value::Array(_) => "[hidden]".into(),
        // Numbers under such names are lifetimes and counters.
        other => other.clone(),
    }
}

/// `access_token`, `refreshToken`, `client_secret`, `code`, `id_token` …; not `token_type`.
fn is_secret_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let words = ["token", "secret", "password", "assertion", "api_key", "apikey", "code_verifier", "session"];
    (words.iter().any(|word| name.contains(word)) && !name.contains("type") && !name.contains("expir"))
        || name == "code"
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn secrets_go_and_the_shape_stays() {
        let value =
            json!({"access_token": "abcdef", "token_type": "Bearer", "data": {"refreshToken": "xyz"}, "expires_in": 3});
        assert_eq!(
            super::json(&value),
            json!({"access_token": "[6 characters]", "token_type": "Bearer", "data": {"refreshToken": "[3 characters]"}, "expires_in": 3})
        );
    }

    #[test]
    fn a_reply_of_any_kind_loses_its_secrets() {
        assert_eq!(reply(b"<html>code canary-1</html>", &["canary-1"]), "<html>code [hidden]</html>");
        assert_eq!(reply(b"access_token=canary&scope=x", &[]), "access_token=[hidden]&scope=[hidden]");
        assert_eq!(reply(br#"{"error":"bad code canary-1"}"#, &["canary-1"]), r#"{"error":"bad code [hidden]"}"#);
        assert_eq!(reply(b"", &[]), "");
        for broken in [r#"{"token_type":"Bearer","access_token":"canary"#, "no canary-1: token= is missing"] {
            assert!(!reply(broken.as_bytes(), &["canary-1"]).contains("canary"), "{broken}");
        }
    }
}
