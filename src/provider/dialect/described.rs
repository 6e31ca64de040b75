//! A provider's dialect in words, for the record of a flow: how it calls things, and what it is known to support.

use std::collections::BTreeMap;

use super::Dialect;
use crate::protocol::flow_record::Supported;
use crate::protocol::grant::GrantKind;
use crate::provider::departure::value_of;
use crate::provider::endpoint::Endpoint;
use crate::provider::quirks::Pkce;

impl Dialect<'_> {
    /// Returns the provider's names of parameters and members, each with the RFCs' name.
    pub fn aliases(&self) -> Vec<(String, String)> {
        let definition = &self.provider.definition;
        let params = [
            &definition.authorize.names,
            &definition.callback.names,
            &definition.token.names,
            &definition.device.names,
            &definition.refresh.names,
            &definition.exchange.names,
            &definition.revoke.names,
        ];
        // The last part of a path is the member's name.
        let members = [&definition.token.response, &definition.device.response];
        let names = params.into_iter().chain(members).filter_map(value_of).flatten();
        let last = |path: &String| path.rsplit('.').next().unwrap_or(path).to_owned();
        names.map(|(ours, theirs)| (last(theirs), ours.clone())).filter(|(theirs, ours)| theirs != ours).collect()
    }

    /// Returns what the definition says of the server. What it does not say is unknown.
    pub fn supported(&self) -> Supported {
        let definition = &self.provider.definition;
        let texts = |texts: Vec<&str>| Some(texts.into_iter().map(str::to_owned).collect());
        let known: Vec<&str> = definition.scope.known.iter().map(|scope| scope.name.as_str()).collect();
        Supported {
            grant_types: texts(definition.grants().into_iter().map(GrantKind::as_str).collect()),
            pkce_methods: value_of(&definition.authorize.pkce).and_then(|pkce| match pkce {
                Pkce::S256 => texts(vec!["S256"]),
                Pkce::Off => texts(Vec::new()),
            }),
            auth_methods: value_of(&definition.token.auth).and_then(|auth| texts(vec![auth.registered_name()])),
            scopes: Some(known).filter(|known| !known.is_empty()).and_then(texts),
            pushed_requests_required: value_of(&definition.par.required).copied(),
            ..Supported::default()
        }
    }

    /// Returns the provider's addresses by their purpose.
    pub fn addresses(&self) -> BTreeMap<String, String> {
        let endpoints = &self.provider.endpoints;
        let named = |name: &str, endpoint: &Option<Endpoint>| Some((name.to_owned(), endpoint.as_ref()?.to_string()));
        let all = [
            named("authorization", &endpoints.authorize),
            named("pushed_request", &endpoints.par),
            named("token", &endpoints.token),
            named("device_authorization", &endpoints.device),
            named("device_token", &endpoints.device_token),
            named("exchange", &endpoints.exchange),
            named("refresh", &endpoints.refresh),
            named("revocation", &endpoints.revoke),
            named("introspection", &endpoints.introspect),
            named("jwks", &endpoints.jwks),
            named("userinfo", &endpoints.userinfo),
        ];
        all.into_iter().flatten().collect()
    }
}
