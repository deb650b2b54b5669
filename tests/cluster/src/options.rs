//! How a cluster is set up.

use std::time::Duration;

/// Settings of a [`TestCluster`](crate::TestCluster).
#[derive(Debug, Clone)]
pub struct Options {
    /// The port to listen on; 0 takes a free one.
    pub port: u16,
    /// Whether HTTP/2 is offered; without it clients fall back to HTTP/1.1.
    pub http2: bool,
    /// HTTP/2 streams a connection may have open at once.
    pub max_concurrent_streams: u32,
    /// How many changes a watch can start behind the present.
    pub history: usize,
    /// How often a watch that allows bookmarks gets one.
    pub bookmark_interval: Duration,
    /// Back-off before the mini kubelet restarts a container for the first time; doubles each time.
    pub restart_backoff: Duration,
    /// How long a container that died, but whose pod goes on, keeps its earlier instances: a kubelet collects each minute.
    pub collect_after: Duration,
    /// The size in bytes at which a log's file is rotated; a kubelet's default is 10 MiB. `None`: never by itself.
    pub log_max_size: Option<usize>,
    /// Whether a metrics server answers; without one its paths are not found.
    pub metrics: bool,
    /// Threads that serve.
    pub threads: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            port: 0,
            http2: true,
            max_concurrent_streams: 100,
            history: 1000,
            bookmark_interval: Duration::from_secs(60),
            restart_backoff: Duration::from_secs(1),
            collect_after: Duration::from_secs(60),
            log_max_size: None,
            metrics: false,
            threads: 2,
        }
    }
}
