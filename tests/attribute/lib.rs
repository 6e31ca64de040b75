//! The `#[test]` of the stories: the standard one, whose body runs in `support::lacks::run`. A story can end there from
//! however deep, if the machine lacks what it needs, and is counted. libtest itself knows no such end.

use proc_macro::{Delimiter, Group, TokenStream, TokenTree};

#[proc_macro_attribute]
pub fn test(_: TokenStream, function: TokenStream) -> TokenStream {
    let mut head: Vec<TokenTree> = function.into_iter().collect();
    let body = head.pop().expect("a test is a function");
    let mut call: TokenStream = "crate::support::lacks::run".parse().unwrap();
    let mut closure: TokenStream = "||".parse().unwrap();
    closure.extend([body]);
    call.extend([TokenTree::from(Group::new(Delimiter::Parenthesis, closure))]);
    let mut test: TokenStream = "#[::core::prelude::v1::test]".parse().unwrap();
    test.extend(head);
    test.extend([TokenTree::from(Group::new(Delimiter::Brace, call))]);
    test
}
