//! The hint after a 404: the path as another reader of it could have meant it.
//!
//! A path that begins with `/` starts at the server's root, and another one at the definition's base. After a 404 the
//! other one is shown, so that nobody has to look the base up.

use url::Url;

use super::method;
use crate::flow::api::{Api, is_written_as_url};
use crate::protocol::sanitize;

/// Returns what to try after a 404 for a path as it was written.
pub fn advice(api: &Api<'_>, written: &str, asked: &Url) -> Option<String> {
    if method::is_method(written) {
        let method = written.to_ascii_uppercase();
        return Some(format!("`{written}` was taken as the path; with a method it is `oauthctl call {method} PATH`"));
    }
    let base = api.provider.api_base().ok()?.url().path().trim_matches('/').to_owned();
    if base.is_empty() || is_written_as_url(written) {
        return None;
    }
    let (rooted, below) = match written.strip_prefix('/') {
        Some(below) => (true, below),
        None => (false, written),
    };
    let repeated = below.strip_prefix(&base).and_then(|rest| rest.strip_prefix('/'));
    let (why, path) = match (rooted, repeated) {
        (true, None) => (
            "a path that begins with `/` starts at the server's root; under the definition's base it is",
            below.to_owned(),
        ),
        (false, Some(rest)) => {
            ("the definition's base has the beginning of that path already; without it it is", rest.to_owned())
        }
        (false, None) => {
            ("the path was put under the definition's base; from the server's root it is", format!("/{below}"))
        }
        (true, Some(_)) => return None,
    };
    let url = api.resolve(&path).ok().filter(|url| url != asked)?;
    let shown = sanitize::line(&format!("`oauthctl call {path}`, which asks {url}"));
    Some(format!("{why} {shown}"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::provider::Catalogue;
    use crate::provider::catalogue::NoFiles;

    #[test]
    fn a_404_shows_the_path_that_could_have_been_meant() {
        let provider = Catalogue::new(&NoFiles, None).resolve("judgeme", &BTreeMap::new()).unwrap();
        let api = Api::new(&provider, None).unwrap();
        for (written, hint) in [
            (
                "/products",
                Some(
                    "under the definition's base it is `oauthctl call products`, which asks https://judge.me/api/v1/products",
                ),
            ),
            (
                "api/v1/products",
                Some("without it it is `oauthctl call products`, which asks https://judge.me/api/v1/products"),
            ),
            (
                "oauth/x",
                Some("from the server's root it is `oauthctl call /oauth/x`, which asks https://judge.me/oauth/x"),
            ),
            ("delete", Some("`oauthctl call DELETE PATH`")),
            ("/api/v1/products", None),
            ("https://judge.me/products", None),
        ] {
            let asked = api.resolve(written).unwrap();
            let advice = advice(&api, written, &asked);
            assert!(
                hint.map_or(advice.is_none(), |hint| advice.as_deref().is_some_and(|a| a.contains(hint))),
                "{written}: {advice:?}"
            );
        }
    }
}
