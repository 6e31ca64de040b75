//! From the command line to one request without a token: method, URL, headers and body.

use std::io::Read;

use clap::Args;
use http::Method;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use url::Url;

use super::CallError;
use super::fields::{self, Fields};
use super::method::method_and_path;
use crate::flow::api::Api;
use crate::protocol::json;
use crate::protocol::message::HttpRequest;
use crate::protocol::params::Params;
use crate::protocol::sanitize;
use crate::provider::quirks::TokenIn;
use crate::system::http::Upload;
use crate::system::shell::word;

/// An input up to this size is held, so that it can be sent again; a larger one is streamed. Bodies that people write
/// have some KiB.
const HELD: u64 = 1024 * 1024;

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";

#[derive(Args)]
pub struct RequestArgs {
    /// The method (GET, or POST with fields or an input), and a path or a URL on the provider's API; `{param}` in it
    /// is filled from the login
    #[arg(value_name = "[METHOD] PATH", num_args = 1..=2, required = true)]
    request: Vec<String>,

    /// The method, as with curl and gh: `-X DELETE /x` is `DELETE /x`
    #[arg(short = 'X', long, visible_alias = "request", value_name = "METHOD")]
    method: Option<String>,

    /// Add a parameter to the query
    #[arg(long, value_name = "KEY=VALUE", allow_hyphen_values = true, help_heading = "Fields")]
    query: Vec<String>,

    /// Add a text to the JSON body, or to the query of a GET; `a[b]=1` nests, `a[]=1` is an array
    #[arg(short = 'f', long, value_name = "KEY=VALUE", allow_hyphen_values = true, help_heading = "Fields")]
    raw_field: Vec<String>,

    /// The same, typed: numbers, true, false, null, and `@FILE` for a file's content
    #[arg(short = 'F', long, value_name = "KEY=VALUE", allow_hyphen_values = true, help_heading = "Fields")]
    field: Vec<String>,

    /// Send a file as the body, stdin for `-`; fields then go into the query
    #[arg(short = 'd', long, value_name = "FILE", help_heading = "Fields")]
    input: Option<String>,

    /// Send the fields as a form, not as JSON
    #[arg(long, help_heading = "Fields")]
    form: bool,

    /// Add a header; `Name:` removes a default header
    #[arg(short = 'H', long, value_name = "NAME: VALUE", help_heading = "Fields")]
    header: Vec<String>,
}

/// A request as the command line has it.
pub struct Prepared {
    pub request: HttpRequest,
    /// A body that is too large to be held.
    pub upload: Option<Upload>,
    /// The path of the URL, for the scope that it needs.
    pub path: String,
    /// The path as it was written.
    pub written: String,
}

impl RequestArgs {
    /// Returns the method and the path for a shell, with a mark for fields and headers.
    pub fn words(&self) -> String {
        let shown = |text: &String| word(&sanitize::line(text));
        let method = self.method.iter().map(|method| format!(" -X {}", shown(method)));
        let request = self.request.iter().map(|text| format!(" {}", shown(text)));
        let more = [&self.query, &self.raw_field, &self.field, &self.header].iter().any(|fields| !fields.is_empty());
        let more = (more || self.input.is_some()).then(|| " …".to_owned());
        method.chain(request).chain(more).collect()
    }

    pub fn input(&self) -> Option<&str> {
        self.input.as_deref()
    }

    /// Returns whether the input or a field is read from stdin.
    pub fn reads_stdin(&self) -> bool {
        let is_stdin = |path: &str| ["-", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"].contains(&path);
        let from_file = |field: &String| field.split_once("=@").is_some_and(|(_, path)| is_stdin(path));
        self.input().is_some_and(is_stdin) || self.field.iter().any(from_file)
    }

    pub fn prepare(&self, api: &Api<'_>) -> Result<Prepared, CallError> {
        let fields = Fields::parse(&self.raw_field, &self.field)?;
        let has_body = !fields.is_empty() || self.input.is_some();
        let (method, path) = method_and_path(&self.request, self.method.as_deref(), has_body)?;
        let mut url = api.resolve(path)?;
        let query = Fields::parse(&self.query, &[])?;
        add_query(&mut url, &query.to_params());
        // gh's rule: what cannot be in the body is in the query.
        let to_query = self.input.is_some() || method == Method::GET || method == Method::HEAD;
        if to_query {
            add_query(&mut url, &fields.to_params());
        }
        let mut request = HttpRequest::new(method, url);
        let mut upload = None;
        if let Some(input) = &self.input {
            let (body, rest) = read_input(input)?;
            (request.body, upload) = (body, rest);
            content_type(&mut request, if self.form { FORM } else { JSON });
        } else if !to_query && !fields.is_empty() {
            let (kind, body) = match self.form {
                true => (FORM, fields.to_params().to_form().into_bytes()),
                false => (JSON, fields.to_json()),
            };
            request.body = body;
            content_type(&mut request, kind);
        }
        let taken_away = self.add_headers(&mut request, api)?;
        refuse_own_token(&request, &fields, api)?;
        let mut request = api.complete(request)?;
        taken_away.iter().for_each(|name| drop(request.headers.remove(name)));
        Ok(Prepared { path: request.url.path().to_owned(), written: path.to_owned(), request, upload })
    }

    /// Sets the headers of the command line, and returns those that it takes away.
    fn add_headers(&self, request: &mut HttpRequest, api: &Api<'_>) -> Result<Vec<HeaderName>, CallError> {
        let mut taken_away = Vec::new();
        for (n, text) in self.header.iter().enumerate() {
            let bad = |problem| CallError::BadHeader { text: sanitize::line(text), problem };
            let (name, value) = text.split_once(':').ok_or_else(|| bad("it has no colon"))?;
            let name = HeaderName::from_bytes(name.trim().as_bytes()).map_err(|_| bad("its name has odd letters"))?;
            let own = api.provider.definition.token_placements();
            let is_own = own.iter().filter(|own| matches!(own.place, TokenIn::Bearer | TokenIn::Header));
            let is_own = is_own.map(|own| own.name.as_deref().unwrap_or("Authorization"));
            if name == http::header::AUTHORIZATION
                || is_own.into_iter().any(|own| name.as_str().eq_ignore_ascii_case(own))
            {
                return Err(CallError::OwnToken { what: format!("the header `{name}`") });
            }
            // Another name or another length would lead the token to another party behind the same address.
            if ["host", "content-length", "transfer-encoding", "connection", "proxy-authorization"]
                .contains(&name.as_str())
            {
                return Err(bad("oauthctl writes it itself"));
            }
            if value.trim().is_empty() {
                taken_away.push(name);
                continue;
            }
            let value = HeaderValue::from_str(value.trim()).map_err(|_| bad("its value has odd letters"))?;
            let given_before = self.header[..n].iter().filter_map(|text| text.split_once(':'));
            // A header that is given twice is sent twice; one of ours is replaced.
            if given_before.into_iter().any(|(before, _)| before.trim().eq_ignore_ascii_case(name.as_str())) {
                request.headers.append(name, value);
            } else {
                request.headers.insert(name, value);
            }
        }
        Ok(taken_away)
    }
}

fn content_type(request: &mut HttpRequest, value: &'static str) {
    request.headers.insert(CONTENT_TYPE, HeaderValue::from_static(value));
}

fn add_query(url: &mut Url, params: &Params) {
    if params.is_empty() {
        return;
    }
    let query = match url.query() {
        Some(query) if !query.is_empty() => format!("{query}&{}", params.to_query()),
        _ => params.to_query(),
    };
    url.set_query(Some(&query));
}

/// A second token, in the query or in the body, would go where no one masks it.
fn refuse_own_token(request: &HttpRequest, fields: &Fields, api: &Api<'_>) -> Result<(), CallError> {
    for own in api.provider.definition.token_placements() {
        let Some(name) = &own.name else { continue };
        let in_query = request.url.query_pairs().any(|(key, _)| key == name.as_str());
        let in_body = || {
            let body = json::without_mark(&request.body);
            let body = serde_json::from_slice::<serde_json::Map<_, serde_json::Value>>(body);
            fields.0.contains_key(name) || body.is_ok_and(|body| body.contains_key(name))
        };
        match own.place {
            TokenIn::Query if in_query => {
                return Err(CallError::OwnToken { what: format!("the parameter `{name}`") });
            }
            TokenIn::Body if in_body() => return Err(CallError::OwnToken { what: format!("the member `{name}`") }),
            _ => {}
        }
    }
    Ok(())
}

/// The whole input, or, of a large one, a reader of it.
fn read_input(path: &str) -> Result<(Vec<u8>, Option<Upload>), CallError> {
    let failed = |source| CallError::Input { path: sanitize::line(path), source };
    let mut reader = fields::open(path)?;
    let mut beginning = Vec::new();
    reader.by_ref().take(HELD + 1).read_to_end(&mut beginning).map_err(failed)?;
    if beginning.len() as u64 <= HELD {
        return Ok((beginning, None));
    }
    // The length of stdin, a pipe or a device is not known.
    let file = std::fs::metadata(path).ok().filter(|file| path != "-" && file.is_file());
    let body = Box::new(std::io::Cursor::new(beginning).chain(reader));
    Ok((Vec::new(), Some(Upload { body, length: file.map(|file| file.len()) })))
}
