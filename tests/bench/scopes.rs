//! `cargo bench --bench scopes`: how long `scopes --probe` takes where the API is 100 ms away. Seven probes one after
//! the other would be seven round trips; four at a time, one of which another one waits for, are two.

#[path = "../it/support/shop_api.rs"]
#[allow(dead_code, reason = "the stories use the rest of it")]
mod shop_api;

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use shop_api::{Rules, ShopApi, TOKEN};

const LATENCY: Duration = Duration::from_millis(100);

const RUNS: usize = 20;

const SCOPES: [&str; 7] =
    ["read_shops", "read_widgets", "read_orders", "read_products", "read_reviewers", "read_reviews", "read_settings"];

fn main() {
    if !std::env::args().any(|argument| argument == "--bench") {
        return println!("the figure is that of `cargo bench`");
    }
    let shop = ShopApi::start(Rules { latency: LATENCY, ..Rules::granting(&SCOPES) });
    let home = tempfile::TempDir::new().expect("a temporary folder");
    let oauthctl = |args: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_oauthctl"));
        command.args(args).env_clear().env("HOME", home.path()).env("OAUTHCTL_STORE", "file");
        command.env("OAUTHCTL_EMULATOR", format!("judgeme={}", shop.origin()));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    };
    let mut login = oauthctl(&["login", "--provider", "judgeme", "--with-token"]);
    let mut login = login.stdin(Stdio::piped()).spawn().expect("a login");
    std::io::Write::write_all(&mut login.stdin.take().expect("a pipe"), TOKEN.as_bytes()).expect("a token");
    assert!(login.wait().expect("an end").success(), "the login failed");
    let mut times: Vec<Duration> = (0..RUNS)
        .map(|_| {
            let start = Instant::now();
            let status = oauthctl(&["scopes", "--probe", "--require", &SCOPES.join(",")]).status().expect("a run");
            assert!(status.success(), "not every scope was proven");
            start.elapsed()
        })
        .collect();
    times.sort();
    let (median, slowest) = (times[RUNS / 2].as_secs_f64(), times[RUNS - 1].as_secs_f64());
    let trips = |seconds: f64| seconds / LATENCY.as_secs_f64();
    println!("scopes --probe, {} probes, {} ms away, {RUNS} runs:", SCOPES.len(), LATENCY.as_millis());
    println!("  median  {:.0} ms, {:.2} round trips", median * 1e3, trips(median));
    println!("  slowest {:.0} ms, {:.2} round trips", slowest * 1e3, trips(slowest));
}
