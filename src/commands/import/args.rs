//! The arguments of `import`.

use std::path::PathBuf;

use clap::Args;

use crate::commands::export::PassphraseArgs;
use crate::commands::login::parse_param;
use crate::protocol::foreign_login::ForeignForm;
use crate::store::AppName;

#[derive(Args)]
pub struct ImportArgs {
    /// The exported login, or a file of another program; - is stdin, as no file is
    #[arg(value_name = "FILE", required_if_eq("passphrase_stdin", "true"))]
    pub file: Option<PathBuf>,

    /// Replace a login of the same name
    #[arg(long)]
    pub replace: bool,

    #[command(flatten)]
    pub passphrase: PassphraseArgs,

    #[command(flatten, next_help_heading = "From another program")]
    pub foreign: ForeignArgs,
}

/// What a file of another program does not say.
#[derive(Args)]
pub struct ForeignArgs {
    /// The form of the file [default: known by its content]
    #[arg(long, value_name = "FORM")]
    pub from: Option<ForeignForm>,

    /// The provider that its token is of
    #[arg(long, value_name = "ID")]
    pub provider: Option<String>,

    /// The app whose client it was issued to, if several are registered
    #[arg(long, value_name = "NAME")]
    pub app: Option<AppName>,

    /// A parameter of the provider's URLs, such as `store=myshop`
    #[arg(long = "param", value_name = "NAME=VALUE", value_parser = parse_param)]
    pub params: Vec<(String, String)>,

    /// The variable with the access token, if a dotenv file has several
    #[arg(long, value_name = "NAME")]
    pub env: Option<String>,
}

impl ForeignArgs {
    /// Returns a flag that means nothing for an exported login.
    pub fn given(&self) -> Option<&'static str> {
        let given = [
            ("--provider", self.provider.is_some()),
            ("--app", self.app.is_some()),
            ("--param", !self.params.is_empty()),
            ("--env", self.env.is_some()),
        ];
        given.into_iter().find(|(_, is_given)| *is_given).map(|(flag, _)| flag)
    }
}
