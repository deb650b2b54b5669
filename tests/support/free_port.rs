//! A port on which nothing listens.

/// One that was free a moment ago, and that the system gives to nobody else so soon.
pub fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
