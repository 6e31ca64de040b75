//! Which known word a mistyped one was meant to be.

/// The share of a word that may be right and still be taken for it: three letters in five.
const ALIKE: u32 = 60;

/// How many letters may be wrong in a word that is one of many like it.
const SLIPS: usize = 2;

/// The shortest beginning of a word that is taken for the whole.
const BEGINNING: usize = 3;

/// Returns the known word most similar to the unknown one, if one is similar. Two swapped letters count as one mistake.
pub fn nearest<'a>(unknown: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let likeness = |name: &&str| (strsim::normalized_damerau_levenshtein(unknown, name) * 100.0) as u32;
    known.into_iter().max_by_key(likeness).filter(|name| likeness(name) >= ALIKE)
}

/// Returns the known word that one or two mistakes of the keyboard make the unknown one. For words that are alike by their
/// nature, such as scopes.
pub fn mistyped<'a>(unknown: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let mistakes = |name: &&str| strsim::osa_distance(unknown, name);
    known.into_iter().min_by_key(mistakes).filter(|name| mistakes(name) <= SLIPS && mistakes(name) < name.len() / 2)
}

/// Returns the known word that an unknown one is the beginning of, if there is only one, else the most similar one.
pub fn meant<'a>(unknown: &str, known: impl IntoIterator<Item = &'a str> + Clone) -> Option<&'a str> {
    let mut whole = known.clone().into_iter().filter(|name| unknown.len() >= BEGINNING && name.starts_with(unknown));
    let only = whole.next().filter(|_| whole.next().is_none());
    only.or_else(|| nearest(unknown, known))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_keyboard_finds_its_word() {
        let known = ["login", "logout", "token", "providers"];
        for (typed, found) in
            [("loign", Some("login")), ("logut", Some("logout")), ("tokn", Some("token")), ("deploy", None), ("", None)]
        {
            assert_eq!(nearest(typed, known), found, "{typed}");
        }
    }

    #[test]
    fn two_letters_may_be_wrong_among_words_that_are_alike() {
        let known = ["read_products", "read_orders", "api"];
        assert_eq!(mistyped("read_product", known), Some("read_products"));
        assert_eq!(mistyped("raed_orders", known), Some("read_orders"));
        assert_eq!((mistyped("read_minds", known), mistyped("app", known)), (None, None));
    }

    #[test]
    fn a_beginning_is_meant_if_only_one_word_has_it() {
        let known = ["profile", "providers", "probe"];
        assert_eq!(meant("prof", known), Some("profile"));
        assert_eq!(meant("porfile", known), Some("profile"));
        assert_eq!((meant("pro", ["profile", "providers"]), meant("pr", ["profile"])), (None, None));
    }
}
