//! The certificate authorities that a TLS server is checked against.
//!
//! # Decision: which ones count
//!
//! | set or found | trusted |
//! | --- | --- |
//! | `SSL_CERT_FILE`, `SSL_CERT_DIR` | the certificates in them, in the place of the system's |
//! | the operating system's store | its certificates; on macOS and Windows the system itself checks the server |
//! | nothing: a slim container | Mozilla's certificates, which are built in |
//! | `--cacert FILE` | the certificates in it, beside one of the above |
//!
//! What a variable or a flag names must be there: otherwise a misspelt path would be noticed by its effects only. An empty
//! variable counts as unset. All of it is read before the first connection that needs it, so that `token` from the store
//! and plain http read nothing.

use std::ffi::OsString;
use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use url::Url;

use super::presented::{Chain, Presented};
use crate::protocol::advice::{Advice, ExitCode, NextStep};
use crate::protocol::sanitize;
use crate::system::shell;

pub const CERT_FILE: &str = "SSL_CERT_FILE";
pub const CERT_DIR: &str = "SSL_CERT_DIR";

/// The largest file of certificates. A system's bundle has a quarter of a MiB.
const MAX_FILE: u64 = 16 * 1024 * 1024;

/// What names a file of certificates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NamedBy {
    /// `--cacert`.
    Flag,
    /// A login, which remembers the file of its `--cacert`.
    Login,
    Variable(&'static str),
}

/// Certificates that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    #[error("the certificate authorities in `{path}` cannot be read")]
    Unreadable {
        path: String,
        by: NamedBy,
        #[source]
        source: io::Error,
    },
    #[error("`{path}` contains no certificate authority in PEM format")]
    NoCertificate { path: String, by: NamedBy },
}

impl Advice for TrustError {
    fn next_step(&self) -> NextStep {
        let (Self::Unreadable { by, path, .. } | Self::NoCertificate { by, path }) = self;
        let convert = match self {
            Self::NoCertificate { by: NamedBy::Flag | NamedBy::Variable(CERT_FILE), .. } => {
                format!("; `openssl x509 -inform der -in {path} -out ca.pem` converts a file in DER format")
            }
            Self::NoCertificate { .. } | Self::Unreadable { .. } => String::new(),
        };
        match by {
            NamedBy::Flag => ExitCode::Usage.hint(format!(
                "name a file that begins with `-----BEGIN CERTIFICATE-----` with `--cacert FILE`{convert}"
            )),
            NamedBy::Login => ExitCode::Definition.hint(
                "the login remembers this file: put it back, or name another with `--cacert FILE`, which a new \
                 `oauthctl login` remembers",
            ),
            NamedBy::Variable(name) => ExitCode::Definition.hint(format!(
                "set {name} to certificates in PEM format, or run `{}` to use the system's{convert}",
                shell::unset(&[name])
            )),
        }
    }
}

/// The certificate authorities in a file that the user names.
#[derive(Clone, Debug)]
pub struct Authorities {
    path: String,
    certificates: Vec<CertificateDer<'static>>,
}

impl Authorities {
    pub fn read(path: &Path, by: NamedBy) -> Result<Self, TrustError> {
        let place = sanitize::line(&path.to_string_lossy());
        let certificates = certificates(path)
            .map_err(|source| TrustError::Unreadable { path: place.clone(), by, source })?
            .filter(|certificates| RootCertStore::empty().add_parsable_certificates(certificates.clone()).0 > 0);
        match certificates {
            Some(certificates) => Ok(Self { path: place, certificates }),
            None => Err(TrustError::NoCertificate { path: place, by }),
        }
    }
}

/// Reads the certificates of a PEM file; `None` if it is not one.
fn certificates(path: &Path) -> io::Result<Option<Vec<CertificateDer<'static>>>> {
    let mut bytes = Vec::new();
    // A pipe is as good as a file.
    File::open(path)?.take(MAX_FILE).read_to_end(&mut bytes)?;
    Ok(CertificateDer::pem_slice_iter(&bytes).collect::<Result<Vec<_>, _>>().ok())
}

/// The source of the certificate authorities that every server is checked against.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Roots {
    /// The files and folders that variables name.
    Variables(&'static str, String),
    /// The operating system's, with the place of its bundle where it is a file.
    System(Option<String>),
    /// Mozilla's, which are built in.
    BuiltIn,
}

impl fmt::Display for Roots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Variables(_, places) => write!(f, "`{places}`"),
            Self::System(Some(place)) => write!(f, "the operating system's, `{place}`"),
            Self::System(None) => f.write_str("the operating system's"),
            Self::BuiltIn => f.write_str("built in (Mozilla's), as this system has none"),
        }
    }
}

/// Everything that a server may be checked against.
#[derive(Debug)]
pub struct Trust {
    pub roots: Roots,
    /// `None` if the operating system checks the server itself.
    certificates: Option<Vec<CertificateDer<'static>>>,
    authorities: Option<Authorities>,
    presented: Presented,
}

impl Trust {
    /// Reads what this machine trusts.
    pub fn of_machine() -> Result<Self, TrustError> {
        Self::read(|name| std::env::var_os(name), system)
    }

    /// Adds the certificates of `--cacert`.
    pub fn with(mut self, authorities: Option<Authorities>) -> Self {
        self.authorities = authorities;
        self
    }

    fn read(variable: impl Fn(&str) -> Option<OsString>, system: impl Fn() -> Found) -> Result<Self, TrustError> {
        let set = |name| variable(name).filter(|value| !value.is_empty());
        let (file, folders) = (set(CERT_FILE).map(PathBuf::from), set(CERT_DIR));
        if file.is_some() || folders.is_some() {
            return of_variables(file.as_deref(), folders.as_ref());
        }
        let (roots, certificates) = match system() {
            Found::Certificates(place, certificates) if is_usable(&certificates) => {
                (Roots::System(place), Some(certificates))
            }
            Found::Certificates(..) => (Roots::BuiltIn, Some(built_in())),
            Found::ByTheSystem => (Roots::System(None), None),
        };
        Ok(Self { roots, certificates, authorities: None, presented: Presented::default() })
    }

    /// Returns the TLS settings of a client, or `None` if the operating system checks the server itself.
    pub fn config(&self) -> Option<ClientConfig> {
        let mut store = RootCertStore::empty();
        store.add_parsable_certificates(self.certificates.as_ref()?.iter().chain(self.added()).cloned());
        let config = match self.presented.checked_against(store.clone()) {
            // The check is rustls's own; it also writes down what it is shown.
            Ok(check) => ClientConfig::builder().dangerous().with_custom_certificate_verifier(check),
            // No authority is trusted: the usual check refuses all.
            Err(_) => ClientConfig::builder().with_root_certificates(store),
        };
        let mut config = config.with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Some(config)
    }

    /// Returns the certificates of `--cacert`.
    pub fn added(&self) -> &[CertificateDer<'static>] {
        self.authorities.as_ref().map_or(&[], |authorities| &authorities.certificates)
    }

    /// The same if the system can check nothing.
    pub fn without_system(&self) -> Self {
        let (authorities, presented) = (self.authorities.clone(), self.presented.clone());
        Self { roots: Roots::BuiltIn, certificates: Some(built_in()), authorities, presented }
    }

    /// Returns the certificates that the host of a URL presented last, if they were checked here.
    pub(super) fn presented(&self, url: &Url) -> Option<Arc<Chain>> {
        self.presented.by(url)
    }
}

/// `the operating system's, `/etc/ssl/certs/ca-certificates.crt`, and `/home/me/ca.pem``
impl fmt::Display for Trust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.roots)?;
        match &self.authorities {
            Some(authorities) => write!(f, ", and `{}`", authorities.path),
            None => Ok(()),
        }
    }
}

/// The operating system's store.
enum Found {
    #[cfg_attr(any(windows, target_vendor = "apple"), allow(dead_code))]
    Certificates(Option<String>, Vec<CertificateDer<'static>>),
    /// It cannot be read, but asked.
    #[cfg_attr(not(any(windows, target_vendor = "apple")), allow(dead_code))]
    ByTheSystem,
}

#[cfg(any(windows, target_vendor = "apple"))]
fn system() -> Found {
    Found::ByTheSystem
}

#[cfg(not(any(windows, target_vendor = "apple")))]
fn system() -> Found {
    // The variables are not set here, or are empty: an empty one names nothing that exists.
    let places = openssl_probe::probe();
    let shown = places.cert_file.iter().chain(&places.cert_dir).next();
    let shown = shown.map(|place| sanitize::line(&place.to_string_lossy()));
    Found::Certificates(shown, load(places.cert_file.as_deref(), places.cert_dir.iter().map(PathBuf::as_path)))
}

/// The certificates in a file and in folders. What cannot be read is left out.
fn load<'a>(file: Option<&Path>, folders: impl Iterator<Item = &'a Path>) -> Vec<CertificateDer<'static>> {
    let mut certificates = rustls_native_certs::load_certs_from_paths(file, None).certs;
    for folder in folders {
        certificates.extend(rustls_native_certs::load_certs_from_paths(None, Some(folder)).certs);
    }
    certificates.sort_unstable_by(|a, b| a.as_ref().cmp(b.as_ref()));
    certificates.dedup();
    certificates
}

fn of_variables(file: Option<&Path>, folders: Option<&OsString>) -> Result<Trust, TrustError> {
    let mut certificates = Vec::new();
    let mut places = Vec::new();
    if let Some(file) = file {
        // The whole file is read before the folders are: it must be there.
        certificates = Authorities::read(file, NamedBy::Variable(CERT_FILE))?.certificates;
        places.push(file.to_string_lossy().into_owned());
    }
    if let Some(folders) = folders {
        let list = std::env::split_paths(folders).filter(|path| !path.as_os_str().is_empty()).collect::<Vec<_>>();
        certificates.extend(load(None, list.iter().map(PathBuf::as_path)));
        places.push(folders.to_string_lossy().into_owned());
    }
    let (name, places) = (if file.is_some() { CERT_FILE } else { CERT_DIR }, sanitize::line(&places.join("`, `")));
    match is_usable(&certificates) {
        true => {
            let (roots, certificates) = (Roots::Variables(name, places), Some(certificates));
            Ok(Trust { roots, certificates, authorities: None, presented: Presented::default() })
        }
        false => Err(TrustError::NoCertificate { path: places, by: NamedBy::Variable(name) }),
    }
}

fn is_usable(certificates: &[CertificateDer<'static>]) -> bool {
    // One is enough: a system's bundle may have some that are too odd.
    certificates.iter().any(|certificate| RootCertStore::empty().add(certificate.clone()).is_ok())
}

fn built_in() -> Vec<CertificateDer<'static>> {
    webpki_root_certs::TLS_SERVER_ROOT_CERTS.to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Writes a new authority's certificate, and returns it in PEM.
    fn authority(path: &Path) -> String {
        let made = rcgen::generate_simple_self_signed(vec!["ca.example".to_owned()]).unwrap().cert.pem();
        std::fs::write(path, &made).unwrap();
        made
    }

    fn of(pem: &str) -> Vec<CertificateDer<'static>> {
        CertificateDer::pem_slice_iter(pem.as_bytes()).map(Result::unwrap).collect()
    }

    fn read(variables: &[(&str, &Path)], system: &str) -> Result<Trust, TrustError> {
        let variable = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| value.as_os_str().to_owned())
        };
        Trust::read(variable, || Found::Certificates(Some("/etc/bundle".to_owned()), of(system)))
    }

    #[test]
    fn variables_replace_the_systems_certificates() {
        let folder = tempfile::tempdir().unwrap();
        let (file, other) = (folder.path().join("ca.pem"), folder.path().join("certs"));
        std::fs::create_dir(&other).unwrap();
        let (in_file, in_folder) = (authority(&file), authority(&other.join("x.pem")));
        let system = authority(&folder.path().join("system.pem"));
        let both = std::env::join_paths([folder.path().join("none"), other.clone()]).unwrap();
        let empty = Path::new("");
        for (variables, trusted) in [
            (vec![], vec![&system]),
            (vec![(CERT_FILE, empty), (CERT_DIR, empty)], vec![&system]),
            (vec![(CERT_FILE, file.as_path())], vec![&in_file]),
            (vec![(CERT_DIR, other.as_path())], vec![&in_folder]),
            (vec![(CERT_DIR, Path::new(&both))], vec![&in_folder]),
            (vec![(CERT_DIR, other.as_path()), (CERT_FILE, file.as_path())], vec![&in_file, &in_folder]),
        ] {
            let trust = read(&variables, &system).unwrap();
            let expected: Vec<_> = trusted.into_iter().flat_map(|pem| of(pem)).collect();
            assert_eq!(trust.certificates.as_ref(), Some(&expected), "{variables:?}");
            assert!(trust.config().is_some());
        }
    }

    #[test]
    fn a_system_without_certificates_trusts_the_built_in_ones() {
        let trust = read(&[], "").unwrap();
        assert_eq!(trust.roots, Roots::BuiltIn);
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ca.pem");
        let added = authority(&file);
        let trust = trust.with(Some(Authorities::read(&file, NamedBy::Flag).unwrap()));
        assert!(trust.certificates.as_ref().unwrap().len() > 50 && trust.added() == of(&added));
        assert_eq!(
            trust.to_string(),
            format!("built in (Mozilla's), as this system has none, and `{}`", file.display())
        );
    }

    #[test]
    fn what_a_variable_or_a_flag_names_must_be_there() {
        let folder = tempfile::tempdir().unwrap();
        let (none, empty) = (folder.path().join("none"), folder.path().join("empty"));
        std::fs::write(&empty, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").unwrap();
        let system = authority(&folder.path().join("system.pem"));
        for (name, path) in [(CERT_FILE, &none), (CERT_FILE, &empty), (CERT_DIR, &none)] {
            let error = read(&[(name, path)], &system).unwrap_err();
            let NextStep { code, hint } = error.next_step();
            assert!(code == ExitCode::Definition && hint.unwrap().contains(&shell::unset(&[name])), "{error}");
        }
        let missing = Authorities::read(&none, NamedBy::Flag).unwrap_err();
        assert!(matches!(missing, TrustError::Unreadable { .. }) && missing.next_step().code == ExitCode::Usage);
        let text = Authorities::read(&empty, NamedBy::Login).unwrap_err();
        assert!(matches!(text, TrustError::NoCertificate { .. }) && text.next_step().code == ExitCode::Definition);
    }
}
