//! Ordered name–value pairs: the one shape behind queries, form bodies, JSON bodies and fragments.

/// Parameters in the order in which they are sent. A name may repeat. The RFCs forbid that, so readers use
/// [`Params::single`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Params(Vec<(String, String)>);

/// RFC 6749 §3.1: "Request and response parameters MUST NOT be included more than once."
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the parameter `{0}` appears more than once")]
pub struct Repeated(pub String);

/// The maximum number of pairs. A head has room for fewer. A body of one mebibyte could hold so many that they take
/// fifty.
const MAX_PAIRS: usize = 10_000;

impl Params {
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads `application/x-www-form-urlencoded` text: a query, a fragment or a form body.
    pub fn from_urlencoded(text: &str) -> Self {
        Self(url::form_urlencoded::parse(text.as_bytes()).into_owned().take(MAX_PAIRS).collect())
    }

    pub fn push(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.0.push((name.into(), value.into()));
    }

    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.push(name, value);
        self
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn contains(&self, name: &str) -> bool {
        self.0.iter().any(|(n, _)| n == name)
    }

    /// Returns the value of a parameter that may appear only once.
    pub fn single(&self, name: &str) -> Result<Option<&str>, Repeated> {
        let mut values = self.0.iter().filter(|(n, _)| n == name);
        let first = values.next();
        match values.next() {
            Some(_) => Err(Repeated(name.to_owned())),
            None => Ok(first.map(|(_, value)| value.as_str())),
        }
    }

    pub fn remove(&mut self, name: &str) {
        self.0.retain(|(n, _)| n != name);
    }

    pub fn rename(&mut self, from: &str, to: &str) {
        for (name, _) in &mut self.0 {
            if name == from {
                to.clone_into(name);
            }
        }
    }

    /// Writes `application/x-www-form-urlencoded` with spaces as `+`, as in a form body (HTML's own encoding).
    pub fn to_form(&self) -> String {
        url::form_urlencoded::Serializer::new(String::new()).extend_pairs(self.iter()).finish()
    }

    /// Writes the same with spaces as `%20`, which every server reads. Some do not read `+` in a query.
    pub fn to_query(&self) -> String {
        self.to_form().replace('+', "%20")
    }

    /// Writes one JSON object with string members. The last of a repeated name wins, so build without repeats.
    pub fn to_json(&self) -> serde_json::Value {
        self.iter().map(|(name, value)| (name.to_owned(), serde_json::Value::from(value))).collect()
    }
}

/// Takes pairs out of the query, and leaves the others as they are written.
pub fn remove_pairs(url: &mut url::Url, is_removed: impl Fn(&str, &str) -> bool) {
    let is_kept =
        |pair: &&str| url::form_urlencoded::parse(pair.as_bytes()).all(|(name, value)| !is_removed(&name, &value));
    // A signature counts by its bytes: where nothing goes, nothing is written anew.
    let Some(query) = url.query().filter(|query| !query.split('&').all(|pair| is_kept(&pair))) else { return };
    let kept = query.split('&').filter(is_kept).collect::<Vec<_>>().join("&");
    url.set_query((!kept.is_empty()).then_some(&kept));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repeated_parameter_is_an_error_not_a_choice() {
        let params = Params::from_urlencoded("state=a&code=x&state=b");
        assert_eq!(params.single("code"), Ok(Some("x")));
        assert_eq!(params.single("iss"), Ok(None));
        assert_eq!(params.single("state"), Err(Repeated("state".into())));
    }

    #[test]
    fn a_query_writes_spaces_as_percent_20_and_keeps_a_plus() {
        let params = Params::new().with("scope", "a b").with("q", "1+1");
        assert_eq!(params.to_query(), "scope=a%20b&q=1%2B1");
        assert_eq!(params.to_form(), "scope=a+b&q=1%2B1");
        assert_eq!(Params::from_urlencoded(&params.to_query()), params);
    }
}
