//! The addresses of a bus (D-Bus specification, "Server Addresses"): `unix:path=/run/user/1000/bus,guid=…;unix:abstract=…`.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

/// A socket to connect to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Socket {
    Path(PathBuf),
    /// A name in Linux's abstract namespace, without its leading zero byte.
    Abstract(Vec<u8>),
    /// `bus` in the user's runtime folder.
    Runtime,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadAddress {
    #[error("it has no `{0}`")]
    Missing(&'static str),
    #[error("`{0}` has more than one kind of socket, or the same key twice")]
    Ambiguous(String),
    #[error("`%` is not followed by two hexadecimal digits")]
    Escape,
    #[error("it names a way to reach the bus that oauthctl does not have: `{0}`")]
    Unsupported(String),
}

/// Reads a list of addresses. Those that cannot be used are left out if another can: a list is in order of preference.
pub fn parse(list: &str) -> Result<Vec<Socket>, BadAddress> {
    let mut sockets = Vec::new();
    let mut first_problem = None;
    for address in list.split(';').filter(|address| !address.is_empty()) {
        match parse_one(address) {
            Ok(socket) => sockets.push(socket),
            Err(problem) => first_problem = first_problem.or(Some(problem)),
        }
    }
    match first_problem {
        Some(problem) if sockets.is_empty() => Err(problem),
        _ if sockets.is_empty() => Err(BadAddress::Missing("transport")),
        _ => Ok(sockets),
    }
}

fn parse_one(address: &str) -> Result<Socket, BadAddress> {
    let (transport, keys) = address.split_once(':').ok_or(BadAddress::Missing(":"))?;
    if transport != "unix" {
        return Err(BadAddress::Unsupported(transport.chars().take(40).collect()));
    }
    let mut socket = None;
    for pair in keys.split(',').filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once('=').ok_or(BadAddress::Missing("="))?;
        let found = match key {
            "path" => Socket::Path(PathBuf::from(OsString::from_vec(unescape(value)?))),
            "abstract" => Socket::Abstract(unescape(value)?),
            "runtime" if value == "yes" => Socket::Runtime,
            // Where a server may listen, but nowhere that a client can connect to.
            "dir" | "tmpdir" | "runtime" => return Err(BadAddress::Unsupported(format!("unix:{key}"))),
            _ => continue,
        };
        if socket.replace(found).is_some() {
            return Err(BadAddress::Ambiguous("unix".to_owned()));
        }
    }
    socket.ok_or(BadAddress::Missing("path"))
}

/// Replaces `%xx`. Other bytes stand for themselves, also those that should have been escaped.
fn unescape(value: &str) -> Result<Vec<u8>, BadAddress> {
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        if first != b'%' {
            bytes.push(first);
            rest = after;
            continue;
        }
        let digits = after.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        let digits = digits.filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
        bytes.push(digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()).ok_or(BadAddress::Escape)?);
        rest = &after[2..];
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> Socket {
        Socket::Path(PathBuf::from(text))
    }

    #[test]
    fn sockets_are_read_with_their_escapes() {
        let cases = [
            ("unix:path=/run/user/1000/bus", vec![path("/run/user/1000/bus")]),
            ("unix:path=/tmp/a%20b%2c%3B,guid=4f3c", vec![path("/tmp/a b,;")]),
            ("unix:guid=4f3c,path=/tmp/a b", vec![path("/tmp/a b")]),
            ("unix:abstract=/tmp/dbus-Xy%00z", vec![Socket::Abstract(b"/tmp/dbus-Xy\0z".to_vec())]),
            ("unix:runtime=yes", vec![Socket::Runtime]),
            ("unix:path=/a;unix:path=/b;", vec![path("/a"), path("/b")]),
            ("autolaunch:;tcp:host=h,port=1;unix:path=/b", vec![path("/b")]),
        ];
        for (text, sockets) in cases {
            assert_eq!(parse(text), Ok(sockets), "{text}");
        }
    }

    #[test]
    fn what_is_no_address_for_a_client_is_told_as_such() {
        let unsupported = |what: &str| BadAddress::Unsupported(what.to_owned());
        let cases = [
            ("", BadAddress::Missing("transport")),
            (";;", BadAddress::Missing("transport")),
            ("nonsense", BadAddress::Missing(":")),
            ("unix:", BadAddress::Missing("path")),
            ("unix:path", BadAddress::Missing("=")),
            ("unix:guid=1", BadAddress::Missing("path")),
            ("unix:path=/a%2", BadAddress::Escape),
            ("unix:path=/a%+1", BadAddress::Escape),
            ("unix:path=/a,abstract=b", BadAddress::Ambiguous("unix".to_owned())),
            ("unix:path=/a,path=/b", BadAddress::Ambiguous("unix".to_owned())),
            ("unix:tmpdir=/tmp", unsupported("unix:tmpdir")),
            ("unix:runtime=no", unsupported("unix:runtime")),
            ("autolaunch:", unsupported("autolaunch")),
            ("tcp:host=127.0.0.1,port=4242", unsupported("tcp")),
            ("launchd:env=DBUS_LAUNCHD_SESSION_BUS_SOCKET", unsupported("launchd")),
        ];
        for (text, problem) in cases {
            assert_eq!(parse(text), Err(problem), "{text}");
        }
    }
}
