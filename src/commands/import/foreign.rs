//! A login from a file of another program: the token is taken out of it, and becomes a login at a provider here.
//!
//! Nothing is stored unless all of it is understood, and no login is replaced without `--replace`. The file stays as it is.

use url::Url;

use super::args::ForeignArgs;
use super::error::ImportError;
use super::keeping::{kept, store_for};
use super::view::ImportOutcome;
use crate::commands::brought::{Becomes, Brought};
use crate::commands::{Context, consent};
use crate::protocol::foreign_login::{ForeignForm, ForeignLogin};
use crate::protocol::sanitize;
use crate::protocol::scope::ScopeSet;
use crate::provider::Provider;
use crate::session::{Source, Sourced};
use crate::system::entropy::random;

/// Imports the login in a text of this form.
pub fn import(
    form: ForeignForm,
    text: &str,
    args: &ForeignArgs,
    replaces: bool,
    context: &Context,
) -> Result<ImportOutcome, ImportError> {
    let session = &context.session;
    let named = args.provider.clone().map(|id| Sourced::new(id, Source::Flag("--provider")));
    let (id, found) = match named {
        Some(_) => (session.provider_for_login(named)?.value, None),
        None => {
            let found = form.read(text, args.env.as_deref(), None)?;
            (provider_at(found.host.as_deref(), context)?, Some(found))
        }
    };
    let catalogue = session.catalogue()?;
    let definition = catalogue.get(&id)?;
    let typed: consent::Typed = args.params.iter().cloned().collect();
    definition.refuse_typed_secrets(&typed)?;
    let provider = catalogue.resolve(&id, &session.with_project(&definition, typed.clone())?)?;
    let provider = session.with_secrets_of_environment(&provider)?;
    provider.check_secrets()?;
    let host = host_of(&provider).filter(|_| form == ForeignForm::Gh);
    let ForeignLogin { reply, user, place, .. } = match found {
        Some(found) => found,
        None => form.read(text, args.env.as_deref(), host.as_deref())?,
    };
    let mut brought = Brought::read(&reply, &provider)?;
    brought.wrapping = place.or(brought.wrapping);
    let profile = session.profile_for_login(&id, args.app.as_ref())?.value;
    let store = store_for(&profile, replaces, context)?;
    consent::to_log_in(&provider, &typed, &profile, args.app.as_ref(), context)?;
    let kind = store.kind_for(&profile)?;
    store.prove_writable_in(kind, u64::from_ne_bytes(random(context.system.entropy.as_ref())?))?;
    let http = session.http(None)?;
    let becomes = Becomes {
        provider: &provider,
        profile: &profile,
        app: args.app.as_ref(),
        before: None,
        asked: ScopeSet::new(),
    };
    let (_, mut token) = brought.settle(becomes, http.as_ref(), context)?;
    token.label = user.map(|user| sanitize::line(&user));
    token.cacert = session.cacert(None)?;
    let kind = store.save_in(kind, &profile, &token)?;
    kept(&profile, &token, kind, context)
}

/// Returns the one provider whose login is at this host.
fn provider_at(host: Option<&str>, context: &Context) -> Result<String, ImportError> {
    let no_provider = || ImportError::NoProvider { host: host.map(sanitize::line) };
    let host = host.ok_or_else(no_provider)?;
    let catalogue = context.session.catalogue()?;
    let is_there = |id: &String| {
        let Ok(definition) = catalogue.get(id) else { return false };
        let urls = definition.addresses().into_iter().filter(|(key, _)| *key == "authorize.url");
        urls.flat_map(|(_, urls)| urls)
            .any(|url| Url::parse(url).is_ok_and(|url| url.host_str() == Some(host) && url.port().is_none()))
    };
    let mut all = catalogue.ids().into_iter().filter(is_there);
    match (all.next(), all.next()) {
        (Some(only), None) => Ok(only),
        _ => Err(no_provider()),
    }
}

fn host_of(provider: &Provider) -> Option<String> {
    Some(provider.authorize_endpoint().ok()?.url().host_str()?.to_owned())
}
