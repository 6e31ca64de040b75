//! The words `[METHOD] PATH` and `--method`: which is which, and what a slip of the keyboard meant.
//!
//! A word in capitals that is no known method is sent as it is, since APIs have methods of their own. One that is a letter
//! or two away from a common method is refused: a request that no server knows would hide the slip.

use http::Method;

use super::CallError;
use crate::protocol::sanitize;

/// The methods that people mean when they mistype one.
const COMMON: [&str; 7] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];

/// Further methods of the IANA registry, and a few that caches and stores have.
const FURTHER: [&str; 26] = [
    "TRACE",
    "COPY",
    "MOVE",
    "LOCK",
    "UNLOCK",
    "LINK",
    "UNLINK",
    "BIND",
    "UNBIND",
    "REBIND",
    "MERGE",
    "LABEL",
    "MKCOL",
    "PROPFIND",
    "PROPPATCH",
    "QUERY",
    "REPORT",
    "SEARCH",
    "UPDATE",
    "CHECKIN",
    "CHECKOUT",
    "UNCHECKOUT",
    "ACL",
    "LIST",
    "PURGE",
    "BAN",
];

/// Returns `true` for a method's name, whatever its case.
pub fn is_method(word: &str) -> bool {
    COMMON.iter().chain(&FURTHER).any(|known| known.eq_ignore_ascii_case(word))
}

/// Returns the method and the path. `option` is what `--method` says.
pub fn method_and_path<'w>(
    words: &'w [String],
    option: Option<&str>,
    has_body: bool,
) -> Result<(Method, &'w str), CallError> {
    let otherwise = if has_body { Method::POST } else { Method::GET };
    match words {
        [method, path] => {
            // In the other order.
            if !is_method(method) && COMMON.contains(&path.as_str()) {
                let instead = format!("the method comes first: `oauthctl call {path} {}`", sanitize::line(method));
                return Err(CallError::BadMethod { text: sanitize::line(method), instead: Some(instead) });
            }
            match option {
                Some(option) if !option.eq_ignore_ascii_case(method) => {
                    Err(CallError::TwoMethods { first: sanitize::line(method), second: sanitize::line(option) })
                }
                _ => Ok((read(method)?, path)),
            }
        }
        [word] => match option {
            Some(option) => Ok((read(option)?, word)),
            None if COMMON.contains(&word.as_str()) => Err(CallError::NoPath { method: word.clone() }),
            None => match word.split_once(' ') {
                // One word to the shell, because of quotes.
                Some((method, path)) if COMMON.contains(&method) => Ok((read(method)?, path.trim())),
                _ => Ok((otherwise, word)),
            },
        },
        // Clap takes one word or two.
        _ => Ok((otherwise, "")),
    }
}

fn read(text: &str) -> Result<Method, CallError> {
    let upper = text.to_ascii_uppercase();
    let slips = if upper.len() < 6 { 1 } else { 2 };
    let near = COMMON.iter().find(|known| strsim::osa_distance(known, &upper) <= slips);
    let is_own = text == upper && !text.contains(['/', '.']);
    let instead = match near {
        _ if is_method(text) => None,
        Some(near) => Some(format!("did you mean `{near}`?")),
        None if is_own => None,
        None => Some(
            "a method is written in capitals before the path, such as `oauthctl call GET /api/v1/products`".to_owned(),
        ),
    };
    match (instead, Method::from_bytes(upper.as_bytes())) {
        (None, Ok(method)) => Ok(method),
        (instead, _) => Err(CallError::BadMethod { text: sanitize::line(text), instead }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(words: &[&str], option: Option<&str>) -> Result<String, String> {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        match method_and_path(&words, option, false) {
            Ok((method, path)) => Ok(format!("{method} {path}")),
            Err(CallError::BadMethod { instead, .. }) => Err(instead.unwrap_or_default()),
            Err(error) => Err(error.to_string()),
        }
    }

    #[test]
    fn the_method_stands_before_the_path_or_in_its_option() {
        for (words, option, request) in [
            (&["/x"][..], None, "GET /x"),
            (&["DELETE", "/x"], None, "DELETE /x"),
            (&["delete", "/x"], None, "DELETE /x"),
            (&["/x"], Some("patch"), "PATCH /x"),
            (&["POST", "/x"], Some("post"), "POST /x"),
            (&["get"], None, "GET get"),
            (&["GET /x"], None, "GET /x"),
            (&["GET"], Some("PUT"), "PUT GET"),
            (&["PROPFIND", "/x"], None, "PROPFIND /x"),
            (&["MSEARCH", "/x"], None, "MSEARCH /x"),
        ] {
            assert_eq!(read(words, option).as_deref(), Ok(request), "{words:?} {option:?}");
        }
    }

    #[test]
    fn a_slip_is_refused_with_the_method_that_it_meant() {
        for (words, option, words_of_error) in [
            (&["DELET", "/x"][..], None, "did you mean `DELETE`?"),
            (&["GTE", "/x"], None, "did you mean `GET`?"),
            (&["psot", "/x"], None, "did you mean `POST`?"),
            (&["/x"], Some("PATHC"), "did you mean `PATCH`?"),
            (&["/x"], Some("option"), "did you mean `OPTIONS`?"),
            (&["GET"], None, "`GET` is a method, and the path is missing"),
            (&["/x", "DELETE"], None, "the method comes first: `oauthctl call DELETE /x`"),
            (&["GET", "/x"], Some("PUT"), "`GET` and `--method PUT` are two methods"),
            (&["products", "reviews"], None, "a method is written in capitals"),
        ] {
            let error = read(words, option).unwrap_err();
            assert!(error.contains(words_of_error), "{words:?} {option:?}: {error}");
        }
        assert!(read(&["FE TCH", "/x"], None).is_err());
    }
}
