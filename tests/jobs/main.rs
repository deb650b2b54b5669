//! The jobs that a cluster knows by itself: listed, and named without a row.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod action;
mod completing;
mod listing;
mod naming;
mod plugin;
mod several;
#[path = "../support/test_ground.rs"]
mod test_ground;

use std::{ops::Deref, process::Command};

use assert_cmd::assert::Assert;
use jiff::{SignedDuration, Timestamp};
use test_ground::TestGround;
use testcluster::Options;

/// A job of five shards, and its short id.
pub const ONE: &str = "job-429825360482416da20736cf3ed51a95";
pub const OTHER: &str = "job-529825360482416da20736cf00c0ffee";

/// A cluster, and how the binary reaches it.
pub(crate) struct Place(TestGround);

impl Deref for Place {
    type Target = TestGround;

    fn deref(&self) -> &TestGround {
        &self.0
    }
}

impl Place {
    pub fn new() -> Place {
        Place(TestGround::new(Options::default()))
    }

    /// The binary, which knows of nothing but the cluster.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.0.command(arguments);
        // However busy this machine is.
        command.env("ELBTAIL_COMPLETION_TIMEOUT", "20s");
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Assert {
        assert_cmd::Command::from_std(self.command(arguments)).assert()
    }

    /// A batch Job with its pod, which has printed a line.
    pub fn batch(&self, namespace: &str, id: &str, shard: usize, is: Batch) {
        let short = &id[id.len() - 8..];
        let now = Timestamp::now() - SignedDuration::from_mins(5);
        let name = format!("blastn-batch-s{shard:02}-job-000-{short}");
        let job = self.cluster.job(&name).namespace(namespace).created(now);
        let job = job.label("app", "blast").label("elb-job-id", id).label("db", &format!("s{shard:02}")).create();
        job.start(now);
        let pod = job.pod().namespace(namespace).created(now).container("blast").create();
        pod.schedule_on(&format!("node-{shard}"));
        pod.start("blast").print("blast", format!("{id} shard {shard}"));
        match is {
            Batch::Runs => {}
            Batch::Done => {
                pod.terminate("blast", 0);
                job.complete(Timestamp::now());
            }
            Batch::Failed => {
                pod.terminate("blast", 3);
                job.fail(Timestamp::now(), "BackoffLimitExceeded", "Job has reached the specified backoff limit");
            }
        }
    }
}

/// What became of a batch.
#[derive(Clone, Copy)]
pub enum Batch {
    Runs,
    Done,
    Failed,
}

pub fn stdout(run: &Assert) -> String {
    String::from_utf8_lossy(&run.get_output().stdout).into_owned()
}

pub fn stderr(run: &Assert) -> String {
    String::from_utf8_lossy(&run.get_output().stderr).into_owned()
}
