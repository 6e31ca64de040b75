//! A redirect to another origin that is not followed.

/// The reason why a redirect is not followed. Its text is to be placed after the address and a comma.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotFollowed {
    #[error("and a {method} is not sent to another server")]
    Method { method: String },
    #[error("which is not an https address")]
    Scheme,
    #[error("which is not an address")]
    Unreadable,
    #[error("with a user name in the address")]
    UserName,
    #[error("with the token in the address")]
    Token,
}

impl NotFollowed {
    pub fn hint(&self) -> String {
        match self {
            Self::Method { .. } => {
                "the API has received the request; `--no-follow` prints the address, and if the request \
                 and the token may go there, call it itself with `--allow-origin`"
                    .to_owned()
            }
            Self::Scheme | Self::Unreadable | Self::UserName | Self::Token => {
                "`--no-follow` prints the address, to be fetched with another program if you trust it".to_owned()
            }
        }
    }
}
