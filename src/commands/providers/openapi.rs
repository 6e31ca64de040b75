//! The OpenAPI document of `providers new --openapi`: a file, or an address.

use url::Url;

use super::ProvidersError;
use crate::commands::Context;
use crate::flow::document::document;
use crate::protocol::openapi::{ApiDescription, MAX_DOCUMENT, NotAnApiDescription};
use crate::protocol::sanitize;
use crate::system::private_file;

/// Reads the document. Returns its address, if it is not a file.
pub fn read(named: &str, context: &Context) -> Result<(ApiDescription, Option<Url>), ProvidersError> {
    let place = sanitize::line(named);
    let address = Url::parse(named).ok().filter(|_| named.contains("://"));
    let bytes = match &address {
        Some(address) => document(context.session.http(None)?.as_ref(), address, MAX_DOCUMENT)?,
        None => private_file::read_any(std::path::Path::new(named), MAX_DOCUMENT)
            .map_err(|source| ProvidersError::ApiFile { path: place.clone(), source })?,
    };
    let not_one = |source| ProvidersError::NotAnApi { place: place.clone(), source };
    let text = String::from_utf8(bytes)
        .map_err(|_| not_one(NotAnApiDescription::Unreadable { problem: "it is not UTF-8 text".to_owned() }))?;
    let description = ApiDescription::read(&text).map_err(not_one)?;
    if description.flows.is_empty() && description.openid.is_empty() {
        context
            .terminal()
            .note(&"note: the document describes no login with OAuth, so the draft has no addresses for one");
    }
    Ok((description, address))
}
