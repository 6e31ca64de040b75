//! The token request and its reply (RFC 6749 §4.1.3, §4.4.2, §5.1, §6; RFC 8693), with the RFCs' names.

use std::time::Duration;

use serde_json::{Map, Value};

use super::client::ClientId;
use super::member::{Members, WrongKind};
use super::params::{Params, Repeated};
use super::pkce::CodeVerifier;
use super::scope::ScopeSet;
use super::secret::{AccessToken, AuthorizationCode, ClientSecret, DeviceCode, IdToken, RefreshToken, is_vschar};
use super::token_type::{ProofType, TokenType};

/// The credential that the client exchanges for a token.
#[derive(Clone, Debug)]
pub enum Grant {
    /// RFC 6749 §4.1.3, with the verifier of RFC 7636 §4.5.
    AuthorizationCode { code: AuthorizationCode, redirect_uri: String, code_verifier: Option<CodeVerifier> },
    /// RFC 6749 §6.
    RefreshToken(RefreshToken),
    /// RFC 6749 §6, for an access token with fewer scopes. The refresh token keeps all of its own.
    NarrowerToken { refresh_token: RefreshToken, scope: ScopeSet },
    /// RFC 6749 §4.4.2.
    ClientCredentials { scope: ScopeSet },
    /// RFC 8628 §3.4.
    DeviceCode(DeviceCode),
    /// RFC 8693 §2.1: an access token for another one.
    TokenExchange(AccessToken),
}

/// The grant type of RFC 8693 §2.1.
pub const TOKEN_EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";

/// The type of a presented access token (RFC 8693 §3).
const ACCESS_TOKEN_TYPE: &str = "urn:ietf:params:oauth:token-type:access_token";

/// The grant type of RFC 8628 §3.4.
pub const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";

impl Grant {
    pub fn grant_type(&self) -> &'static str {
        match self {
            Self::AuthorizationCode { .. } => "authorization_code",
            Self::RefreshToken(_) | Self::NarrowerToken { .. } => "refresh_token",
            Self::ClientCredentials { .. } => "client_credentials",
            Self::DeviceCode(_) => DEVICE_CODE,
            Self::TokenExchange(_) => TOKEN_EXCHANGE,
        }
    }
}

/// One request to the token endpoint. The dialect decides where the client's credentials go.
#[derive(Clone, Debug)]
pub struct TokenRequest {
    pub client_id: ClientId,
    pub client_secret: Option<ClientSecret>,
    pub grant: Grant,
    /// Providers that document it expect it at the token endpoint too.
    pub state: Option<String>,
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotATokenRequest {
    #[error(transparent)]
    Repeated(#[from] Repeated),
    #[error("`{0}` is missing")]
    Missing(&'static str),
    #[error("the grant type `{0}` is not known")]
    UnsupportedGrantType(String),
    #[error("the code verifier is not 43 to 128 unreserved characters")]
    BadVerifier,
}

impl TokenRequest {
    /// Returns the body's parameters except for the client's credentials. `separator` joins scopes.
    pub fn to_params(&self, separator: &str) -> Params {
        let mut params = Params::new().with("grant_type", self.grant.grant_type());
        match &self.grant {
            Grant::AuthorizationCode { code, redirect_uri, code_verifier } => {
                params.push("code", code.expose());
                params.push("redirect_uri", redirect_uri);
                if let Some(verifier) = code_verifier {
                    params.push("code_verifier", verifier.expose());
                }
            }
            Grant::RefreshToken(token) => params.push("refresh_token", token.expose()),
            Grant::NarrowerToken { refresh_token, scope } => {
                params.push("refresh_token", refresh_token.expose());
                params.push("scope", scope.join(separator));
            }
            Grant::ClientCredentials { scope } if !scope.is_empty() => params.push("scope", scope.join(separator)),
            Grant::ClientCredentials { .. } => {}
            Grant::DeviceCode(code) => params.push("device_code", code.expose()),
            Grant::TokenExchange(token) => {
                params.push("subject_token", token.expose());
                params.push("subject_token_type", ACCESS_TOKEN_TYPE);
            }
        }
        params
    }

    /// Reads a request with the RFCs' names. The credentials are in `params` as `client_id` and `client_secret`.
    pub fn parse(params: &Params) -> Result<Self, NotATokenRequest> {
        let required = |name: &'static str| {
            params.single(name)?.filter(|value| !value.is_empty()).ok_or(NotATokenRequest::Missing(name))
        };
        let grant = match required("grant_type")? {
            "authorization_code" => Grant::AuthorizationCode {
                code: AuthorizationCode::new(required("code")?),
                redirect_uri: params.single("redirect_uri")?.unwrap_or_default().to_owned(),
                code_verifier: match params.single("code_verifier")? {
                    Some(text) => Some(CodeVerifier::parse(text).ok_or(NotATokenRequest::BadVerifier)?),
                    None => None,
                },
            },
            "refresh_token" => {
                let refresh_token = RefreshToken::new(required("refresh_token")?);
                let scope = ScopeSet::parse(params.single("scope")?.unwrap_or_default());
                match scope.is_empty() {
                    true => Grant::RefreshToken(refresh_token),
                    false => Grant::NarrowerToken { refresh_token, scope },
                }
            }
            "client_credentials" => {
                Grant::ClientCredentials { scope: ScopeSet::parse(params.single("scope")?.unwrap_or_default()) }
            }
            DEVICE_CODE => Grant::DeviceCode(DeviceCode::new(required("device_code")?)),
            TOKEN_EXCHANGE => Grant::TokenExchange(AccessToken::new(required("subject_token")?)),
            other => return Err(NotATokenRequest::UnsupportedGrantType(other.to_owned())),
        };
        Ok(Self {
            client_id: ClientId::new(required("client_id")?),
            client_secret: params.single("client_secret")?.map(ClientSecret::new),
            grant,
            state: params.single("state")?.map(str::to_owned),
        })
    }
}

/// A successful reply (RFC 6749 §5.1), read as leniently as real servers need and no more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenResponse {
    pub access_token: AccessToken,
    /// `Bearer` as it was spelled; case-insensitive. `None` for anything else: see [`TokenType`].
    pub token_type: Option<String>,
    pub expires_in: Option<Duration>,
    pub refresh_token: Option<RefreshToken>,
    /// The lifetime of the refresh token, which no RFC names and many servers do.
    pub refresh_expires_in: Option<Duration>,
    /// `None` if the reply does not say. Then it is the requested scope (RFC 6749 §5.1).
    pub scope: Option<ScopeSet>,
    /// OpenID Connect Core §3.1.3.3. Nothing is verified yet.
    pub id_token: Option<IdToken>,
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotATokenResponse {
    #[error("the reply has no access token")]
    NoAccessToken,
    #[error(transparent)]
    Malformed(#[from] WrongKind),
    #[error("the {0} in the reply contains characters that are not allowed in a token, such as a line break")]
    BadCharacters(&'static str),
    #[error("the token is of type {0}")]
    NeedsProof(ProofType),
}

impl NotATokenResponse {
    /// Removes secrets that the server repeated.
    pub fn without(self, secrets: &[&str]) -> Self {
        match self {
            Self::NeedsProof(kind) => Self::NeedsProof(kind.without(secrets)),
            other => other,
        }
    }
}

impl TokenResponse {
    /// Reads an object with the RFC's names. Scopes may be a list. Lifetimes, which servers write in many ways, are left
    /// to the caller (`lifetime.rs`).
    ///
    /// A token is useful whatever the other members say, and refusing the reply would lose a rotated refresh token. So
    /// a member beside the access token that is of the wrong kind is left out and returned with the rest. The caller
    /// decides what to do about it.
    pub fn read(reply: &Value) -> Result<(Self, Option<WrongKind>), NotATokenResponse> {
        let members = Members(reply);
        let mut wrong = None;
        let access_token = usable(members.text("access_token")?, "access token")?;
        let access_token = access_token.ok_or(NotATokenResponse::NoAccessToken)?;
        let token_type = match TokenType::judge(reply.get("token_type")) {
            TokenType::Proof(kind) => return Err(NotATokenResponse::NeedsProof(kind)),
            TokenType::Bearer => members.text("token_type")?.map(str::to_owned),
            // The caller reports an odd one.
            TokenType::Odd(_) | TokenType::Absent => None,
        };
        let refresh_token = usable(right(members.text("refresh_token"), &mut wrong), "refresh token")?;
        let response = Self {
            access_token: AccessToken::new(access_token),
            token_type,
            expires_in: None,
            refresh_token: refresh_token.map(RefreshToken::new),
            refresh_expires_in: None,
            scope: right(members.scopes("scope"), &mut wrong),
            id_token: right(members.text("id_token"), &mut wrong).filter(|text| !text.is_empty()).map(IdToken::new),
        };
        Ok((response, wrong))
    }

    /// Returns the scopes of the token: those that the reply names, or else the ones that were asked for (RFC 6749 §5.1).
    pub fn granted_of(&self, asked: &ScopeSet) -> ScopeSet {
        self.scope.as_ref().unwrap_or(asked).clone()
    }

    /// Writes the reply as the RFC sends it; `separator` joins scopes.
    pub fn to_json(&self, separator: &str) -> Map<String, Value> {
        let mut object = Map::new();
        object.insert("access_token".into(), self.access_token.expose().into());
        object.insert("token_type".into(), self.token_type.as_deref().unwrap_or("Bearer").into());
        if let Some(lifetime) = self.expires_in {
            object.insert("expires_in".into(), lifetime.as_secs().into());
        }
        if let Some(token) = &self.refresh_token {
            object.insert("refresh_token".into(), token.expose().into());
        }
        if let Some(lifetime) = self.refresh_expires_in {
            object.insert("refresh_token_expires_in".into(), lifetime.as_secs().into());
        }
        if let Some(token) = &self.id_token {
            object.insert("id_token".into(), token.expose().into());
        }
        if let Some(scope) = &self.scope {
            object.insert("scope".into(), scope.join(separator).into());
        }
        object
    }
}

/// Returns a token's text. An empty one counts as missing.
fn usable<'t>(text: Option<&'t str>, name: &'static str) -> Result<Option<&'t str>, NotATokenResponse> {
    match text.filter(|text| !text.is_empty()) {
        Some(text) if !is_vschar(text) => Err(NotATokenResponse::BadCharacters(name)),
        text => Ok(text),
    }
}

/// Returns a member if it is of the right kind, and keeps the first error.
fn right<T>(member: Result<Option<T>, WrongKind>, wrong: &mut Option<WrongKind>) -> Option<T> {
    member.unwrap_or_else(|error| {
        wrong.get_or_insert(error);
        None
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn replies_are_read_as_servers_write_them() {
        let read = |reply| match TokenResponse::read(&reply).unwrap() {
            (response, None) => response,
            (_, Some(wrong)) => panic!("{wrong}"),
        };
        assert_eq!(read(json!({"access_token": "t"})).token_type, None);
        let scopes = |scope| read(json!({"access_token": "t", "scope": scope})).scope.map(|s| s.to_string());
        assert_eq!(scopes(json!(["a", "b"])), Some("a b".into()));
        assert_eq!(scopes(json!("a,b c")), Some("a b c".into()));
        let split = read(json!({"access_token": "t", "scope": ["a b", "c"]})).scope.unwrap();
        assert!(split.contains("a") && split.contains("b"));
        assert_eq!(scopes(json!("")), Some(String::new()));
        assert_eq!(read(json!({"access_token": "t", "refresh_token": ""})).refresh_token, None);
    }

    #[test]
    fn an_unusable_token_is_refused() {
        let error = |reply| TokenResponse::read(&reply).unwrap_err();
        assert_eq!(error(json!({})), NotATokenResponse::NoAccessToken);
        assert_eq!(error(json!({"access_token": null})), NotATokenResponse::NoAccessToken);
        assert_eq!(error(json!({"access_token": ""})), NotATokenResponse::NoAccessToken);
        assert_eq!(error(json!({"access_token": "a\nb"})), NotATokenResponse::BadCharacters("access token"));
        let bound = error(json!({"access_token": "t", "token_type": "DPoP"})).to_string();
        assert!(bound.starts_with("the token is of type `DPoP`, which needs a DPoP proof"), "{bound}");
        for usable in [json!("BEARER"), json!("bot"), json!(1), json!(["x"]), json!(null)] {
            assert!(TokenResponse::read(&json!({"access_token": "t", "token_type": usable})).is_ok(), "{usable}");
        }
    }

    #[test]
    fn a_member_of_the_wrong_kind_is_not_taken_as_missing() {
        for wrong in [json!(["t"]), json!({"t": 1}), json!(7), json!(true)] {
            let Err(NotATokenResponse::Malformed(told)) = TokenResponse::read(&json!({"access_token": wrong})) else {
                panic!("{wrong} was read");
            };
            assert_eq!(told.member, "access_token");
        }
        let told = |member: &str, value: Value| {
            let mut reply = json!({"access_token": "t", "refresh_token": "r", "scope": "a"});
            reply[member] = value;
            let (response, wrong) = TokenResponse::read(&reply).unwrap();
            assert_eq!(response.access_token.expose(), "t");
            wrong.map(|wrong| wrong.member)
        };
        for (member, value) in [
            ("refresh_token", json!(["r"])),
            ("refresh_token", json!(7)),
            ("refresh_token", json!(false)),
            ("scope", json!({"a": 1})),
            ("scope", json!(7)),
        ] {
            assert_eq!(told(member, value.clone()).as_deref(), Some(member), "{value}");
        }
        assert_eq!(told("scope", json!(["a", 7])).as_deref(), Some("scope.1"));
        for (habit, value) in [
            ("token_type", json!(["Bearer"])),
            ("token_type", json!(null)),
            ("refresh_token", json!(null)),
            ("refresh_token", json!("")),
            ("scope", json!(null)),
            ("scope", json!(["a", "b"])),
        ] {
            assert_eq!(told(habit, value.clone()), None, "{habit}: {value}");
        }
    }

    #[test]
    fn a_request_is_read_as_it_was_built() {
        let verifier = CodeVerifier::from_random([3; 32]);
        let request = TokenRequest {
            client_id: ClientId::new("id"),
            client_secret: None,
            grant: Grant::AuthorizationCode {
                code: AuthorizationCode::new("c"),
                redirect_uri: "http://127.0.0.1:1/cb".into(),
                code_verifier: Some(verifier.clone()),
            },
            state: None,
        };
        let params = request.to_params(" ").with("client_id", "id");
        assert_eq!(
            params.to_form(),
            format!(
                "grant_type=authorization_code&code=c&redirect_uri=http%3A%2F%2F127.0.0.1%3A1%2Fcb&code_verifier={}&client_id=id",
                verifier.expose()
            )
        );
        let read = TokenRequest::parse(&params).unwrap();
        assert_eq!(read.to_params(" ").with("client_id", "id"), params);
        assert_eq!(
            TokenRequest::parse(&Params::new().with("grant_type", "password")).unwrap_err(),
            NotATokenRequest::UnsupportedGrantType("password".into())
        );
    }
}
