//! How the value of each kind of parameter is written.

/// The longest identifier: no provider has one of this length.
const MAX_IDENTIFIER: usize = 200;

/// The longest text.
const MAX_TEXT: usize = 2000;

/// Returns the value if a URL takes it as it is, in a path or anywhere else (RFC 3986 §2.3, §3.3).
pub fn identifier(value: &str) -> Result<String, String> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
    let is_dots = value.bytes().all(|b| b == b'.');
    match value.bytes().all(plain) && !is_dots && value.len() <= MAX_IDENTIFIER {
        true => Ok(value.to_owned()),
        false => Err("it must be one name of letters, digits, hyphens, dots, underscores and tildes".into()),
    }
}

/// Returns a path without its outer slashes.
pub(super) fn path(value: &str) -> Result<String, String> {
    let inner = value.trim_matches('/');
    match inner.split('/').all(|part| identifier(part).is_ok()) && inner.len() <= MAX_IDENTIFIER {
        true => Ok(inner.to_owned()),
        false => {
            Err("it must be names of letters, digits, hyphens, dots, underscores and tildes, with `/` between".into())
        }
    }
}

pub(super) fn text(value: &str) -> Result<String, String> {
    match !value.is_empty() && value.len() <= MAX_TEXT && !value.chars().any(char::is_control) {
        true => Ok(value.to_owned()),
        false => Err(format!("it must be a text of one line, with 1 to {MAX_TEXT} bytes")),
    }
}

pub(super) fn is_label(text: &str) -> bool {
    (1..=63).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-')
}

pub(super) fn normalize_host(value: &str) -> Result<String, String> {
    let host = value.to_ascii_lowercase();
    let problem = || "it must be a host name such as `shop.example.com`".to_owned();
    let url = url::Url::parse(&format!("https://{host}/")).map_err(|_| problem())?;
    let parsed = match url.port() {
        Some(port) => format!("{}:{port}", url.host_str().unwrap_or_default()),
        None => url.host_str().unwrap_or_default().to_owned(),
    };
    // A value that the parser had to change was not a plain host name.
    if parsed == host && url.path() == "/" && !host.ends_with('.') { Ok(host) } else { Err(problem()) }
}

pub(super) fn normalize_origin(value: &str) -> Result<String, String> {
    let origin = value.strip_suffix('/').unwrap_or(value).to_ascii_lowercase();
    let origin = if origin.contains("://") { origin } else { format!("https://{origin}") };
    let default_port = if origin.starts_with("https:") { ":443" } else { ":80" };
    let origin = origin.strip_suffix(default_port).unwrap_or(&origin);
    // A value that the parser had to change was not plainly a host: it takes `0x7f.1` for 127.0.0.1.
    let parsed = crate::provider::endpoint::Origin::parse(origin).map(|parsed| parsed.to_string());
    parsed.ok().filter(|parsed| parsed == origin).ok_or_else(|| {
        "it must be an origin such as `https://shop.example.com`: https or on loopback, with nothing after it".into()
    })
}
