//! TLS: kube's setup with ALPN on top, and rustls's errors in words that help.

use std::sync::Arc;

use base64::{Engine, prelude::BASE64_STANDARD};
use kube::{Config, client::ConfigExt, config::AuthInfo};
use rustls::{AlertDescription, CertificateError, ClientConfig, pki_types::CertificateDer};
use secrecy::{ExposeSecret, SecretString};

use super::{ClusterError, error::Obstacle};
use crate::{
    causes::chain,
    crypto,
    trust::{Trust, is_of_a_ca},
};

/// What elbtail offers, best first.
const ALPN: [&[u8]; 2] = [b"h2", b"http/1.1"];

/// The client side of TLS for this cluster, with the plugin's certificate when there is one; `owner` says in messages whose
/// certificate it is.
pub(super) fn client_config(
    config: &Config,
    owner: &str,
    identity: Option<&(String, SecretString)>,
) -> Result<ClientConfig, ClusterError> {
    crypto::choose();
    let filled = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    let user = &config.auth_info;
    let mut config = config.clone();
    // Only what concerns TLS: with an exec plugin in it, kube would run that again.
    config.auth_info = match identity {
        Some((certificate, key)) => AuthInfo {
            client_certificate_data: Some(BASE64_STANDARD.encode(certificate)),
            client_key_data: Some(BASE64_STANDARD.encode(key.expose_secret()).into()),
            ..AuthInfo::default()
        },
        None => AuthInfo {
            client_certificate: filled(&user.client_certificate),
            client_certificate_data: filled(&user.client_certificate_data),
            client_key: filled(&user.client_key),
            client_key_data: user.client_key_data.clone().filter(|key| !key.expose_secret().is_empty()),
            ..AuthInfo::default()
        },
    };
    // The roots and what becomes of them are `Trust`'s; kube gets none, with which it trusts nobody.
    let (roots, file) = (config.root_cert.take(), config.root_cert_file.take());
    let trust = match roots {
        _ if config.accept_invalid_certs => None,
        Some(roots) => Trust::new(roots.into_iter().map(CertificateDer::from).collect(), file)
            .map(Some)
            .map_err(|why| ClusterError::Config(format!("the cluster's CA: {why}")))?,
        None => Trust::of_machine().map_err(|why| {
            ClusterError::Config(format!("{why}; or pass --certificate-authority with the cluster's CA"))
        })?,
    };
    if trust.is_some() || config.accept_invalid_certs {
        config.root_cert = Some(Vec::new());
    }
    let mut tls = config
        .rustls_client_config()
        .map_err(|error| ClusterError::Config(format!("{owner}: the client certificate: {}", chain(&error))))?;
    if let Some(trust) = trust {
        tls.dangerous().set_certificate_verifier(Arc::new(trust));
    }
    tls.alpn_protocols = ALPN.map(<[u8]>::to_vec).to_vec();
    Ok(tls)
}

/// A failed handshake with `host`, checked against `name`.
pub(super) fn explain(host: &str, name: &str, error: &rustls::Error) -> ClusterError {
    let obstacle = |text: String| ClusterError::Unreachable { host: host.to_owned(), why: Obstacle::Tls(text) };
    match error {
        rustls::Error::InvalidCertificate(error) => obstacle(distrust(name, error)),
        rustls::Error::InvalidMessage(_) => obstacle(
            "it does not speak TLS there; is the port right, or should the server's URL start with http://?".to_owned(),
        ),
        rustls::Error::AlertReceived(
            alert @ (AlertDescription::BadCertificate
            | AlertDescription::UnsupportedCertificate
            | AlertDescription::CertificateRevoked
            | AlertDescription::CertificateExpired
            | AlertDescription::CertificateUnknown
            | AlertDescription::UnknownCA
            | AlertDescription::AccessDenied
            | AlertDescription::CertificateRequired),
        ) => ClusterError::Unauthenticated(format!(
            "the cluster at {host} refused the client certificate ({alert:?}): it may have expired; get a new kubeconfig or sign in anew"
        )),
        error => obstacle(format!("the TLS handshake failed: {error}")),
    }
}

fn distrust(name: &str, error: &CertificateError) -> String {
    match error {
        // A bad signature is another CA of the same name: the cluster was made anew since the kubeconfig was written.
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            "its certificate is not trusted (unknown issuer): pass --certificate-authority with the cluster's CA, or get \
             a new kubeconfig if the cluster was made anew"
                .to_owned()
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            let presented = match error {
                CertificateError::NotValidForNameContext { presented, .. } if !presented.is_empty() => {
                    // rustls names them as its types print them: `DnsName("h")`.
                    let names = presented.iter().map(|name| name.split('"').nth(1).unwrap_or(name));
                    format!(" but for {}", names.collect::<Vec<_>>().join(", "))
                }
                _ => String::new(),
            };
            format!("its certificate is not for {name:?}{presented}: pass --tls-server-name with a name it is for")
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "its certificate has expired: renew it, or check this machine's clock".to_owned()
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "its certificate is not valid yet: check this machine's clock".to_owned()
        }
        error if is_of_a_ca(error) => {
            "its certificate is that of a CA (CA:TRUE), and not itself among those that are trusted: pass it with \
             --certificate-authority"
                .to_owned()
        }
        error => {
            format!("its certificate is not accepted ({error}): pass --certificate-authority with the cluster's CA")
        }
    }
}

#[cfg(test)]
mod tests {
    use kube::config::AuthInfo;
    use rustls::{
        ClientConnection, Connection, RootCertStore, ServerConfig, ServerConnection,
        pki_types::{PrivateKeyDer, ServerName, pem::PemObject},
        server::WebPkiClientVerifier,
    };

    use super::*;

    const CA: &[u8] = include_bytes!("../../testdata/p521/ca.pem");
    const LEAF: &[u8] = include_bytes!("../../testdata/p521/leaf.pem");
    const KEY: &[u8] = include_bytes!("../../testdata/p521/leaf.key");

    /// Hands over what `from` has to say.
    fn pass(from: &mut Connection, to: &mut Connection) {
        let mut bytes = Vec::new();
        while from.wants_write() {
            from.write_tls(&mut bytes).unwrap();
        }
        let mut rest = &bytes[..];
        while !rest.is_empty() {
            to.read_tls(&mut rest).unwrap();
            to.process_new_packets().unwrap();
        }
    }

    #[test]
    fn keys_on_p521_are_good_for_servers_and_clients() {
        crypto::choose();
        let ca = CertificateDer::from_pem_slice(CA).unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(ca.clone()).unwrap();
        let verifier = WebPkiClientVerifier::builder(Arc::new(roots)).build().unwrap();
        let chain = vec![CertificateDer::from_pem_slice(LEAF).unwrap()];
        let server = ServerConfig::builder()
            .with_client_cert_verifier(verifier)
            .with_single_cert(chain, PrivateKeyDer::from_pem_slice(KEY).unwrap())
            .unwrap();

        let mut config = Config::new("https://kubernetes.test".parse().unwrap());
        config.root_cert = Some(vec![ca.to_vec()]);
        let encoded = |pem: &[u8]| BASE64_STANDARD.encode(pem);
        config.auth_info = AuthInfo {
            client_certificate_data: Some(encoded(LEAF)),
            client_key_data: Some(encoded(KEY).into()),
            ..AuthInfo::default()
        };
        let client = client_config(&config, "the user", None).unwrap();

        let name = ServerName::try_from("kubernetes.test").unwrap();
        let mut client = Connection::from(ClientConnection::new(Arc::new(client), name).unwrap());
        let mut server = Connection::from(ServerConnection::new(Arc::new(server)).unwrap());
        while client.is_handshaking() || server.is_handshaking() {
            pass(&mut client, &mut server);
            pass(&mut server, &mut client);
        }
        assert_eq!(server.peer_certificates().map(<[_]>::len), Some(1));
    }
}
