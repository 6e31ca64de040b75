//! What `login` tells the record of its flow: see [`crate::flow::recording`].

use super::super::Context;
use crate::flow::authorization::{Listen, Login, Waiting};
use crate::flow::client::Client;
use crate::flow::recording::{Purpose, Recorder};
use crate::protocol::flow_record::Opener;
use crate::protocol::grant::GrantKind;
use crate::protocol::scope::ScopeSet;
use crate::protocol::secret::ClientSecret;
use crate::provider::Provider;

/// Notes what a login in the browser goes by.
pub fn browser(
    login: &Login<'_>,
    (provider, grant): (&Provider, GrantKind),
    secret: Option<&ClientSecret>,
    asked: &ScopeSet,
    context: &Context,
) {
    let recorder = context.session.recorder();
    let client = provider.client_id.as_ref();
    recorder.purpose(&Purpose {
        grant: Some(rfc_name(grant)),
        client_id: client.or(Some(login.client_id())),
        client_secret: secret,
        redirect_uri: Some(login.redirect_uri().as_str()),
        scope: Some(asked),
        pkce: login.uses_pkce(),
        ..Purpose::new(provider)
    });
    let (what, because) = match login.listen() {
        Listen::Here { tls: Some(_) } => {
            ("the redirect is received here, over TLS", "its address is https on this machine")
        }
        Listen::Here { tls: None } => ("the redirect is received here", "its address is on this machine"),
        Listen::Tunnel(_) => ("the redirect is received through a tunnel", "`--listen` names its end"),
        Listen::Paste => ("the redirect is pasted", "its address does not lead to this machine"),
    };
    recorder.decision(what, because);
}

/// Notes what a login without a redirect goes by.
pub fn client(client: &Client, grant: GrantKind, asked: &ScopeSet, context: &Context) {
    context.session.recorder().purpose(&Purpose {
        grant: Some(rfc_name(grant)),
        client_id: Some(&client.client_id),
        client_secret: client.client_secret.as_ref(),
        scope: Some(asked),
        ..Purpose::new(&client.provider)
    });
}

/// Notes what happens during the wait for the redirect.
pub fn waiting(waiting: &Waiting<'_>, recorder: &Recorder) {
    match waiting {
        Waiting::Came { came, why } => recorder.arrived(came, *why),
        Waiting::PushedAgain(url) => recorder.browser(url, Opener::Printed),
        Waiting::Tls => recorder.decision("the wait goes on", "a browser spoke https to the port, which speaks http"),
        Waiting::PlainHttp => {
            recorder.decision("the wait goes on", "a browser spoke http to the port, which speaks https");
        }
        Waiting::Foreign { .. } => {
            recorder.decision("the launch address is not given away", "a program of another user asked for it");
        }
        Waiting::Unidentified => {
            recorder
                .decision("the launch address is not given away", "a program that cannot be identified asked for it");
        }
        Waiting::Second => {
            recorder.decision("the launch address is not given away", "a second program asked for it");
        }
        Waiting::Left(_)
        | Waiting::Stray(_)
        | Waiting::Unusable(_)
        | Waiting::Page
        | Waiting::UnknownIssuer(_)
        | Waiting::Confirm(_)
        | Waiting::NotPushed(_) => {}
    }
}

/// Returns the grant as token requests name it (RFC 6749 §4; RFC 8628 §3.4).
pub fn rfc_name(grant: GrantKind) -> &'static str {
    match grant {
        GrantKind::AuthorizationCode => "authorization_code",
        GrantKind::Implicit => "implicit",
        GrantKind::DeviceCode => "device_code",
        GrantKind::ClientCredentials => "client_credentials",
    }
}
