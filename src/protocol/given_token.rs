//! A token as the user has it at hand: alone, or inside what it came in.
//!
//! People pipe in a header's value, the whole reply of a token endpoint, a redirect's fragment or a line for a shell. All
//! of that would be stored and sent as the token, and the API would refuse it without saying why. So the token is taken
//! out where there is exactly one, and the caller says so. The object around it goes along ([`GivenReply`]): a refresh token
//! and an end in it are of use to a login.

use std::fmt;

use serde_json::Value;

use super::copied::{bare, unquoted};
use super::given_reply::{FoundText, GivenReply, search};
use super::member;
use super::params::Params;
use super::sanitize;
use super::secret::{AccessToken, is_vschar};
use super::token_type::{ProofType, TokenType};
use super::{json, secret_text::NotASecretText};

/// A token, and what it was taken out of.
#[derive(Debug, PartialEq, Eq)]
pub struct GivenToken {
    pub token: AccessToken,
    /// The innermost wrapping that was not only whitespace.
    pub wrapping: Option<Wrapping>,
    /// The object or the parameters that it was in.
    pub reply: Option<GivenReply>,
}

/// The text around a token. `Display` continues *the token was taken from*.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wrapping {
    Quotes,
    /// The word before it in a header, such as `Bearer`.
    Scheme(String),
    /// The header with this name.
    Header(String),
    /// The member at this path of a JSON text.
    Member(String),
    /// A parameter or a variable with this name.
    Pair(String),
    /// What a file says of this server.
    Host(String),
}

impl fmt::Display for Wrapping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Quotes => f.write_str("between the quotes"),
            Self::Scheme(word) => write!(f, "what follows the word `{}`", sanitize::line(word)),
            Self::Header(name) => write!(f, "the header `{}`", sanitize::line(name)),
            Self::Member(path) => write!(f, "the member `{}` of the JSON", sanitize::line(path)),
            Self::Pair(name) => write!(f, "the value of `{}`", sanitize::line(name)),
            Self::Host(name) => write!(f, "what it says of `{}`", sanitize::line(name)),
        }
    }
}

/// The reason why a text gives no token. Nothing of the text is quoted but the names of members.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoGivenToken {
    #[error(transparent)]
    Text(#[from] NotASecretText),
    #[error("it has control characters or letters that no token has")]
    Characters,
    #[error("it begins like JSON and cannot be read as JSON")]
    NotJson,
    #[error("it is JSON without an access token")]
    NoMember,
    #[error("it has several access tokens: {}", sanitize::ticked(.paths.iter().map(|path| sanitize::line(path))))]
    Several { paths: Vec<String> },
    #[error("its token is of type {0}")]
    NeedsProof(ProofType),
}

/// A provider's own ways to write a token.
#[derive(Clone, Debug, Default)]
pub struct Spelling<'a> {
    /// The path of the access token in its replies.
    pub path: Option<&'a str>,
    /// The headers that carry it.
    pub headers: Vec<&'a str>,
    /// The words before it in a header.
    pub schemes: Vec<&'a str>,
}

/// Returns `true` if a text is complete as far as can be told: JSON may go on over further lines.
pub fn is_whole(text: &str) -> bool {
    let text = bare(text);
    !text.starts_with(['{', '[']) || json::is_json(text.as_bytes())
}

impl GivenToken {
    /// Finds the token in a text.
    pub fn read(text: &str, spelling: &Spelling<'_>) -> Result<Self, NoGivenToken> {
        let (mut text, mut wrapping) = (bare(text), None);
        // Each step makes the text shorter.
        loop {
            if text.starts_with(['{', '[']) {
                return Self::in_json(text, spelling);
            }
            let Some((inner, around)) = unwrap(text, spelling) else { break };
            (text, wrapping) = (inner, Some(around));
        }
        if let Some((token, name, reply)) = in_pairs(text)? {
            return Ok(Self { token: AccessToken::new(token), wrapping: Some(Wrapping::Pair(name)), reply });
        }
        let is_scheme = spelling.schemes.iter().chain(&["Bearer"]).any(|scheme| text.eq_ignore_ascii_case(scheme));
        match text {
            "" => Err(NotASecretText::Empty.into()),
            // What `Bearer $TOKEN` becomes where the variable is not set.
            _ if is_scheme => Err(NotASecretText::Empty.into()),
            text if text.contains(['\n', '\r']) => Err(NotASecretText::Lines.into()),
            text if !is_vschar(text) => Err(NoGivenToken::Characters),
            text => Ok(Self { token: AccessToken::new(text), wrapping, reply: None }),
        }
    }

    fn in_json(text: &str, spelling: &Spelling<'_>) -> Result<Self, NoGivenToken> {
        let value = json::parse(text.as_bytes()).map_err(|_| NoGivenToken::NotJson)?;
        let mut found = Vec::new();
        let own = spelling.path.into_iter().chain(["access_token"]);
        for path in own {
            if let Ok(Some(Value::String(text))) = member::at(&value, path)
                && !text.is_empty()
            {
                found.push(FoundText { path: path.to_owned(), text, parent: &value });
                break;
            }
        }
        for names in [&["accesstoken"][..], &["token"]] {
            if found.is_empty() {
                search(&value, "", names, &mut found);
            }
        }
        found.dedup_by(|a, b| a.text == b.text);
        let FoundText { path, text: token, parent } = match found.as_slice() {
            [] => return Err(NoGivenToken::NoMember),
            [one] => one.clone(),
            several => {
                return Err(NoGivenToken::Several { paths: several.iter().map(|found| found.path.clone()).collect() });
            }
        };
        let beside = path.rsplit_once('.').and_then(|(parent, _)| json::at(&value, parent)).unwrap_or(parent);
        if let TokenType::Proof(kind) = TokenType::judge(beside.get("token_type").or(value.get("token_type"))) {
            return Err(NoGivenToken::NeedsProof(kind));
        }
        let reply = Some(GivenReply::around(parent, Some(token)));
        match is_vschar(token) {
            true => Ok(Self { token: AccessToken::new(token), wrapping: Some(Wrapping::Member(path)), reply }),
            false => Err(NoGivenToken::Characters),
        }
    }
}

/// Removes one wrapping: quotes, a header's name, or the word before the token.
fn unwrap<'t>(text: &'t str, spelling: &Spelling<'_>) -> Option<(&'t str, Wrapping)> {
    if let Some(inner) = unquoted(text) {
        return Some((inner, Wrapping::Quotes));
    }
    // The ways of curl: `-H '…'`, and `header = "…"` in its configuration.
    let curl = ["-H ", "--header ", "header = ", "header="];
    if let Some(rest) = curl.iter().find_map(|word| text.strip_prefix(word)) {
        return Some((bare(rest), Wrapping::Header("header".to_owned())));
    }
    let begins = |word: &str| text.get(..word.len()).filter(|begin| begin.eq_ignore_ascii_case(word));
    for name in spelling.headers.iter().copied().chain(["Authorization"]) {
        if let Some(rest) = begins(name).and_then(|_| bare(&text[name.len()..]).strip_prefix(':')) {
            return Some((bare(rest), Wrapping::Header(name.to_owned())));
        }
    }
    for scheme in spelling.schemes.iter().copied().chain(["Bearer", "Token", "Bot"]) {
        let Some(written) = begins(scheme) else { continue };
        let rest = &text[scheme.len()..];
        if rest.starts_with(|c: char| c.is_whitespace() || c == ':') {
            return Some((bare(rest.trim_start_matches(':')), Wrapping::Scheme(written.to_owned())));
        }
    }
    None
}

/// The longest name of a variable. Tokens are longer.
const MAX_NAME: usize = 32;

/// Finds the token in a query, a fragment or an address that has one, or in a line that sets a variable for a shell.
fn in_pairs(text: &str) -> Result<Option<(String, String, Option<GivenReply>)>, NoGivenToken> {
    let pairs = text.rsplit_once(['#', '?']).map_or(text, |(_, pairs)| pairs);
    let params = Params::from_urlencoded(pairs);
    if let Ok(Some(token)) = params.single("access_token").map(|token| token.filter(|token| !token.is_empty())) {
        if let TokenType::Proof(kind) = TokenType::judge(params.to_json().get("token_type")) {
            return Err(NoGivenToken::NeedsProof(kind));
        }
        return match is_vschar(token) {
            true => {
                let reply = GivenReply::around(&params.to_json(), Some(token));
                Ok(Some((token.to_owned(), "access_token".to_owned(), Some(reply))))
            }
            false => Err(NoGivenToken::Characters),
        };
    }
    let line = ["export ", "set -gx ", "set ", "$env:"].iter().find_map(|word| text.strip_prefix(word)).unwrap_or(text);
    // cmd has the name between the quotes, too.
    let line = line.strip_prefix('"').and_then(|line| line.strip_suffix('"')).unwrap_or(line);
    let separator = if text.starts_with("set -gx ") { ' ' } else { '=' };
    let Some((name, value)) = line.split_once(separator) else { return Ok(None) };
    let (name, value) = (name.trim(), bare(value));
    let value = unquoted(value).unwrap_or(value);
    let is_name = name.len() <= MAX_NAME && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    // Base64 may end in `token==`.
    let is_value = is_vschar(value) && value != "=";
    let is_token = is_name && is_value && name.to_ascii_lowercase().ends_with("token");
    Ok(is_token.then(|| (value.to_owned(), name.to_owned(), None)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spelling() -> Spelling<'static> {
        Spelling { path: Some("data.key"), headers: vec!["X-Api-Token"], schemes: vec!["Zoho-oauthtoken"] }
    }

    fn read(text: &str) -> Result<(String, Option<String>), NoGivenToken> {
        let given = GivenToken::read(text, &spelling())?;
        Ok((given.token.expose().to_owned(), given.wrapping.map(|wrapping| wrapping.to_string())))
    }

    #[test]
    fn a_token_alone_is_taken_as_it_is() {
        for text in
            ["made-up", " made-up\r\n\n", "\u{feff}made-up", "\n\u{200b}made-up\n", "\u{1b}[200~made-up\u{1b}[201~"]
        {
            assert_eq!(read(text), Ok(("made-up".to_owned(), None)), "{text:?}");
        }
        for text in ["two words", "YWJj==", "a=b", "bearer-token", "ya29.a0#x", "tokenizer:x", "a'b", "dG9rZW4token=="]
        {
            assert_eq!(read(text), Ok((text.to_owned(), None)), "{text}");
        }
    }

    #[test]
    fn a_token_is_taken_out_of_what_it_came_in() {
        for (text, from) in [
            ("Bearer made-up", "what follows the word `Bearer`"),
            ("bearer   made-up\n", "what follows the word `bearer`"),
            ("BEARER: made-up", "what follows the word `BEARER`"),
            ("Zoho-oauthtoken made-up", "what follows the word `Zoho-oauthtoken`"),
            ("Authorization: Bearer made-up", "what follows the word `Bearer`"),
            ("x-api-token: made-up", "the header `X-Api-Token`"),
            ("-H 'Authorization: Bearer made-up'", "what follows the word `Bearer`"),
            ("header = \"Authorization: Bearer made-up\"\n", "what follows the word `Bearer`"),
            ("\"made-up\"", "between the quotes"),
            ("'made-up'\n", "between the quotes"),
            ("<made-up>", "between the quotes"),
            ("\u{201c}made-up\u{201d}", "between the quotes"),
            ("access_token=made-up&token_type=bearer&expires_in=1", "the value of `access_token`"),
            ("#state=x&access_token=made%2Dup", "the value of `access_token`"),
            ("http://127.0.0.1:1/cb#access_token=made-up&state=x", "the value of `access_token`"),
            ("export OAUTHCTL_TOKEN='made-up'", "the value of `OAUTHCTL_TOKEN`"),
            ("set -gx OAUTHCTL_TOKEN 'made-up'", "the value of `OAUTHCTL_TOKEN`"),
            ("$env:OAUTHCTL_TOKEN = 'made-up'", "the value of `OAUTHCTL_TOKEN`"),
            ("set \"OAUTHCTL_TOKEN=made-up\"", "the value of `OAUTHCTL_TOKEN`"),
            ("TOKEN=made-up", "the value of `TOKEN`"),
            (
                r#"{"access_token":"made-up","refresh_token":"other","expires_in":1}"#,
                "the member `access_token` of the JSON",
            ),
            ("\u{feff}{\n \"data\": {\"key\": \"made-up\"}\n}\n", "the member `data.key` of the JSON"),
            (
                r#"{"ok":true,"authed_user":{"id":"U","access_token":"made-up"}}"#,
                "the member `authed_user.access_token` of the JSON",
            ),
            (r#"[{"accessToken":"made-up"}]"#, "the member `0.accessToken` of the JSON"),
            (r#"{"token":"made-up","expiry":"x"}"#, "the member `token` of the JSON"),
            (
                r#"{"a":{"access_token":"made-up"},"b":{"access_token":"made-up"}}"#,
                "the member `a.access_token` of the JSON",
            ),
        ] {
            assert_eq!(read(text), Ok(("made-up".to_owned(), Some(from.to_owned()))), "{text}");
        }
    }

    #[test]
    fn a_text_without_one_token_is_refused_and_not_quoted() {
        for (text, why) in [
            ("", "it is empty"),
            (" \n\u{feff}", "it is empty"),
            ("\"\"", "it is empty"),
            ("Bearer \n", "it is empty"),
            ("canary\ncanary", "it has more than one line"),
            ("Bearer canary\ncanary", "it has more than one line"),
            ("caf\u{e9}", "letters that no token has"),
            ("{\"access_token\":\"canary", "cannot be read as JSON"),
            ("{\"error\":\"canary\"}", "without an access token"),
            ("{\"access_token\":[\"canary\"]}", "without an access token"),
            ("{\"access_token\":\"\"}", "without an access token"),
            ("{\"access_token\":\"canary\\n\"}", "letters that no token has"),
            (
                r#"{"a":{"access_token":"canary1"},"b":{"access_token":"canary2"}}"#,
                "`a.access_token`, `b.access_token`",
            ),
            (r#"{"access_token":"canary","token_type":"DPoP"}"#, "of type `DPoP`, which needs a DPoP proof"),
            ("access_token=canary&token_type=mac", "of type `mac`, which needs a MAC"),
        ] {
            let error = read(text).unwrap_err().to_string();
            assert!(error.contains(why) && !error.contains("canary"), "{text}: {error}");
        }
    }

    #[test]
    fn json_goes_on_until_it_is_whole() {
        for (text, whole) in
            [("made-up", true), ("{", false), ("{\"a\":1\n", false), (" {\"a\":1}\n", true), ("[", false)]
        {
            assert_eq!(is_whole(text), whole, "{text}");
        }
    }
}
