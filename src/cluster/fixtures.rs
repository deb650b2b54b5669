//! What tests of whoever asks a cluster begin with.

use tempfile::TempDir;
use testcluster::{Access, Options, TestCluster};

use super::{Cluster, ConnectEnvironment, ConnectOptions};

/// A test cluster, and a connection to it.
pub struct Connected {
    pub server: TestCluster,
    pub cluster: Cluster,
    home: TempDir,
}

impl Connected {
    /// Of a user who may do this much.
    pub async fn new(access: Access) -> Connected {
        Connected::with(Options::default(), access).await
    }

    /// The same to a cluster that is set up in another way.
    pub async fn with(options: Options, access: Access) -> Connected {
        let server = TestCluster::start(options).await.unwrap();
        let home = tempfile::tempdir().unwrap();
        let cluster = connect(&server, &home, "user", access).await;
        Connected { server, cluster, home }
    }

    /// The connection of another user.
    pub async fn of(&self, user: &str, access: Access) -> Cluster {
        connect(&self.server, &self.home, user, access).await
    }
}

async fn connect(server: &TestCluster, home: &TempDir, user: &str, access: Access) -> Cluster {
    server.add_user(user, user, access);
    let kubeconfig = server.write_kubeconfig_of(user, home.path()).unwrap();
    let options = ConnectOptions { kubeconfig: Some(kubeconfig), ..Default::default() };
    Cluster::connect(&options, &ConnectEnvironment::nothing()).await.unwrap()
}
