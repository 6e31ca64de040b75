//! The id of a provider: what people type, and the name of its file.

/// Returns `true` for a valid id. An id is also a file name, so it has no separators in it.
pub fn is_id(id: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b);
    let ends = |b: Option<u8>| b.is_some_and(|b| b.is_ascii_alphanumeric());
    id.len() <= 64 && id.bytes().all(plain) && ends(id.bytes().next()) && ends(id.bytes().last())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_plain_file_names() {
        assert!(is_id("judgeme") && is_id("my-shop.2"));
        for bad in ["", "..", "a/b", "A", ".hidden", "a_", "a b", &"a".repeat(65)] {
            assert!(!is_id(bad), "{bad}");
        }
    }
}
