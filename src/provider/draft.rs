//! A definition to begin with: a commented skeleton, filled in as far as a server's metadata goes.

use std::fmt::Write;

use crate::protocol::metadata::AuthorizationServerMetadata;

/// The text of a new definition. It is read back by a test, so that it is always one that can be used.
pub fn draft(id: &str, metadata: Option<&AuthorizationServerMetadata>) -> String {
    let quoted = |text: &str| toml::Value::from(text).to_string();
    let of = |url: Option<&String>, example: &str| quoted(url.map_or(example, String::as_str));
    let authorize =
        of(metadata.and_then(|m| m.authorization_endpoint.as_ref()), "https://shop.example/oauth/authorize");
    let token = of(metadata.and_then(|m| m.token_endpoint.as_ref()), "https://shop.example/oauth/token");
    let source = quoted(metadata.map_or("where you read it", |m| &m.issuer));
    let mut text = format!(
        "# The provider `{id}`. What is left out is as the RFCs say; `oauthctl providers show` prints the built-in ones,\n\
         # and `oauthctl providers check FILE` says whether this one can be used.\n\n\
         name = {}\nsource = {source}\n# checked = \"2026-01-31\"\n\n\
         # A part of the URLs that differs from shop to shop; `{{store}}` stands for it. Kinds: label, host, origin.\n\
         # [params.store]\n# kind = \"label\"\n# prompt = \"Name of the shop\"\n# example = \"myshop\"\n\n\
         [authorize]\nurl = {authorize}\n",
        quoted(id)
    );
    if let Some(metadata) = metadata.filter(|m| m.authorization_response_iss_parameter_supported) {
        let _ = writeln!(text, "issuer = {}", quoted(&metadata.issuer));
    }
    let s256 = metadata.and_then(|m| m.code_challenge_methods_supported.as_ref());
    let s256 = match s256 {
        Some(methods) if !methods.iter().any(|method| method == "S256") => {
            "# The server announces no S256 (RFC 7636); if it refuses the login:\n"
        }
        _ => "# PKCE is on. Where the documents say that the server cannot take it:\n",
    };
    let _ = write!(text, "{s256}# pkce = \"off\"\n\n[token]\nurl = {token}\n");
    let methods = metadata.map(|m| m.token_endpoint_auth_methods_supported.as_slice()).unwrap_or_default();
    let body_too = methods.is_empty() || methods.iter().any(|method| method == "client_secret_post");
    let _ = match methods.iter().any(|method| method == "client_secret_basic") && !body_too {
        true => writeln!(text, "auth = \"basic\""),
        false => writeln!(
            text,
            "# auth = \"basic\"    # else the credentials go into the body\n# body = \"json\"     # else a form"
        ),
    };
    for (section, url) in [
        ("revoke", metadata.and_then(|m| m.revocation_endpoint.as_ref())),
        ("introspect", metadata.and_then(|m| m.introspection_endpoint.as_ref())),
    ] {
        if let Some(url) = url {
            let _ = write!(text, "\n[{section}]\nurl = {}\n", quoted(url));
        }
    }
    text.push_str("\n[scope]\n# separator = \",\"    # else a blank\nknown = [\n");
    for scope in metadata.map(|m| m.scopes_supported.as_slice()).unwrap_or_default() {
        let _ = writeln!(text, "    {{ name = {} }},", quoted(scope));
    }
    text.push_str(
        "    # { name = \"read_products\", about = \"products\" },\n]\n\n\
         [api]\nbase = \"https://shop.example/api\"\n# token = [{ in = \"header\", name = \"X-Api-Token\" }]    # else `Authorization: Bearer`\n",
    );
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::Catalogue;
    use crate::provider::catalogue::NoFiles;

    #[test]
    fn a_draft_can_be_used_as_it_is() {
        let definition =
            Catalogue::new(&NoFiles, None).compose("mine", Some((&draft("mine", None), "mine.toml"))).unwrap();
        assert_eq!(definition.token.url.first(), Some("https://shop.example/oauth/token"));
    }

    #[test]
    fn a_draft_has_what_the_server_says_of_itself_and_quotes_it() {
        let metadata: AuthorizationServerMetadata = serde_json::from_value(serde_json::json!({
            "issuer": "https://as.example",
            "authorization_endpoint": "https://as.example/authorize",
            "token_endpoint": "https://as.example/token",
            "revocation_endpoint": "https://as.example/revoke",
            "token_endpoint_auth_methods_supported": ["client_secret_basic"],
            "scopes_supported": ["openid", "odd\"\nname"],
            "authorization_response_iss_parameter_supported": true,
        }))
        .unwrap();
        let text = draft("mine", Some(&metadata));
        let definition = Catalogue::new(&NoFiles, None).compose("mine", Some((&text, "mine.toml"))).unwrap();
        assert_eq!(definition.authorize.issuer.as_deref(), Some("https://as.example"));
        assert_eq!(definition.client_auth(), crate::protocol::client::ClientAuthMethod::Basic);
        assert_eq!(definition.revoke.url.unwrap().value, "https://as.example/revoke");
        assert_eq!(definition.scope.known[1].name, "odd\"\nname");
    }
}
