use super::*;

#[test]
fn an_endpoint_is_https_or_on_loopback() {
    for good in ["https://a.example/x?y=1", "http://127.0.0.1:8/x", "http://[::1]/", "http://localhost/"] {
        assert!(Endpoint::parse(good).is_ok(), "{good}");
    }
    for bad in [
        "http://a.example/",
        "https://u@a.example/",
        "https://a.example/#f",
        "https:///x y",
        "a.example",
        "file:///etc",
        "http://localhost.evil.example/",
        "https://a.example\\@b/",
    ] {
        assert!(Endpoint::parse(bad).is_err(), "{bad}");
    }
}

#[test]
fn an_origin_holds_only_its_own_urls() {
    let origin = Origin::parse("https://a.example").unwrap();
    let holds = |url| origin.holds(&Url::parse(url).unwrap());
    assert!(holds("https://a.example:443/x") && holds("https://A.example/"));
    for other in [
        "http://a.example/",
        "https://a.example:444/",
        "https://a.example.evil/",
        "https://u@a.example/",
        "https://a.example./",
    ] {
        assert!(!holds(other), "{other}");
    }
    assert!(Origin::parse("https://a.example/").is_err());
}
