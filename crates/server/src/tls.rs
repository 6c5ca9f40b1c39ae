//! The certificate that other machines are shown.

use axum_server::tls_rustls::RustlsConfig;
use sha2::{Digest, Sha256};

use crate::{StartError, settings::TlsSettings};

/// A ready TLS setting and, for a certificate made at start, its fingerprint.
pub(crate) struct Tls {
    pub(crate) config: RustlsConfig,
    pub(crate) fingerprint: Option<String>,
}

/// Chooses who does the cryptography of this process; a second choice is the same one and changes nothing.
pub fn choose_provider() {
    if let Err(earlier) = rustls::crypto::ring::default_provider().install_default() {
        tracing::debug!(?earlier, "the cryptography was chosen before");
    }
}

/// Prepares TLS if the settings ask for it.
pub(crate) async fn prepare(settings: &TlsSettings) -> Result<Option<Tls>, StartError> {
    choose_provider();
    if let (Some(certificate), Some(key)) = (&settings.certificate, &settings.key) {
        let config = RustlsConfig::from_pem_file(certificate, key).await.map_err(StartError::Certificate)?;
        return Ok(Some(Tls { config, fingerprint: None }));
    }
    if !settings.self_signed {
        return Ok(None);
    }
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned(), "freshet.local".to_owned()])
        .map_err(|error| StartError::SelfSigned(error.to_string()))?;
    let fingerprint: Vec<String> = Sha256::digest(made.cert.der()).iter().map(|byte| format!("{byte:02X}")).collect();
    let config = RustlsConfig::from_der(vec![made.cert.der().to_vec()], made.signing_key.serialize_der())
        .await
        .map_err(StartError::Certificate)?;
    Ok(Some(Tls { config, fingerprint: Some(fingerprint.join(":")) }))
}
