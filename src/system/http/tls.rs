//! What keeps a TLS connection from being made, in words that say what to do about it.

use std::error::Error;
use std::io;

use rustls::{AlertDescription, CertificateError};

/// The kind of a TLS failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsProblem {
    /// No trusted authority has issued the server's certificate.
    UnknownIssuer,
    Expired,
    NotYetValid,
    OtherName,
    /// The server presents the certificate of an authority as its own.
    AuthorityAsServer,
    /// The server's certificate is wrong in another way.
    Certificate,
    /// What came is not TLS.
    NotTls,
    /// The server demands a certificate of the client.
    WantsCertificate,
    Other,
}

impl TlsProblem {
    /// Finds the TLS failure among the causes of an error.
    pub fn among(error: &(dyn Error + 'static)) -> Option<Self> {
        let mut cause = Some(error);
        while let Some(error) = cause {
            if let Some(tls) = error.downcast_ref::<rustls::Error>() {
                return Some(Self::of(tls));
            }
            // Its own source is that of the error inside, which would be skipped.
            let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
            cause = inner.map(|inner| inner as &(dyn Error + 'static)).or_else(|| error.source());
        }
        None
    }

    fn of(error: &rustls::Error) -> Self {
        match error {
            rustls::Error::InvalidCertificate(certificate) => match certificate {
                // A wrong signature comes from another authority of the same name.
                CertificateError::UnknownIssuer | CertificateError::BadSignature => Self::UnknownIssuer,
                CertificateError::Expired | CertificateError::ExpiredContext { .. } => Self::Expired,
                CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => Self::NotYetValid,
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => Self::OtherName,
                CertificateError::Other(other) if other.to_string().contains("CaUsedAsEndEntity") => {
                    Self::AuthorityAsServer
                }
                _ => Self::Certificate,
            },
            rustls::Error::InvalidMessage(_) => Self::NotTls,
            rustls::Error::AlertReceived(AlertDescription::CertificateRequired) => Self::WantsCertificate,
            _ => Self::Other,
        }
    }

    /// Returns `true` if the server's certificate was seen, and refused.
    pub fn is_of_certificate(self) -> bool {
        match self {
            Self::UnknownIssuer
            | Self::Expired
            | Self::NotYetValid
            | Self::OtherName
            | Self::AuthorityAsServer
            | Self::Certificate => true,
            Self::NotTls | Self::WantsCertificate | Self::Other => false,
        }
    }

    /// Returns what to do; `trust` says which authorities are trusted.
    pub fn hint(self, trust: &str) -> String {
        match self {
            Self::UnknownIssuer => format!(
                "name the PEM file of the authority that issued it with `--cacert FILE` (`login` remembers it) or \
                 SSL_CERT_FILE; trusted here: {trust}"
            ),
            Self::Expired => {
                "the server's operator has to renew its certificate; check this machine's clock, too".to_owned()
            }
            Self::NotYetValid => {
                "check this machine's clock; if it is right, wait until the certificate is valid".to_owned()
            }
            Self::OtherName => {
                "use a host name that the certificate has as subjectAltName; `--cacert` does not help".to_owned()
            }
            Self::AuthorityAsServer => {
                "give the server a certificate that is not an authority's (with openssl: `-addext \
                 basicConstraints=critical,CA:FALSE`), and name that one with `--cacert FILE`"
                    .to_owned()
            }
            Self::Certificate => {
                "the server needs another certificate; `openssl s_client -showcerts -connect HOST:PORT` \
                 shows the one that it has"
                    .to_owned()
            }
            Self::NotTls => {
                "the server there does not speak TLS; check the port, and whether the URL is an http one".to_owned()
            }
            Self::WantsCertificate => {
                "the server demands a client certificate (RFC 8705), which oauthctl cannot present".to_owned()
            }
            Self::Other => "the server and oauthctl do not agree on TLS 1.2 or 1.3; \
                 `openssl s_client -connect HOST:PORT` shows what the server offers"
                .to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use rustls::InvalidMessage;

    use super::*;

    #[test]
    fn a_tls_failure_is_found_inside_of_other_errors() {
        let of = |error: rustls::Error| {
            // As the HTTP library wraps it.
            let inner = io::Error::new(io::ErrorKind::InvalidData, error);
            TlsProblem::among(&io::Error::other(inner))
        };
        let certificate = |error| of(rustls::Error::InvalidCertificate(error));
        assert_eq!(certificate(CertificateError::UnknownIssuer), Some(TlsProblem::UnknownIssuer));
        assert_eq!(certificate(CertificateError::Expired), Some(TlsProblem::Expired));
        assert_eq!(certificate(CertificateError::NotValidYet), Some(TlsProblem::NotYetValid));
        assert_eq!(certificate(CertificateError::NotValidForName), Some(TlsProblem::OtherName));
        assert_eq!(certificate(CertificateError::BadSignature), Some(TlsProblem::UnknownIssuer));
        assert_eq!(certificate(CertificateError::Revoked), Some(TlsProblem::Certificate));
        assert_eq!(of(rustls::Error::DecryptError), Some(TlsProblem::Other));
        assert_eq!(of(InvalidMessage::InvalidContentType.into()), Some(TlsProblem::NotTls));
        assert_eq!(TlsProblem::among(&io::Error::from(io::ErrorKind::ConnectionRefused)), None);
    }
}
