//! Files of variables: a dotenv file, and the environment file of HTTP clients in editors. A token and its end are set in
//! them, and all the rest stays as it was.

use serde_json::{Map, Value, json};
use zeroize::Zeroizing;

use crate::protocol::dotenv::{self, quoted};
use crate::protocol::time::Timestamp;

/// The variables of one token.
pub struct Variables<'a> {
    pub name: &'a str,
    pub token: &'a str,
    pub end: Option<Timestamp>,
}

impl Variables<'_> {
    fn name_of_end(&self) -> String {
        format!("{}_EXPIRES_AT", self.name)
    }

    /// Sets them in a dotenv file.
    pub fn in_dotenv(&self, old: &str) -> Zeroizing<String> {
        let mut new = Zeroizing::new(String::with_capacity(old.len() + self.token.len() + 128));
        let names = [self.name.to_owned(), self.name_of_end()];
        let values = [Some(quoted(self.token)), self.end.map(|end| end.0.to_string())];
        let mut left: Vec<_> = names.iter().zip(values).collect();
        let end_of_line =
            if old.split_inclusive('\n').next().is_some_and(|line| line.ends_with("\r\n")) { "\r\n" } else { "\n" };
        let old = match old.strip_prefix('\u{feff}') {
            Some(rest) => {
                new.push('\u{feff}');
                rest
            }
            None => old,
        };
        for part in dotenv::parts(old) {
            let Some(set) = part.set.filter(|set| names.iter().any(|own| own == set.name)) else {
                new.push_str(part.text);
                continue;
            };
            // A second line of ours would win over the first.
            let place = left.iter().position(|(own, _)| *own == set.name);
            if let Some((own, Some(value))) = place.map(|at| left.remove(at)) {
                let export = if set.is_exported { "export " } else { "" };
                let (gap, comment) = if set.comment().is_empty() { ("", "") } else { (" ", set.comment()) };
                new.push_str(&format!("{export}{own}={value}{gap}{comment}{end_of_line}"));
            }
        }
        if !new.trim_start_matches('\u{feff}').is_empty() && !new.ends_with('\n') {
            new.push_str(end_of_line);
        }
        for (own, value) in left {
            if let Some(value) = value {
                new.push_str(&format!("{own}={value}{end_of_line}"));
            }
        }
        new
    }

    /// Sets them in one environment of an HTTP client's file (`http-client.private.env.json`), or says why that file cannot
    /// be one.
    pub fn in_http_client(&self, old: &str, environment: &str) -> Result<Zeroizing<String>, String> {
        let old = if old.trim().is_empty() { "{}" } else { old };
        let mut whole: Value = serde_json::from_str(old).map_err(|error| format!("it is not JSON: {error}"))?;
        let all = whole.as_object_mut().ok_or("it is not an object of environments")?;
        let inside = all.entry(environment).or_insert_with(|| Value::Object(Map::new()));
        let inside = inside.as_object_mut().ok_or(format!("`{environment}` in it is not an object"))?;
        inside.insert(self.name.to_owned(), json!(self.token));
        match self.end {
            Some(end) => inside.insert(self.name_of_end(), json!(end.0)),
            None => inside.remove(&self.name_of_end()),
        };
        let text = serde_json::to_string_pretty(&whole).map_err(|error| error.to_string())?;
        Ok(Zeroizing::new(text + "\n"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: Variables<'_> = Variables { name: "T", token: "a.b-c", end: Some(Timestamp(7)) };

    #[test]
    fn a_dotenv_file_keeps_its_other_lines() {
        assert_eq!(*TOKEN.in_dotenv(""), "T=a.b-c\nT_EXPIRES_AT=7\n");
        let old = "# T=old\nA=1\nexport T = 'old'\nT_EXPIRES_AT=3\nT=second\nTT=x";
        assert_eq!(*TOKEN.in_dotenv(old), "# T=old\nA=1\nexport T=a.b-c\nT_EXPIRES_AT=7\nTT=x\n");
        // What stands in another value is that value's, and the whole of an old one goes.
        let old = "K=\"-----BEGIN\nT=inside\n-----END\"\nT=\"a\nb\" # ours\nZ='T=1'\n";
        assert_eq!(
            *TOKEN.in_dotenv(old),
            "K=\"-----BEGIN\nT=inside\n-----END\"\nT=a.b-c # ours\nZ='T=1'\nT_EXPIRES_AT=7\n"
        );
        assert_eq!(*TOKEN.in_dotenv("\u{feff}A=1\r\nT=x\r\n"), "\u{feff}A=1\r\nT=a.b-c\r\nT_EXPIRES_AT=7\r\n");
        let endless = Variables { end: None, token: "it's \"$1\"", ..TOKEN };
        assert_eq!(*endless.in_dotenv("T=x\nT_EXPIRES_AT=3\n"), "T=\"it's \\\"\\$1\\\"\"\n", "an old end goes");
    }

    #[test]
    fn an_http_clients_file_keeps_its_other_environments() {
        let old = r#"{"prod":{"host":"x"},"dev":{"T":"old","n":1.50}}"#;
        let new = TOKEN.in_http_client(old, "dev").unwrap();
        let expected = json!({"prod": {"host": "x"}, "dev": {"T": "a.b-c", "n": 1.5, "T_EXPIRES_AT": 7}});
        let read: Value = serde_json::from_str(&new).unwrap();
        assert_eq!((&read["prod"], &read["dev"]["T"]), (&expected["prod"], &expected["dev"]["T"]));
        assert_eq!(read["dev"]["T_EXPIRES_AT"], 7);
        assert!(new.contains("1.50"), "{}", *new);
        for bad in ["[", "[]", r#"{"dev":1}"#] {
            assert!(TOKEN.in_http_client(bad, "dev").is_err(), "{bad}");
        }
    }
}
