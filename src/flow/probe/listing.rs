//! The one request that lists the scopes of a token, where the API has one. No list is no reason to stop: the probes show
//! more or less the same.

use super::{Fetched, Progress, Run, shown};
use crate::flow::FlowError;
use crate::flow::api::Api;
use crate::flow::judge::{ApiAnswer, Ruling};
use crate::protocol::params::Params;
use crate::protocol::secret::AccessToken;
use crate::provider::Dialect;
use crate::provider::dialect::{ListedBy, ListedScopes};

impl Run<'_> {
    /// Asks for the list, or returns `None` if the API has none. The inner `Err` says why none came. `Err` if the token
    /// is dead, or the API cannot be reached.
    pub(super) fn list(&self) -> Result<Option<Result<ListedScopes, String>>, FlowError> {
        let provider = self.probing.provider;
        let dialect = Dialect::new(provider);
        let Some(list) = dialect.scopes_list() else { return Ok(None) };
        let api = Api::new(provider, None)?;
        let api = match &list.scheme {
            Some(scheme) => api.with_scheme(scheme),
            None => api,
        };
        let request = |token: &AccessToken| {
            let (path, form) = list.fill(token.expose());
            let request = api.request(list.method.to_http(), api.resolve_own(&path)?)?;
            if form.is_empty() {
                return Ok(request);
            }
            let form = form.iter().fold(Params::new(), |params, (name, value)| params.with(name, value));
            Ok(request.with_body("application/x-www-form-urlencoded", form.to_form()))
        };
        // The token may stand in the path.
        let shown = shown(&request(&AccessToken::new("TOKEN"))?);
        (self.progress)(&Progress { number: 1, total: self.total, request: &shown });
        let Fetched { status, headers, body, token } = match self.fetch_with(&api, request)? {
            Ok(fetched) => fetched,
            Err(why) => return Ok(Some(Err(format!("{shown}: {why}")))),
        };
        let answer = ApiAnswer::new(status, &headers, &body);
        let said = answer.said(dialect, &token);
        if answer.judge(dialect, false, self.probing.clock.now()) == Ruling::Rejected {
            let provider = provider.id().to_owned();
            return Err(FlowError::TokenDead { provider, request: shown, status, said });
        }
        let is_success = (200..300).contains(&status);
        let scopes = is_success.then(|| dialect.scopes_of_list(list, &headers, &body)).flatten();
        let nothing = || match said {
            Some(said) => format!("{shown} → {status} \"{said}\""),
            None => format!("{shown} → {status}, without a list of scopes"),
        };
        Ok(Some(scopes.map(|scopes| ListedScopes { by: ListedBy::Request(shown.clone()), scopes }).ok_or_else(nothing)))
    }
}
