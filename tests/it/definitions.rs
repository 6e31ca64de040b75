//! Definitions of a user's own: drafted, checked, and refused with a clear word when they are wrong. Nothing here
//! reaches a server but the one test that asks an issuer on loopback.

#[cfg(unix)]
use std::process::Command;

use crate::support::raw_server::http as reply;
use crate::support::{RawServer, Sandbox};

#[test]
fn a_skeleton_is_written_and_works_once_it_is_filled_in() {
    let sandbox = Sandbox::new();
    let new = sandbox.run(&["providers", "new", "mine"]);
    new.code(0).says("providers/mine.toml");
    let file = sandbox.home().join("config/providers/mine.toml");
    let check = |code: i32| {
        let check = sandbox.run(&["providers", "check", file.to_str().unwrap()]);
        check.code(code);
        check
    };
    check(3).says("mine.toml` cannot be used").says("`authorize.url`").says("`token.url`");
    let skeleton = std::fs::read_to_string(&file).unwrap();
    assert!(skeleton.contains("\nauth = \"basic\"\n"), "{skeleton}");
    // The one of a parameter's own request needs its section.
    let is_address = |key: &str| key.starts_with("url = ") && !key.contains("/metadata");
    let examples: String = skeleton
        .lines()
        .map(|line| line.strip_prefix('#').filter(|key| is_address(key)).unwrap_or(line))
        .flat_map(|line| [line, "\n"])
        .collect();
    std::fs::write(&file, &examples).unwrap();
    check(3).says("`authorize.url`: `https://shop.example/oauth/authorize` is not a real address");
    std::fs::write(&file, examples.replace("shop.example", "shop.test")).unwrap();
    check(0).answers("`mine` is valid");
    sandbox.run(&["providers", "list"]).code(0).answers("mine");
    sandbox.run(&["providers", "new", "mine"]).code(2).says("already exists");
    sandbox.run(&["providers", "new", "../mine"]).code(2);
    let draft = sandbox.run(&["providers", "new", "other", "--print"]);
    draft.code(0).answers("name = \"other\"").answers("\n#pkce = \"off\"\n").answers("\n#[[scope.known]]\n");
}

#[test]
fn a_built_in_id_is_taken_for_an_overlay_only() {
    let sandbox = Sandbox::new();
    for args in [&["providers", "new", "judgeme"][..], &["providers", "new", "judgeme", "--print"]] {
        sandbox.run(args).code(2).says("`judgeme` is a built-in provider").says("providers new judgeme --overlay");
    }
    sandbox.run(&["providers", "new", "mine", "--overlay"]).code(2).says("leave `--overlay` out");
    let shown = |sandbox: &Sandbox| {
        let shown = sandbox.run(&["providers", "show", "judgeme", "--json"]);
        let shown: serde_json::Value = serde_json::from_str(shown.code(0).stdout()).unwrap();
        shown["definition"].clone()
    };
    let built_in = shown(&sandbox);
    sandbox.run(&["providers", "new", "judgeme", "--overlay"]).code(0).says("judgeme.toml");
    assert_eq!(shown(&sandbox), built_in, "nothing is changed yet");
    let file = sandbox.home().join("config/providers/judgeme.toml");
    let check = sandbox.run(&["providers", "check", file.to_str().unwrap()]);
    check.code(0).answers("`judgeme` is valid").answers("it changes nothing");
}

#[test]
fn a_broken_overlay_is_named_with_its_file_by_every_command() {
    let sandbox = Sandbox::new();
    for (text, words) in [
        ("[token]\nulr = 'x'\n", "line 2, column 1"),
        ("name = 'x'\n[token]\nurl = 'http://judge.me/t'\n", "line 3, column 1"),
        ("alternative = 'x'\n", "chooses the alternative `x`"),
    ] {
        sandbox.define("judgeme", text);
        for (args, code) in [
            (&["providers", "show", "judgeme"][..], 3),
            (&["providers", "show", "judgeme", "--toml"], 3),
            (&["providers", "list"], 0),
            (&["providers", "scopes"], 0),
            (&["providers", "scopes", "judgeme"], 3),
            (&["login", "--provider", "judgeme", "--no-browser"], 3),
            (&["app", "set", "judgeme", "--client-id", "x", "--client-secret-stdin"], 3),
            (&["app", "show", "judgeme"], 3),
            (&["emulate", "judgeme"], 3),
            (&["demo", "--provider", "judgeme"], 3),
            (&["demo"], 3),
        ] {
            let output = sandbox.run(args);
            output.code(code).says("config/providers/judgeme.toml").says(words);
        }
    }
}

#[test]
fn every_fault_of_a_file_is_reported_at_its_place() {
    let sandbox = Sandbox::new();
    let text = "name = 'x'\n\n[authorize]\nurl = 'https://shop.example/a'\nparams = { a = '{nope}' }\n\n[token]\n\
                url = 'https://as.shop.test/t'\nresponse = { acces_token = 'data.token' }\n\n[revoke.params]\ntoken = 'x'\n\n\
                [api.headers]\n'X Key' = 'y'\n";
    sandbox.define("mine", text);
    let file = sandbox.home().join("config/providers/mine.toml");
    let check = sandbox.run(&["providers", "check", file.to_str().unwrap()]);
    check.code(3).says("providers/mine.toml` cannot be used:");
    for fault in [
        "line 4, column 1: `authorize.url`: ",
        "line 5, column 12: `authorize.params.a`: `{nope}` is not known",
        "line 9, column 14: `token.response.acces_token`: ",
        "line 12, column 1: `revoke.params.token`: ",
        "line 15, column 1: `api.headers.X Key`: ",
    ] {
        check.says(fault);
    }
    // It could be loaded by 0.1, so it is.
    sandbox.run(&["providers", "show", "mine"]).code(0);
    let login = sandbox.run(&["login", "--provider", "mine", "--no-browser"]);
    login.says("mine.toml has 5 faults").says("oauthctl providers check");
    std::fs::write(&file, [0xff, 0xfe, b'n', 0]).unwrap();
    sandbox.run(&["providers", "check", file.to_str().unwrap()]).code(3).says("it is not UTF-8 text");
    std::fs::write(&file, "").unwrap();
    sandbox.run(&["providers", "check", file.to_str().unwrap()]).code(3).says("line 1, column 1: `authorize.url`: ");
}

#[test]
fn a_file_without_client_authentication_is_noted() {
    let sandbox = Sandbox::new();
    let text = "authorize.url = 'https://as.shop.test/a'\n[token]\nurl = 'https://as.shop.test/t'\n";
    sandbox.define("mine", text);
    let file = sandbox.home().join("config/providers/mine.toml");
    let check = sandbox.run(&["providers", "check", file.to_str().unwrap()]);
    check.code(0).answers("note: line 2, column 2: `token.auth`: ").answers("`auth = \"basic\"`");
    let json = sandbox.run(&["providers", "check", file.to_str().unwrap(), "--json"]);
    let json: serde_json::Value = serde_json::from_str(json.code(0).stdout()).unwrap();
    let note = json["notes"].as_array().unwrap().iter().find(|note| note["key"] == "token.auth").unwrap();
    assert_eq!((&note["line"], &note["column"]), (&2.into(), &2.into()));
    std::fs::write(&file, format!("{text}auth = 'body'\n")).unwrap();
    sandbox.run(&["providers", "check", file.to_str().unwrap()]).code(0).hides("token.auth`: ");
}

#[test]
fn an_issuers_metadata_is_drafted_if_it_names_that_issuer() {
    let json = &["Content-Type: application/json"];
    let metadata = |issuer: &str| {
        format!(
            r#"{{"issuer":"{issuer}","authorization_endpoint":"https://as.example/a","token_endpoint":"https://as.example/t","scopes_supported":["read"]}}"#
        )
    };
    // The first place has nothing, the second one has it.
    let server = RawServer::start([
        reply("404 Not Found", json, "{}"),
        Box::new(move |stream: std::net::TcpStream| {
            let issuer = format!("http://{}", stream.local_addr().unwrap());
            reply("200 OK", json, metadata(&issuer))(stream)
        }),
    ]);
    let draft = Sandbox::new().run(&["providers", "new", "mine", "--print", "--issuer", &server.origin()]);
    draft
        .code(0)
        .answers("url = \"https://as.example/a\"")
        .answers("{ name = \"read\" }")
        .answers("\nauth = \"basic\"\n");
    let asked = server.stop();
    assert!(asked[0].starts_with("GET /.well-known/oauth-authorization-server "), "{asked:?}");
    assert!(asked[1].starts_with("GET /.well-known/openid-configuration "), "{asked:?}");

    let lie = r#"{"issuer":"https://other.example","token_endpoint":"https://as.example/t"}"#;
    let server = RawServer::start([reply("200 OK", json, lie), reply("404 Not Found", json, "{}")]);
    let refused = Sandbox::new().run(&["providers", "new", "mine", "--issuer", &server.origin()]);
    refused.code(5).says("names the issuer `https://other.example`");
    refused.says("`oauthctl providers new mine --issuer https://other.example`");
    let copied = Sandbox::new().run(&["providers", "new", "mine", "--issuer", "login.shop.test"]);
    copied.code(2).says("run `oauthctl providers new mine --issuer https://login.shop.test`");
}

#[test]
fn faults_of_a_definition_are_reported_before_anything_is_sent() {
    let cases = [
        (
            "[authorize]\nulr = 'https://a.example/'",
            &["line 2, column 1", "unknown field `ulr`", "did you mean `url`?"][..],
        ),
        ("name = 'x'\n[token", &["line 2"]),
        ("[token]\npkce = 'off'", &["line 2, column 1", "unknown field `pkce`", "did you mean `authorize.pkce`?"]),
        ("[token.body]\nvalue = 'jsn'", &["line 2, column 9", "unknown variant `jsn`", "did you mean `json`?"]),
        ("api.token = [{ in = 'header', nmae = 'X' }]", &["line 1, column 31", "did you mean `name`?"]),
        ("token.body = 'xml'", &["line 1, column 14"]),
        ("authorize.url = 'http://a.example/'", &["authorize.url", "https only"]),
        ("authorize.url = 'https://a.example/#x'", &["authorize.url", "fragment"]),
        ("authorize.url = 'https://u@a.example/'", &["user name"]),
        ("authorize.url = 'https://{shop}.example/'", &["`{shop}` is not a parameter"]),
        ("authorize.params = { state = 'x' }", &["`state` is a parameter that oauthctl sends itself"]),
        ("authorize.params = { redirect_uri = 'x' }", &["`redirect_uri` is a parameter that oauthctl sends itself"]),
        ("api.token = [{ in = 'header' }]", &["needs a `name`"]),
        ("params.store = { kind = 'label', example = 'evil.example#' }", &["params.store"]),
        ("token.lifetime = 'forever'", &["write `never`"]),
    ];
    for (text, words) in cases {
        let sandbox = Sandbox::new();
        sandbox.define("mine", text);
        let file = sandbox.home().join("config/providers/mine.toml");
        for args in [
            &["providers", "check", file.to_str().unwrap()][..],
            &["providers", "show", "mine"],
            &["login", "--provider", "mine", "--no-browser"],
        ] {
            let output = sandbox.run(args);
            output.code(3);
            for word in words {
                output.says(word);
            }
        }
    }
}

#[test]
fn a_key_that_nothing_reads_loads_and_is_told_by_check() {
    let sandbox = Sandbox::new();
    sandbox.define("mine", "name = 'x'\napi.paging = { kind = 'link', parm = 'p' }");
    sandbox.run(&["providers", "show", "mine"]).code(0);
    let file = sandbox.home().join("config/providers/mine.toml");
    let check = sandbox.run(&["providers", "check", file.to_str().unwrap()]);
    check.code(3).says("line 2, column 31").says("unknown field `parm`");
}

#[test]
fn a_copied_definition_means_the_same_and_keeps_its_comments() {
    let sandbox = Sandbox::new();
    sandbox.define("glu", "# a note of mine\n[token]\nbody = 'json'\n");
    for (id, comment) in [("judgeme", "# Judge.me: product reviews for shops."), ("glu", "# a note of mine")] {
        let copied = sandbox.run(&["providers", "show", id, "--toml"]);
        copied.code(0).answers(comment).answers("# The provider's display name.");
        sandbox.define("copied", copied.stdout());
        let file = sandbox.home().join("config/providers/copied.toml");
        sandbox.run(&["providers", "check", file.to_str().unwrap()]).code(0).answers("`copied` is valid");
        let definition = |id: &str| {
            let shown = sandbox.run(&["providers", "show", id, "--json"]);
            let mut value: serde_json::Value = serde_json::from_str(shown.code(0).stdout()).unwrap();
            value["definition"]["id"].take();
            (value["definition"].take(), value["departures"].take())
        };
        assert_eq!(definition("copied"), definition(id));
    }
    sandbox.run(&["providers", "show", "glu", "--toml", "--json"]).code(2);
    sandbox.run(&["providers", "show", "gl", "--toml"]).code(3).says("did you mean `glu`");
}

#[test]
fn the_keys_are_explained_to_people_and_to_editors() {
    let sandbox = Sandbox::new();
    let page = sandbox.run(&["man", "definition"]);
    page.code(0).answers("OAUTHCTL-DEFINITION").answers("authorize.pkce").answers("scope.known[].probe");
    let schema = sandbox.run(&["providers", "schema"]);
    let schema: serde_json::Value = serde_json::from_str(schema.code(0).stdout()).unwrap();
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    assert_eq!(schema["additionalProperties"], false);
    let help = schema["properties"]["token"]["properties"]["body"]["description"].as_str().unwrap();
    assert!(help.ends_with("RFC: form (RFC 6749 §4.1.3)."), "{help}");
}

#[cfg(unix)]
#[test]
fn what_is_no_plain_file_of_ours_is_not_read() {
    let sandbox = Sandbox::new();
    let providers = sandbox.home().join("config/providers");
    std::fs::create_dir_all(&providers).unwrap();
    let show = |id: &str| sandbox.run(&["providers", "show", id]);

    std::fs::write(providers.join("huge.toml"), vec![b'#'; 10 * 1024 * 1024]).unwrap();
    show("huge").code(3).says("huge.toml");

    assert!(Command::new("mkfifo").arg(providers.join("fifo.toml")).status().unwrap().success());
    show("fifo").code(3).says("fifo.toml");

    std::fs::create_dir(providers.join("folder.toml")).unwrap();
    show("folder").code(3).says("folder.toml");

    std::fs::write(providers.join("open.toml"), "name = 'x'").unwrap();
    assert!(Command::new("chmod").arg("666").arg(providers.join("open.toml")).status().unwrap().success());
    show("open").code(3).says("open.toml");

    // The others are listed all the same.
    sandbox.run(&["providers", "list"]).code(0).answers("judgeme").says("`huge` is skipped");
}

#[test]
fn an_overlay_changes_single_keys_and_says_so() {
    let sandbox = Sandbox::new();
    sandbox.define("glu", "alternative = 'openapi'\n");
    sandbox.run(&["providers", "show", "glu"]).code(0).answers("{store}/oauth/token").answers("your own file");
    sandbox.define("glu", "alternative = 'nothing'\n");
    sandbox.run(&["providers", "show", "glu"]).code(3).says("it has `openapi`");
    sandbox.run(&["providers", "show", "judgeme"]).code(0).answers("seen in documents only").answers("2026-11-20");
}

#[test]
fn a_definition_in_the_working_directory_is_not_looked_at() {
    let sandbox = Sandbox::new();
    for name in ["judgeme.toml", "providers/judgeme.toml", "mine.toml"] {
        let path = sandbox.home().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, "token.url = 'https://evil.example/'\n").unwrap();
    }
    let show = sandbox.run(&["providers", "show", "judgeme"]);
    show.code(0).hides("evil.example");
    sandbox.run(&["providers", "show", "mine"]).code(3);
}
