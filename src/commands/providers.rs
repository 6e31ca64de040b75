//! `providers`: lists the providers and shows definitions, each departure from the RFCs with its source and date.

mod error;
mod list;
mod openapi;
mod scopes;
mod view;

pub use error::ProvidersError;
pub use scopes::KnownScopesView;

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use self::view::{CheckedDefinition, NewDefinition, PlacedFinding, ProviderView};
use super::Context;
use crate::flow::FlowError;
use crate::flow::discovery::discover;
use crate::protocol::sanitize;
use crate::provider::catalogue::{is_built_in, is_id};
use crate::provider::draft::{ApiFacts, draft_with};
use crate::provider::place::{Place, place};
use crate::provider::reader::check_keys;
use crate::provider::review::Finding;
use crate::provider::schema::schema;
use crate::provider::{Catalogue, DefinitionError, DefinitionFiles};
use crate::system::paths::MAX_DEFINITION;
use crate::system::private_file;

#[derive(Args)]
pub struct ProvidersArgs {
    /// Without one, all providers are listed.
    #[command(subcommand)]
    action: Option<Action>,
}

impl ProvidersArgs {
    /// Returns `true` if it answers on stdout.
    pub fn answers(&self) -> bool {
        !matches!(self.action, Some(Action::New { print: false, .. }))
    }
}

#[derive(Subcommand)]
enum Action {
    /// List the providers, your own and the popular ones first
    List {
        /// Only those that have all these words in their names, or in what they are
        #[arg(value_name = "WORD")]
        words: Vec<String>,
        /// List the less popular ones, too
        #[arg(long)]
        all: bool,
    },
    /// Find a provider by words, such as `shop reviews`
    Search {
        /// The words
        #[arg(value_name = "WORD", required = true)]
        words: Vec<String>,
    },
    /// Show one definition, and how sure it is
    Show {
        /// The provider's id
        #[arg(value_name = "ID")]
        id: String,
        /// Show how each value is known (also with --verbose)
        #[arg(long, conflicts_with = "toml")]
        evidence: bool,
        /// Print it as TOML, with comments
        #[arg(long, conflicts_with = "json")]
        toml: bool,
    },
    /// Show a provider's known scopes; needs no login
    Scopes {
        /// The provider's id [default: all providers]
        #[arg(value_name = "ID")]
        id: Option<String>,
    },
    /// Print a JSON Schema for definitions, for completion and checks in an editor
    Schema,
    /// Create a provider definition: a commented draft, or one from a server's metadata
    New {
        /// The new provider's id
        #[arg(value_name = "ID")]
        id: String,
        /// Fill in the metadata of this issuer (RFC 8414, OpenID Connect Discovery), or of the metadata's own address
        #[arg(long, value_name = "URL")]
        issuer: Option<String>,
        /// Fill in the servers, logins, scopes and probes of this OpenAPI document (3.x, JSON or YAML)
        #[arg(long, value_name = "FILE|URL")]
        openapi: Option<String>,
        /// The authorization endpoint of the provider's guide, which opens in the browser
        #[arg(long, value_name = "URL", conflicts_with_all = ["issuer", "openapi"])]
        authorize: Option<String>,
        /// The token endpoint of the provider's guide
        #[arg(long, value_name = "URL", conflicts_with_all = ["issuer", "openapi"])]
        token: Option<String>,
        /// The base address of the provider's API
        #[arg(long, value_name = "URL", conflicts_with = "openapi")]
        api: Option<String>,
        /// Change single keys of the built-in provider of this id
        #[arg(long)]
        overlay: bool,
        /// Print it instead of writing it to the configuration directory
        #[arg(long)]
        print: bool,
    },
    /// Validate a definition (offline)
    Check {
        /// The definition file, whose name is the provider's id; or the id of one of your own
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
}

pub fn run(args: &ProvidersArgs, context: &Context) -> Result<(), ProvidersError> {
    let catalogue = context.session.catalogue()?;
    let popular = Action::List { words: Vec::new(), all: false };
    match args.action.as_ref().unwrap_or(&popular) {
        Action::List { words, all } => list::list(words, *all, &catalogue, context),
        Action::Search { words } => list::search(words, &catalogue, context),
        Action::Show { id, toml: true, .. } => {
            Ok(context.terminal().data(catalogue.text(&catalogue.id_of(id))?.as_bytes())?)
        }
        Action::Scopes { id } => Ok(context.answer(&KnownScopesView::new(id.as_deref(), context)?)?),
        Action::Schema => Ok(context.terminal().json(&format!("{:#}\n", schema()))?),
        Action::Show { id, toml: false, evidence } => {
            let id = catalogue.id_of(id);
            let own = catalogue.own_file(&id)?.map(|(text, _)| text);
            let with_evidence = *evidence || context.is_verbose();
            Ok(context.answer(&ProviderView::new(catalogue.whole(&id)?, own.as_deref(), with_evidence))?)
        }
        Action::New { id, issuer, openapi, authorize, token, api, overlay, print } => {
            let typed = [("authorize.url", authorize), ("token.url", token), ("api.base", api)];
            let typed: Vec<_> = typed.into_iter().filter_map(|(key, url)| Some((key, url.as_deref()?))).collect();
            let draft = drafted(id, (issuer.as_deref(), openapi.as_deref()), &typed, *overlay, context)?;
            if *print { Ok(context.terminal().data(draft.as_bytes())?) } else { write_new(id, &draft, context) }
        }
        Action::Check { file } => check(file, &catalogue, context),
    }
}

/// Returns the text of a new definition. An id of a built-in provider is taken only for a file over it: a definition of
/// the same name would silently be mixed with the built-in one.
fn drafted(
    id: &str,
    (issuer, api): (Option<&str>, Option<&str>),
    typed: &[(&'static str, &str)],
    overlay: bool,
    context: &Context,
) -> Result<String, ProvidersError> {
    if !is_id(id) {
        return Err(ProvidersError::NotAnId { id: sanitize::line(id) });
    }
    match (is_built_in(id), overlay) {
        (true, false) => return Err(ProvidersError::BuiltIn { id: id.to_owned() }),
        (false, true) => return Err(ProvidersError::NotBuiltIn { id: id.to_owned() }),
        (true, true) | (false, false) => {}
    }
    let api = api.map(|named| openapi::read(named, context)).transpose()?;
    let http = issuer.map(|_| context.session.http(None)).transpose()?;
    let metadata = http.zip(issuer).map(|(http, issuer)| discover(http.as_ref(), issuer)).transpose();
    let metadata = metadata.map_err(|error| match error {
        FlowError::Metadata(source) => ProvidersError::NotDrafted { id: id.to_owned(), source },
        other => other.into(),
    })?;
    let facts = api.as_ref().map(|(description, location)| ApiFacts { description, location: location.as_ref() });
    Ok(draft_with(id, overlay, metadata.as_ref(), facts.as_ref(), typed))
}

fn write_new(id: &str, text: &str, context: &Context) -> Result<(), ProvidersError> {
    let path = context.session.paths()?.definition(id);
    let shown = sanitize::line(&path.to_string_lossy());
    // Inside an emulator the user's own is elsewhere, and must not be hidden by a new one either.
    let known = context.session.paths()?.place(id);
    if Path::new(&known).exists() {
        return Err(ProvidersError::DefinitionExists { path: known });
    }
    match private_file::write_public_new(&path, text.as_bytes()) {
        Ok(()) => {
            let findings = context.session.catalogue()?.review(id, text, &shown)?;
            let faults = findings.iter().filter(|finding| finding.is_fault).count();
            context.tell_inside("This definition");
            let is_complete = faults == 0 && !context.session.catalogue()?.get(id)?.token.url.0.is_empty();
            context.report(&NewDefinition { id: id.to_owned(), file: shown, faults, is_complete })?;
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            return Err(ProvidersError::DefinitionExists { path: shown });
        }
        Err(source) => return Err(ProvidersError::NotWritten { path: shown, source }),
    }
    Ok(())
}

fn check(file: &Path, catalogue: &Catalogue<'_>, context: &Context) -> Result<(), ProvidersError> {
    // The id alone, of a file of one's own.
    let of_id = |id: &str| Some(PathBuf::from(context.session.paths().ok()?.place(id))).filter(|path| path.exists());
    let own = file.to_str().filter(|id| is_id(id) && !file.exists()).and_then(of_id);
    let file = own.as_deref().unwrap_or(file);
    let shown = sanitize::line(&file.to_string_lossy());
    let unreadable = |source| DefinitionError::UnreadableFile { place: shown.clone(), source };
    let bytes = private_file::read_public(file, MAX_DEFINITION).map_err(unreadable)?;
    let no_text = || io::Error::new(ErrorKind::InvalidData, "it is not UTF-8 text");
    let text = String::from_utf8(bytes).map_err(|_| unreadable(no_text()))?;
    let own_id = file.file_stem().and_then(|stem| stem.to_str()).filter(|id| is_id(id));
    let id = own_id.unwrap_or("checked").to_owned();
    let mut findings = catalogue.review(&id, &text, &shown)?;
    check_keys(&text, &shown)?;
    if own_id.is_none() || file.extension().is_none_or(|extension| extension != "toml") {
        let problem = "the file is found only as ID.toml: an id has small letters, digits, `.`, `_` and `-`".to_owned();
        findings.push(Finding { key: String::new(), problem, is_fault: false });
    }
    let mut placed: Vec<PlacedFinding> = findings
        .into_iter()
        .map(|finding| PlacedFinding { place: place(&text, &finding.key).unwrap_or(Place::BEGINNING), finding })
        .collect();
    placed.sort_by_key(|placed| placed.place);
    let (faults, notes): (Vec<_>, Vec<_>) = placed.into_iter().partition(|placed| placed.finding.is_fault);
    if !faults.is_empty() {
        return Err(ProvidersError::Faulty { file: shown, faults: faults.iter().map(ToString::to_string).collect() });
    }
    let definition = catalogue.compose(&id, Some((&text, &shown)))?;
    let unsourced = definition.departures().into_iter().filter(|line| line.source.is_none()).map(|line| line.key);
    Ok(context.answer(&CheckedDefinition { id, unsourced: unsourced.collect(), notes })?)
}
