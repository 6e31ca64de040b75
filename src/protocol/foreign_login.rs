//! A login in a file of another program: which kind of file it is, and the token in it.
//!
//! | form | what it is | where that is documented |
//! | --- | --- | --- |
//! | JSON | the reply of a token endpoint, as `oauth2c --silent` prints it and many programs keep it | RFC 6749 §5.1, oauth2c's examples |
//! | dotenv | lines `NAME=VALUE`: `SHOP_ACCESS_TOKEN`, `SHOP_REFRESH_TOKEN`, `SHOP_EXPIRES_AT`, `SHOP_CLIENT_ID` | by custom |
//! | gh | `hosts.yml`: a host, and below it `oauth_token` and `user` | go-gh's `config` and `auth`, gh's migration of accounts |
//!
//! restish keeps its tokens in CBOR, and says where, but not how; such a file is named in the error. Its older cache in JSON is
//! read if it has one login.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use zeroize::Zeroizing;

use super::copied::bare;
use super::dotenv;
use super::given_token::{NoGivenToken, Wrapping};
use super::json as json_text;
use super::sanitize;

/// A kind of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum ForeignForm {
    /// A login that `oauthctl export` has encrypted
    Oauthctl,
    /// The reply of a token endpoint in JSON, as `oauth2c --silent` prints it
    #[value(alias = "oauth2c")]
    Json,
    /// Lines with variables, such as SHOP_ACCESS_TOKEN and SHOP_REFRESH_TOKEN
    Dotenv,
    /// The `hosts.yml` of gh
    Gh,
}

/// The token in a file.
#[derive(Debug)]
pub struct ForeignLogin {
    /// A reply in JSON.
    pub reply: Zeroizing<String>,
    /// The server that it is for, if the file says so.
    pub host: Option<String>,
    /// Whose it is.
    pub user: Option<String>,
    /// Where it stands in a file that is not JSON itself.
    pub place: Option<Wrapping>,
}

/// The reason why a file gives no login. No value of it is quoted.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAForeignLogin {
    #[error("it is {found}, not {wanted}")]
    OtherForm { found: &'static str, wanted: &'static str },
    #[error(
        "it is binary data with an access token, as restish keeps its tokens in CBOR, and its layout is not documented"
    )]
    Cbor,
    #[error("it is not text")]
    NotText,
    #[error("it is JSON without an access token, with the members {}", ticked(members))]
    JsonWithoutToken { members: Vec<String> },
    #[error("it has no variable whose name ends in `TOKEN`, only {}", ticked(names))]
    NoVariable { names: Vec<String> },
    #[error("it has no variable `{name}`, only {}", ticked(names))]
    NoSuchVariable { name: String, names: Vec<String> },
    #[error("{} has no value", ticked(names))]
    EmptyVariables { names: Vec<String> },
    #[error("the value of `{name}` refers to something else, which is not followed")]
    Reference { name: String },
    #[error("it has several tokens: {}", ticked(names))]
    SeveralVariables { names: Vec<String> },
    #[error("it has no token for `{host}`, only for {}", ticked(hosts))]
    NoSuchHost { host: String, hosts: Vec<String> },
    #[error("it has tokens for several hosts: {}", ticked(hosts))]
    SeveralHosts { hosts: Vec<String> },
    #[error("gh keeps the token for {} in the keychain, not in this file", ticked(hosts))]
    InKeychain { hosts: Vec<String> },
    #[error(transparent)]
    Given(#[from] NoGivenToken),
}

fn ticked(names: &[String]) -> String {
    sanitize::ticked(names.iter().map(|name| sanitize::line(name)))
}

impl ForeignForm {
    /// Returns the kind of a text, or `None` if it is of no kind that is known.
    pub fn of(text: &str) -> Option<Self> {
        let text = bare(text);
        if text.starts_with("oauthctl-login-") {
            return Some(Self::Oauthctl);
        }
        if text.starts_with(['{', '[']) {
            let is_sealed = json_text::parse(text.as_bytes()).is_ok_and(|value| value.get("sealed").is_some());
            return Some(if is_sealed { Self::Oauthctl } else { Self::Json });
        }
        if hosts_of(text).is_some() {
            return Some(Self::Gh);
        }
        (!variables(text).is_empty()).then_some(Self::Dotenv)
    }

    /// Returns what it is, in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Oauthctl => "an exported login of oauthctl",
            Self::Json => "JSON",
            Self::Dotenv => "a dotenv file",
            Self::Gh => "a `hosts.yml` of gh",
        }
    }

    /// Takes the login out of a text of this kind. `variable` is the one with the access token in a dotenv file, `host` the one
    /// that is wanted of several.
    pub fn read(
        self,
        text: &str,
        variable: Option<&str>,
        host: Option<&str>,
    ) -> Result<ForeignLogin, NotAForeignLogin> {
        let found = Self::of(text);
        if found != Some(self) {
            let found = found.map_or("of no known form", Self::words);
            return Err(NotAForeignLogin::OtherForm { found, wanted: self.words() });
        }
        match self {
            Self::Oauthctl | Self::Json => of_json(text),
            Self::Dotenv => of_variables(text, variable),
            Self::Gh => of_hosts(&hosts_of(bare(text)).unwrap_or_default(), host),
        }
    }
}

/// Returns what binary data is.
pub fn binary(bytes: &[u8]) -> NotAForeignLogin {
    let has = |word: &[u8]| bytes.windows(word.len()).any(|part| part == word);
    // RFC 8949: a map.
    let is_map = bytes.first().is_some_and(|first| first >> 5 == 5);
    if is_map && has(b"access_token") { NotAForeignLogin::Cbor } else { NotAForeignLogin::NotText }
}

fn of_json(text: &str) -> Result<ForeignLogin, NotAForeignLogin> {
    let value = json_text::parse(bare(text).as_bytes()).map_err(|_| NoGivenToken::NotJson)?;
    let mut letters = Vec::new();
    names_in(&value, &mut letters);
    if !letters.iter().any(|name| name.to_ascii_lowercase().ends_with("token")) {
        let members = value.as_object().map(|object| object.keys().cloned().collect()).unwrap_or_default();
        return Err(NotAForeignLogin::JsonWithoutToken { members });
    }
    Ok(ForeignLogin { reply: Zeroizing::new(text.to_owned()), host: None, user: None, place: None })
}

fn names_in(value: &Value, names: &mut Vec<String>) {
    match value {
        Value::Object(object) => object.iter().for_each(|(name, inner)| {
            names.push(name.clone());
            names_in(inner, names);
        }),
        Value::Array(items) => items.iter().for_each(|item| names_in(item, names)),
        _ => {}
    }
}

/// Reads the variables of a dotenv file. Lines that set none are left out.
fn variables(text: &str) -> BTreeMap<String, String> {
    dotenv::parts(text).iter().filter_map(|part| part.set).map(|set| (set.name.to_owned(), set.value())).collect()
}

/// Returns `true` if what a variable has at last is a reference.
fn is_reference(text: &str, name: &str) -> bool {
    let set = dotenv::parts(text).into_iter().filter_map(|part| part.set).rfind(|set| set.name == name);
    set.is_some_and(|set| set.is_reference())
}

fn of_variables(text: &str, wanted: Option<&str>) -> Result<ForeignLogin, NotAForeignLogin> {
    let variables = variables(text);
    let names = || variables.keys().cloned().collect::<Vec<_>>();
    let name = match wanted {
        Some(wanted) if variables.contains_key(wanted) => wanted.to_owned(),
        Some(wanted) => return Err(NotAForeignLogin::NoSuchVariable { name: wanted.to_owned(), names: names() }),
        None => token_variable(&variables)?,
    };
    if is_reference(text, &name) {
        return Err(NotAForeignLogin::Reference { name });
    }
    let upper = name.to_ascii_uppercase();
    let stem = ["ACCESS_TOKEN", "REFRESH_TOKEN", "TOKEN"].iter().find(|end| upper.ends_with(**end));
    let stem = stem.map_or(name.as_str(), |end| &name[..name.len() - end.len()]);
    let mut reply = Map::new();
    for (other, value) in variables.iter().filter(|(_, value)| !value.is_empty()) {
        let ends = other.strip_prefix(&format!("{name}_"));
        if let Some(member) = ends.or_else(|| other.strip_prefix(stem)).filter(|_| *other != name) {
            reply.insert(member.to_ascii_lowercase(), json!(value));
        }
    }
    let member = if upper.ends_with("REFRESH_TOKEN") { "refresh_token" } else { "access_token" };
    // What belongs to another token of the file is not this one's.
    reply.retain(|member, _| !member.ends_with("token") || matches!(member.as_str(), "refresh_token" | "id_token"));
    reply.insert(member.to_owned(), json!(variables[&name]));
    let reply = Zeroizing::new(Value::Object(reply).to_string());
    Ok(ForeignLogin { reply, host: None, user: None, place: Some(Wrapping::Pair(name)) })
}

/// Returns the one variable with an access token, or else with a refresh token.
fn token_variable(variables: &BTreeMap<String, String>) -> Result<String, NotAForeignLogin> {
    let ending = |end: &str| -> Vec<String> {
        let set = variables.iter().filter(|(_, value)| !value.is_empty()).map(|(name, _)| name);
        set.filter(|name| name.to_ascii_uppercase().ends_with(end)).cloned().collect()
    };
    let others = ["REFRESH_TOKEN", "ID_TOKEN", "CSRF_TOKEN"];
    let is_other = |name: &String| others.iter().any(|other| name.to_ascii_uppercase().ends_with(other));
    let mut plain = ending("TOKEN");
    plain.retain(|name| !is_other(name));
    for candidates in [ending("ACCESS_TOKEN"), plain, ending("REFRESH_TOKEN")] {
        match candidates.as_slice() {
            [] => {}
            [one] => return Ok(one.clone()),
            _ => return Err(NotAForeignLogin::SeveralVariables { names: candidates }),
        }
    }
    let all = || variables.keys().cloned();
    let names: Vec<String> = all().filter(|name| name.to_ascii_uppercase().ends_with("TOKEN")).collect();
    match names.as_slice() {
        [] => Err(NotAForeignLogin::NoVariable { names: all().collect() }),
        _ => Err(NotAForeignLogin::EmptyVariables { names }),
    }
}

/// What gh keeps of a host.
type Hosts = Map<String, Value>;

/// Reads a `hosts.yml`. `None` if the text is none.
fn hosts_of(text: &str) -> Option<Hosts> {
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! { max_nodes: 10_000, max_events: 20_000, max_documents: 1 },
        with_snippet: false,
    };
    let hosts: Hosts = serde_saphyr::from_str_with_options(text, options).ok()?;
    let keys = ["oauth_token", "user", "users", "git_protocol"];
    let is_host = |value: &Value| keys.iter().any(|key| value.get(key).is_some());
    (!hosts.is_empty() && hosts.values().all(is_host)).then_some(hosts)
}

fn of_hosts(hosts: &Hosts, wanted: Option<&str>) -> Result<ForeignLogin, NotAForeignLogin> {
    let with_token: Vec<(&String, &str)> =
        hosts.iter().filter_map(|(host, value)| Some((host, token_of(value)?))).collect();
    let names = || with_token.iter().map(|(host, _)| (*host).clone()).collect::<Vec<_>>();
    let (host, token) = match (wanted, with_token.as_slice()) {
        (_, []) => return Err(NotAForeignLogin::InKeychain { hosts: hosts.keys().cloned().collect() }),
        (None, [one]) => *one,
        (None, _) => return Err(NotAForeignLogin::SeveralHosts { hosts: names() }),
        (Some(wanted), all) => {
            *all.iter().find(|(host, _)| host.as_str() == wanted).ok_or_else(|| match hosts.contains_key(wanted) {
                true => NotAForeignLogin::InKeychain { hosts: vec![wanted.to_owned()] },
                false => NotAForeignLogin::NoSuchHost { host: wanted.to_owned(), hosts: names() },
            })?
        }
    };
    let user = hosts[host].get("user").and_then(Value::as_str).map(str::to_owned);
    let reply = Zeroizing::new(json!({ "access_token": token }).to_string());
    Ok(ForeignLogin { reply, host: Some(host.clone()), user, place: Some(Wrapping::Host(host.clone())) })
}

/// Returns the token of a host's active account.
fn token_of(host: &Value) -> Option<&str> {
    let active = host.get("user").and_then(Value::as_str).and_then(|user| host.get("users")?.get(user));
    let token = |value: &'_ Value| value.get("oauth_token").and_then(Value::as_str).map(str::len);
    let place =
        [Some(host), active].into_iter().flatten().find(|value| token(value).is_some_and(|length| length > 0))?;
    place.get("oauth_token").and_then(Value::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Value, NotAForeignLogin> {
        let form = ForeignForm::of(text).unwrap_or_else(|| panic!("no form: {text}"));
        Ok(serde_json::from_str(&form.read(text, None, None)?.reply).unwrap())
    }

    #[test]
    fn a_form_is_known_by_its_content() {
        for (text, form) in [
            ("oauthctl-login-1:AAAA", Some(ForeignForm::Oauthctl)),
            ("{\"sealed\": \"oauthctl-login-1:AAAA\"}", Some(ForeignForm::Oauthctl)),
            ("{\"access_token\": \"t\"}", Some(ForeignForm::Json)),
            ("{\"access_token\": ", Some(ForeignForm::Json)),
            ("github.com:\n    user: me\n    oauth_token: t\n", Some(ForeignForm::Gh)),
            ("# a comment\nexport SHOP_TOKEN=t\n", Some(ForeignForm::Dotenv)),
            ("a: 1\nb: 2\n", None),
            ("hello", None),
            ("", None),
        ] {
            assert_eq!(ForeignForm::of(text), form, "{text}");
        }
    }

    #[test]
    fn a_dotenv_file_gives_the_token_and_what_belongs_to_it() {
        for (text, reply) in [
            ("SHOP_TOKEN=t\nDATABASE_URL=x\n", json!({"access_token": "t"})),
            (
                "export SHOP_ACCESS_TOKEN=\"t\"\nSHOP_REFRESH_TOKEN='r' # ours\nSHOP_EXPIRES_AT=1800000000\nOTHER_EXPIRES_IN=1\n",
                json!({"access_token": "t", "refresh_token": "r", "expires_at": "1800000000"}),
            ),
            (
                "OAUTHCTL_TOKEN='t'\nOAUTHCTL_TOKEN_EXPIRES_AT=1800000000\n",
                json!({"access_token": "t", "expires_at": "1800000000"}),
            ),
            (
                "ACCESS_TOKEN=t\nREFRESH_TOKEN=r\nCLIENT_ID=c\n",
                json!({"access_token": "t", "refresh_token": "r", "client_id": "c"}),
            ),
            ("REFRESH_TOKEN=r\n", json!({"refresh_token": "r"})),
            ("A_TOKEN=\nB_TOKEN=b\n", json!({"access_token": "b"})),
        ] {
            let found = read(text).unwrap();
            for (name, value) in reply.as_object().unwrap() {
                assert_eq!(&found[name], value, "{name} of {text}");
            }
            assert!(found.get("expires_in").is_none(), "{found}");
        }
        assert_eq!(read("A_TOKEN=\n").unwrap_err().to_string(), "`A_TOKEN` has no value");
        let inside = "KEY='-----BEGIN\nA_TOKEN=x\n'\nB_TOKEN=b\n";
        assert_eq!(read(inside).unwrap()["access_token"], "b", "what stands in another value is no variable");
        let reference = read("A_TOKEN=$(pass show canary)\n").unwrap_err();
        assert_eq!(reference.to_string(), "the value of `A_TOKEN` refers to something else, which is not followed");
        let several = read("A_TOKEN=canary1\nB_TOKEN=canary2\n").unwrap_err();
        assert_eq!(several.to_string(), "it has several tokens: `A_TOKEN`, `B_TOKEN`");
        let none = read("PATH=/bin\n").unwrap_err();
        assert_eq!(none.to_string(), "it has no variable whose name ends in `TOKEN`, only `PATH`");
        let text = "A_TOKEN=a\nB_TOKEN=b\n";
        let chosen = ForeignForm::Dotenv.read(text, Some("B_TOKEN"), None).unwrap();
        assert_eq!(*chosen.reply, "{\"access_token\":\"b\"}");
    }

    #[test]
    fn gh_says_for_which_host_a_token_is() {
        let two = "github.com:\n    oauth_token: a\n    user: me\n    users:\n        me:\n            oauth_token: a\n\
                   git.example:\n    users:\n        you:\n            oauth_token: b\n    user: you\n";
        let of = |host| ForeignForm::Gh.read(two, None, Some(host)).map(|found| (found.reply.to_string(), found.user));
        assert_eq!(of("github.com"), Ok(("{\"access_token\":\"a\"}".to_owned(), Some("me".to_owned()))));
        assert_eq!(of("git.example"), Ok(("{\"access_token\":\"b\"}".to_owned(), Some("you".to_owned()))));
        assert!(matches!(of("else.example"), Err(NotAForeignLogin::NoSuchHost { .. })));
        assert!(matches!(ForeignForm::Gh.read(two, None, None), Err(NotAForeignLogin::SeveralHosts { .. })));
        let keyring = "github.com:\n    git_protocol: https\n    users:\n        me:\n    user: me\n";
        assert!(matches!(ForeignForm::Gh.read(keyring, None, None), Err(NotAForeignLogin::InKeychain { .. })));
    }

    #[test]
    fn what_gives_no_login_is_named_and_not_quoted() {
        let other = ForeignForm::Gh.read("{\"access_token\":\"canary\"}", None, None).unwrap_err();
        assert_eq!(other.to_string(), "it is JSON, not a `hosts.yml` of gh");
        let json = read("{\"name\":\"canary\",\"id\":1}").unwrap_err();
        assert_eq!(json.to_string(), "it is JSON without an access token, with the members `name`, `id`");
        assert_eq!(binary(b"\xa1\x6bshop:default\xa1\x6caccess_token\x66canary"), NotAForeignLogin::Cbor);
        assert_eq!(binary(b"\x7fELF\0"), NotAForeignLogin::NotText);
    }
}
