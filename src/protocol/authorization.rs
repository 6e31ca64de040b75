//! The authorization request and the response at the redirect URI (RFC 6749 §4.1.1, §4.1.2, §4.2).

use super::client::ClientId;
use super::error_response::ErrorResponse;
use super::grant::GrantKind;
use super::params::{Params, Repeated};
use super::pkce::CodeChallenge;
use super::redirect_uri::RedirectUri;
use super::scope::ScopeSet;
use super::secret::AuthorizationCode;

/// The `response_type`: the grant that the browser starts (RFC 6749 §3.1.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResponseType {
    /// The authorization code grant, §4.1.
    Code,
    /// The implicit grant, §4.2.
    Token,
}

impl ResponseType {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::Token => "token",
        }
    }

    /// Returns the type with this name.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Code, Self::Token].into_iter().find(|known| known.as_str() == name)
    }

    /// Returns the response type that starts this grant in the browser, or `None` if the grant does not begin there.
    pub fn of(grant: GrantKind) -> Option<Self> {
        match grant {
            GrantKind::AuthorizationCode => Some(Self::Code),
            GrantKind::Implicit => Some(Self::Token),
            GrantKind::DeviceCode | GrantKind::ClientCredentials => None,
        }
    }

    /// Returns the grant that this response type starts.
    pub fn grant(self) -> GrantKind {
        match self {
            Self::Code => GrantKind::AuthorizationCode,
            Self::Token => GrantKind::Implicit,
        }
    }
}

/// The parameters that the browser carries to the authorization endpoint. The dialect joins the scopes, because the
/// separator differs.
#[derive(Clone, Debug)]
pub struct AuthorizationRequest {
    pub response_type: ResponseType,
    pub client_id: ClientId,
    pub redirect_uri: RedirectUri,
    pub scope: ScopeSet,
    pub state: String,
    pub code_challenge: Option<CodeChallenge>,
    /// OpenID Connect Core §3.1.2.1.
    pub nonce: Option<String>,
}

/// The response at the redirect URI, once the state is proven.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuthorizationResponse {
    /// RFC 6749 §4.1.2.
    Code(AuthorizationCode),
    /// RFC 6749 §4.2.2: the token itself, in the fragment. The parameters are read as a token reply.
    Token(Params),
    /// RFC 6749 §4.1.2.1.
    Error(ErrorResponse),
}

/// The reason why parameters with the right state are still not a valid response.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAResponse {
    #[error(transparent)]
    Repeated(#[from] Repeated),
    #[error("there is neither a code nor an error")]
    Empty,
    #[error("there are both a code and an error, and RFC 6749 §4.1.2 allows one of them")]
    Contradiction,
    #[error("the code contains characters that are not allowed in a code")]
    BadCode,
}

impl AuthorizationResponse {
    /// Reads the parameters, under the RFCs' names. `error` is checked before the code. One without a value is as good
    /// as omitted (RFC 6749 §3.1).
    pub fn parse(params: &Params, expected: ResponseType) -> Result<Self, NotAResponse> {
        let error = params.single("error")?.filter(|text| !text.is_empty());
        let answer = match expected {
            ResponseType::Code => params.single("code")?,
            ResponseType::Token => params.single("access_token")?,
        };
        let answer = answer.filter(|text| !text.is_empty());
        match (error, answer) {
            (Some(_), Some(_)) => Err(NotAResponse::Contradiction),
            (Some(error), None) => Ok(Self::Error(ErrorResponse {
                description: params.single("error_description")?.map(str::to_owned),
                uri: params.single("error_uri")?.map(str::to_owned),
                ..ErrorResponse::new(error)
            })),
            (None, Some(code)) if !super::secret::is_vschar(code) => Err(NotAResponse::BadCode),
            (None, Some(code)) => Ok(match expected {
                ResponseType::Code => Self::Code(AuthorizationCode::new(code)),
                ResponseType::Token => Self::Token(params.clone()),
            }),
            (None, None) => Err(NotAResponse::Empty),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_or_an_error_but_not_both() {
        let parse = |query| AuthorizationResponse::parse(&Params::from_urlencoded(query), ResponseType::Code);
        assert_eq!(parse("code=abc&extra=1"), Ok(AuthorizationResponse::Code(AuthorizationCode::new("abc"))));
        assert!(
            matches!(parse("error=access_denied"), Ok(AuthorizationResponse::Error(e)) if e.code == "access_denied")
        );
        assert_eq!(parse("code=abc&error=x"), Err(NotAResponse::Contradiction));
        assert_eq!(parse("code=abc&error="), parse("code=abc"));
        for empty in ["", "code=", "error=", "code=&error="] {
            assert_eq!(parse(empty), Err(NotAResponse::Empty), "{empty}");
        }
        assert_eq!(parse("code=a&code=b"), Err(NotAResponse::Repeated(Repeated("code".into()))));
        assert_eq!(parse("code=a%0Ab"), Err(NotAResponse::BadCode));
    }
}
