//! Asks the login's authorization server about a token, for the commands that want to know. The token may be fine whatever
//! comes of it, so no failure is an error here: it is the reason for having no answer.

use super::Context;
use crate::flow::introspection;
use crate::protocol::advice::with_causes;
use crate::protocol::introspection::IntrospectionResponse;
use crate::protocol::secret::AccessToken;
use crate::session::ActiveLogin;
use crate::system::http::HttpClient;

/// Returns the answer, `None` if the provider has no introspection endpoint, or the reason for having none.
pub fn ask(
    login: &ActiveLogin,
    token: &AccessToken,
    http: &dyn HttpClient,
    context: &Context,
) -> Result<Option<IntrospectionResponse>, String> {
    if login.provider.endpoints.introspect.is_none() {
        return Ok(None);
    }
    let client = context.session.client_to_introspect(login).map_err(|error| error.to_string())?;
    let client = client.ok_or("no client is registered to ask with")?.value;
    let (id, secret) = (&client.client_id, client.client_secret.as_ref());
    introspection::ask(http, &login.provider, token, id, secret).map_err(|error| with_causes(&error))
}
