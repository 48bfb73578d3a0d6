//! Speaking HTTPS: the site's certificate and key, as rustls takes them. TLS 1.2 and 1.3, nothing older.

use crate::settings::{NotAccepted, Settings};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::sync::Arc;

/// What the server shows and proves, where the site chose a certificate.
///
/// # Errors
/// A file cannot be read, holds nothing of its kind, or the key is not the certificate's.
pub fn of(settings: &Settings) -> Result<Option<ServerConfig>, NotAccepted> {
    let (Some(certificate), Some(key)) = (&settings.tls_certificate, &settings.tls_key) else {
        return Ok(None);
    };
    let refused = |which: &str, file: &std::path::Path, why: &dyn std::fmt::Display| {
        NotAccepted(format!("{which}: {} cannot be used: {why}", file.display()))
    };
    let chain = CertificateDer::pem_file_iter(certificate)
        .and_then(|chain| chain.collect::<Result<Vec<_>, _>>())
        .map_err(|error| refused("tls_certificate", certificate, &error))?;
    if chain.is_empty() {
        return Err(refused("tls_certificate", certificate, &"there is no certificate in it"));
    }
    let secret = PrivateKeyDer::from_pem_file(key).map_err(|error| refused("tls_key", key, &error))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, secret))
        .map_err(|error| match error {
            rustls::Error::InconsistentKeys(_) => {
                refused("tls_key", key, &format!("it is not the key of {}", certificate.display()))
            }
            error => refused("tls_certificate", certificate, &error),
        })?;
    Ok(Some(config))
}
