//! The checks of this machine's way to others: ports, addresses, proxies, certificates, and the clock.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use super::scene::{Row, Scene};
use crate::protocol::advice::{Advice, ExitCode};
use crate::protocol::check::{Check, Sent};
use crate::protocol::id_token::LEEWAY;
use crate::protocol::time::HumanDuration;
use crate::system::http::{HttpError, Roots, Trust};
use crate::system::loopback::{Holder, Loopback, LoopbackError};
use crate::system::proxy::{NamedProxy, Proxies, unused_variable};
use crate::system::{names, remedy, shell};

pub const ROWS: &[Row] = &[
    Row("the port of the redirect", port),
    Row("the addresses of this machine", localhost),
    Row("the proxy", proxy),
    Row("the certificates", certificates),
    Row("the clock", clock),
];

fn port(scene: &Scene<'_>) -> Vec<Check> {
    let uri = match scene.redirect_uri() {
        Ok(uri) => uri,
        Err(error) => return vec![Check::of_error("port", "redirect URI", &error)],
    };
    let Some(addresses) = uri.loopback() else {
        return vec![Check::ok("port", "port", format!("none is needed: `{uri}` does not lead to this machine"))];
    };
    let subject = match uri.port() {
        0 => "port".to_owned(),
        port => format!("port {port}"),
    };
    vec![match Loopback::bind(&addresses) {
        Ok(_) if uri.port() == 0 => Check::ok("port", subject, "each login picks a free one"),
        Ok(_) => Check::ok("port", subject, "it is free for the redirect of a login"),
        Err(LoopbackError::Taken { port, holder }) => taken(port, &holder, subject),
        Err(error) => {
            let check = Check::of_error("port", subject, &error);
            match (&error, cfg!(windows)) {
                // Hyper-V and others reserve whole ranges.
                (LoopbackError::NotAllowed { .. }, true) => {
                    let list = "`netsh interface ipv4 show excludedportrange protocol=tcp` lists the reserved ports";
                    check.mended_by(format!("choose another port with `--port N`; {list}"))
                }
                _ => check,
            }
        }
    }]
}

fn taken(port: u16, holder: &Holder, subject: String) -> Check {
    if holder.is_oauthctl {
        let text = format!("it is held by {holder}, which may wait for the redirect of a login");
        return Check::note("port", subject, text);
    }
    let other = "choose another port with `--port N` and register that redirect URI";
    let next = match &holder.program {
        Some((_, process)) => format!("stop that program (`{}`), or {other}", remedy::end_process(process)),
        None => format!("find the program with {} and stop it, or {other}", remedy::find_listener(port)),
    };
    Check::problem("port", subject, ExitCode::Network, format!("it is held by {holder}")).mended_by(next)
}

fn localhost(scene: &Scene<'_>) -> Vec<Check> {
    let can_listen = |address: SocketAddr| Loopback::bind(&[address]).is_ok();
    let v4 = can_listen(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
    let v6 = can_listen(SocketAddr::from((Ipv6Addr::LOCALHOST, 0)));
    let mut found = vec![match (v4, v6) {
        (true, true) => Check::ok("localhost", "loopback", "127.0.0.1 and ::1 can be listened on"),
        (true, false) => Check::note("localhost", "loopback", "there is no IPv6: nothing can listen on ::1").mended_by(
            "nothing needs it; if the browser opens `localhost` at ::1 first, use a redirect URI with 127.0.0.1",
        ),
        (false, true) => {
            let text = "nothing can listen on 127.0.0.1";
            Check::problem("localhost", "loopback", ExitCode::Network, text)
                .mended_by("bring the loopback interface up, or use `--redirect-uri http://[::1]:8765/callback`")
        }
        (false, false) => {
            Check::problem("localhost", "loopback", ExitCode::Network, "nothing can listen on this machine")
                .mended_by("bring the loopback interface up: `ip link set lo up`")
        }
    }];
    // A machine that does not know the name asks a server for it.
    if !scene.args.offline {
        found.push(localhost_name());
    }
    found
}

fn localhost_name() -> Check {
    let hosts = "put the line `127.0.0.1 localhost` into /etc/hosts";
    match names::resolve("localhost") {
        Ok(addresses) if addresses.iter().all(std::net::IpAddr::is_loopback) && !addresses.is_empty() => {
            let mut shown: Vec<String> = addresses.iter().map(ToString::to_string).collect();
            shown.dedup();
            Check::ok("localhost", "localhost", format!("the name leads to {}", shown.join(", ")))
        }
        Ok(addresses) => {
            let shown: Vec<String> = addresses.iter().map(ToString::to_string).collect();
            let text = format!("the name leads to {}, which is not this machine", shown.join(", "));
            Check::problem("localhost", "localhost", ExitCode::Network, text).mended_by(hosts)
        }
        Err(error) => {
            let text = format!("the name leads nowhere ({error}): a redirect URI with it does not arrive");
            Check::note("localhost", "localhost", text).mended_by(hosts)
        }
    }
}

fn proxy(scene: &Scene<'_>) -> Vec<Check> {
    let proxies = match Proxies::from_environment() {
        Ok(proxies) => proxies,
        Err(error) => return vec![Check::of_error("proxy", error.name, &HttpError::Proxy(error.clone()))],
    };
    let mut found = vec![match proxies.named() {
        Some(named) => named_proxy(&named, scene.args.offline),
        None if cfg!(any(windows, target_vendor = "apple")) => {
            Check::ok("proxy", "proxy", "no variable names one: the system's settings are used")
        }
        None => Check::ok("proxy", "proxy", "no variable names one"),
    }];
    if let Some(name) = unused_variable() {
        let text = "it is set and not used: plain http goes to this machine only; https needs HTTPS_PROXY or ALL_PROXY";
        found.push(Check::ok("proxy", name, text));
    }
    found
}

fn named_proxy(named: &NamedProxy<'_>, is_offline: bool) -> Check {
    let NamedProxy { name, scheme, host, port, exempt } = named;
    let exempt = if exempt.is_empty() { String::new() } else { format!(", but for {exempt}") };
    let shown = format!("{scheme}://{host}:{port}");
    let obeyed = format!("https goes through {shown} (from {name}){exempt}");
    let apart = "requests to this machine do not use it, and the browser has settings of its own";
    if is_offline {
        return Check::ok("proxy", "proxy", obeyed).seen(apart);
    }
    let sent = Sent {
        method: "CONNECT".to_owned(),
        url: shown.clone(),
        with: Vec::new(),
        purpose: "to see whether the proxy answers",
    };
    let check = match names::reach(host, *port) {
        Ok(()) => Check::ok("proxy", "proxy", obeyed),
        Err(error) => {
            let text = format!("{shown} (from {name}) cannot be reached: {error}");
            Check::problem("proxy", "proxy", ExitCode::Network, text)
                .mended_by(format!("set {name} to a proxy that answers, or run `{}`", shell::unset(&[name])))
        }
    };
    check.seen(apart).sending(vec![sent])
}

fn certificates(scene: &Scene<'_>) -> Vec<Check> {
    let mut found = vec![match Trust::of_machine() {
        Err(error) => Check::of_error("certificates", "certificates", &error),
        Ok(trust) => {
            let text = format!("trusted: {trust}");
            match &trust.roots {
                Roots::System(_) => Check::ok("certificates", "certificates", text),
                Roots::BuiltIn => Check::note("certificates", "certificates", text)
                    .mended_by("install the package ca-certificates to trust what the system trusts"),
                Roots::Variables(name, _) => Check::note("certificates", "certificates", text)
                    .seen("the system's own are not trusted while it is set")
                    .mended_by(format!("run `{}` if that is not what you want", shell::unset(&[name]))),
            }
        }
    }];
    match scene.context.session.authorities(None) {
        Ok(_) => {}
        Err(error) => found.push(Check::of_error("certificates", "--cacert", &error)),
    }
    found
}

/// The difference from which a clock is worth a word, in seconds: more than two servers differ.
const WORTH_A_NOTE: u64 = 30;

fn clock(scene: &Scene<'_>) -> Vec<Check> {
    let visits = scene.visits();
    let compared =
        visits.iter().find_map(|visit| Some((visit.server.endpoint.origin(), visit.outcome.as_ref().ok()?.ahead?)));
    let check = match compared {
        None => {
            let why = match (scene.args.offline, scene.args.provider.is_some()) {
                (true, _) => "not compared (--offline)",
                (false, true) => "not compared: no server of the provider told its time",
                (false, false) => "not compared: no login's server told its time",
            };
            Check::ok("clock", "clock", why)
        }
        Some((origin, ahead)) => {
            let (off, side) = (ahead.unsigned_abs(), if ahead > 0 { "ahead of" } else { "behind" });
            let text = format!("it is {} {side} that of {origin}", HumanDuration(std::time::Duration::from_secs(off)));
            let next = remedy::SET_CLOCK;
            match off {
                off if off > LEEWAY.as_secs() => Check::problem("clock", "clock", ExitCode::Definition, text)
                    .seen("tokens end at the wrong time, ID tokens are refused, and certificates may be")
                    .mended_by(next),
                off if off > WORTH_A_NOTE => Check::note("clock", "clock", text).mended_by(next),
                _ => Check::ok("clock", "clock", format!("it agrees with that of {origin}")),
            }
        }
    };
    // With a provider, the check of its servers lists them.
    let sent = visits.iter().filter(|_| scene.args.provider.is_none()).flat_map(|visit| visit.sent.clone());
    vec![check.sending(sent.collect())]
}

/// The address of a provider's server, and what stood in the way.
pub fn unreachable(subject: &str, error: &HttpError) -> Check {
    Check::of_error("server", subject, error as &dyn Advice)
}
