//! A certificate for `https://localhost`, for providers that accept nothing else. It is self-signed, so the browser
//! warns once.
//!
//! It is stored and reused, so that a browser that remembers the exception does not warn again. It cannot sign other
//! certificates (`CA:FALSE`), and it expires within 398 days, the longest validity that browsers accept.

use std::sync::Arc;

use rcgen::{
    CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose,
    PKCS_ECDSA_P256_SHA256, date_time_ymd,
};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, pem::PemObject};
use serde::{Deserialize, Serialize};

use crate::protocol::advice::{Advice, ExitCode, NextStep};
use crate::protocol::secret::Secret;
use crate::protocol::time::Timestamp;

/// Browsers refuse certificates that are valid for longer than 398 days.
const VALID_DAYS: i64 = 397;

/// A certificate that expires sooner than this is replaced.
const RENEW_BEFORE_DAYS: i64 = 7;

const DAY: i64 = 86_400;

#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    #[error("the certificate for `{host}` cannot be created")]
    NotMade {
        host: String,
        #[source]
        source: rcgen::Error,
    },
    #[error("the certificate for `{host}` cannot be used")]
    NotUsable {
        host: String,
        #[source]
        source: rustls::Error,
    },
    #[error("the stored certificate is damaged")]
    Damaged,
}

impl Advice for CertificateError {
    fn next_step(&self) -> NextStep {
        match self {
            Self::NotMade { .. } | Self::NotUsable { .. } | Self::Damaged => ExitCode::Unexpected.no_hint(),
        }
    }
}

/// A certificate and its key, as they are stored.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CallbackCertificate {
    pub host: String,
    certificate: String,
    key: Secret,
    not_after: Timestamp,
}

impl CallbackCertificate {
    /// Creates a certificate for a host name or an IP address.
    pub fn make(host: &str, now: Timestamp) -> Result<Self, CertificateError> {
        let failed = |source| CertificateError::NotMade { host: host.to_owned(), source };
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(failed)?;
        let name = host.trim_start_matches('[').trim_end_matches(']');
        let mut params = CertificateParams::new(vec![name.to_owned()]).map_err(failed)?;
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, "oauthctl callback on this machine");
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let date = |days| {
            let (year, month, day) = day(now, days);
            date_time_ymd(year, month, day)
        };
        params.not_before = date(-1);
        params.not_after = date(VALID_DAYS - 1);
        let certificate = params.self_signed(&key).map_err(failed)?;
        Ok(Self {
            host: host.to_owned(),
            certificate: certificate.pem(),
            key: Secret::new(key.serialize_pem()),
            not_after: Timestamp(now.0 + (VALID_DAYS - 1) * DAY),
        })
    }

    pub fn serves(&self, host: &str, now: Timestamp) -> bool {
        self.host == host && now.0 + RENEW_BEFORE_DAYS * DAY < self.not_after.0
    }

    pub fn server_config(&self) -> Result<Arc<ServerConfig>, CertificateError> {
        let certificate =
            CertificateDer::from_pem_slice(self.certificate.as_bytes()).map_err(|_| CertificateError::Damaged)?;
        let key =
            PrivatePkcs8KeyDer::from_pem_slice(self.key.expose().as_bytes()).map_err(|_| CertificateError::Damaged)?;
        // An error means that a provider is installed already, which is just as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let config = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(vec![certificate], PrivateKeyDer::Pkcs8(key))
            .map_err(|source| CertificateError::NotUsable { host: self.host.clone(), source })?;
        Ok(Arc::new(config))
    }
}

/// Returns the date that is `days` after `now`, in UTC: year, month, day.
fn day(now: Timestamp, days: i64) -> (i32, u8, u8) {
    let date = jiff::Timestamp::from_second(now.0 + days * DAY).unwrap_or_default().to_zoned(jiff::tz::TimeZone::UTC);
    (i32::from(date.year()), date.month().unsigned_abs(), date.day().unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_reused_until_it_is_about_to_expire() {
        let now = Timestamp(1_795_000_000);
        let made = CallbackCertificate::make("localhost", now).unwrap();
        assert!(made.server_config().is_ok());
        assert!(made.serves("localhost", now) && !made.serves("127.0.0.1", now));
        assert!(made.serves("localhost", Timestamp(now.0 + 380 * DAY)));
        assert!(!made.serves("localhost", Timestamp(now.0 + 395 * DAY)));
        assert!(!format!("{made:?}").contains("PRIVATE"));
    }

    #[test]
    fn ip_addresses_become_ip_entries_of_the_certificate() {
        for host in ["127.0.0.1", "[::1]"] {
            assert!(
                CallbackCertificate::make(host, Timestamp(1_795_000_000)).unwrap().server_config().is_ok(),
                "{host}"
            );
        }
    }
}
