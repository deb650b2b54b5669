//! What elbtail is measured beside: `curl` and `kubectl`.

use std::{
    fmt::Write as _,
    fs,
    path::PathBuf,
    process::{Command, Stdio},
};

use base64::Engine as _;
use serde_json::Value;
use tempfile::TempDir;
use testcluster::load::JOB_ID;

use crate::server::Server;

/// Installs what is missing, from Debian.
pub fn install() {
    for (program, package, probe) in [("curl", "curl", "--version"), ("kubectl", "kubernetes-client", "--help")] {
        let found = Command::new(program).arg(probe).stdout(Stdio::null()).stderr(Stdio::null()).status();
        if !found.is_ok_and(|status| status.success()) {
            let installed = Command::new("apt-get").args(["install", "-y", package]).stdout(Stdio::null()).status();
            assert!(installed.is_ok_and(|status| status.success()), "{program} is missing: apt-get install {package}");
        }
    }
}

/// `curl` for one server.
#[derive(Debug)]
pub struct Curl {
    directory: TempDir,
    server: String,
    options: String,
}

impl Curl {
    /// Takes address and token out of the server's kubeconfig.
    pub fn new(server: &Server) -> Curl {
        let directory = tempfile::tempdir().unwrap();
        let config: Value = serde_json::from_slice(&fs::read(server.kubeconfig()).unwrap()).unwrap();
        let cluster = &config["clusters"][0]["cluster"];
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let ca = directory.path().join("ca.pem");
        let pem = text(&cluster["certificate-authority-data"]);
        fs::write(&ca, base64::engine::general_purpose::STANDARD.decode(pem).unwrap()).unwrap();
        let token = text(&config["users"][0]["user"]["token"]);
        let options = format!(
            "cacert = {:?}\nheader = \"Authorization: Bearer {token}\"\nuser-agent = \"bench\"\nhttp2\nsilent\nfail\n",
            ca.display().to_string()
        );
        Curl { directory, server: text(&cluster["server"]), options }
    }

    /// Reads these paths at once, over one connection, to nowhere.
    pub fn read(&self, paths: &[String]) -> Command {
        self.read_at_once(paths, 300)
    }

    /// The same, so many at once.
    pub fn read_at_once(&self, paths: &[String], most: usize) -> Command {
        let mut config = self.options.clone();
        if paths.len() > 1 {
            write!(config, "parallel\nparallel-max = {}\n", paths.len().min(most)).unwrap();
        }
        for path in paths {
            write!(config, "url = \"{}{path}\"\noutput = \"/dev/null\"\n", self.server).unwrap();
        }
        let file: PathBuf = self.directory.path().join(format!("{}.config", paths.len()));
        fs::write(&file, config).unwrap();
        let mut command = Command::new("curl");
        command.arg("-K").arg(file);
        command
    }

    /// What stands at a path.
    pub fn fetch(&self, path: &str) -> String {
        let file = self.directory.path().join("fetch.config");
        fs::write(&file, format!("{}url = \"{}{path}\"\n", self.options, self.server)).unwrap();
        let output = Command::new("curl").arg("-K").arg(file).output().unwrap();
        assert!(output.status.success(), "{path}: {}", output.status);
        String::from_utf8(output.stdout).unwrap()
    }

    /// The list of the job's pods.
    pub fn list(&self) -> Command {
        self.read(&[format!("/api/v1/namespaces/default/pods?limit=500&labelSelector=elb-job-id%3D{JOB_ID}")])
    }

    /// The logs of this many containers of the load, two a pod.
    pub fn logs(&self, containers: usize) -> Command {
        let paths: Vec<String> = (0..containers)
            .map(|number| {
                let (pod, container) = (number / 2, ["blast", "side-1"][number % 2]);
                let name = format!("blastn-batch-s{pod:04}-job-000-10adf00d-{:05}", pod + 10_000);
                format!("/api/v1/namespaces/default/pods/{name}/log?container={container}&timestamps=true")
            })
            .collect();
        self.read(&paths)
    }
}

/// `kubectl logs` of all the job's containers.
pub fn kubectl(server: &Server, containers: usize) -> Command {
    let selector = format!("elb-job-id={JOB_ID}");
    let most = containers.to_string();
    let arguments = ["logs", "-l", &selector, "--all-containers", "--prefix", "--tail=-1", "--max-log-requests", &most];
    server.client("kubectl", &arguments)
}
