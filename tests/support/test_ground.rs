//! [`TestGround`]: a ground that no real cluster can be.
#![allow(dead_code, reason = "each test binary uses a part")]

use std::{path::PathBuf, process::Command};

use tempfile::TempDir;
use testcluster::{Options, TestCluster};

/// A test cluster, and a directory with its kubeconfig.
pub struct TestGround {
    pub cluster: TestCluster,
    pub directory: TempDir,
    pub kubeconfig: PathBuf,
}

impl TestGround {
    pub fn new(options: Options) -> TestGround {
        let cluster = TestCluster::start_blocking(options).unwrap();
        let directory = tempfile::tempdir().unwrap();
        let kubeconfig = cluster.write_kubeconfig(directory.path()).unwrap();
        TestGround { cluster, directory, kubeconfig }
    }

    /// The binary, which knows of nothing but the cluster.
    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("elbtail"));
        command.env_clear().env("PATH", "/usr/bin:/bin").env("HOME", self.directory.path());
        command.env("KUBECONFIG", &self.kubeconfig).args(words);
        command
    }

    /// Where a file of the scenario is.
    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }
}
