//! `call`: one request to the provider's API, or one for each page of a collection, with the token where the provider
//! wants it. The body goes to stdout; a refusal is told apart from a missing scope.

mod error;
mod fields;
mod jq;
mod json_text;
mod method;
mod not_found;
mod pages;
mod prepare;
mod print;
mod reply;
mod request;
mod show;
mod trace;
mod verdict;

pub use error::CallError;

use std::ops::ControlFlow;
use std::sync::Arc;

use clap::Args;
use http::HeaderMap;

use self::pages::{Joined, PageArgs};
use self::prepare::{Prepared, RequestArgs};
use self::print::PrintArgs;
use self::reply::ReplyHead;
use self::request::{RequestOutcome, RequestView, TOKEN_MARK, secret_mark};
use self::show::{Show, ShowArgs};
use self::trace::Trace;
use self::verdict::{Asked, Verdict};
use super::Context;
use super::many::ManyArgs;
use super::renewal::Renewal;
use super::trace::TraceFile;
use super::valid_token::{active_login, valid_active_login};
use super::without_login::{WithoutLogin, client_login};
use crate::flow::api::{Api, Redirects, redirect_target};
use crate::flow::judge::ApiAnswer;
use crate::flow::paging::{self, End, NoPages, Plan, RowsAt, Way};
use crate::flow::retry::{Caller, Sender};
use crate::flow::token_source::Wanted;
use crate::protocol::message::HttpRequest;
use crate::protocol::secret::AccessToken;
use crate::protocol::time::HumanDuration;
use crate::protocol::{mask, sanitize};
use crate::provider::quirks::TokenIn;
use crate::provider::{Dialect, Origin};
use crate::session::ActiveLogin;
use crate::store::StoredToken;
use crate::system::clock::Deadline;
use crate::system::http::{HttpClient, NetworkClient, SILENCE};

#[derive(Args)]
#[command(mut_arg("scopes", |scopes| scopes.requires("provider")))]
pub struct CallArgs {
    #[command(flatten)]
    request: RequestArgs,

    #[command(flatten, next_help_heading = "Output")]
    show: ShowArgs,

    #[command(flatten, next_help_heading = "Pages")]
    pages: PageArgs,

    /// Present the token in another of the places that the provider documents
    #[arg(long, value_name = "PLACE", help_heading = "Token")]
    token_in: Option<TokenIn>,

    /// Use a further token of the login, which came in the same reply: the name that its definition gives it
    #[arg(long, value_name = "NAME", conflicts_with_all = ["provider"], help_heading = "Token")]
    which: Option<String>,

    #[command(flatten, next_help_heading = "Token")]
    pub many: ManyArgs,

    /// Also allow sending the token to this origin, such as `https://api.example.com`
    #[arg(long, value_name = "ORIGIN", help_heading = "Token")]
    allow_origin: Vec<String>,

    /// Print the address that a redirect leads to instead of following it; a redirect to another origin is otherwise
    /// followed without the token
    #[arg(long, conflicts_with = "paginate", help_heading = "Network")]
    no_follow: bool,

    #[command(flatten, next_help_heading = "Without a login")]
    without_login: WithoutLogin,

    /// Longest Retry-After to honor (429 and 503)
    #[arg(long, value_name = "DURATION", default_value = "60s", help_heading = "Network")]
    max_wait: HumanDuration,

    /// Give up when the server is silent for this long [default: 30s]
    #[arg(long, value_name = "DURATION", help_heading = "Network")]
    timeout: Option<HumanDuration>,

    /// Give up when the call takes this long in all, with its pages, retries and waits [default: 10m for each reply, and
    /// 1s more for every 4 KiB of it, up to 24h]
    #[arg(long, value_name = "DURATION", help_heading = "Network")]
    max_time: Option<HumanDuration>,

    #[command(flatten, next_help_heading = "Instead of sending")]
    print: PrintArgs,

    /// Print the request and send nothing
    #[arg(long, help_heading = "Instead of sending")]
    dry_run: bool,

    #[command(flatten)]
    pub trace: TraceFile,

    /// Show the token instead of masking it, also in a trace
    #[arg(long, help_heading = "Instead of sending")]
    pub show_secrets: bool,

    /// Print only errors
    // The global one without its short name, which is `--jq`'s here as it is gh's.
    #[arg(id = "quiet", long = "quiet", conflicts_with = "verbose", help_heading = "Options for every command")]
    _quiet: bool,
}

impl CallArgs {
    /// Returns whether it answers on stdout, whatever the API says.
    pub fn answers(&self) -> bool {
        self.print.target().is_some() || self.dry_run || self.no_follow || self.show.answers()
    }

    /// Returns the argument that is meant for one login, where several are.
    pub fn for_one_login(&self) -> Option<&'static str> {
        let arguments = [
            (self.without_login.names_provider(), "--provider"),
            (self.show.writes_file(), "--output FILE"),
            (self.request.reads_stdin(), "stdin (`-`)"),
        ];
        arguments.into_iter().find(|(is_there, _)| *is_there).map(|(_, argument)| argument)
    }
}

pub fn run(args: &CallArgs, context: &Context) -> Result<(), CallError> {
    // What is only shown needs no token that works.
    let is_shown = args.print.target().is_some() || args.dry_run;
    let login = match args.without_login.request(("call", &args.request.words()), context)? {
        Some(request) if is_shown && !args.show_secrets => request.unused(context.system.clock.now()),
        Some(request) => client_login(&request, Wanted::Valid, context)?,
        None if is_shown => active_login(context)?,
        None => valid_active_login(Wanted::Valid, context)?,
    };
    let mut login = login.with(args.which.as_deref())?;
    if is_shown && !args.show_secrets {
        login.provider = login.provider.with_marks(secret_mark);
    }
    let redirects = if args.no_follow { Redirects::Never } else { Redirects::Anywhere };
    let mut api = Api::new(&login.provider, args.token_in)?.with_redirects(redirects);
    for text in &args.allow_origin {
        let bad = |problem| CallError::BadOrigin { text: sanitize::line(text), problem };
        api = api.allow(&Origin::parse(text).map_err(bad)?);
    }
    let prepared = args.request.prepare(&api)?;
    if is_shown {
        return print_instead(args, &prepared, &api, &login, context);
    }
    let show = Show::new(&args.show, context)?;
    if args.token_in == Some(TokenIn::Query) {
        context.terminal().note(
            &"A token in a URL ends up in logs; RFC 9700 §4.3.2 forbids it. It is sent because you asked for it.",
        );
    }
    let until = args.max_time.map(|HumanDuration(span)| Deadline::after(span));
    let http = client(args, until, &login.token, context)?;
    let verbose = context.is_verbose();
    let (show_secrets, secrets) = (args.show_secrets, login.provider.further_secrets().collect());
    let trace = Trace { terminal: context.terminal(), verbose, show_secrets, secrets };
    let ports = (http.as_ref(), context.system.clock.as_ref());
    let renewal = Renewal::new(&login, context);
    let mut caller = Caller::new(api, renewal.hold(), ports, &trace, args.max_wait.0);
    caller.until = until;
    let call = Call { args, login: &login, renewal: &renewal, caller, show, context };
    if args.pages.paginate { call.all_pages(&prepared) } else { call.one(prepared) }
}

/// The login's client, or one that was asked for more.
fn client(
    args: &CallArgs,
    until: Option<Deadline>,
    token: &StoredToken,
    context: &Context,
) -> Result<Arc<dyn HttpClient>, CallError> {
    if args.timeout.is_none() && until.is_none() {
        return Ok(context.session.http(Some(token))?);
    }
    let mut client = NetworkClient::default().with_silence(args.timeout.map_or(SILENCE, |timeout| timeout.0));
    if let Some(until) = until {
        client = client.with_end(until);
    }
    if let Some(authorities) = context.session.authorities(Some(token))? {
        client = client.with_authorities(authorities);
    }
    Ok(context.session.recorded(Arc::new(client)))
}

fn print_instead(
    args: &CallArgs,
    prepared: &Prepared,
    api: &Api<'_>,
    login: &ActiveLogin,
    context: &Context,
) -> Result<(), CallError> {
    let mark = AccessToken::new(TOKEN_MARK);
    let token = if args.show_secrets { &login.token.access_token } else { &mark };
    let upload = prepared.upload.as_ref().and(args.request.input());
    let request = api.authorize(&prepared.request, token)?;
    let view = RequestView { request: &request, upload, input: args.request.input() };
    let printed = args.print.print(&view)?;
    if context.session.choices.json {
        return Ok(context.answer_json(&RequestOutcome::new(&view, printed))?);
    }
    let text = printed.map_or_else(|| view.to_string(), |(_, text)| text);
    Ok(context.terminal().data(text.as_bytes())?)
}

/// One command, ready to go out.
struct Call<'a> {
    args: &'a CallArgs,
    login: &'a ActiveLogin,
    renewal: &'a Renewal<'a>,
    caller: Caller<'a>,
    show: Show<'a>,
    context: &'a Context,
}

impl Call<'_> {
    fn one(&self, prepared: Prepared) -> Result<(), CallError> {
        let Prepared { request, upload, path, written } = prepared;
        let asked = Asked { method: &request.method, path: &path, one_way: upload.is_some() };
        let reply = self.caller.call(&request, upload)?;
        self.summary(reply.status, &reply.headers);
        self.show.head(&reply)?;
        if let Some(address) = redirect_target(&request, &reply).filter(|_| self.args.no_follow) {
            return self.show.line(&address);
        }
        let (status, headers) = (reply.status, reply.headers.clone());
        let sender = Sender::of(&reply, &self.login.provider);
        let head = self.show.body(reply)?;
        let verdict = self.verdict().of(&ApiAnswer::new(status, &headers, &head), &asked, &sender);
        verdict.map_err(|error| self.with_request(error, &request, Some(&written)))
    }

    /// Says what was asked for where nothing was found there, and how the path that was `written` may have been meant.
    fn with_request(&self, error: CallError, request: &HttpRequest, written: Option<&str>) -> CallError {
        match error {
            CallError::ApiStatus { status: status @ (404 | 405 | 410), detail, advice, .. } => {
                let asked = format!("{} {}", request.method, request.url);
                let asked = Some(mask::line(&asked, &self.login.provider.hidden(&self.caller.token())));
                let path = written.filter(|_| status == 404);
                let advice = advice.or_else(|| not_found::advice(&self.caller.api, path?, &request.url));
                CallError::ApiStatus { status, asked, detail, advice }
            }
            other => other,
        }
    }

    fn verdict(&self) -> Verdict<'_> {
        let now = self.context.system.clock.now();
        Verdict { login: self.login, renewal: self.renewal, token: self.caller.token(), now }
    }

    fn all_pages(&self, prepared: &Prepared) -> Result<(), CallError> {
        let request = &prepared.request;
        let dialect = Dialect::new(&self.login.provider);
        let PageArgs { max_pages, jobs, rows, next, .. } = &self.args.pages;
        let rows = match rows {
            Some(path) => RowsAt { paths: vec![path.clone()], seek: false },
            None => RowsAt::of(dialect.rows()),
        };
        if prepared.upload.is_some() {
            return Err(NoPages::Method.into());
        }
        let way = Way::of(request, next.as_ref(), dialect.paging(), rows.clone())?;
        let mut joined = Joined::new(&self.show, &self.args.pages, rows);
        let mut count: u64 = 0;
        let begun = self.context.system.clock.monotonic();
        let mut refusal = Ok(());
        let plan = Plan { max_pages: *max_pages, jobs: usize::from(*jobs) };
        let walked = paging::follow(&self.caller, request, &way, plan, &mut |page| {
            let asked = Asked { method: &request.method, path: &prepared.path, one_way: false };
            let answer = ApiAnswer::new(page.status, &page.headers, &page.body);
            let verdict = self.verdict().of(&answer, &asked, &page.sender);
            // The first page shows that the path is right.
            let written = (count == 0).then_some(prepared.written.as_str());
            refusal = verdict.map_err(|error| self.with_request(error, &page.request, written));
            // A refusal after good pages is told of, but has no place in their array.
            match (refusal.is_ok(), joined.has_begun()) {
                (true, _) => {
                    joined.add(&page)?;
                    if count == 0 {
                        joined.check_first(&page, way.reads_bodies())?;
                    }
                }
                (false, false) => self.show.whole(page.status, &page.body)?,
                (false, true) => {}
            }
            count += 1;
            if !self.context.terminal().stdout_is_terminal() {
                let rows = joined.rows();
                let passed = self.context.system.clock.monotonic().saturating_sub(begun).as_secs().max(1);
                let rows = if rows > 0 { format!(", {rows} rows, {} rows/s", rows / passed) } else { String::new() };
                self.context.terminal().progress(Some(&format_args!("{count} pages{rows}")));
            }
            Ok::<_, CallError>(if refusal.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
        });
        self.context.terminal().progress(None);
        joined.end(walked.is_ok() && refusal.is_ok())?;
        let note = match walked? {
            End::Limit => format!("`--max-pages` ended the walk after {count} pages; there may be more."),
            End::Beyond { status } => {
                format!("The API answered {status} to the page after these {count}, so they are all.")
            }
            End::LastPage | End::Stopped => return refusal,
        };
        self.context.terminal().note(&note);
        refusal
    }

    /// Prints what a person wants to know beside the body.
    fn summary(&self, status: u16, headers: &HeaderMap) {
        let on_terminal = self.context.terminal().stdout_is_terminal();
        // The trace and `--include` show all of it.
        if on_terminal && !self.context.is_verbose() && !self.show.includes_head() {
            let summary = ReplyHead { status, headers }.summary(&self.login.provider.hidden(&self.caller.token()));
            self.context.terminal().note(&summary);
        }
    }
}
