//! A server inside of the test: what it does with a connection is given.

use std::net::SocketAddr;

use tokio::{
    net::{TcpListener, TcpStream, ToSocketAddrs},
    task::JoinSet,
};

/// Serves each connection to `address` in a task of its own. All ends when the set that is handed back does.
pub async fn listen<F>(
    address: impl ToSocketAddrs,
    serve: impl Fn(TcpStream) -> F + Send + 'static,
) -> (SocketAddr, JoinSet<()>)
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind(address).await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut accepting = JoinSet::new();
    accepting.spawn(async move {
        let mut connections = JoinSet::new();
        while let Ok((stream, _)) = listener.accept().await {
            connections.spawn(serve(stream));
            // What has ended is not kept.
            while connections.try_join_next().is_some() {}
        }
    });
    (address, accepting)
}
