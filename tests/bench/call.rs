//! `cargo bench --bench call`: `call` beside curl, xh and gh: one request, a thousand pages, and a body of 1 GiB, each
//! with its peak memory.
//!
//! The server sends each reply with one write and without Nagle's delay. Pages come after 20 ms, which is a near data
//! centre; the other two come at once. `GH` and `XH` name the peers' programs if they are not in the search path.
//! Nothing here is asserted: a figure that depends on the machine is for reading.

#[cfg(unix)]
fn main() {
    if !std::env::args().any(|argument| argument == "--bench") {
        return println!("the figures are those of `cargo bench`");
    }
    unix::main();
}

#[cfg(not(unix))]
fn main() {
    println!("peak memory is measured on Unix only");
}

#[cfg(unix)]
mod unix {
    use std::fs;
    use std::io::{BufRead, BufReader, Read, Write};
    use std::net::{Ipv4Addr, TcpListener, TcpStream};
    use std::process::{Command, Stdio};
    use std::time::{Duration, Instant};

    use tempfile::TempDir;

    const OAUTHCTL: &str = env!("CARGO_BIN_EXE_oauthctl");
    const TOKEN: &str = "a-token-that-was-made-up-for-the-bench";
    const LATENCY: Duration = Duration::from_millis(20);
    const PAGES: u64 = 1000;
    const GIBIBYTE: u64 = 1 << 30;

    /// How often one GET is measured; its median moves by some percent.
    const RUNS: usize = 50;

    pub fn main() {
        let origin = serve().expect("a port on loopback");
        let home = Home::new(&origin);
        let (gh, xh) = (program("GH", "gh"), program("XH", "xh"));
        println!("{:<34}{:>12}{:>14}", "", "time", "peak memory");

        let (url, header) = (format!("{origin}/one"), format!("X-Api-Token: {TOKEN}"));
        let ours = ["call", "GET", "/one"];
        let mut one = vec![
            ("one GET, oauthctl", OAUTHCTL, ours.to_vec()),
            ("one GET, curl", "curl", vec!["-s", "-H", &header, &url]),
        ];
        one.push(("one GET, xh", &xh, vec!["--ignore-stdin", "--body", &url, &header]));
        rows(&home, &one, RUNS);

        let pages = format!("{origin}/pages?per_page=100");
        rows(
            &home,
            &[
                ("1,000 pages, oauthctl", OAUTHCTL, vec!["call", "/pages?per_page=100", "--paginate"]),
                (
                    "1,000 pages, oauthctl --jobs 8",
                    OAUTHCTL,
                    vec!["call", "/pages?per_page=100", "--paginate", "--jobs", "8"],
                ),
                ("1,000 pages, gh api", &gh, vec!["api", "--paginate", &pages]),
            ],
            1,
        );

        let large = format!("{origin}/large");
        rows(
            &home,
            &[
                ("1 GiB, oauthctl", OAUTHCTL, vec!["call", "/large"]),
                ("1 GiB, curl", "curl", vec!["-s", "-H", &header, &large]),
            ],
            1,
        );
        let size = fs::metadata(OAUTHCTL).map_or(0, |file| file.len());
        println!("\nThe binary has {:.2} MB ({size} bytes).", size as f64 / 1e6);
    }

    fn program(variable: &str, name: &str) -> String {
        std::env::var(variable).unwrap_or_else(|_| name.to_owned())
    }

    /// The programs in turn, so that a busy moment of the machine hits all.
    fn rows(home: &Home, programs: &[(&str, &str, Vec<&str>)], runs: usize) {
        let mut measured = vec![Vec::new(); programs.len()];
        for _ in 0..runs {
            for (measured, (_, path, args)) in measured.iter_mut().zip(programs) {
                measured.extend(home.measure(path, args));
            }
        }
        for (mut measured, (name, path, _)) in measured.into_iter().zip(programs) {
            if measured.len() < runs {
                println!("{name:<34}skipped: {path} does not run to a good end");
                continue;
            }
            let peak = measured.iter().map(|(_, peak)| *peak).max().unwrap_or(0);
            measured.sort_unstable();
            let time = measured[measured.len() / 2].0.as_secs_f64() * 1000.0;
            println!("{name:<34}{time:>9.2} ms{:>10.1} MiB", peak as f64 / 1024.0);
        }
    }

    /// A home directory with a login for the server.
    struct Home(TempDir);

    impl Home {
        fn new(origin: &str) -> Self {
            let home = Self(TempDir::new().expect("a temporary folder"));
            let providers = home.0.path().join(".config/oauthctl/providers");
            fs::create_dir_all(&providers).expect("a folder for the definition");
            let definition = format!(
                "authorize.url = '{origin}/a'\ntoken.url = '{origin}/t'\napi.base = '{origin}'\n\
                 api.token = [{{ in = 'header', name = 'X-Api-Token' }}]\napi.paging = {{ kind = 'page', param = 'page' }}"
            );
            fs::write(providers.join("bench.toml"), definition).expect("a definition");
            let mut login = home.command(OAUTHCTL, &["login", "--provider", "bench", "--with-token"]);
            let mut login = login.stdin(Stdio::piped()).spawn().expect("oauthctl");
            login.stdin.take().expect("its stdin").write_all(TOKEN.as_bytes()).expect("it reads the token");
            assert!(login.wait().expect("it ends").success());
            home
        }

        fn command(&self, path: &str, args: &[&str]) -> Command {
            let mut command = Command::new(path);
            command.args(args).env_clear().env("HOME", self.0.path()).env("OAUTHCTL_STORE", "file");
            command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
            // Without a token gh does not start.
            command.env("GH_TOKEN", "x").env("GH_NO_UPDATE_NOTIFIER", "1");
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
            command
        }

        /// From before the start to after the end, and the peak of resident memory in KiB.
        fn measure(&self, path: &str, args: &[&str]) -> Option<(Duration, i64)> {
            let start = Instant::now();
            let child = self.command(path, args).spawn().ok()?;
            let mut status = 0;
            // SAFETY: the kernel fills a struct of the size it expects; the child is ours, and nobody else waits for it.
            let (pid, usage) = unsafe {
                let mut usage: libc::rusage = std::mem::zeroed();
                (libc::wait4(child.id().cast_signed(), &mut status, 0, &mut usage), usage)
            };
            let took = start.elapsed();
            // macOS counts bytes.
            let unit = if cfg!(target_os = "macos") { 1024 } else { 1 };
            (pid > 0 && status == 0).then_some((took, usage.ru_maxrss / unit))
        }
    }

    fn serve() -> std::io::Result<String> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let origin = format!("http://{}", listener.local_addr()?);
        let own = origin.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let own = own.clone();
                std::thread::spawn(move || drop(connection(&stream, &own)));
            }
        });
        Ok(origin)
    }

    /// Requests on one connection, until the peer has gone.
    fn connection(mut stream: &TcpStream, origin: &str) -> std::io::Result<()> {
        stream.set_nodelay(true)?;
        let mut reader = BufReader::new(stream);
        loop {
            let mut first = String::new();
            reader.read_line(&mut first)?;
            let Some(target) = first.split(' ').nth(1) else { return Ok(()) };
            let mut line = String::new();
            while reader.read_line(&mut line)? > 2 {
                line.clear();
            }
            if target.starts_with("/large") {
                write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {GIBIBYTE}\r\n\r\n")?;
                std::io::copy(&mut std::io::repeat(b'x').take(GIBIBYTE), &mut stream)?;
                continue;
            }
            if target.starts_with("/one") {
                stream.write_all(&reply("", r#"{"products":[{"id":101,"title":"Blue Mug"}]}"#))?;
                continue;
            }
            let page = target.split(['?', '&']).find_map(|pair| pair.strip_prefix("page=")?.parse().ok()).unwrap_or(1);
            std::thread::sleep(LATENCY);
            stream.write_all(&page_of(page, origin))?;
        }
    }

    fn page_of(page: u64, origin: &str) -> Vec<u8> {
        if page > PAGES {
            return reply("", "[]");
        }
        let row =
            |n| format!(r#"{{"id":{n},"title":"Blue Mug {n}","price":"12.50","in_stock":true,"tags":["mug","blue"]}}"#);
        let rows: Vec<String> = (0..100).map(|n| row(page * 100 + n)).collect();
        let next = page + 1;
        let link = format!("Link: <{origin}/pages?per_page=100&page={next}>; rel=\"next\"\r\n");
        reply(if page < PAGES { &link } else { "" }, &format!("[{}]", rows.join(",")))
    }

    fn reply(headers: &str, body: &str) -> Vec<u8> {
        let length = body.len();
        format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n{headers}Content-Length: {length}\r\n\r\n{body}")
            .into_bytes()
    }
}
