//! What the command line says of a login by address.

use clap::Args;

use crate::store::AppName;

/// The flags of a login by address.
#[derive(Args)]
pub struct AddressArgs {
    /// The authorization server, if the resource at the address has several or names none
    #[arg(long, value_name = "URL")]
    pub issuer: Option<String>,

    /// The resource that the token is for, if the address is an issuer's (RFC 8707)
    #[arg(long, value_name = "URL")]
    pub resource: Option<String>,

    /// The client to log in with: its id, or the https address of its metadata document
    #[arg(long, value_name = "ID")]
    pub client_id: Option<String>,

    /// Log in at an issuer that does not check PKCE
    #[arg(long)]
    pub allow_no_pkce: bool,

    /// Ask nothing before a client is registered and the browser opens
    #[arg(long, short = 'y')]
    pub yes: bool,
}

impl AddressArgs {
    /// Returns a flag that was given and means something for an address only.
    pub fn given(&self) -> Option<&'static str> {
        let given = [
            ("--issuer", self.issuer.is_some()),
            ("--resource", self.resource.is_some()),
            ("--client-id", self.client_id.is_some()),
            ("--allow-no-pkce", self.allow_no_pkce),
        ];
        given.into_iter().find(|(_, is_given)| *is_given).map(|(flag, _)| flag)
    }
}

/// What is wanted of a login by address.
#[derive(Clone, Copy)]
pub struct Wanted<'a> {
    /// The provider on the command line, which may be an address.
    pub provider: Option<&'a str>,
    pub address: &'a AddressArgs,
    pub app: Option<&'a AppName>,
    /// The scopes that were typed.
    pub scopes: &'a [String],
    /// False if no consent is needed, as nothing will be sent.
    pub asks: bool,
}
