//! The questions for a client: the provider's guide to registering an app, its page, and then the client's id and secret.

use super::super::Context;
use super::error::AppError;
use super::redirect::default_redirect_uri;
use crate::protocol::client::{ClientAuthMethod, ClientId};
use crate::protocol::grant::GrantKind;
use crate::protocol::sanitize::{self, Pieces, Style, TerminalText};
use crate::protocol::secret::ClientSecret;
use crate::provider::ProviderDefinition;
use crate::system::browser::{self, Browser, DesktopBrowser};

/// What the guide needs to know of the login that the client is for.
pub struct Guide {
    /// The redirect URI that the login will use, in words for a person who registers it.
    pub redirect_uri: String,
    /// The browser that can show the provider's page, if there is one.
    pub browser: Option<Box<dyn Browser>>,
}

impl Guide {
    /// Returns the guide of a registration before any login.
    pub fn of_registration(definition: &ProviderDefinition, context: &Context) -> Result<Self, AppError> {
        let is_emulated = context.session.catalogue()?.emulated_id() == Some(&definition.id);
        let browser: Box<dyn Browser> = Box::new(DesktopBrowser);
        Ok(Self {
            redirect_uri: default_redirect_uri(definition, is_emulated).to_owned(),
            browser: browser::obstacle().is_none().then_some(browser),
        })
    }
}

/// Shows how to register an app, then asks for its client id and secret.
pub fn for_client(
    definition: &ProviderDefinition,
    guide: &Guide,
    context: &Context,
) -> Result<(ClientId, Option<ClientSecret>), AppError> {
    tell_steps(definition, guide, context);
    offer_page(definition, guide, context)?;
    let id = client_id(context)?;
    let secret = match has_secret(definition) {
        true => non_empty_secret(context.terminal().ask_hidden(&"Client secret")?.expose()),
        false => None,
    };
    Ok((id, secret))
}

fn tell_steps(definition: &ProviderDefinition, guide: &Guide, context: &Context) {
    let terminal = context.terminal();
    let (name, uri) = (Style::Strong.of(&definition.name), Style::Strong.of(&guide.redirect_uri));
    if definition.app.steps.is_empty() {
        let page = definition.app.page.as_deref().map(|page| format!(" at {}", sanitize::line(page)));
        let page = page.unwrap_or_default();
        return terminal.note(&Pieces(&[
            &name,
            &" requires you to register an app",
            &page,
            &". Its redirect URI is ",
            &uri,
        ]));
    }
    terminal.note(&Pieces(&[&name, &" requires you to register an app:"]));
    for (n, step) in definition.app.steps.iter().enumerate() {
        let mut text = TerminalText::of(&format_args!("  {}. ", n + 1));
        for (n, part) in step.split("{redirect_uri}").enumerate() {
            if n > 0 {
                text.put(&uri);
            }
            text.put(&part);
        }
        terminal.note(&text);
    }
}

/// Opens the page on which an app is registered, if the user wants to.
fn offer_page(definition: &ProviderDefinition, guide: &Guide, context: &Context) -> Result<(), AppError> {
    let page = definition.app.page.as_deref().and_then(|page| url::Url::parse(page).ok());
    let (Some(page), Some(browser)) = (page.filter(|_| context.may_ask()), &guide.browser) else { return Ok(()) };
    if !context.agrees(&format_args!("Open {page} in the browser?"), true) {
        return Ok(());
    }
    if let Err(error) = browser::check(&page).map_err(anyhow::Error::from).and_then(|()| Ok(browser.open(&page)?)) {
        context.warn(&format!("no page was opened: {error:#}"));
    }
    Ok(())
}

/// Asks until the answer can be a client id. The grammar allows spaces in it (RFC 6749 appendix A.1), but one that was
/// typed or pasted with a space is a sentence, a label or two values.
fn client_id(context: &Context) -> Result<ClientId, AppError> {
    let terminal = context.terminal();
    loop {
        let typed = terminal.ask(&"Client ID")?;
        match ClientId::parse(&typed) {
            Ok(id) if !typed.contains(char::is_whitespace) => return Ok(id),
            _ if typed.is_empty() => {
                terminal.alarm(&"A client id is needed: the provider shows it where the app is registered.")
            }
            _ => terminal
                .alarm(&"A client id has no whitespace and only ASCII characters: copy it as the provider shows it."),
        }
    }
}

/// Returns `true` if a client of this provider may have a secret that is of use.
fn has_secret(definition: &ProviderDefinition) -> bool {
    let is_public = definition.client_auth() == ClientAuthMethod::None;
    // The API may want it where the token endpoint does not.
    definition.sends_client_secret_to_api()
        || !is_public && definition.grants().iter().any(|grant| *grant != GrantKind::Implicit)
}

/// Returns the secret, or `None` for an empty one: a public client has no secret.
pub fn non_empty_secret(text: &str) -> Option<ClientSecret> {
    Some(text.trim()).filter(|text| !text.is_empty()).map(ClientSecret::new)
}
