//! Certificates of a server that the machine trusts, or does not, over real sockets: rows and clusters alike.

use std::{
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    sync::Arc,
};

use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair};
use rustls::{ServerConfig, pki_types::PrivateKeyDer};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    task::JoinSet,
};
use tokio_rustls::TlsAcceptor;

use crate::support::listen::listen;

/// Serves a row and a version with a certificate that it signed itself, whose file it writes; gives its URL. It ends with the set.
async fn serve(is_ca: IsCa, file: &Path) -> (String, JoinSet<()>) {
    elbtail::crypto::choose();
    let mut params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    let name = file.file_stem().unwrap().to_string_lossy();
    params.distinguished_name.push(rcgen::DnType::CommonName, name.as_ref());
    params.is_ca = is_ca;
    let key = KeyPair::generate().unwrap();
    let certificate = params.self_signed(&key).unwrap();
    std::fs::write(file, certificate.pem()).unwrap();
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let config = ServerConfig::builder().with_no_client_auth();
    let acceptor = TlsAcceptor::from(Arc::new(config.with_single_cert(vec![certificate.der().clone()], key).unwrap()));
    let (address, serving) = listen("127.0.0.1:0", move |tcp| {
        let acceptor = acceptor.clone();
        async move {
            let Ok(mut tls) = acceptor.accept(tcp).await else { return };
            let mut asked = [0; 4096];
            let read = tls.read(&mut asked).await.unwrap_or_default();
            let body = if String::from_utf8_lossy(&asked[..read]).starts_with("GET /version") {
                r#"{"major": "1", "minor": "36", "gitVersion": "v1.36.2", "gitCommit": "", "gitTreeState": "clean", "buildDate": "2026-01-01T00:00:00Z", "goVersion": "go1.26", "compiler": "gc", "platform": "linux/amd64"}"#
            } else {
                r#"{"job_id": "one", "elb_job_id": "job-429825360482416da20736cf3ed51a95"}"#
            };
            let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length:";
            let _ = tls.write_all(format!("{head} {}\r\n\r\n{body}", body.len()).as_bytes()).await;
            let _ = tls.shutdown().await;
        }
    })
    .await;
    (format!("https://{address}"), serving)
}

fn elbtail(arguments: &[&str], trusted: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_elbtail"))
        .args(arguments)
        .env("KUBECONFIG", "/nowhere")
        .env("SSL_CERT_FILE", trusted)
        .env_remove("SSL_CERT_DIR")
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_is_itself_trusted_is_believed_whatever_it_may_sign() {
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str| -> PathBuf { directory.path().join(name) };
    let other = file("other.pem");
    serve(IsCa::Ca(BasicConstraints::Unconstrained), &other).await;
    for (is_ca, name, untrusted) in [
        (IsCa::Ca(BasicConstraints::Unconstrained), "ca.pem", "CA:TRUE"),
        (IsCa::Ca(BasicConstraints::Constrained(0)), "short.pem", "CA:TRUE"),
        (IsCa::ExplicitNoCa, "leaf.pem", "UnknownIssuer"),
        (IsCa::NoCa, "bare.pem", "UnknownIssuer"),
    ] {
        let own = file(name);
        let (url, _serving) = serve(is_ca, &own).await;
        let row = format!("{url}/row.json");
        for (arguments, code) in
            [(&["resolve", &row][..], 3), (&["resolve", "one", "--db", &url], 3), (&["version", "--server", &url], 6)]
        {
            let run = elbtail(arguments, &own);
            let told = String::from_utf8_lossy(&run.stderr);
            assert_eq!(run.status.code(), Some(0), "{name} {arguments:?}: {told}");
            let run = elbtail(arguments, &other);
            let told = String::from_utf8_lossy(&run.stderr);
            assert_eq!(run.status.code(), Some(code), "{name} {arguments:?}: {told}");
            let says = if code == 6 && untrusted == "UnknownIssuer" { "unknown issuer" } else { untrusted };
            assert!(told.contains(says), "{name} {arguments:?}: {told}");
        }
        // With a name that it is not for, it is not.
        let elsewhere = url.replace("127.0.0.1", "localhost");
        let run = elbtail(&["resolve", &format!("{elsewhere}/row.json")], &own);
        let told = String::from_utf8_lossy(&run.stderr);
        assert!(run.status.code() == Some(3) && told.contains("localhost"), "{told}");
    }
}

/// A machine without any CA has plain http all the same, and is told what it lacks.
#[tokio::test(flavor = "multi_thread")]
async fn a_machine_that_trusts_nobody_is_told_so() {
    let directory = tempfile::tempdir().unwrap();
    let (empty, own) = (directory.path().join("empty.pem"), directory.path().join("own.pem"));
    std::fs::write(&empty, "").unwrap();
    let (url, _serving) = serve(IsCa::NoCa, &own).await;
    for (arguments, code) in [
        (&["resolve", &format!("{url}/row.json")][..], 3),
        (&["resolve", "one", "--db", &url], 3),
        (&["version", "--server", &url], 2),
    ] {
        let run = elbtail(arguments, &empty);
        let told = String::from_utf8_lossy(&run.stderr);
        assert_eq!(run.status.code(), Some(code), "{arguments:?}: {told}");
        assert!(told.contains("SSL_CERT_FILE") && told.contains("trusts no CA"), "{arguments:?}: {told}");
    }
    let run = elbtail(&["resolve", "http://127.0.0.1:1/row.json"], &empty);
    let told = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.code() == Some(3) && told.contains("connection refused"), "{told}");
}
