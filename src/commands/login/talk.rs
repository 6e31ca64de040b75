//! The messages of `login` to a person on the way.

use std::net::SocketAddr;

use super::super::Context;
use crate::commands::app::HTTPS_REDIRECT_URI;
use crate::commands::view::what_was_read;
use crate::flow::authorization::{Listen, Login, Tab, Waiting};
use crate::flow::evidence::{Evidence, Missing};
use crate::flow::id_token::{CheckedIdToken, Unverified};
use crate::flow::last_page::LastPage;
use crate::flow::redirect::{Claim, Doubt, Stray, Unproven};
use crate::protocol::advice::with_causes;
use crate::protocol::flow_record::Opener;
use crate::protocol::grant::GrantKind;
use crate::protocol::id_token::OPENID;
use crate::protocol::likeness::mistyped;
use crate::protocol::sanitize::{self, Pieces, Render, Style};
use crate::protocol::scope::ScopeSet;
use crate::protocol::time::HumanDuration;
use crate::provider::dialect::TokenReply;
use crate::provider::{Dialect, Provider, ProviderDefinition};
use crate::session::{SessionError, Source, Sourced};
use crate::store::{Profile, StoredToken};
use crate::system::browser::{self, Browser};
use crate::system::paths::variable;

/// A definition's note on redirect URIs is shown on the way if it is a sentence; `providers show` has the long ones.
const SHORT_NOTE: usize = 160;

/// Says to which provider the login is, and `more`.
pub fn about_login(provider: &Provider, more: &str, context: &Context) {
    let emulated = provider.emulator.as_ref().map(|origin| format!(" (emulated at {origin})")).unwrap_or_default();
    let name = Style::Strong.of(&provider.definition.name);
    context.terminal().note(&Pieces(&[&"Logging in to ", &name, &emulated, &more]));
}

pub fn about_scopes(asked: &ScopeSet, definition: &ProviderDefinition, context: &Context) {
    let known = definition.known_scopes();
    let unknown = asked.difference(&known);
    if !known.is_empty() && !unknown.is_empty() {
        let meant = |scope| mistyped(scope, known.iter()).map(|near| format!("`{near}`"));
        let near: Vec<String> = unknown.iter().filter_map(meant).collect();
        let more = match near.is_empty() {
            true => format!(": {}", known.join(", ")),
            false => format!("; did you mean {}?", near.join(", ")),
        };
        let unknown = sanitize::line(&unknown.join(", "));
        let name = &definition.name;
        context.warn(&format!("{unknown} is not among the scopes that {name} documents{more}"));
    }
    for scope in definition.scope.known.iter().filter(|scope| asked.contains(&scope.name)) {
        if let Some(note) = &scope.note {
            context.warn(&format!("{}: {note}", scope.name));
        }
    }
}

/// Says what a person needs to know before the browser opens. A client that registered itself has its redirect URI.
pub fn announce(login: &Login<'_>, provider: &Provider, (grant, is_registered): (GrantKind, bool), context: &Context) {
    let terminal = context.terminal();
    about_login(provider, "", context);
    let where_to = match &provider.definition.app.page {
        _ if is_registered => String::new(),
        // It has the registration.
        _ if provider.emulator.is_some() => String::new(),
        Some(page) => format!(" (register exactly this URI at {page})"),
        None => " (register exactly this URI)".to_owned(),
    };
    terminal.note(&Pieces(&[&"Redirect URI: ", &Style::Strong.of(login.redirect_uri()), &where_to]));
    let note = provider.definition.redirect.note.as_deref().filter(|note| note.chars().count() <= SHORT_NOTE);
    if let Some(note) = note.filter(|_| provider.emulator.is_none()) {
        terminal.note(&format_args!("  {}", sanitize::line(note)));
    }
    let is_http = login.redirect_uri().loopback().is_some() && !login.redirect_uri().is_tls();
    if is_http && provider.emulator.is_none() && Dialect::may_refuse_http(&provider.definition) {
        terminal.note(&format_args!(
            "  {} does not document whether it accepts http on this machine. If it refuses this URI, register \
             {HTTPS_REDIRECT_URI} and add `--redirect-uri {HTTPS_REDIRECT_URI}`.",
            provider.definition.name
        ));
    }
    if grant == GrantKind::Implicit && provider.definition.grants().contains(&GrantKind::AuthorizationCode) {
        terminal.note(&"The token will come in the address itself; a code is better, as it is useless to whoever reads it (RFC 9700 §2.1.2).");
    }
    match login.listen() {
        Listen::Here { tls: Some(_) } => {
            terminal.note(&"The browser will warn of this machine's own certificate once: that is the one to accept.");
        }
        Listen::Tunnel(address) => terminal.note(&format_args!("A tunnel from there has to end at {address}.")),
        Listen::Paste if login.redirect_uri().loopback().is_some() => terminal.note(&format_args!(
            "{} takes no address of this machine, so nothing listens there: copy the final address from the browser and \
             paste it here. If another redirect URI is registered, name it with --redirect-uri.",
            provider.definition.name
        )),
        Listen::Paste => {
            terminal.note(&"That address does not lead to this machine: copy the final address from the browser and paste it here.");
        }
        Listen::Here { tls: None } => {}
    }
    let connection = variable("SSH_CONNECTION").filter(|_| matches!(login.listen(), Listen::Here { .. }));
    if let (Some(connection), Some(addresses)) = (connection, login.redirect_uri().loopback()) {
        let command = ssh_command(&sanitize::line(&connection), variable("USER").as_deref(), addresses[0]);
        let paste = if terminal.is_interactive() { ", or paste the final address here" } else { "" };
        let command = Style::Strong.of(command);
        terminal.note(&Pieces(&[
            &"This is a remote machine. On yours, run ",
            &command,
            &format_args!(" first{paste}."),
        ]));
    }
}

/// Returns the command that leads the port of the person's machine to ours. `connection` has the client's address and
/// port, and then ours, as the one who logged in reached them (ssh(1), SSH_CONNECTION).
fn ssh_command(connection: &str, user: Option<&str>, listener: SocketAddr) -> String {
    let mut words = connection.split_whitespace().skip(2);
    let host = words.next().unwrap_or("THIS_HOST");
    let port = words.next().filter(|port| *port != "22").map(|port| format!("-p {port} ")).unwrap_or_default();
    let user = user.map(|user| format!("{}@", sanitize::line(user))).unwrap_or_default();
    // For an address of the other family the near end has to be named too.
    let near = if listener.is_ipv6() { "[::1]:" } else { "" };
    format!("ssh -N {port}-L {near}{}:{listener} {user}{host}", listener.port())
}

/// Who knows the address.
#[derive(Clone, Copy)]
pub enum Told {
    /// It was printed for a program.
    Program,
    Person {
        can_paste: bool,
    },
}

/// A browser that does not start is no reason to give up: the URL is there to be opened by hand.
pub fn open_browser(browser: Option<&dyn Browser>, login: &mut Login<'_>, told: Told, context: &Context) -> Opener {
    let terminal = context.terminal();
    let url = login.authorize_url().clone();
    let Told::Person { can_paste } = told else {
        return match browser.map(|browser| open(browser, login, context)) {
            None => Opener::Printed,
            Some(Ok(())) => Opener::Opened,
            Some(Err(error)) => {
                context.warn(&format!("{error}. The address is on stdout"));
                Opener::Failed
            }
        };
    };
    // Where nothing reaches the listener, the address of a page that cannot be shown is the answer.
    let paste =
        if can_paste { " If it ends at a page that cannot be shown, paste the address of that page here." } else { "" };
    // Shown even with `--quiet`: without the address nobody can go on.
    let needed = |line: &dyn Render| terminal.alarm(line);
    let Some(browser) = browser else {
        needed(&format_args!("Open this address in a browser on this machine.{paste}\n{url}"));
        return Opener::Printed;
    };
    match open(browser, login, context) {
        Ok(()) => {
            terminal
                .note(&format_args!("Opening the browser. If none appears, open this address yourself.{paste}\n{url}"));
            Opener::Opened
        }
        Err(error) => {
            let what = format!("{error}. Open this address yourself.{paste}\n{url}");
            needed(&Pieces(&[&Style::Warning.of("warning:"), &" ", &what]));
            Opener::Failed
        }
    }
}

fn open(browser: &dyn Browser, login: &mut Login<'_>, context: &Context) -> anyhow::Result<()> {
    browser::check(login.authorize_url())?;
    Ok(browser.open(&login.launch_url(context.system.entropy.as_ref())?)?)
}

/// Tells what happens during the wait. `can_be_allowed` is true if `--allow-missing-state` would accept an answer without
/// a state.
pub fn while_waiting(waiting: &Waiting<'_>, can_be_allowed: bool, context: &Context) {
    let terminal = context.terminal();
    match waiting {
        Waiting::Left(left) => {
            terminal.progress(Some(&format_args!(
                "Waiting for the redirect, {} left. Ctrl-C stops.",
                HumanDuration(*left)
            )));
        }
        Waiting::Confirm(Doubt::NoState) => confirm(
            "An answer came without the state that proves it is yours; this provider may leave it out. \
             Did you just approve the login in your browser?",
            context,
        ),
        Waiting::Confirm(Doubt::BareCode) => confirm(
            "A bare code proves nothing of where it is from. Did you copy it from your own browser just now?",
            context,
        ),
        Waiting::Confirm(Doubt::PlainWord) => confirm(
            "That looks like a word and not like a code; Ctrl-C ends the login. Exchange it as a code all the same?",
            context,
        ),
        Waiting::Came { .. } => {}
        Waiting::Stray(stray) => about_stray(stray, can_be_allowed, context),
        Waiting::Unusable(unusable) => {
            terminal.note(&format_args!("What was pasted cannot be used: {unusable}; still waiting."));
        }
        Waiting::Page => terminal.note(
            &"The browser came back without an answer in the query, and its page is looking for one after the `#`; still \
              waiting.",
        ),
        Waiting::UnknownIssuer(issuer) => terminal.note(&format_args!(
            "The answer names the issuer `{}`, which is not compared: the definition has no `authorize.issuer` (RFC 9207).",
            sanitize::line(issuer)
        )),
        Waiting::Foreign { user } => context.warn(&format!(
                "a program of another user ({user}) asked for the address that the browser was started with, and got nothing"
            ),
        ),
        Waiting::Unidentified => context.warn(&"a program that cannot be identified asked for the address that the browser was started with, and got \
             nothing. If your browser says to go back to the terminal, open the address above in it",
        ),
        Waiting::Second => context.warn(&"a second program asked for the address that the browser was started with, and got nothing. If that was your \
             browser, the first may be another user's: press Ctrl-C, and log in with `--no-browser`",
        ),
        Waiting::PushedAgain(url) => {
            // Shown even with `--quiet`, as the first one was.
            terminal.alarm(&format_args!("The address above expires. If it is not open yet, open this one:\n{url}"));
        }
        Waiting::NotPushed(error) => {
            context.warn(&format!("the authorization request could not be pushed again: {}", with_causes(*error)));
        }
        Waiting::Tls => {
            terminal.note(&"A browser spoke https to the port, which speaks http: the registered redirect URI must begin with `http://`.");
        }
        Waiting::PlainHttp => {
            terminal.note(&"A browser spoke http to the port, which speaks https: the registered redirect URI must begin with `https://`.");
        }
    }
}

fn confirm(question: &str, context: &Context) {
    let [yes, no] = ["yes", "no"].map(|word| Style::Strong.of(word));
    let question = format_args!(" {question} Type ");
    context.terminal().note(&Pieces(&[&Style::Hint.of("?"), &question, &yes, &" or ", &no, &" and Enter."]));
}

fn about_stray(stray: &Stray, can_be_allowed: bool, context: &Context) {
    let text = match stray {
        Stray::Unproven(unproven) => {
            let way_out = way_out(*unproven, can_be_allowed);
            return context.terminal().note(&format_args!("What came is {unproven}; still waiting. {way_out}"));
        }
        Stray::ForeignAddress => "The pasted address is not the redirect URI of this login, which is shown above",
        Stray::NotPasteable => "What was pasted is neither the final address nor a code",
        Stray::Request => {
            "What was pasted is the address that begins the login: open it, and paste the one at which it ends"
        }
        _ if !context.is_verbose() => return,
        Stray::Noise => "The browser asked for an icon or a permission, which is not the redirect",
        Stray::Method => "A request came by another method than the redirect",
        Stray::Host => "A request came that names another host than the redirect URI",
        Stray::Path => "A request came to another path than the redirect URI's",
    };
    context.terminal().note(&format_args!("{text}; still waiting."));
}

/// Returns what to do about an unproven answer.
fn way_out(unproven: Unproven, can_be_allowed: bool) -> &'static str {
    match (unproven.claim, unproven.other_state) {
        (_, true) => {
            "It may be from the tab of an earlier login: close that, and finish the login in the tab that this one opened."
        }
        (Claim::Error(_), false) => "It may not be about this login. If you refused on purpose, press Ctrl-C.",
        (Claim::Code, false) if can_be_allowed => {
            "Anybody could have sent it. If you approved the login just now, the provider does not return `state`: press \
             Ctrl-C, and log in with `--allow-missing-state`."
        }
        (Claim::Jwt, false) => {
            "Let the provider answer with plain parameters: take `response_mode` out of `authorize.params` in the definition."
        }
        (Claim::Code | Claim::Token | Claim::Nothing, false) => {
            "Anybody could have sent it. Finish the login in the tab that it opened."
        }
    }
}

/// Tells that `--allow-missing-state` was given and is not used.
pub fn about_useless_permission(provider: &Provider, context: &Context) {
    let name = &provider.definition.name;
    context.warn(&format!(
            "`--allow-missing-state` changes nothing: an answer without a state is accepted only if {name} has never returned \
             one and its definition says `authorize.pkce = \"S256\"`, or `callback.state = \"may-be-missing\"`"
        ),
    );
}

/// Tells the browser how it ended.
pub fn show(tab: Tab, page: impl Into<LastPage>, context: &Context) {
    let others = tab.show(page);
    if others > 0 && context.is_verbose() {
        let requests = if others == 1 { "1 other request".to_owned() } else { format!("{others} other requests") };
        context
            .terminal()
            .note(&format_args!("{requests} came to the redirect URI after the answer, and changed nothing."));
    }
}

/// Tells what will be used in place of this login when it is not named.
pub fn about_shadows(profile: &Profile, context: &Context) -> Result<(), SessionError> {
    if context.session.has_token_variable() {
        context.warn(&"OAUTHCTL_TOKEN is set: with `--profile` or OAUTHCTL_PROFILE it is used in place of this login");
    }
    let Some(Sourced { value: other, from }) = context.session.shadow_of(profile)? else { return Ok(()) };
    match from {
        Source::Project(at) => context
            .warn(&format!("{at} names `{other}`: in this project commands use that without `--profile {profile}`")),
        _ => {
            let other = sanitize::line(&other);
            context.warn(&format!("OAUTHCTL_PROFILE is set: without `--profile {profile}` commands use `{other}`"));
        }
    }
    Ok(())
}

/// Tells what is odd about the provider's reply, and what is not in it.
pub fn about_reply(reply: &TokenReply, provider: &Provider, context: &Context) {
    context.tell_oddities(reply);
    for param in provider.uncaptured(&provider.definition.api.base).iter().filter(|_| provider.api_base().is_err()) {
        let id = provider.id();
        context.warn(&format!(
            "the provider sent no value for `{param}`, without which `call` does not know the API's address; name \
                it with `oauthctl login {id} --param {param}=VALUE`"
        ));
    }
}

/// Tells that an ID token was not verified, or did not come.
pub fn about_id_token(checked: Option<&CheckedIdToken>, granted: &ScopeSet, grant: GrantKind, context: &Context) {
    match checked {
        Some(CheckedIdToken { unverified: Some(why @ Unverified::Keys(_)), .. }) => {
            context.warn(&format!("the signature of the ID token was not verified: {why}"));
        }
        Some(CheckedIdToken { unverified: Some(why), .. }) => {
            context.terminal().note(&format_args!("note: the signature of the ID token was not verified: {why}"));
        }
        // `response_type=token` asks for none.
        None if granted.contains(OPENID) && grant != GrantKind::Implicit => {
            context.terminal().note(&"note: `openid` was granted, and the reply has no ID token");
        }
        Some(CheckedIdToken { unverified: None, .. }) | None => {}
    }
}

/// Tells what a person should know beyond the outcome itself.
pub fn about_outcome(found: &Evidence, provider: &Provider, token: &StoredToken, context: &Context) {
    for scope in found.withheld().iter() {
        let reason = provider.definition.scope.likely_reason(scope);
        context.warn(&sanitize::line(&format!("{scope} was asked for and not granted; the likely reason: {reason}")));
    }
    let disagreements = found.disagreements();
    if !disagreements.is_empty() {
        let told = sanitize::line(&disagreements.join("; "));
        context
            .warn(&format!("the sources disagree on what is granted: {told}. `oauthctl scopes --probe` asks the API"));
    }
    if context.is_verbose() {
        if let Some(reply) = &token.reply {
            let reply = sanitize::text(&reply.to_string());
            context.terminal().note(&format_args!("The provider's reply, secrets masked: {reply}"));
        }
        context.terminal().note(&format_args!("Read from it: {}", what_was_read(token)));
    }
}

/// Returns what is missing, with the likely reason where the provider withheld it.
pub fn reasons(missing: Vec<Missing>, found: &Evidence, provider: &Provider) -> Vec<Missing> {
    let withheld = found.withheld();
    let explain = |missing: Missing| match withheld.contains(&missing.scope) {
        true => Missing { why: provider.definition.scope.likely_reason(&missing.scope), ..missing },
        false => missing,
    };
    missing.into_iter().map(explain).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tunnel_ends_where_we_listen() {
        let command = |connection, user, listener: &str| ssh_command(connection, user, listener.parse().unwrap());
        assert_eq!(
            command("192.0.2.1 50000 192.0.2.9 22", Some("dev"), "127.0.0.1:8765"),
            "ssh -N -L 8765:127.0.0.1:8765 dev@192.0.2.9"
        );
        assert_eq!(
            command("2001:db8::1 50000 2001:db8::9 2222", None, "[::1]:8765"),
            "ssh -N -p 2222 -L [::1]:8765:[::1]:8765 2001:db8::9"
        );
    }
}
