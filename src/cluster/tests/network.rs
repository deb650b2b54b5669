//! Everything between here and an API server that answers.

use std::{
    net::SocketAddr,
    path::PathBuf,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use super::{
    super::{Cluster, ClusterError, ConnectEnvironment, ConnectOptions, Obstacle, RequestTimeout},
    free_port::free_port,
    listen::listen,
    server::{PATIENCE, Server, Speech, args, get},
};
use crate::exit::Exit;

async fn fails(args: &ConnectOptions) -> ClusterError {
    let cluster = Cluster::connect(args, &ConnectEnvironment::nothing()).await.unwrap();
    get(&cluster, "/version").await.unwrap_err()
}

#[tokio::test]
async fn an_untrusted_certificate_says_what_to_pass() {
    let server = Server::start(Speech::default()).await;
    let other = Server::start(Speech::default()).await;
    let error = fails(&ConnectOptions { certificate_authority: Some(other.ca()), ..server.args() }).await;
    assert_eq!(error.exit(), Exit::Unreachable);
    assert!(!error.is_transient());
    let text = error.to_string();
    let start = format!("cannot reach the cluster at {}: its certificate is not trusted", server.address);
    assert!(text.starts_with(&start) && text.contains("--certificate-authority"), "{text}");

    let error = fails(&ConnectOptions { tls_server_name: Some("wrong.test".to_owned()), ..server.args() }).await;
    assert!(error.to_string().contains("pass --tls-server-name"), "{error}");

    let named = ConnectOptions { tls_server_name: Some("kubernetes.test".to_owned()), ..server.args() };
    let insecure = ConnectOptions { certificate_authority: None, insecure_skip_tls_verify: true, ..server.args() };
    for args in [named, insecure] {
        let cluster = Cluster::connect(&args, &ConnectEnvironment::nothing()).await.unwrap();
        get(&cluster, "/version").await.unwrap();
    }
}

#[tokio::test]
async fn a_plain_port_says_it_speaks_no_tls() {
    let server = Server::start(Speech { tls: false, ..Speech::default() }).await;
    let error = fails(&args(server.address, None, true)).await;
    assert!(error.to_string().contains("does not speak TLS"), "{error}");
}

#[tokio::test]
async fn a_handshake_that_the_network_breaks_may_succeed_later() {
    // How much of the client's first message is read, and whether the rest is answered with a reset.
    for (read, reset) in [(0, true), (1, true), (5, true), (5, false), (64, false)] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = tokio::spawn(async move {
            while let Ok((mut wire, _)) = listener.accept().await {
                let mut first = vec![0; read];
                let _ = wire.read_exact(&mut first).await;
                if !reset {
                    let _ = wire.shutdown().await;
                    let _ = wire.read_to_end(&mut first).await;
                }
            }
        });
        let error = fails(&args(address, None, true)).await;
        server.abort();
        assert!(error.is_transient() && error.exit() == Exit::Unreachable, "{read} {reset}: {error:?}");
        assert!(error.to_string().contains("TLS handshake"), "{read} {reset}: {error}");
    }
}

#[tokio::test]
async fn what_a_server_says_in_a_handshake_lasts() {
    // An alert (handshake_failure), and bytes that are no TLS.
    for answer in [&[21, 3, 3, 0, 2, 2, 40][..], b"HTTP/1.1 400 Bad Request\r\n\r\n", b"SSH-2.0-x\r\n"] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = tokio::spawn(async move {
            while let Ok((mut wire, _)) = listener.accept().await {
                let _ = wire.write_all(answer).await;
                let _ = wire.shutdown().await;
                let _ = wire.read_to_end(&mut vec![]).await;
            }
        });
        let error = fails(&args(address, None, true)).await;
        server.abort();
        assert!(!error.is_transient() && matches!(error, ClusterError::Unreachable { .. }), "{answer:?}: {error:?}");
    }
}

#[tokio::test]
async fn a_refused_connection_is_told_at_once() {
    let address = SocketAddr::from(([127, 0, 0, 1], free_port()));
    let began = Instant::now();
    let error = fails(&args(address, None, true)).await;
    assert!(began.elapsed() < PATIENCE, "it waited for the request timeout");
    assert!(matches!(error, ClusterError::Unreachable { why: Obstacle::Refused, .. }), "{error}");
    assert_eq!(
        error.to_string(),
        format!(
            "cannot reach the cluster at {address}: connection refused; is the cluster running, and is the port right?"
        )
    );
}

#[tokio::test]
async fn an_unknown_name_is_told_apart() {
    let args =
        ConnectOptions { server: Some("https://no-such-host.invalid:6443".to_owned()), ..ConnectOptions::default() };
    let error = fails(&args).await;
    assert!(matches!(error, ClusterError::Unreachable { why: Obstacle::Dns(_), .. }), "{error}");
}

#[tokio::test]
async fn silence_ends_with_the_request_timeout() {
    let short = RequestTimeout(Some(Duration::from_secs(2)));
    // Accepts, and never says a word.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    for tls in [true, false] {
        let args = ConnectOptions { request_timeout: short, ..args(listener.local_addr().unwrap(), None, tls) };
        let began = Instant::now();
        let error = fails(&args).await;
        assert!(matches!(error, ClusterError::Unreachable { why: Obstacle::Timeout { .. }, .. }), "{error}");
        assert!(began.elapsed() < PATIENCE);
    }
    // Begins an answer, and never ends it.
    let server = Server::start(Speech::default()).await;
    let args = ConnectOptions { request_timeout: short, ..server.args() };
    let cluster = Cluster::connect(&args, &ConnectEnvironment::nothing()).await.unwrap();
    let error = get(&cluster, "/api/never-ends").await.unwrap_err();
    assert!(error.to_string().contains("reading the answer took longer than 2s"), "{error}");
    // A watch may be silent.
    let watch = get(&cluster, "/api/never-ends?watch=true");
    assert!(tokio::time::timeout(Duration::from_secs(4), watch).await.is_err());
}

/// A CONNECT proxy that notes what it is asked.
async fn proxy() -> (SocketAddr, Arc<Mutex<Vec<String>>>) {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let notes = asked.clone();
    let (address, mut tasks) = listen("127.0.0.1:0", move |mut from| {
        let notes = notes.clone();
        async move {
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(from.read_u8().await.unwrap());
            }
            let head = String::from_utf8(head).unwrap();
            let target = head.split(' ').nth(1).unwrap().replace("cluster.test", "127.0.0.1");
            notes.lock().unwrap().push(head);
            let mut to = TcpStream::connect(target).await.unwrap();
            from.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await.unwrap();
            let _ = tokio::io::copy_bidirectional(&mut from, &mut to).await;
        }
    })
    .await;
    tasks.detach_all();
    (address, asked)
}

/// A kubeconfig for `server`, known under a name only the proxy resolves.
fn kubeconfig(server: &Server, proxy_url: &str) -> PathBuf {
    let path = server.dir.path().join("proxied");
    let text = format!(
        "{{current-context: c, contexts: [{{name: c, context: {{cluster: c}}}}], clusters: [{{name: c, cluster: \
         {{server: 'https://cluster.test:{}', certificate-authority: ca.pem, tls-server-name: kubernetes.test{proxy_url}}}}}]}}",
        server.address.port()
    );
    std::fs::write(&path, text).unwrap();
    path
}

#[tokio::test]
async fn a_proxy_is_used_where_it_should_be() {
    let server = Server::start(Speech::default()).await;
    let (address, asked) = proxy().await;
    let port = server.address.port();
    let args = |proxy_url: &str| ConnectOptions {
        kubeconfig: Some(kubeconfig(&server, proxy_url)),
        ..ConnectOptions::default()
    };

    let from_file = args(&format!(", proxy-url: 'http://user:planted@{address}'"));
    let environment = ConnectEnvironment { no_proxy: "*".to_owned(), ..ConnectEnvironment::nothing() };
    let cluster = Cluster::connect(&from_file, &environment).await.unwrap();
    get(&cluster, "/version").await.unwrap();
    let head = asked.lock().unwrap().pop().unwrap();
    assert!(head.starts_with(&format!("CONNECT cluster.test:{port} HTTP/1.1\r\n")), "{head}");
    assert!(head.contains("Proxy-Authorization: Basic dXNlcjpwbGFudGVk\r\n"), "{head}");

    let environment = ConnectEnvironment {
        https_proxy: format!("http://{address}"),
        no_proxy: "127.0.0.1".to_owned(),
        ..ConnectEnvironment::nothing()
    };
    let cluster = Cluster::connect(&args(""), &environment).await.unwrap();
    get(&cluster, "/version").await.unwrap();
    assert_eq!(asked.lock().unwrap().len(), 1, "NO_PROXY names the proxy's host, not the cluster's");

    let environment = ConnectEnvironment { no_proxy: ".test".to_owned(), ..environment };
    let cluster = Cluster::connect(&args(""), &environment).await.unwrap();
    let error = get(&cluster, "/version").await.unwrap_err();
    assert!(matches!(error, ClusterError::Unreachable { why: Obstacle::Dns(_), .. }), "{error}");
    assert_eq!(asked.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_socks_proxy_resolves_the_name_itself() {
    let server = Server::start(Speech::default()).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (target, port) = (server.address, server.address.port());
    let proxy = tokio::spawn(async move {
        let (mut from, _) = listener.accept().await.unwrap();
        let mut hello = [0; 3];
        from.read_exact(&mut hello).await.unwrap();
        assert_eq!(hello, [5, 1, 0], "version 5, one method, no authentication");
        from.write_all(&[5, 0]).await.unwrap();
        let mut request = [0; 4 + 1 + "cluster.test".len() + 2];
        from.read_exact(&mut request).await.unwrap();
        assert_eq!(&request[5..17], b"cluster.test");
        assert_eq!(request[17..], port.to_be_bytes());
        from.write_all(&[5, 0, 0, 1, 127, 0, 0, 1, 0, 0]).await.unwrap();
        let mut to = TcpStream::connect(target).await.unwrap();
        let _ = tokio::io::copy_bidirectional(&mut from, &mut to).await;
    });
    let path = kubeconfig(&server, &format!(", proxy-url: 'socks5://{address}'"));
    let args = ConnectOptions { kubeconfig: Some(path), ..ConnectOptions::default() };
    let cluster = Cluster::connect(&args, &ConnectEnvironment::nothing()).await.unwrap();
    get(&cluster, "/version").await.unwrap();
    assert!(!proxy.is_finished());
}

#[tokio::test]
async fn a_proxy_that_fails_is_named_without_its_password() {
    let server = Server::start(Speech::default()).await;
    let closed = SocketAddr::from(([127, 0, 0, 1], free_port()));
    for scheme in ["http", "socks5"] {
        let path = kubeconfig(&server, &format!(", proxy-url: '{scheme}://user:planted@{closed}'"));
        let error = fails(&ConnectOptions { kubeconfig: Some(path), ..ConnectOptions::default() }).await;
        let text = format!("{error} {error:?}");
        assert!(text.contains(&format!("proxy {closed} (the kubeconfig's proxy-url): connection refused")), "{text}");
        assert!(!text.contains("planted"), "{text}");
    }
}

#[tokio::test]
async fn what_is_not_the_api_is_said_to_be_something_else() {
    let server = Server::start(Speech::default()).await;
    let cluster = server.cluster().await;
    for (path, said) in [
        ("/api/v1/web-page", "a web page (HTTP 200)"),
        ("/apis/batch/v1/not-found", "a web page (HTTP 404)"),
        ("/api/v1/moved", "a redirection to \"https://login.test/\" (HTTP 302)"),
        ("/api/v1/words", "\"text/plain\" where Kubernetes answers JSON"),
    ] {
        let error = get(&cluster, path).await.unwrap_err();
        assert_eq!(error.exit(), Exit::Unreachable);
        assert!(error.to_string().contains(said) && error.to_string().contains("the API's URL"), "{error}");
    }
}

#[tokio::test]
async fn plain_http_on_a_tls_port_is_said_to_be_that() {
    let tls = Server::start(Speech::default()).await;
    let error = fails(&args(tls.address, None, false)).await;
    assert!(error.to_string().contains("https://"), "{error}");
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = silent.local_addr().unwrap();
    // Hangs up on whatever is no TLS.
    tokio::spawn(async move { while silent.accept().await.is_ok() {} });
    let error = fails(&args(address, None, false)).await;
    assert!(error.to_string().contains("https://") && error.exit() == Exit::Unreachable, "{error}");
    let busy = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = busy.local_addr().unwrap();
    // The same, but it answers a handshake, with an alert.
    tokio::spawn(async move {
        while let Ok((mut wire, _)) = busy.accept().await {
            let mut first = [0];
            if wire.read_exact(&mut first).await.is_ok() && first == [22] {
                let _ = wire.write_all(&[21, 3, 3, 0, 2, 2, 40]).await;
            }
        }
    });
    let error = fails(&args(address, None, false)).await;
    assert!(error.to_string().contains("it wants TLS there") && !error.is_transient(), "{error}");
    let go = Server::start(Speech { tls: false, http2: false, ..Speech::default() }).await;
    let cluster = go.cluster().await;
    let error = get(&cluster, "/api/wants-tls").await.unwrap_err();
    assert!(error.to_string().contains("https://") && error.exit() == Exit::Unreachable, "{error}");
}
