//! [`Trust`]: which server certificates are believed.
//!
//! A certificate that a CA of the bundle has signed; and, as with Go and OpenSSL, and so kubectl and curl, one that itself stands
//! in the bundle, whether it is a CA or a mere leaf. webpki knows only the first. The bundle is the kubeconfig's, or else the machine's.

use std::{
    fs,
    path::PathBuf,
    sync::{Arc, PoisonError, RwLock},
};

use rustls::{
    CertificateError, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
        verify_server_name,
    },
    pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject},
    server::ParsedCertificate,
};

/// What certificates in PEM stand between.
const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";

/// The certificates of a bundle. A block that is broken does not spoil the others.
pub fn certificates(pem: &[u8]) -> Vec<CertificateDer<'static>> {
    let text = String::from_utf8_lossy(pem);
    let readable = |block: &str| {
        let end = block.find(END)? + END.len();
        let der = CertificateDer::from_pem_slice(&block.as_bytes()[..end]).ok()?;
        // What cannot be an anchor would spoil all others too.
        RootCertStore::empty().add(der.clone()).is_ok().then_some(der)
    };
    text.match_indices(BEGIN).filter_map(|(at, _)| readable(&text[at..])).collect()
}

/// The verifier.
#[derive(Debug)]
pub struct Trust {
    bundle: RwLock<Arc<Bundle>>,
    /// Where the bundle is from: a pod's CA is replaced there while it runs.
    file: Option<PathBuf>,
}

#[derive(Debug)]
struct Bundle {
    certificates: Vec<CertificateDer<'static>>,
    signed: Arc<WebPkiServerVerifier>,
}

impl Trust {
    /// Believes in `certificates`, and in what replaces them in `file`.
    pub fn new(certificates: Vec<CertificateDer<'static>>, file: Option<PathBuf>) -> Result<Self, String> {
        Ok(Self { bundle: RwLock::new(Arc::new(Bundle::new(certificates)?)), file })
    }

    /// Believes in what this machine does: its store of CAs, or what `$SSL_CERT_FILE` and `$SSL_CERT_DIR` name. `None` where the system
    /// has no such store to read and judges certificates itself.
    pub fn of_machine() -> Result<Option<Self>, String> {
        #[cfg(all(unix, not(target_vendor = "apple"), not(target_os = "android")))]
        {
            let found = rustls_native_certs::load_native_certs().certs;
            let missing =
                "this machine trusts no CA: install its ca-certificates, or name a file of them in $SSL_CERT_FILE";
            Self::new(found, None).map(Some).map_err(|_| missing.to_owned())
        }
        #[cfg(not(all(unix, not(target_vendor = "apple"), not(target_os = "android"))))]
        Ok(None)
    }

    fn bundle(&self) -> Arc<Bundle> {
        self.bundle.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The bundle as the file has it now, if that is another one.
    fn replaced(&self) -> Option<Arc<Bundle>> {
        let certificates = certificates(&fs::read(self.file.as_ref()?).ok()?);
        if certificates.is_empty() || certificates == self.bundle().certificates {
            return None;
        }
        let bundle = Arc::new(Bundle::new(certificates).ok()?);
        *self.bundle.write().unwrap_or_else(PoisonError::into_inner) = bundle.clone();
        Some(bundle)
    }
}

impl Bundle {
    fn new(certificates: Vec<CertificateDer<'static>>) -> Result<Self, String> {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(certificates.iter().cloned());
        let signed = WebPkiServerVerifier::builder(Arc::new(roots)).build().map_err(|error| error.to_string())?;
        Ok(Self { certificates, signed })
    }

    fn verify(
        &self,
        server: &CertificateDer<'_>,
        chain: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        match self.signed.verify_server_cert(server, chain, name, ocsp, now) {
            // These are found out only after the dates have been checked, so those are in order.
            Err(error) if is_about_the_issuer(&error) && self.certificates.iter().any(|known| known == server) => {
                verify_server_name(&ParsedCertificate::try_from(server)?, name)?;
                Ok(ServerCertVerified::assertion())
            }
            answer => answer,
        }
    }
}

/// Whether nothing is wrong with a certificate but who signed it, or that it may sign others. A CA of its issuer's name that is
/// another makes a bad signature of it.
fn is_about_the_issuer(error: &Error) -> bool {
    match error {
        Error::InvalidCertificate(CertificateError::UnknownIssuer | CertificateError::BadSignature) => true,
        Error::InvalidCertificate(error) => is_of_a_ca(error),
        _ => false,
    }
}

/// Whether a certificate is refused since it is a CA's own.
pub fn is_of_a_ca(error: &CertificateError) -> bool {
    match error {
        CertificateError::Other(other) => {
            matches!(other.0.downcast_ref(), Some(webpki::Error::CaUsedAsEndEntity))
        }
        _ => false,
    }
}

/// What is wrong, in words; rustls shows some errors as its types are written.
#[cfg(any(feature = "http", feature = "azure"))]
pub fn told(error: &Error) -> String {
    match error {
        Error::InvalidCertificate(wrong) if is_of_a_ca(wrong) => {
            "the server's certificate is that of a CA (CA:TRUE), and not itself among those that are trusted".to_owned()
        }
        error => error.to_string(),
    }
}

impl ServerCertVerifier for Trust {
    fn verify_server_cert(
        &self,
        server: &CertificateDer<'_>,
        chain: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verify = |bundle: Arc<Bundle>| bundle.verify(server, chain, name, ocsp, now);
        verify(self.bundle()).or_else(|error| self.replaced().map_or(Err(error), verify))
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.bundle().signed.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.bundle().signed.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.bundle().signed.supported_verify_schemes()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rcgen::{BasicConstraints, Certificate, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};

    use super::*;

    fn params() -> CertificateParams {
        let mut params = CertificateParams::new(vec!["kubernetes.test".to_owned()]).unwrap();
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(2030, 1, 1);
        params
    }

    fn own_ca() -> Certificate {
        let mut params = params();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.self_signed(&KeyPair::generate().unwrap()).unwrap()
    }

    fn named_ca() -> CertifiedIssuer<'static, KeyPair> {
        let mut ca = params();
        ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        ca.distinguished_name.push(rcgen::DnType::CommonName, "somebody's CA");
        CertifiedIssuer::self_signed(ca, KeyPair::generate().unwrap()).unwrap()
    }

    /// A CA of the name that signs [`leaf`], and another.
    fn somebodys_ca() -> Certificate {
        named_ca().as_ref().clone()
    }

    /// A leaf of a CA that nobody has.
    fn leaf() -> Certificate {
        params().signed_by(&KeyPair::generate().unwrap(), &named_ca()).unwrap()
    }

    fn verify(bundle: &[&Certificate], server: &Certificate, name: &'static str, year: u64) -> Result<(), Error> {
        crate::crypto::choose();
        let trust = Trust::new(bundle.iter().map(|it| it.der().clone()).collect(), None).unwrap();
        let now = UnixTime::since_unix_epoch(Duration::from_secs((year - 1970) * 31_557_600));
        trust.verify_server_cert(server.der(), &[], &ServerName::try_from(name).unwrap(), &[], now).map(drop)
    }

    #[test]
    fn a_certificate_in_the_bundle_is_believed_and_nothing_else() {
        for make in [own_ca, leaf] {
            let (pinned, other) = (make(), make());
            verify(&[&other, &pinned], &pinned, "kubernetes.test", 2026).unwrap();
            verify(&[&own_ca(), &pinned, &somebodys_ca()], &pinned, "kubernetes.test", 2026).unwrap();
            verify(&[&pinned], &other, "kubernetes.test", 2026).unwrap_err();
            verify(&[&pinned], &pinned, "elsewhere.test", 2026).unwrap_err();
            verify(&[&pinned], &pinned, "kubernetes.test", 2031).unwrap_err();
            verify(&[&pinned], &pinned, "kubernetes.test", 2019).unwrap_err();
        }
    }

    #[test]
    fn a_broken_block_does_not_spoil_a_bundle() {
        let (one, two) = (own_ca(), leaf());
        let bundle = format!(
            "# comment\n{}{BEGIN}\nbroken!\n{END}\n{BEGIN}\nAAAA\n{END}\n{BEGIN}\ncut off\n{}{BEGIN}\n",
            one.pem(),
            two.pem()
        );
        assert_eq!(certificates(bundle.as_bytes()), [one.der().clone(), two.der().clone()]);
        for none in ["", "text", BEGIN, END, "\u{0}\u{ff}"] {
            assert!(certificates(none.as_bytes()).is_empty());
        }
    }

    #[test]
    fn a_bundle_that_is_replaced_is_read_again() {
        let (old, new) = (leaf(), leaf());
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), old.pem()).unwrap();
        crate::crypto::choose();
        let trust = Trust::new(vec![old.der().clone()], Some(file.path().to_owned())).unwrap();
        let name = ServerName::try_from("kubernetes.test").unwrap();
        let verify = || {
            trust.verify_server_cert(
                new.der(),
                &[],
                &name,
                &[],
                UnixTime::since_unix_epoch(Duration::from_secs(1_790_000_000)),
            )
        };
        verify().unwrap_err();
        fs::write(file.path(), new.pem()).unwrap();
        verify().unwrap();
    }
}
