//! The sockets: accept, TLS, HTTP/2 and HTTP/1.1.

use std::collections::HashMap;
use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, Result};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use socket2::{Domain, Socket, Type};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::AbortHandle;
use tokio_rustls::TlsAcceptor;

use crate::handle;
use crate::wire::{Control, Fate, Wire};
use crate::world::World;

/// How long a half-closed connection is kept, so that the FIN is not overtaken by a RST.
const HALF_CLOSED: Duration = Duration::from_millis(500);

/// One life of the server: from a bind to a kill or shutdown.
#[derive(Debug)]
pub(crate) struct Server {
    accepting: AbortHandle,
    connections: Arc<Connections>,
}

#[derive(Debug, Default)]
struct Connections {
    open: Mutex<HashMap<u64, Arc<Control>>>,
    closed: AtomicBool,
}

impl Connections {
    fn lock(&self) -> MutexGuard<'_, HashMap<u64, Arc<Control>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn doom(&self, fate: Fate) {
        for control in self.lock().values() {
            control.doom(fate);
        }
    }
}

impl Server {
    pub(crate) fn start(world: &Arc<World>, tls: &Arc<rustls::ServerConfig>, port: u16) -> Result<Self> {
        let socket = bind(port)?;
        socket.listen(4096).with_context(|| format!("cannot listen on port {port}"))?;
        let connections = Arc::new(Connections::default());
        let accepting = {
            let _guard = world.runtime.enter();
            let listener = TcpListener::from_std(socket.into())?;
            tokio::spawn(accept(
                listener,
                Arc::clone(world),
                TlsAcceptor::from(Arc::clone(tls)),
                Arc::clone(&connections),
            ))
        };
        Ok(Self { accepting: accepting.abort_handle(), connections })
    }

    /// Closes the listener and resets every connection.
    pub(crate) fn kill(&self) {
        self.connections.closed.store(true, Ordering::Release);
        self.accepting.abort();
        self.connections.doom(Fate::Reset);
    }

    /// Closes the listener and tells every connection to go away.
    pub(crate) fn go_away(&self) {
        self.accepting.abort();
        self.connections.doom(Fate::GoAway);
    }

    pub(crate) fn reset_connections(&self) {
        self.connections.doom(Fate::Reset);
    }

    /// Whether nothing of it is left.
    pub(crate) fn ended(&self) -> bool {
        self.accepting.is_finished() && self.connections.lock().is_empty()
    }
}

/// Keeps a port for this cluster, a free one for 0, while it listens and while it does not: otherwise another test's cluster,
/// or just an outgoing connection, could be given the port of a cluster that is down.
pub(crate) fn reserve(port: u16) -> Result<(Socket, u16)> {
    let socket = bind(port)?;
    let address = socket.local_addr()?.as_socket().context("not an address of IP")?;
    Ok((socket, address.port()))
}

fn bind(port: u16) -> Result<Socket> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    // As both sockets say so, the one that listens may share the port with the one that reserves it.
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into()).with_context(|| format!("cannot listen on {address}"))?;
    Ok(socket)
}

async fn accept(listener: TcpListener, world: Arc<World>, tls: TlsAcceptor, connections: Arc<Connections>) {
    let mut next = 0;
    loop {
        let Ok((tcp, _)) = listener.accept().await else {
            // Out of file descriptors, mostly: others have to close first.
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        let control = Arc::new(Control::default());
        next += 1;
        connections.lock().insert(next, Arc::clone(&control));
        if connections.closed.load(Ordering::Acquire) {
            control.doom(Fate::Reset);
        }
        let (world, tls, connections) = (Arc::clone(&world), tls.clone(), Arc::clone(&connections));
        tokio::spawn(async move {
            let inside = world.counters.connections.enter();
            connection(tcp, &world, tls, &control).await;
            drop(inside);
            connections.lock().remove(&next);
        });
    }
}

async fn connection(tcp: TcpStream, world: &Arc<World>, tls: TlsAcceptor, control: &Arc<Control>) {
    let _ = tcp.set_nodelay(true);
    let wire = Wire::new(tcp, Arc::clone(control));
    let stream = tokio::select! {
        stream = tls.accept(wire) => stream,
        _ = control.turned(Fate::GoAway) => return,
    };
    let Ok(stream) = stream else { return };
    let certificate = stream.get_ref().1.peer_certificates().and_then(|chain| chain.first()).map(|der| der.to_vec());
    let service = service_fn(|request| {
        let (world, control, certificate) = (Arc::clone(world), Arc::clone(control), certificate.clone());
        async move { Ok::<_, Infallible>(handle::answer(&world, &control, certificate.as_deref(), request).await) }
    });
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new());
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(world.options.max_concurrent_streams)
        .max_send_buf_size(1 << 20);
    let mut serving = pin!(builder.serve_connection(TokioIo::new(stream), service));
    let mut fate = Fate::Open;
    loop {
        let turned = tokio::select! {
            _ = serving.as_mut() => control.fate(),
            turned = control.turned(fate) => turned,
        };
        match turned {
            Fate::GoAway if fate == Fate::Open => serving.as_mut().graceful_shutdown(),
            Fate::CutShort if fate < Fate::CutShort => {}
            Fate::HalfClosed => {
                tokio::time::sleep(HALF_CLOSED).await;
                return;
            }
            _ => return,
        }
        fate = turned;
    }
}
