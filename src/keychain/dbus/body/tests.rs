use super::*;

fn little(bytes: &[u8]) -> Body<'_> {
    Body::new(bytes, ByteOrder::Little)
}

#[test]
fn what_is_written_is_read_again() {
    let writer = BodyWriter::with_room(9)
        .secret("/session/1", b"iv", b"a secret", "text/plain")
        .truth(true)
        .object_paths(&["/a", "/b_1/c"])
        .variant_bytes(b"key");
    let (bytes, signature) = writer.finish();
    assert_eq!(signature, "(oayays)baov");
    let mut body = little(&bytes);
    body.structure().unwrap();
    assert_eq!(body.object_path(), Ok("/session/1"));
    assert_eq!(body.bytes(), Ok(&b"iv"[..]));
    assert_eq!(body.bytes(), Ok(&b"a secret"[..]));
    assert_eq!(body.text(), Ok("text/plain"));
    assert_eq!(body.truth(), Ok(true));
    assert_eq!(body.object_paths(), Ok(vec!["/a", "/b_1/c"]));
    body.variant("ay").unwrap();
    assert_eq!(body.bytes(), Ok(&b"key"[..]));
    body.end().unwrap();
}

#[test]
fn both_byte_orders_are_read() {
    assert_eq!(Body::new(&[0, 0, 0, 2, b'h', b'i', 0], ByteOrder::Big).text(), Ok("hi"));
    assert_eq!(little(&[2, 0, 0, 0, b'h', b'i', 0]).text(), Ok("hi"));
    assert_eq!(little(&[0, 0, 0, 2, b'h', b'i', 0]).text(), Err(Unreadable::Short));
}

#[test]
fn values_of_a_wrong_form_are_refused() {
    assert_eq!(little(&[2, 0, 0, 0]).truth(), Err(Unreadable::Form));
    assert_eq!(little(&[1, 0, 0, 0, b'a', 1]).text(), Err(Unreadable::Form), "no zero at the end");
    assert_eq!(little(&[1, 0, 0, 0, 0, 0]).text(), Err(Unreadable::Form), "a zero inside");
    assert_eq!(little(&[1, 0, 0, 0, 0xff, 0]).text(), Err(Unreadable::Form), "no UTF-8");
    assert_eq!(little(&[1, 0, 0, 4]).bytes(), Err(Unreadable::Long));
    assert_eq!(little(&[0, 0, 0, 4]).bytes(), Err(Unreadable::Short));
    assert_eq!(Body::starting_at(&[9, 7, 0, 0, 1, 0, 0, 0], 1, ByteOrder::Little).number(), Err(Unreadable::Form));
    for path in ["", "a", "/a/", "//", "/a-b", "/a b"] {
        assert!(!is_object_path(path), "{path}");
    }
}

#[test]
fn any_value_can_be_skipped() {
    let skip = |signature: &str, value: &[u8]| {
        let mut writer = BodyWriter::with_room(0);
        writer.raw_signature(signature);
        writer.append(value);
        let (bytes, _) = writer.finish();
        let mut body = little(&bytes);
        body.skip_variant().and_then(|()| body.end())
    };
    assert_eq!(skip("y", &[1]), Ok(()));
    // The value begins at 3, so it is aligned by one byte.
    assert_eq!(skip("u", &[0, 1, 2, 3, 4]), Ok(()));
    assert_eq!(skip("v", &[1, b'y', 0, 7]), Ok(()));
    assert_eq!(skip("a{sv}", &[0, 0, 0, 0, 0, 0, 0, 0, 0, 0]), Err(Unreadable::Form), "too much padding");
    assert_eq!(skip("", &[]), Err(Unreadable::Type));
    assert_eq!(skip("yy", &[1, 2]), Err(Unreadable::Type), "two values");
    assert_eq!(skip("z", &[1]), Err(Unreadable::Type));
    assert_eq!(skip("a", &[]), Err(Unreadable::Type));
    assert_eq!(skip(&("a".repeat(200) + "y"), &[]), Err(Unreadable::Deep));
    assert_eq!(skip(&"(".repeat(200), &[0; 16]), Err(Unreadable::Deep));
}
