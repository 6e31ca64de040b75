//! The values of parameters, and the places where they stand.

use super::*;

#[test]
fn a_value_that_its_place_cannot_take_is_a_fault() {
    each_is_the_only_fault(&[
        ("params.x = { kind = 'id' }\napi.origins = ['https://{x}.shop.test']", "params.x.kind", "before the path"),
        ("params.x = { kind = 'path' }\nrevoke.url = 'https://{x}/r'", "params.x.kind", "before the path"),
        ("params.x = { kind = 'text' }\nrevoke.url = 'https://shop.test/{x}'", "params.x.kind", "in a URL"),
        ("params.x.pattern = '('", "params.x.pattern", "not a regular expression"),
        ("params.x.pattern = '[0-9]+'", "params.x.pattern", "write an `example`"),
        ("params.x = { pattern = '[0-9]+', example = 'a' }", "params.x", "its example is not a valid value"),
        ("params.x = { pattern = 'a', values = ['a'] }", "params.x.pattern", "`values` says already"),
        ("params.x = { values = ['a'], example = 'a', default = 'b' }", "params.x.default", "must be one of `a`"),
        (
            "params.x = { values = ['a', 'b/c'] }\nrevoke.url = 'https://{x}.shop.test/r'",
            "params.x.values[1]",
            "it spoils `revoke.url`",
        ),
    ]);
}
