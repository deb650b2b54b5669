//! The incident's job.

use std::time::Duration;

use crate::cluster::TestCluster;

/// Finished.
pub fn finished(_cluster: &TestCluster, _lines: usize) {}

/// Live.
pub async fn live(_cluster: &TestCluster, _duration: Duration) {}
