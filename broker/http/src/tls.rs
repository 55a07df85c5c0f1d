//! TLS of a listener, from files in PEM.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};

/// Where certificate and key lie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// The server's certificate, followed by those that sign it.
    pub certificate: PathBuf,
    /// The key that belongs to the first certificate (PKCS #8, PKCS #1 or SEC 1).
    pub key: PathBuf,
    /// Certificates of those who sign clients' certificates. With it a client without a good one is turned away.
    pub client_ca: Option<PathBuf>,
}

/// Why TLS cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read, or is no PEM.
    #[error("{path}: {detail}")]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        detail: String,
    },
    /// Key and certificate do not belong together, or are of a kind that is not supported.
    #[error("certificate {certificate} and key {key}: {detail}")]
    Pair {
        /// The certificate's file.
        certificate: PathBuf,
        /// The key's file.
        key: PathBuf,
        /// What is wrong.
        detail: String,
    },
}

/// What a listener needs to speak TLS 1.2 and 1.3. Cheap to clone.
#[derive(Clone)]
pub struct TlsSettings(pub(crate) Arc<ServerConfig>);

impl std::fmt::Debug for TlsSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TlsSettings")
    }
}

impl TlsSettings {
    /// The acceptor of listeners that are no HTTP, such as syslog's: no protocol is negotiated.
    #[must_use]
    pub fn plain_config(&self) -> Arc<ServerConfig> {
        let mut config = (*self.0).clone();
        config.alpn_protocols.clear();
        // No session tickets: a sender that never reads leaves them in its socket, and its close() then resets the connection and
        // throws away what it had not sent yet. syslog-ng's loggen loses most of its messages that way.
        config.send_tls13_tickets = 0;
        Arc::new(config)
    }

    /// Reads the files.
    ///
    /// # Errors
    /// The file and what is wrong with it.
    pub fn load(files: &TlsFiles) -> Result<Self, TlsError> {
        let chain = certificates(&files.certificate)?;
        let key = PrivateKeyDer::from_pem_file(&files.key).map_err(|e| TlsError::File {
            path: files.key.clone(),
            detail: format!("no private key in PEM can be read: {e}"),
        })?;
        let pair = |error: rustls::Error| TlsError::Pair {
            certificate: files.certificate.clone(),
            key: files.key.clone(),
            detail: error.to_string(),
        };
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(pair)?;
        let builder = match &files.client_ca {
            None => builder.with_no_client_auth(),
            Some(path) => {
                let wrong = |detail: String| TlsError::File { path: path.clone(), detail };
                let mut roots = RootCertStore::empty();
                for certificate in certificates(path)? {
                    roots.add(certificate).map_err(|e| wrong(e.to_string()))?;
                }
                let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
                    .build()
                    .map_err(|e| wrong(e.to_string()))?;
                builder.with_client_cert_verifier(verifier)
            }
        };
        let mut config = builder.with_single_cert(chain, key).map_err(pair)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self(Arc::new(config)))
    }
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let wrong = |detail: String| TlsError::File { path: path.to_owned(), detail };
    let read = CertificateDer::pem_file_iter(path).map_err(|e| wrong(format!("cannot be read: {e}")))?;
    let all = read.collect::<Result<Vec<_>, _>>().map_err(|e| wrong(e.to_string()))?;
    if all.is_empty() { Err(wrong("holds no certificate in PEM".to_owned())) } else { Ok(all) }
}
