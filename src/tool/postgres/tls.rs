//! How connections are encrypted, by the words of `sslmode`: `prefer` and `require` encrypt and ask for no proof of who
//! answers, `verify-ca` wants a certificate of a known authority, and `verify-full` one in the name of the host.

use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
};
use tokio_postgres_rustls::MakeRustlsConnect;

/// Whom a connection trusts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Trust {
    /// Whoever answers.
    Anyone,
    /// Who has a certificate of the authority in the file, in whatever name.
    Authority(String),
    /// Who has a certificate in the name of the host, by the authority in the file or by one that the system knows.
    Name(Option<String>),
}

/// What `sslmode` and `sslrootcert` ask for; none where nothing is encrypted.
pub(super) fn trust(mode: Option<&str>, root: Option<&str>) -> Result<Option<Trust>, String> {
    let file = root.filter(|root| *root != "system").map(str::to_owned);
    Ok(Some(match (mode, file) {
        (Some("disable"), _) => return Ok(None),
        (Some("verify-full"), file) => Trust::Name(file),
        // With an authority at hand, `require` checks it, as it does with other clients.
        (Some("verify-ca" | "require"), Some(file)) => Trust::Authority(file),
        (Some("verify-ca"), None) => {
            return Err("has `sslmode=verify-ca` without `sslrootcert=FILE`, the certificate of the authority".to_owned());
        }
        (None | Some("allow" | "prefer" | "require"), _) => Trust::Anyone,
        (Some(other), _) => {
            return Err(format!(
                "has `sslmode={other}`: there are disable, prefer, require, verify-ca and verify-full"
            ));
        }
    }))
}

/// What makes encrypted connections.
pub(super) fn connector(trust: &Trust) -> Result<MakeRustlsConnect, String> {
    let provider = Arc::new(ring::default_provider());
    let verifier = verifier(trust, &provider)?;
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

fn verifier(
    trust: &Trust,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<dyn ServerCertVerifier>, String> {
    let said = |error: &dyn std::fmt::Display| format!("cannot be checked: {error}");
    Ok(match trust {
        Trust::Anyone => Arc::new(Lenient { by: None, provider: Arc::clone(provider) }),
        Trust::Authority(file) => {
            let by = Some(by_authority(file, provider)?);
            Arc::new(Lenient { by, provider: Arc::clone(provider) })
        }
        Trust::Name(Some(file)) => by_authority(file, provider)?,
        Trust::Name(None) => Arc::new(
            rustls_platform_verifier::Verifier::new(Arc::clone(provider))
                .map_err(|error| said(&error))?,
        ),
    })
}

fn by_authority(
    file: &str,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<WebPkiServerVerifier>, String> {
    let bad = |error: &dyn std::fmt::Display| {
        format!("names `sslrootcert={file}`, which is no certificate: {error}")
    };
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(file).map_err(|error| bad(&error))? {
        let certificate = certificate.map_err(|error| bad(&error))?;
        roots.add(certificate).map_err(|error| bad(&error))?;
    }
    WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider))
        .build()
        .map_err(|error| bad(&error))
}

/// Checks what `sslmode` wants checked and no more: an authority without the name, or nothing. The server still has to
/// hold the key of the certificate that it shows.
#[derive(Debug)]
struct Lenient {
    by: Option<Arc<WebPkiServerVerifier>>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Lenient {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let Some(by) = &self.by else { return Ok(ServerCertVerified::assertion()) };
        match by.verify_server_cert(end_entity, intermediates, name, ocsp, now) {
            // The name is looked at last: the authority was right.
            Err(Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) => Ok(ServerCertVerified::assertion()),
            checked => checked,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
