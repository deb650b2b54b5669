//! A process between elbtail and the server that can be killed with SIGKILL and come back on the same port.

use std::{
    env,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    sync::Mutex,
    thread,
    time::{Duration, Instant},
};

use super::free_port::free_port;

/// Names the child's ports, `listen:to`.
const PORTS: &str = "CHAOS_RELAY_PORTS";

/// How long a port may be held by what was there before, and a process may need to listen.
const PATIENCE: Duration = Duration::from_secs(30);

/// The process, as its parent sees it.
pub struct Relay {
    port: u16,
    to: u16,
    child: Mutex<Child>,
}

impl Relay {
    /// Starts it before the server on port `to`.
    pub fn start(to: u16) -> Relay {
        let free = free_port();
        let relay = Relay { port: free, to, child: Mutex::new(spawn(free, to)) };
        relay.wait();
        relay
    }

    /// The port to connect to.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// SIGKILL, and another process on the same port after `pause`.
    pub fn kill_and_return(&self, pause: Duration) {
        let mut child = self.child.lock().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        thread::sleep(pause);
        *child = spawn(self.port, self.to);
        drop(child);
        self.wait();
    }

    fn wait(&self) {
        let began = Instant::now();
        while let Err(error) = TcpStream::connect(("127.0.0.1", self.port)) {
            assert!(began.elapsed() < PATIENCE, "the relay does not listen: {error}");
            thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        let mut child = self.child.lock().unwrap();
        let _ = child.kill();
        let _ = child.wait();
    }
}

fn spawn(listen: u16, to: u16) -> Child {
    // This test binary again, running nothing but `child` below.
    Command::new(env::current_exe().unwrap())
        .args(["--exact", "relay::child", "--nocapture"])
        .env(PORTS, format!("{listen}:{to}"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

/// The child's life: without the ports, which only [`spawn`] sets, there is nothing to do.
#[test]
fn child() {
    let Ok(ports) = env::var(PORTS) else { return };
    let (listen, to) = ports.split_once(':').unwrap();
    let (listen, to): (u16, u16) = (listen.parse().unwrap(), to.parse().unwrap());
    // The port may be held for a moment by connections of the process before.
    let began = Instant::now();
    let listener = loop {
        match TcpListener::bind(("127.0.0.1", listen)) {
            Ok(listener) => break listener,
            Err(error) => assert!(began.elapsed() < PATIENCE, "port {listen} is not free: {error}"),
        }
        thread::sleep(Duration::from_millis(20));
    };
    for client in listener.incoming().flatten() {
        thread::spawn(move || {
            // While the server is away, its clients are turned away.
            let Ok(server) = TcpStream::connect(("127.0.0.1", to)) else { return };
            let (client_in, server_in) = (client.try_clone().unwrap(), server.try_clone().unwrap());
            thread::spawn(move || copy(client_in, server));
            copy(server_in, client);
        });
    }
}

fn copy(mut from: TcpStream, mut to: TcpStream) {
    let mut buffer = [0; 64 << 10];
    while let Ok(length @ 1..) = from.read(&mut buffer) {
        if to.write_all(&buffer[..length]).is_err() {
            break;
        }
    }
    // Either side's end is the other's.
    let _ = to.shutdown(std::net::Shutdown::Both);
    let _ = from.shutdown(std::net::Shutdown::Both);
}
