//! The certificates that servers present, kept for words: an error names the issuer, and `doctor` the end.
//!
//! What is kept decides nothing. rustls checks every certificate as it always does, and only its answer counts; here
//! the certificate is written down on the way, as the error of a refused one names neither subject nor issuer. Where the
//! operating system checks the server itself (macOS, Windows), nothing is written down.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::sync::{Arc, Mutex, PoisonError};

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::VerifierBuilderError;
use rustls::{DigitallySignedStruct, DistinguishedName, Error, RootCertStore, SignatureScheme};
use url::Url;
use x509_cert::der::Decode as _;
use x509_cert::name::Name;

use crate::protocol::sanitize;
use crate::protocol::time::Timestamp;

/// The number of hosts whose certificates are kept. A command asks a few; only the downloads that an API names are more.
const MAX_HOSTS: usize = 64;

/// The last certificate of each host. Two servers on one host share a place: the later one counts.
#[derive(Clone, Debug, Default)]
pub(super) struct Presented(Arc<Mutex<BTreeMap<String, Arc<Chain>>>>);

impl Presented {
    fn keep(&self, host: &ServerName<'_>, leaf: &CertificateDer<'_>, others: usize) {
        let mut hosts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let host = host.to_str().to_ascii_lowercase();
        if hosts.len() >= MAX_HOSTS && !hosts.contains_key(&host) {
            hosts.pop_first();
        }
        hosts.insert(host, Arc::new(Chain { leaf: leaf.clone().into_owned(), length: others + 1 }));
    }

    /// Returns what the host of a URL presented last.
    pub fn by(&self, url: &Url) -> Option<Arc<Chain>> {
        let host = url.host_str()?.trim_matches(['[', ']']);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(host).cloned()
    }

    /// Returns the check of a server's certificate against these authorities, which writes down what it is shown.
    pub fn checked_against(&self, roots: RootCertStore) -> Result<Arc<dyn ServerCertVerifier>, VerifierBuilderError> {
        let provider = Arc::new(ring::default_provider());
        let inner = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build()?;
        Ok(Arc::new(Keeping { inner, presented: self.clone() }))
    }
}

/// What a server presented, as it came.
#[derive(Debug)]
pub(super) struct Chain {
    leaf: CertificateDer<'static>,
    length: usize,
}

impl Chain {
    /// Reads the server's own certificate. Everything in it is the server's word.
    pub fn read(&self) -> Option<Certificate> {
        let parsed = x509_cert::Certificate::from_der(&self.leaf).ok()?;
        let parsed = parsed.tbs_certificate();
        let until = parsed.validity().not_after.to_unix_duration().as_secs();
        Some(Certificate {
            subject: shown(parsed.subject())?,
            issuer: shown(parsed.issuer())?,
            until: Timestamp(i64::try_from(until).ok()?),
            chain: self.length,
        })
    }
}

/// Returns a name as RFC 4514 writes it, in one clean line that is fit for backticks.
fn shown(name: &Name) -> Option<String> {
    let mut text = String::new();
    // It fails on a value that cannot be written, and then there is no name to show.
    write!(text, "{name}").ok()?;
    Some(sanitize::line(&text).replace('`', "'"))
}

/// What a server's certificate says. The names are clean, and of a bounded length.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    pub subject: String,
    pub issuer: String,
    pub until: Timestamp,
    /// How many certificates the server sent: its own, and those of the authorities between it and a trusted one.
    pub chain: usize,
}

impl Certificate {
    pub fn is_self_signed(&self) -> bool {
        self.subject == self.issuer
    }
}

/// To be placed after "the certificate for HOST is": ``issued by `CN=Corp` (valid until 2027-01-01T00:00:00Z)``.
impl fmt::Display for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let how = if self.is_self_signed() { "self-signed, as" } else { "issued by" };
        write!(f, "{how} `{}` (valid until {})", self.issuer, self.until)
    }
}

#[derive(Debug)]
struct Keeping {
    inner: Arc<WebPkiServerVerifier>,
    presented: Presented,
}

impl ServerCertVerifier for Keeping {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.presented.keep(server_name, end_entity, intermediates.len());
        self.inner.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }

    fn root_hint_subjects(&self) -> Option<&[DistinguishedName]> {
        self.inner.root_hint_subjects()
    }
}

#[cfg(test)]
mod tests {
    use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};

    use super::*;

    /// A certificate for `api.example` from an authority with this name, and that of the authority.
    fn issued_by(name: &str) -> (CertificateDer<'static>, CertificateDer<'static>) {
        let (ca_key, key) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
        let mut ca = CertificateParams::default();
        ca.distinguished_name.push(DnType::CommonName, name);
        ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let root = ca.self_signed(&ca_key).unwrap();
        let mut params = CertificateParams::new(vec!["api.example".to_owned()]).unwrap();
        params.distinguished_name.push(DnType::CommonName, "api.example");
        params.not_after = rcgen::date_time_ymd(2030, 1, 2);
        let leaf = params.signed_by(&key, &Issuer::new(ca, ca_key)).unwrap();
        (leaf.der().clone(), root.der().clone())
    }

    fn chain(leaf: &[u8]) -> Chain {
        Chain { leaf: CertificateDer::from(leaf.to_vec()), length: 1 }
    }

    #[test]
    fn a_refused_certificate_names_its_issuer_and_its_end() {
        let ((leaf, root), (_, other)) = (issued_by("Corp TLS Inspection"), issued_by("Corp TLS Inspection"));
        let mut trusted = RootCertStore::empty();
        trusted.add(other).unwrap();
        let presented = Presented::default();
        let check = presented.checked_against(trusted).unwrap();
        let host = ServerName::try_from("API.example").unwrap();
        let now = UnixTime::now();
        check.verify_server_cert(&leaf, std::slice::from_ref(&root), &host, &[], now).unwrap_err();
        let url = Url::parse("https://api.example/token").unwrap();
        let certificate = presented.by(&url).unwrap().read().unwrap();
        assert_eq!(certificate.to_string(), "issued by `CN=Corp TLS Inspection` (valid until 2030-01-02T00:00:00Z)");
        assert!(certificate.subject.contains("CN=api.example") && certificate.chain == 2, "{certificate:?}");
        assert!(presented.by(&Url::parse("https://other.example/").unwrap()).is_none());
        // The authority of its issuer lets it pass, and nothing else does.
        let mut right = RootCertStore::empty();
        right.add(root).unwrap();
        presented.checked_against(right.clone()).unwrap().verify_server_cert(&leaf, &[], &host, &[], now).unwrap();
        let elsewhere = ServerName::try_from("other.example").unwrap();
        presented.checked_against(right).unwrap().verify_server_cert(&leaf, &[], &elsewhere, &[], now).unwrap_err();
    }

    #[test]
    fn a_hostile_name_becomes_one_short_line() {
        let hostile = format!("\u{1b}]0;owned\u{7}\n\u{202e}`rm`\r{}", "x".repeat(10_000));
        let (leaf, root) = issued_by(&hostile);
        let certificate = chain(&leaf).read().unwrap();
        for name in [&certificate.issuer, &chain(&root).read().unwrap().subject] {
            assert!(name.starts_with("CN=") && name.chars().count() <= 200, "{name}");
            assert!(!name.chars().any(|c| c.is_control() || c == '`' || c == '\u{202e}'), "{name:?}");
        }
        assert!(chain(&root).read().unwrap().is_self_signed());
    }

    #[test]
    fn what_is_not_a_certificate_has_no_words() {
        let (leaf, _) = issued_by("x");
        for bytes in [&b""[..], b"\x30\x80", &leaf[..leaf.len() / 2], &[0x30; 4096]] {
            assert!(chain(bytes).read().is_none());
        }
        // A byte changed anywhere is read or not read, and never a fault.
        for at in 0..leaf.len() {
            for value in [0x00, 0x1e, 0x7f, 0xff] {
                let mut bytes = leaf.to_vec();
                bytes[at] = value;
                let _ = chain(&bytes).read();
            }
        }
    }

    #[test]
    fn only_so_many_hosts_are_kept() {
        let (leaf, _) = issued_by("x");
        let presented = Presented::default();
        for number in 0..1000 {
            presented.keep(&ServerName::try_from(format!("h{number}.example")).unwrap(), &leaf, 0);
        }
        assert_eq!(presented.0.lock().unwrap().len(), MAX_HOSTS);
    }
}
