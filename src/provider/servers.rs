//! The servers of a provider that a parameter decides. They are found by trying another value, so that it works for
//! every URL of a definition, however it is written.

use super::endpoint::{Endpoint, Origin};
use super::endpoints::Endpoints;
use super::resolved::{Provider, RecordedOrigins};

impl Provider {
    /// Lists the origins that would differ if this parameter had another value, or no value in a definition with a
    /// separate URL for that.
    pub fn servers_decided_by(&self, param: &str) -> Vec<String> {
        let Some(value) = self.params.get(param) else { return Vec::new() };
        let mut params = self.params.clone();
        // A label that can also be a port.
        params.insert(param.to_owned(), if value == "1" { "2" } else { "1" }.to_owned());
        let servers = self.endpoints.servers();
        let all = || unique(servers.iter().map(|(_, origin)| origin.clone()));
        let Ok(other) = Self::new(self.definition.clone(), params.clone(), self.emulator.clone()) else {
            return all();
        };
        params.remove(param);
        let Ok(without) = Self::new(self.definition.clone(), params, self.emulator.clone()) else { return all() };
        let (other, without) = (other.endpoints.servers(), without.endpoints.servers());
        let moves = |(part, origin): &&(&str, String)| {
            let elsewhere = without.iter().any(|(same, there)| same == part && there != origin);
            !other.contains(&(*part, origin.clone())) || (*part != FURTHER && elsewhere)
        };
        unique(servers.iter().filter(moves).map(|(_, origin)| origin.clone()))
    }
}

/// The only part that may have several servers.
const FURTHER: &str = "api.origins";

impl Endpoints {
    /// Lists each server and its purpose.
    pub(super) fn servers(&self) -> Vec<(&'static str, String)> {
        let Self {
            authorize,
            par,
            token,
            device,
            device_token,
            refresh,
            revoke,
            introspect,
            jwks,
            userinfo,
            exchange,
            api_base,
            api_origins,
            ..
        } = self;
        let one = |part, endpoint: &Option<Endpoint>| Some((part, endpoint.as_ref()?.origin().to_string()));
        let parts = [
            one("authorize", authorize),
            one("par", par),
            one("token", token),
            one("device", device),
            one("device.token_url", device_token),
            one("exchange", exchange),
            one("refresh", refresh),
            one("revoke", revoke),
            one("introspect", introspect),
            one("openid.jwks_url", jwks),
            one("openid.userinfo_url", userinfo),
            one("api.base", api_base),
        ];
        parts.into_iter().flatten().chain(api_origins.iter().map(|origin| (FURTHER, origin.to_string()))).collect()
    }
}

impl RecordedOrigins {
    /// Returns `true` if all are on this machine, as an emulator's are.
    pub fn are_on_this_machine(&self) -> bool {
        let local = |origin: &String| Origin::parse(origin).is_ok() && origin.starts_with("http://");
        self.token.iter().chain(&self.api).all(local)
    }
}

fn unique(origins: impl Iterator<Item = String>) -> Vec<String> {
    origins.fold(Vec::new(), |mut unique, origin| {
        if !unique.contains(&origin) {
            unique.push(origin);
        }
        unique
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::provider::ProviderDefinition;

    fn provider(definition: &str, emulator: Option<&str>) -> Provider {
        let definition: ProviderDefinition = toml::from_str(&format!("{definition}\n[params.x]")).unwrap();
        let params = BTreeMap::from([("x".to_owned(), "our".to_owned())]);
        Provider::new(definition, params, emulator.map(|origin| Origin::parse(origin).unwrap())).unwrap()
    }

    #[test]
    fn a_parameter_in_the_host_of_any_url_decides_a_server() {
        let urls = |key: &str| match key {
            "api.origins" => "api.origins = ['https://fixed.example', 'https://a.{x}.example/p']".to_owned(),
            key => format!("{key} = 'https://a.{{x}}.example/p'"),
        };
        for key in [
            "authorize.url",
            "par.url",
            "token.url",
            "device.url",
            "device.token_url",
            "refresh.url",
            "revoke.url",
            "introspect.url",
            "openid.jwks_url",
            "openid.userinfo_url",
            "api.base",
            FURTHER,
        ] {
            assert_eq!(provider(&urls(key), None).servers_decided_by("x"), ["https://a.our.example"], "{key}");
        }
        for (url, servers) in [
            ("https://{x}-api.example", &["https://our-api.example"][..]),
            ("https://fixed.example/{x}", &[]),
            ("https://fixed.example/a?b={x}", &[]),
            ("https://fixed.example/https://{x}.example/", &[]),
        ] {
            assert_eq!(provider(&format!("token.url = '{url}'"), None).servers_decided_by("x"), servers, "{url}");
        }
        assert_eq!(provider(&urls("token.url"), None).servers_decided_by("y"), [""; 0]);
        assert_eq!(provider(&urls("token.url"), Some("http://127.0.0.1:1")).servers_decided_by("x"), [""; 0]);
    }

    #[test]
    fn a_parameter_that_chooses_among_urls_decides_a_server() {
        let chosen = "api.base = ['https://eu.example/{x}', 'https://all.example']";
        assert_eq!(provider(chosen, None).servers_decided_by("x"), ["https://eu.example"]);
        let same = "api.base = ['https://all.example/{x}', 'https://all.example']";
        assert_eq!(provider(same, None).servers_decided_by("x"), [""; 0]);
    }

    #[test]
    fn a_server_that_changes_its_part_is_decided_too() {
        let parts = "authorize.url = 'https://our.example/'\ntoken.url = 'https://{x}.example'";
        assert_eq!(provider(parts, None).servers_decided_by("x"), ["https://our.example"]);
    }
}
