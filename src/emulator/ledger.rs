//! The emulator's memory: open consent pages, codes, tokens. It is made up, held in memory, and gone with the process.
//!
//! Each kind has room for a few thousand. If it is full, the oldest entry is dropped and becomes unknown.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::bounded_map::BoundedMap;
use super::consent::{ConsentRequest, Grantee};
use crate::protocol::error_response::ErrorResponse;
use crate::protocol::pkce::CodeChallenge;
use crate::protocol::scope::ScopeSet;
use crate::protocol::secret::{AccessToken, AuthorizationCode, RefreshToken};
use crate::protocol::time::Timestamp;

/// RFC 6749 §4.1.2 recommends ten minutes at most. One minute exposes slow clients sooner.
const CODE_LIFETIME: Duration = Duration::from_secs(60);

/// The time in which a consent page can be answered, and for which a used code is remembered as used.
const MEMORY: Duration = Duration::from_secs(600);

/// The number of families that are counted, and of revoked ones that are remembered.
const FAMILIES: usize = 50_000;

/// The number of families whose client is remembered. Ids and resources take a kilobyte at most.
const GRANTEES: usize = 8_000;

/// All tokens from one consent. They are revoked together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Family(u64);

/// The client itself, whose tokens are counted together: each one after the first is the renewal of another. No consent
/// has this number.
pub const CLIENT_ALONE: Family = Family(0);

/// The grant behind a code (RFC 6749 §4.1.2: it is bound to the client, which its family knows, and the redirect URI).
#[derive(Clone, Debug)]
pub struct IssuedCode {
    pub scope: ScopeSet,
    /// As in the authorization request. `None` if the provider's clients leave it out.
    pub redirect_uri: Option<String>,
    pub challenge: Option<CodeChallenge>,
    pub family: Family,
    pub issued_at: Timestamp,
}

#[derive(Clone, Debug)]
pub struct IssuedToken {
    pub scope: ScopeSet,
    pub family: Family,
    pub expires_at: Option<Timestamp>,
    /// True for the one of the login, false for those of its refreshes.
    pub is_first: bool,
}

/// The reason why a grant cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadGrant {
    /// With the `hint` of the `invalid_grant`.
    Invalid(&'static str),
    /// RFC 8707 §2.2: a token request may narrow what was asked for, and not widen it.
    OtherResource,
}

impl BadGrant {
    pub fn error(self) -> ErrorResponse {
        let (code, description, hint) = match self {
            Self::Invalid(hint) => {
                let description = "The authorization grant or refresh token is invalid, expired or revoked";
                ("invalid_grant", description, Some(hint.to_owned()))
            }
            Self::OtherResource => ("invalid_target", "this grant is for another resource", None),
        };
        ErrorResponse { description: Some(description.to_owned()), hint, ..ErrorResponse::new(code) }
    }
}

#[derive(Default)]
pub struct Ledger(Mutex<LedgerState>);

#[derive(Default)]
struct LedgerState {
    consents: BoundedMap<(ConsentRequest, Timestamp)>,
    codes: BoundedMap<(IssuedCode, Use)>,
    access_tokens: BoundedMap<IssuedToken>,
    refresh_tokens: BoundedMap<(ScopeSet, Family, Use)>,
    revoked: BTreeSet<Family>,
    /// The number of access tokens issued to each family.
    counts: BTreeMap<Family, usize>,
    grantees: BTreeMap<Family, Grantee>,
    families: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Use {
    Fresh,
    Used,
}

impl Ledger {
    pub fn open_consent(&self, transaction: String, asked: ConsentRequest, now: Timestamp) {
        let mut books = self.books();
        books.consents.retain(|(_, since)| since.until(now) < MEMORY);
        let (scope, size) = (asked.scope.clone(), asked.back.size() + asked.nonce.as_ref().map_or(0, String::len));
        books.consents.put(transaction, (asked, now), &scope, size);
    }

    /// Takes an open consent page, which can be answered only once.
    pub fn close_consent(&self, transaction: &str, now: Timestamp) -> Option<ConsentRequest> {
        let (asked, since) = self.books().consents.remove(transaction)?;
        (since.until(now) < MEMORY).then_some(asked)
    }

    pub fn new_family(&self, grantee: Grantee) -> Family {
        let mut books = self.books();
        books.families += 1;
        let family = Family(books.families);
        books.grantees.insert(family, grantee);
        if books.grantees.len() > GRANTEES {
            books.grantees.pop_first();
        }
        family
    }

    /// Checks that a token request asks for no more than was granted. What is forgotten was granted.
    pub fn check(&self, family: Family, asking: &Grantee) -> Result<(), BadGrant> {
        check(&self.books().grantees, family, asking, "The grant was issued to another client")
    }

    /// Returns whom the tokens of a family are for, unless it is forgotten.
    pub fn grantee(&self, family: Family) -> Option<Grantee> {
        self.books().grantees.get(&family).cloned()
    }

    pub fn put_code(&self, code: &AuthorizationCode, issued: IssuedCode) {
        let mut books = self.books();
        let now = issued.issued_at;
        books.codes.retain(|(code, _)| code.issued_at.until(now) < MEMORY);
        let (scope, size) = (issued.scope.clone(), issued.redirect_uri.as_ref().map_or(0, String::len));
        books.codes.put(code.expose().to_owned(), (issued, Use::Fresh), &scope, size);
    }

    /// Redeems a code, once. `bound` verifies what it is bound to. A request that fails there leaves the code valid, so
    /// that a guess at the verifier does not spoil the login that the code was stolen from.
    pub fn redeem(
        &self,
        code: &AuthorizationCode,
        now: Timestamp,
        asking: &Grantee,
        bound: impl FnOnce(&IssuedCode) -> Result<(), BadGrant>,
    ) -> Result<IssuedCode, BadGrant> {
        let mut books = self.books();
        let LedgerState { codes, revoked, grantees, .. } = &mut *books;
        let Some((issued, used)) = codes.get_mut(code.expose()) else {
            return Err(BadGrant::Invalid("Authorization code is unknown"));
        };
        if *used == Use::Used {
            // RFC 6749 §4.1.2: one of its two users is a thief, and there is no way to tell which.
            revoke_all(revoked, issued.family);
            return Err(BadGrant::Invalid("Authorization code has already been used; its tokens are now revoked"));
        }
        if issued.issued_at.until(now) >= CODE_LIFETIME {
            return Err(BadGrant::Invalid("Authorization code has expired"));
        }
        check(grantees, issued.family, asking, "Authorization code was issued to another client")?;
        bound(issued)?;
        *used = Use::Used;
        Ok(issued.clone())
    }

    pub fn put_access_token(&self, token: &AccessToken, issued: IssuedToken) {
        // A JWT is longer than the entry that it is the name of.
        let (scope, size) = (issued.scope.clone(), 2 * token.expose().len().saturating_sub(64));
        self.books().access_tokens.put(token.expose().to_owned(), issued, &scope, size);
    }

    pub fn put_refresh_token(&self, token: &RefreshToken, scope: ScopeSet, family: Family) {
        let thing = (scope.clone(), family, Use::Fresh);
        self.books().refresh_tokens.put(token.expose().to_owned(), thing, &scope, 0);
    }

    /// Redeems a refresh token; the caller issues the next one. A second use revokes the family (RFC 9700 §4.14.2).
    pub fn rotate(&self, token: &RefreshToken, asking: &Grantee) -> Result<(ScopeSet, Family), BadGrant> {
        let mut books = self.books();
        let LedgerState { refresh_tokens, revoked, grantees, .. } = &mut *books;
        let Some((scope, family, used)) = refresh_tokens.get_mut(token.expose()) else {
            return Err(BadGrant::Invalid("Refresh token is unknown"));
        };
        if revoked.contains(family) {
            return Err(BadGrant::Invalid("Refresh token has been revoked"));
        }
        check(grantees, *family, asking, "Refresh token was issued to another client")?;
        if *used == Use::Used {
            revoke_all(revoked, *family);
            return Err(BadGrant::Invalid("Refresh token has already been used; its tokens are now revoked"));
        }
        *used = Use::Used;
        Ok((scope.clone(), *family))
    }

    /// Returns the scopes that a refresh token does not have. An unknown one is refused when it is redeemed.
    pub fn scopes_beyond(&self, token: &RefreshToken, scope: &ScopeSet) -> ScopeSet {
        let mut books = self.books();
        let known = books.refresh_tokens.get_mut(token.expose());
        known.map(|(granted, ..)| scope.difference(granted)).unwrap_or_default()
    }

    /// Redeems an access token at a provider that refreshes with it. The old one becomes invalid.
    pub fn renew(&self, token: &str, asking: &Grantee) -> Result<(ScopeSet, Family), BadGrant> {
        let mut books = self.books();
        let Some(issued) = books.access_tokens.get(token).cloned() else {
            return Err(BadGrant::Invalid("Access token is unknown"));
        };
        if books.revoked.contains(&issued.family) {
            return Err(BadGrant::Invalid("Access token has been revoked"));
        }
        check(&books.grantees, issued.family, asking, "Access token was issued to another client")?;
        books.access_tokens.remove(token);
        Ok((issued.scope, issued.family))
    }

    /// Returns the number of access tokens that the family had so far, and counts this one.
    pub fn count_token(&self, family: Family) -> usize {
        let mut books = self.books();
        let count = books.counts.entry(family).or_default();
        *count += 1;
        let before = *count - 1;
        if books.counts.len() > FAMILIES {
            books.counts.pop_first();
        }
        before
    }

    /// Revokes a token (RFC 7009 §2.1): a refresh token with all tokens of its consent, an access token alone. An
    /// unknown token counts as revoked.
    pub fn revoke(&self, token: &str) {
        let mut books = self.books();
        if let Some((_, family, _)) = books.refresh_tokens.get(token) {
            let family = *family;
            revoke_all(&mut books.revoked, family);
        }
        books.access_tokens.remove(token);
    }

    /// Returns the token, or the reason why it is invalid (RFC 6750 §3.1).
    pub fn access_token(&self, token: &str, now: Timestamp) -> Result<IssuedToken, &'static str> {
        let books = self.books();
        let issued = books.access_tokens.get(token).ok_or("the access token is unknown")?;
        if books.revoked.contains(&issued.family) {
            return Err("the access token has been revoked");
        }
        if issued.expires_at.is_some_and(|end| end <= now) {
            return Err("the access token has expired");
        }
        Ok(issued.clone())
    }

    /// Every change is one statement, so a panic in another thread cannot leave it half done.
    fn books(&self) -> MutexGuard<'_, LedgerState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn check(
    grantees: &BTreeMap<Family, Grantee>,
    family: Family,
    asking: &Grantee,
    other: &'static str,
) -> Result<(), BadGrant> {
    match grantees.get(&family) {
        Some(granted) if granted.client != asking.client => Err(BadGrant::Invalid(other)),
        Some(granted) if !granted.covers(&asking.resources) => Err(BadGrant::OtherResource),
        _ => Ok(()),
    }
}

fn revoke_all(revoked: &mut BTreeSet<Family>, family: Family) {
    revoked.insert(family);
    if revoked.len() > FAMILIES {
        revoked.pop_first();
    }
}

#[cfg(test)]
mod tests {
    use super::super::bounded_map::ROOM;
    use super::*;
    use crate::protocol::client::ClientId;

    #[test]
    fn the_oldest_tokens_are_dropped_if_there_are_too_many() {
        let ledger = Ledger::default();
        let token = |n: usize| AccessToken::new(format!("t{n}"));
        let (most, scope) = (ROOM / 500, ScopeSet::new());
        for n in 0..=most {
            let (family, scope) = (Family(n as u64), scope.clone());
            ledger.put_access_token(&token(n), IssuedToken { scope, family, expires_at: None, is_first: true });
        }
        assert!(ledger.access_token("t0", Timestamp(0)).is_err() && ledger.access_token("t1", Timestamp(0)).is_ok());
        for n in 1..most {
            ledger.revoke(token(n).expose());
            ledger.put_refresh_token(&RefreshToken::new(format!("r{n}")), scope.clone(), Family(0));
        }
        let books = ledger.books();
        assert!(books.access_tokens.taken() < 2000 && books.refresh_tokens.taken() <= ROOM);
    }

    fn client() -> Grantee {
        grantee("c", &[])
    }

    fn grantee(client: &str, resources: &[&str]) -> Grantee {
        let resources = resources.iter().map(|&resource| resource.to_owned()).collect();
        Grantee { client: ClientId::new(client), resources }
    }

    fn new_family(ledger: &Ledger) -> Family {
        ledger.new_family(client())
    }

    fn ledger_with_code(issued_at: i64) -> (Ledger, AuthorizationCode) {
        let ledger = Ledger::default();
        let code = AuthorizationCode::new("c");
        let family = new_family(&ledger);
        let issued = IssuedCode {
            scope: ScopeSet::new(),
            redirect_uri: None,
            challenge: None,
            family,
            issued_at: Timestamp(issued_at),
        };
        ledger.put_code(&code, issued);
        (ledger, code)
    }

    #[test]
    fn a_code_lives_for_a_minute() {
        let (ledger, code) = ledger_with_code(100);
        assert_eq!(
            ledger.redeem(&code, Timestamp(160), &client(), |_| Ok(())).unwrap_err(),
            BadGrant::Invalid("Authorization code has expired")
        );
        assert!(ledger.redeem(&code, Timestamp(159), &client(), |_| Ok(())).is_ok());
    }

    #[test]
    fn a_second_use_of_a_code_revokes_the_tokens_of_the_first() {
        let (ledger, code) = ledger_with_code(0);
        let issued = ledger.redeem(&code, Timestamp(0), &client(), |_| Ok(())).unwrap();
        let token = AccessToken::new("t");
        ledger.put_access_token(
            &token,
            IssuedToken { scope: ScopeSet::new(), family: issued.family, expires_at: None, is_first: true },
        );
        assert!(ledger.access_token("t", Timestamp(1)).is_ok());
        assert!(ledger.redeem(&code, Timestamp(1), &client(), |_| Ok(())).is_err());
        assert_eq!(ledger.access_token("t", Timestamp(1)).unwrap_err(), "the access token has been revoked");
    }

    #[test]
    fn a_request_that_fails_its_checks_leaves_the_code_valid() {
        let (ledger, code) = ledger_with_code(0);
        assert!(ledger.redeem(&code, Timestamp(0), &client(), |_| Err(BadGrant::Invalid("no"))).is_err());
        assert!(ledger.redeem(&code, Timestamp(0), &client(), |_| Ok(())).is_ok());
    }

    #[test]
    fn revoking_a_refresh_token_revokes_its_access_tokens() {
        let ledger = Ledger::default();
        let family = new_family(&ledger);
        let issued =
            |scope: &str| IssuedToken { scope: ScopeSet::parse(scope), family, expires_at: None, is_first: true };
        ledger.put_refresh_token(&RefreshToken::new("r"), ScopeSet::new(), family);
        ledger.put_access_token(&AccessToken::new("a"), issued("x"));
        ledger.put_access_token(&AccessToken::new("b"), issued("x"));
        ledger.revoke("a");
        assert!(ledger.access_token("a", Timestamp(0)).is_err() && ledger.access_token("b", Timestamp(0)).is_ok());
        ledger.revoke("r");
        assert!(
            ledger.access_token("b", Timestamp(0)).is_err()
                && ledger.rotate(&RefreshToken::new("r"), &client()).is_err()
        );
        ledger.revoke("never seen");
    }

    #[test]
    fn a_grant_serves_only_the_client_that_it_was_given_to() {
        let (ledger, code) = ledger_with_code(0);
        let (other, token) = (grantee("other", &[]), RefreshToken::new("r"));
        assert!(ledger.redeem(&code, Timestamp(0), &other, |_| Ok(())).is_err());
        let issued = ledger.redeem(&code, Timestamp(0), &client(), |_| Ok(())).unwrap();
        ledger.put_refresh_token(&token, ScopeSet::new(), issued.family);
        assert!(ledger.rotate(&token, &other).is_err() && ledger.rotate(&token, &client()).is_ok());
    }

    #[test]
    fn a_request_for_another_resource_spends_nothing() {
        let ledger = Ledger::default();
        let (here, elsewhere) = (grantee("c", &["https://a"]), grantee("c", &["https://b"]));
        let family = ledger.new_family(here.clone());
        let (code, token, access) = (AuthorizationCode::new("c"), RefreshToken::new("r"), AccessToken::new("a"));
        let (scope, issued_at) = (ScopeSet::new(), Timestamp(0));
        ledger.put_code(
            &code,
            IssuedCode { scope: scope.clone(), redirect_uri: None, challenge: None, family, issued_at },
        );
        ledger.put_refresh_token(&token, scope.clone(), family);
        ledger.put_access_token(&access, IssuedToken { scope, family, expires_at: None, is_first: true });

        let refused = Some(BadGrant::OtherResource);
        assert_eq!(ledger.redeem(&code, issued_at, &elsewhere, |_| Ok(())).err(), refused);
        assert_eq!(ledger.rotate(&token, &elsewhere).err(), refused);
        assert_eq!(ledger.renew("a", &elsewhere).err(), refused);
        assert!(ledger.redeem(&code, issued_at, &here, |_| Ok(())).is_ok());
        assert!(ledger.rotate(&token, &here).is_ok() && ledger.renew("a", &here).is_ok());
    }

    #[test]
    fn a_refresh_token_used_twice_revokes_its_family() {
        let ledger = Ledger::default();
        let (first, second) = (RefreshToken::new("1"), RefreshToken::new("2"));
        let family = new_family(&ledger);
        ledger.put_refresh_token(&first, ScopeSet::parse("a"), family);
        assert_eq!(ledger.rotate(&first, &client()), Ok((ScopeSet::parse("a"), family)));
        ledger.put_refresh_token(&second, ScopeSet::parse("a"), family);
        assert!(ledger.rotate(&first, &client()).is_err());
        assert_eq!(ledger.rotate(&second, &client()), Err(BadGrant::Invalid("Refresh token has been revoked")));
    }
}
