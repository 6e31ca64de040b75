//! What a token says of itself, if it is a JWT: hints, read from exactly three parts, and never a panic or an end that
//! the claims do not name.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use oauthctl::testing::{json, jwt};
use serde_json::Value;

/// The first byte chooses whether the rest is the whole token or its claims.
pub fn holds(data: &[u8]) {
    let Some((choice, rest)) = super::choice(data) else { return };
    if choice % 2 == 1 {
        let token = format!("e30.{}.c2ln", BASE64_URL_SAFE_NO_PAD.encode(rest));
        assert_eq!(jwt::claims(&token), json::parse(rest).ok().filter(Value::is_object));
        return hints(&token);
    }
    let Ok(token) = std::str::from_utf8(rest) else { return };
    let middle = match token.split('.').collect::<Vec<_>>().as_slice() {
        [_, middle, _] => decode(middle.trim_end_matches('=')),
        _ => None,
    };
    let right = middle.and_then(|text| json::parse(&text).ok()).filter(Value::is_object);
    assert_eq!(jwt::claims(token), right, "{token:?}");
    hints(token);
}

fn hints(token: &str) {
    let claims = jwt::claims(token).unwrap_or_default();
    if let Ok(Some(end)) = jwt::expiry(token) {
        let exp = &claims["exp"];
        let seconds: f64 = exp.as_str().map_or_else(|| exp.to_string(), |text| text.trim().to_owned()).parse().unwrap();
        assert!(end.0 >= 0 && end.0 as f64 <= seconds && seconds < end.0 as f64 + 1.0, "{end:?} of {exp}");
    }
    if let Ok(Some((claim, scopes))) = jwt::scopes(token) {
        let said = claims[claim].to_string();
        assert!(["scope", "scopes", "scp"].contains(&claim));
        for scope in scopes.iter() {
            let written = Value::from(scope).to_string();
            assert!(said.contains(written.trim_matches('"')), "{scope} of {said}");
            assert!(!scope.contains([' ', ',', '\n', '\t']) && !scope.is_empty());
        }
    }
    let subject = jwt::subject(token);
    match claims.get("sub").filter(|subject| !subject.is_null()) {
        None => assert_eq!(subject, Ok(None)),
        Some(Value::String(text)) => assert_eq!(subject.unwrap().as_deref(), Some(text.as_str())),
        Some(Value::Number(number)) => assert_eq!(subject.unwrap(), Some(number.to_string())),
        Some(_) => assert_eq!(subject.unwrap_err().member, "sub"),
    }
}

/// base64url without padding, to the bit (RFC 4648 §5, §3.5).
fn decode(text: &str) -> Option<Vec<u8>> {
    let (mut bytes, mut held, mut bits) = (Vec::new(), 0_u32, 0);
    for b in text.bytes() {
        let value = match b {
            b'A'..=b'Z' => b - b'A',
            b'a'..=b'z' => b - b'a' + 26,
            b'0'..=b'9' => b - b'0' + 52,
            b'-' => 62,
            b'_' => 63,
            _ => return None,
        };
        held = held << 6 | u32::from(value);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push((held >> bits) as u8);
            held &= (1 << bits) - 1;
        }
    }
    (bits < 6 && held == 0).then_some(bytes)
}
