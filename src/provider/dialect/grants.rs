//! What each grant has of its own in a token request: its name, its parameters, its endpoint and its form. What a section
//! does not say is as in `[token]`.

use std::collections::BTreeMap;

use super::{Dialect, omits, rename_back};
use crate::protocol::params::Params;
use crate::protocol::token::TOKEN_EXCHANGE;
use crate::provider::departure::{Departure, value_of};
use crate::provider::endpoint::Endpoint;
use crate::provider::quirks::{TokenBody, TokenMethod};

/// The method of a request, and the place of its parameters.
pub(super) type Form = (TokenMethod, TokenBody);

type Texts = Departure<BTreeMap<String, String>>;

/// The rules of one grant.
pub(super) struct Own<'d> {
    pub grant_type: Option<&'d str>,
    /// Instead of `token.params`.
    pub params: Option<&'d Texts>,
    pub params_key: &'static str,
    pub names: Option<&'d Texts>,
    /// The RFC's names of what is left out.
    pub omit: Vec<&'d str>,
    pub endpoint: Option<&'d Endpoint>,
    pub form: Option<Form>,
}

impl<'a> Dialect<'a> {
    /// Returns the rules of a grant, by its name in the RFCs.
    pub(super) fn own_rules(&self, grant_type: &str) -> Own<'a> {
        let (definition, endpoints) = (&self.provider.definition, &self.provider.endpoints);
        let list = |omit: &'a Departure<Vec<String>>| -> Vec<&'a str> {
            value_of(omit).into_iter().flatten().map(String::as_str).collect()
        };
        let text = |own: &'a Departure<String>| value_of(own).map(String::as_str);
        let of_token = list(&definition.token.omit);
        match grant_type {
            "refresh_token" => {
                let own = &definition.refresh;
                Own {
                    grant_type: text(&own.grant_type),
                    params: own.params.is_some().then_some(&own.params),
                    params_key: "refresh.params",
                    names: Some(&own.names),
                    omit: if own.omit.is_some() { list(&own.omit) } else { of_token },
                    endpoint: endpoints.refresh.as_ref(),
                    form: self.form_with(&own.method),
                }
            }
            "client_credentials" => {
                let own = &definition.client_credentials;
                // Without the grant's name, the request would be one for a code.
                let omit = of_token.into_iter().filter(|name| *name != "grant_type").collect();
                Own {
                    grant_type: text(&own.grant_type),
                    params: own.params.is_some().then_some(&own.params),
                    params_key: "client_credentials.params",
                    names: Some(&own.names),
                    omit,
                    endpoint: None,
                    form: None,
                }
            }
            TOKEN_EXCHANGE => {
                let own = &definition.exchange;
                Own {
                    grant_type: text(&own.grant_type),
                    params: Some(&own.params),
                    params_key: "exchange.params",
                    names: Some(&own.names),
                    omit: list(&own.omit),
                    endpoint: endpoints.exchange.as_ref(),
                    form: self.form_with(&own.method),
                }
            }
            _ => Own {
                grant_type: text(&definition.token.grant_type),
                params: None,
                params_key: "token.params",
                names: None,
                omit: of_token,
                endpoint: None,
                form: None,
            },
        }
    }

    /// Returns the form of a request to the token endpoint.
    pub(super) fn form(&self) -> Form {
        let rules = &self.provider.definition.token;
        (value_of(&rules.method).copied().unwrap_or_default(), value_of(&rules.body).copied().unwrap_or_default())
    }

    /// Returns the form of a request with a method of its own.
    fn form_with(&self, method: &Departure<TokenMethod>) -> Option<Form> {
        match (value_of(method)?, self.form()) {
            (TokenMethod::Get, _) => Some((TokenMethod::Get, TokenBody::Query)),
            (TokenMethod::Post, (TokenMethod::Post, body)) => Some((TokenMethod::Post, body)),
            (TokenMethod::Post, _) => Some((TokenMethod::Post, TokenBody::Form)),
        }
    }

    /// Returns `true` if the login's token is exchanged for another one at once.
    pub fn exchanges_its_token(&self) -> bool {
        let on_request = value_of(&self.provider.definition.exchange.on_request) == Some(&true);
        self.can_exchange() && !on_request
    }

    /// Returns `true` if a token can be exchanged for another one.
    pub fn can_exchange(&self) -> bool {
        self.provider.endpoints.exchange.is_some()
    }

    /// Returns the number of days for which the same exchange has the same reply.
    pub fn exchange_repeats_for(&self) -> Option<u16> {
        value_of(&self.provider.definition.exchange.repeatable_days).copied()
    }

    /// Returns `true` if a refresh extends the presented token, and its reply need not name one.
    pub fn refresh_extends(&self) -> bool {
        value_of(&self.provider.definition.refresh.extends) == Some(&true) && self.refreshes_with_access_token()
    }
}

/// The server's side, for the emulator.
impl Dialect<'_> {
    /// Renames the grant of a request, and what is its own, to the RFCs' names.
    pub(super) fn read_own_grant(&self, params: &mut Params) {
        let definition = &self.provider.definition;
        let (alone, refresh, exchange) = (&definition.client_credentials, &definition.refresh, &definition.exchange);
        if omits(&refresh.omit, "grant_type") && !params.contains("grant_type") {
            params.push("grant_type", value_of(&refresh.grant_type).map_or("refresh_token", String::as_str));
        }
        for (own, rfc, names) in [
            (&definition.token.grant_type, "authorization_code", &None),
            (&alone.grant_type, "client_credentials", &alone.names),
            (&exchange.grant_type, TOKEN_EXCHANGE, &exchange.names),
            (&refresh.grant_type, "refresh_token", &refresh.names),
        ] {
            // Two sections may have the same request, of which the first that it fits is meant.
            if read_grant(params, own, rfc) {
                rename_back(params, names);
                return;
            }
        }
    }

    /// Returns `true` if the provider's clients leave their id or secret out of the request with this grant (RFC name).
    pub fn omits_of_grant(&self, grant_type: &str, name: &str) -> bool {
        self.own_rules(grant_type).omit.contains(&name)
    }

    /// Returns the methods of the requests at a path of the token endpoint and its neighbors.
    pub fn token_methods(&self, path: &str) -> Vec<&'static str> {
        let endpoints = &self.provider.endpoints;
        let is_here = |endpoint: &Option<Endpoint>| endpoint.as_ref().is_some_and(|at| at.url().path() == path);
        let mut methods = Vec::new();
        for (grant, here) in [
            ("authorization_code", is_here(&endpoints.token) || is_here(&endpoints.device_token)),
            (
                "refresh_token",
                is_here(&endpoints.refresh) || (endpoints.refresh.is_none() && is_here(&endpoints.token)),
            ),
            (TOKEN_EXCHANGE, is_here(&endpoints.exchange)),
        ] {
            let method = match self.own_rules(grant).form.unwrap_or_else(|| self.form()).0 {
                TokenMethod::Post => "POST",
                TokenMethod::Get => "GET",
            };
            if here && !methods.contains(&method) {
                methods.push(method);
            }
        }
        methods
    }
}

/// Renames this grant to the RFC's name. Returns `true` if the request is for it.
pub(super) fn read_grant(params: &mut Params, own: &Departure<String>, rfc: &str) -> bool {
    let own = value_of(own).map_or(rfc, String::as_str);
    let is_it = params.single("grant_type").ok().flatten() == Some(own);
    if is_it {
        params.remove("grant_type");
        params.push("grant_type", rfc);
    }
    is_it
}
