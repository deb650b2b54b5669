//! A pocket Kubernetes: API server and kubelet on real TLS sockets, for tests, demo and benchmarks.
//!
//! It answers as Kubernetes 1.36 does (its contract test replays recordings of the real thing), and it can
//! be told to misbehave. Pods are driven in two ways, also at once:
//!
//! - **from test code**, one step at a time, which is how a test tells its story;
//! - **through the API**: a Job or pod that a client creates runs as local processes.
//!
//! ```no_run
//! # async fn story() -> anyhow::Result<()> {
//! use testcluster::{Action, Cut, Kind, Options, Rule, TestCluster};
//!
//! let cluster = TestCluster::start(Options::default()).await?;
//! let pod = cluster.pod("blastn-batch-s00-job-000-3ed51a95-x7k2p").label("app", "blast").init("import").container("blast").create();
//! pod.schedule();
//! pod.start("import").print("import", "Downloading batch_000.fa").terminate("import", 0);
//! pod.start("blast").print("blast", "run start 000 blastn core_nt_shard_00");
//!
//! let first_log = |call: &testcluster::Call| call.kind == Kind::Log && call.nth == 1;
//! cluster.faults().push(Rule::new(first_log, Action::Cut { after: 100, how: Cut::Reset }));
//! cluster.kill().await;
//! pod.print("blast", "nobody saw this live");
//! cluster.restart().await?;
//! pod.terminate("blast", 0);
//! # Ok(()) }
//! ```

mod access;
mod body;
mod call;
mod chaos;
mod clock;
mod cluster;
mod counts;
mod dead;
mod delete;
mod discovery;
mod faults;
mod flow;
mod handle;
pub mod incident;
mod job;
mod job_controller;
mod kubelet;
mod list;
pub mod load;
mod log;
mod log_api;
mod metrics;
mod node_logs;
mod options;
mod pki;
mod pod;
mod pod_status;
mod resource;
mod review;
mod selector;
pub mod serve;
mod server;
mod status;
mod store;
mod table;
mod watch;
mod wire;
mod world;
mod write;

pub use access::Access;
pub use call::{Call, Kind};
pub use chaos::Chaos;
pub use cluster::TestCluster;
pub use counts::Counts;
pub use faults::{Action, Cut, Faults, Rule};
pub use flow::Flow;
pub use job::{JobBuilder, JobHandle};
pub use log::{CHUNK, LogBlock, LogBlockBuilder, Stream};
pub use node_logs::NodeLogs;
pub use options::Options;
pub use pki::ClientCertificate;
pub use pod::{PodBuilder, PodHandle};
