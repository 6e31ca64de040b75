//! A login of the client itself (RFC 6749 §4.4): no browser, no person, and the same request again when its token ends.

use super::super::Context;
use super::super::app::{self, ChosenClient, NewLogin};
use super::{LoginError, noted, talk};
use crate::flow::client::Client;
use crate::flow::client_credentials;
use crate::protocol::grant::GrantKind;
use crate::protocol::id_token::OPENID;
use crate::protocol::sanitize;
use crate::protocol::scope::ScopeSet;
use crate::provider::Provider;
use crate::store::StoredToken;
use crate::store::stored_token::ObtainedBy;
use crate::system::http::HttpClient;

const GRANT: GrantKind = GrantKind::ClientCredentials;

/// Requests the token. `typed` are the scopes of the command line, `asked` those with what is repeated or the default.
pub fn log_in(
    provider: Provider,
    typed: &[String],
    asked: &ScopeSet,
    login: &NewLogin<'_>,
    http: &dyn HttpClient,
    context: &Context,
) -> Result<(Provider, StoredToken), LoginError> {
    context.session.check_client_credentials(&provider)?;
    let asked = match typed {
        // The scope about a person is not asked for by default.
        [] => asked.difference(&ScopeSet::parse(OPENID)),
        typed => context.session.scopes_alone(&provider, typed)?,
    };
    let ChosenClient { app, client_id, client_secret, .. } = app::client_for(&provider, GRANT, login, context)?;
    let provider = provider.with_app(app.name());
    let client = Client { provider, client_id, client_secret };
    context.session.check_client_alone(&client)?;
    noted::client(&client, GRANT, &asked, context);
    let whom = format!(" as the client `{}`", sanitize::line(client.client_id.as_str()));
    talk::about_login(&client.provider, &whom, context);
    let now = context.system.clock.now();
    let (reply, provider) = client_credentials::obtain(http, &client, asked.clone(), now)?;
    talk::about_reply(&reply, &provider, context);
    let mut token =
        StoredToken::from_reply(&provider, Some(client.client_id), ObtainedBy::Grant(GRANT), asked, reply, now);
    token.app = app;
    Ok((provider, token))
}
