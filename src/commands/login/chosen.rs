//! What a login asks for: its grant and its scopes.

use super::args::LoginArgs;
use super::asked::AskedArgs;
use super::wizard::{self, Answers};
use super::{LoginError, device, talk};
use crate::commands::Context;
use crate::commands::app::NewLogin;
use crate::protocol::grant::GrantKind;
use crate::protocol::scope::ScopeSet;
use crate::provider::Provider;
use crate::store::StoredToken;

/// Asks for the scopes of a login in the browser or by device, unless the command line names them.
pub fn chosen_scopes(
    args: &LoginArgs,
    grant: GrantKind,
    login: &NewLogin<'_>,
    provider: &Provider,
    answers: &mut Answers,
    context: &Context,
) -> Result<Option<ScopeSet>, LoginError> {
    // The client's own scopes are a matter of its registration.
    if !args.scopes.is_empty() || grant == GrantKind::ClientCredentials {
        return Ok(None);
    }
    let before = login.before.map(|before| &before.asked);
    wizard::scopes(&provider.definition, before, answers, context)
}

/// The scopes of the command line, the chosen ones, those of the login before, or the definition's own. An unknown name is
/// sent all the same: providers add scopes.
pub fn asked_scopes(
    args: &LoginArgs,
    chosen: Option<ScopeSet>,
    provider: &Provider,
    before: Option<&StoredToken>,
    told: &mut Vec<String>,
    context: &Context,
) -> ScopeSet {
    if let Some(chosen) = chosen {
        talk::about_scopes(&chosen, &provider.definition, context);
        return chosen;
    }
    let own = provider.definition.default_scope();
    let before = before.map(|before| &before.asked).filter(|asked| !asked.is_empty());
    let asked = match args.scopes.as_slice() {
        // Nothing was asked for a token that is there already.
        [] if args.with_token => ScopeSet::new(),
        [] => match before {
            Some(asked) => {
                if *asked != own {
                    told.push(format!("--scope {}", asked.join(",")));
                }
                asked.clone()
            }
            // Nobody chose them, so there is nothing to say about the choice.
            None => return own,
        },
        scopes => ScopeSet::parse(&scopes.join(" ")),
    };
    talk::about_scopes(&asked, &provider.definition, context);
    asked
}

/// Returns the grant of the command line, of the login before, of this machine, or the preferred one.
pub fn chosen_grant(
    args: &LoginArgs,
    provider: &Provider,
    before: Option<&StoredToken>,
    told: &mut Vec<String>,
    context: &Context,
) -> Result<GrantKind, LoginError> {
    let own = provider.definition.grants()[0];
    let preferred = AskedArgs::grant_before(provider, before, args.browser.is_chosen()).unwrap_or(own);
    match args.grant.or(args.device.device.then_some(GrantKind::DeviceCode)) {
        None if device::is_taken(preferred, provider, &args.browser, context)? => Ok(GrantKind::DeviceCode),
        None => {
            if preferred != own {
                told.push(format!("--grant {}", preferred.as_str()));
            }
            Ok(preferred)
        }
        Some(grant) if provider.definition.offers(grant) => Ok(grant),
        Some(_) => Err(not_offered(provider)),
    }
}

pub fn not_offered(provider: &Provider) -> LoginError {
    LoginError::GrantNotOffered { provider: provider.id().to_owned(), offered: provider.definition.grants() }
}
