//! The arguments of `inspect`.

use clap::Args;

use crate::store::Profile;

#[derive(Args)]
pub struct InspectArgs {
    /// The login whose token to inspect, or `-` for a token on stdin [default: the current login]
    #[arg(value_name = "PROFILE", value_parser = parse_place)]
    place: Option<Place>,

    /// Inspect the token in this environment variable
    #[arg(long, value_name = "NAME", conflicts_with_all = ["place", "id"])]
    pub token_in_env: Option<String>,

    /// Inspect the login's ID token, which says who logged in (OpenID Connect)
    #[arg(long)]
    pub id: bool,

    /// Inspect a further token of the login, which came in the same reply: the name that its definition gives it
    #[arg(long, value_name = "NAME", conflicts_with_all = ["id", "token_in_env"])]
    pub which: Option<String>,

    /// Verify the signature with the published keys of the login's issuer
    #[arg(long, help_heading = "Ask a server")]
    verify: bool,

    /// Verify it with the keys of this issuer instead
    #[arg(long, value_name = "URL", help_heading = "Ask a server")]
    pub issuer: Option<String>,

    /// Ask the login's authorization server about the token (RFC 7662)
    #[arg(long, help_heading = "Ask a server")]
    pub introspect: bool,

    /// Ask it who the account is (OpenID Connect)
    #[arg(long, help_heading = "Ask a server", conflicts_with = "id")]
    pub userinfo: bool,

    /// Send the API one request that changes nothing
    #[arg(long, help_heading = "Ask a server", conflicts_with = "id")]
    pub api: bool,
}

/// Where the token is.
#[derive(Clone, Debug)]
pub enum Place {
    Stdin,
    Login(Profile),
}

fn parse_place(text: &str) -> Result<Place, String> {
    match text {
        "-" => Ok(Place::Stdin),
        name => {
            name.parse().map(Place::Login).map_err(|problem: crate::store::profile::NotAProfile| problem.to_string())
        }
    }
}

impl InspectArgs {
    /// Returns the login that stands beside the command.
    pub fn login(&self) -> Option<&Profile> {
        match &self.place {
            Some(Place::Login(profile)) => Some(profile),
            Some(Place::Stdin) | None => None,
        }
    }

    pub fn is_stdin(&self) -> bool {
        matches!(self.place, Some(Place::Stdin))
    }

    /// Returns the flag that asks a server about the token itself, if there is one.
    pub fn sends_token(&self) -> Option<&'static str> {
        let flags = [(self.introspect, "--introspect"), (self.userinfo, "--userinfo"), (self.api, "--api")];
        flags.into_iter().find(|(asked, _)| *asked).map(|(_, flag)| flag)
    }

    pub fn verifies(&self) -> bool {
        self.verify || self.issuer.is_some()
    }
}
