//! `call -o FILE`: a file becomes the whole answer, or stays as it was.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::Stdio;

use crate::support::api_server::{ApiServer, TOKEN, param};
use crate::support::process::{finish, send_signal, until};
use crate::support::raw_server::{Script, http, reply};
use crate::support::visible::make_visible;
use crate::support::{Output, RawServer, Sandbox};

const JSON: &str = "Content-Type: application/json";

/// A login at an API that answers with these, one after the other.
fn shop(scripts: impl IntoIterator<Item = Script>) -> (Sandbox, RawServer) {
    let server = RawServer::start(scripts);
    let (shop, origin) = (Sandbox::new(), server.origin());
    shop.define("mine", &format!("authorize.url = '{origin}/a'\ntoken.url = '{origin}/t'\napi.base = '{origin}'"));
    shop.run_with_stdin(&["login", "--provider", "mine", "--with-token"], TOKEN).code(0);
    (shop, server)
}

fn names(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
}

#[test]
fn a_transfer_that_breaks_leaves_the_old_file_and_no_other() {
    let short = || reply("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
    let chunks = || reply("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n");
    let then_silent: fn() -> Script = || {
        Box::new(|mut stream: TcpStream| {
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf").unwrap();
            let _ = stream.read(&mut [0]);
        })
    };
    let page = || http("200 OK", &[JSON, "Link: </2>; rel=\"next\""], "[1]");
    let cases: Vec<(Vec<Script>, &[&str], i32)> = vec![
        (vec![short()], &[], 8),
        (vec![chunks()], &[], 8),
        (vec![then_silent()], &["--timeout", "1s"], 8),
        (vec![then_silent()], &["--max-time", "1s"], 8),
        (vec![http("200 OK", &[JSON], "[1,2]")], &["-q", ".[] | if . > 1 then error else . end"], 2),
        (vec![http("200 OK", &[], "<p>")], &["-q", "."], 8),
        (vec![page(), short()], &["--paginate"], 8),
        (vec![page(), http("500 Oops", &[], "")], &["--paginate"], 9),
        (vec![page(), http("200 OK", &[JSON], "{}")], &["--paginate"], 8),
    ];
    for (scripts, args, code) in cases {
        let (shop, _server) = shop(scripts);
        let folder = shop.home().join("out");
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("old"), "as it was").unwrap();
        let call = shop.run(&[&["call", "/1", "-o", "out/old"], args].concat());
        call.code(code);
        assert_eq!(fs::read_to_string(folder.join("old")).unwrap(), "as it was", "{call}");
        assert_eq!(names(&folder), ["old"], "{call}");
    }
    let (shop, _server) = shop([short()]);
    shop.run(&["call", "/1", "-o", "new"]).code(8);
    assert!(!shop.home().join("new").exists());
}

#[test]
fn what_has_come_whole_is_in_the_file() {
    let (shop, _server) = shop([
        http("200 OK", &[], "plain"),
        http("200 OK", &[JSON], "[1,2]"),
        http("200 OK", &[JSON, "Link: </2>; rel=\"next\""], "[1]"),
        http("200 OK", &[JSON], "[2]"),
        http("200 OK", &[JSON, "Link: </2>; rel=\"next\""], "[1]"),
        http("204 No Content", &[], ""),
    ]);
    let file = shop.home().join("file");
    fs::write(&file, "something longer than all of them").unwrap();
    for (args, content) in [
        (&[][..], "plain"),
        (&["-q", ".[]"], "1\n2\n"),
        (&["--paginate"], "[1,2]\n"),
        (&["--paginate", "--max-pages", "1"], "[1]\n"),
        (&[], ""),
    ] {
        let call = shop.run(&[&["call", "/1", "-o", "file"], args].concat());
        assert_eq!(call.code(0).stdout(), "");
        assert_eq!(fs::read_to_string(&file).unwrap(), content, "{args:?}");
    }
}

#[test]
fn a_download_that_is_killed_leaves_the_folder_as_it_was() {
    for signal in [libc::SIGINT, libc::SIGTERM, libc::SIGKILL] {
        let (shop, _server) = shop([Box::new(|mut stream: TcpStream| {
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf").unwrap();
            let _ = stream.read(&mut [0]);
        }) as Script]);
        let folder = shop.home().join("out");
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("old"), "as it was").unwrap();
        let mut command = shop.command(&["call", "/1", "-o", "out/old"]);
        make_visible(&mut command);
        let call = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let id = call.id();
        // It holds the half that has come, under a name or without.
        until("the half is there", || {
            let open = fs::read_dir(format!("/proc/{id}/fd")).unwrap().flatten();
            let ours = open.filter(|open| fs::read_link(open.path()).is_ok_and(|file| file.starts_with(&folder)));
            ours.into_iter().any(|open| fs::read(open.path()).is_ok_and(|content| content == b"half"))
        });
        send_signal(id, signal);
        assert_eq!(finish(call).status.code(), None);
        assert_eq!(
            (names(&folder), fs::read(folder.join("old")).unwrap()),
            (vec!["old".into()], b"as it was".to_vec())
        );
    }
}

/// In each line `"$0"` is `oauthctl`.
#[test]
fn streams_and_links_are_written_to_as_they_are() {
    let server = ApiServer::start(|request| ("200 OK", vec![], param(request, "b").unwrap().into_bytes()));
    let shop = server.login("");
    let lines = [
        ("{ echo a; \"$0\" call 'x?b=B' -o /dev/stdout; echo c; } > out; cat out", "a\nBc\n"),
        ("{ echo a; \"$0\" call 'x?b=B' -o /dev/fd/1; echo c; } | cat", "a\nBc\n"),
        ("\"$0\" call 'x?b=B' -o /dev/stderr 2>&1 >/dev/null", "B"),
        ("\"$0\" call 'x?b=B' -o /dev/null", ""),
        ("mkfifo fifo; \"$0\" call 'x?b=B' -o fifo & cat fifo", "B"),
        ("\"$0\" call 'x?b=B' -o >(cat); wait $!", "B"),
        ("ln -s there link; \"$0\" call 'x?b=B' -o link; test -L link && cat there", "B"),
        ("umask 027; \"$0\" call 'x?b=B' -o made; stat -c %a made", "640\n"),
        ("chmod 604 made; \"$0\" call 'x?b=B' -o made; stat -c %a made", "604\n"),
    ];
    for (line, shown) in lines {
        let mut bash = shop.program("bash");
        bash.args(["-c", line, env!("CARGO_BIN_EXE_oauthctl")]).stdout(Stdio::piped()).stderr(Stdio::piped());
        let output = Output::new(line.to_owned(), finish(bash.spawn().unwrap()));
        assert_eq!(output.code(0).stdout(), shown, "{output}");
    }
    shop.run(&["call", "x?b=B", "-o", "none/x"]).code(2).says("`none/x` cannot be written");
    shop.run(&["call", "x?b=B", "-o", "."]).code(2).says("`.` cannot be written");
}
