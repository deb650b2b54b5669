//! [`Stage`]: a test cluster, a kubeconfig and a row, and what the doctor says of them.

use std::{
    ops::Deref,
    path::Path,
    process::{Command, Stdio},
};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use testcluster::{JobHandle, Options, PodBuilder, PodHandle};

use crate::test_ground::TestGround;

pub const ID: &str = "job-429825360482416da20736cf3ed51a95";
pub const SHORT: &str = "3ed51a95";
pub const ROW_ID: &str = "18b9edca-4d8a-41bc-9cd8-3a2f161259b6";
/// Another job.
pub const OTHER: &str = "job-00000000000040008000000012345678";

/// A moment so many minutes ago.
pub fn ago(minutes: i64) -> Timestamp {
    Timestamp::now() - SignedDuration::from_mins(minutes)
}

pub struct Stage(TestGround);

impl Deref for Stage {
    type Target = TestGround;

    fn deref(&self) -> &TestGround {
        &self.0
    }
}

impl Stage {
    pub fn new() -> Stage {
        Stage(TestGround::new(Options::default()))
    }

    /// A file of the scenario.
    pub fn write(&self, name: &str, text: &str) -> String {
        let path = self.path(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// Writes a row and gives its path.
    pub fn row(&self, row: &Value) -> String {
        self.write("row.json", &row.to_string())
    }

    /// The Job that searches a shard.
    pub fn batch_job(&self, shard: usize) -> JobHandle {
        let job = self
            .cluster
            .job(&format!("blastn-batch-s{shard:02}-job-000-{SHORT}"))
            .label("app", "blast")
            .label("elb-job-id", ID)
            .spec("ttlSecondsAfterFinished", json!(1800))
            .spec("backoffLimit", json!(3))
            .create();
        job.start(Timestamp::now());
        job
    }

    /// A pod that searches a shard, not scheduled yet.
    pub fn batch(&self, shard: usize) -> PodHandle {
        batch_pod(&self.batch_job(shard)).create()
    }

    /// The same, with its search running.
    pub fn searching(&self, shard: usize) -> PodHandle {
        let pod = self.batch(shard);
        search(&pod);
        pod
    }

    /// A Job of one container and its pod.
    pub fn single(&self, job: &str, app: &str, container: &str) -> (JobHandle, PodHandle) {
        let job = self.cluster.job(job).label("app", app).label("elb-job-id", ID).create();
        job.start(Timestamp::now());
        let pod = job.pod().container(container).create();
        (job, pod)
    }

    pub fn finalizer(&self) -> (JobHandle, PodHandle) {
        self.single(&format!("elb-finalizer-{SHORT}"), "finalizer", "finalizer")
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        command(&self.kubeconfig, arguments)
    }

    pub fn doctor(&self, arguments: &[&str]) -> Said {
        examine(&self.kubeconfig, arguments)
    }

    /// The doctor must name `code` first, as the cause of `incident`, and exit with `exit`.
    pub fn must_find(&self, incident: &str, arguments: &[&str], code: &str, exit: i32) -> Said {
        self.doctor(arguments).must_be(incident, code, exit)
    }

    /// The same for a job that is given by its id.
    pub fn must_be(&self, incident: &str, code: &str) -> Said {
        self.must_find(incident, &[ID], code, 9)
    }

    /// The doctor must find no problem.
    pub fn must_be_healthy(&self, what: &str, arguments: &[&str]) -> Said {
        let said = self.doctor(arguments);
        println!("| {what} | – | `{}` |", said.first_line());
        assert_eq!((said.code, said.problems()), (0, vec![]), "{what}: {}", said.text);
        said
    }
}

/// A pod of a Job that searches.
pub fn batch_pod(job: &JobHandle) -> PodBuilder {
    job.pod()
        .init("import-query-batches")
        .container("blast")
        .container("results-export")
        .env("blast", "BLAST_ELB_JOB_ID", ID)
        .env("blast", "AZURE_STORAGE_KEY", "planted-key")
        .restart_policy("OnFailure")
}

/// Lets a search begin.
pub fn search(pod: &PodHandle) {
    pod.start("import-query-batches").print("import-query-batches", "Downloading batch_000.fa");
    pod.terminate("import-query-batches", 0);
    pod.start_all(&["blast", "results-export"]);
    pod.print("blast", "BASH version 5.2.21(1)-release").print("blast", "run start 000 blastn core_nt_shard_00");
}

pub fn command(kubeconfig: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("elbtail"));
    command.args(arguments).env("KUBECONFIG", kubeconfig).stdin(Stdio::null());
    for name in ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"] {
        command.env_remove(name);
    }
    command
}

/// What the doctor says, for people and for machines; `None` when something happened in between, so that its two answers
/// differ.
pub fn examine_moving(kubeconfig: &Path, arguments: &[&str]) -> Option<Said> {
    let run = |format: &[&str]| command(kubeconfig, &[&["doctor"], arguments, format].concat()).output().unwrap();
    let (text, json) = (run(&[]), run(&["-o", "json"]));
    let stderr = String::from_utf8_lossy(&text.stderr).into_owned();
    let report: Value =
        serde_json::from_slice(&json.stdout).unwrap_or_else(|error| panic!("{error}: {stderr} {:?}", json.status));
    crate::contract::validate(&report);
    crate::commands::must_parse(&report["findings"]);
    assert_eq!(Some(report["exitCode"].as_i64().unwrap()), json.status.code().map(i64::from));
    let same = text.status.code() == json.status.code();
    let text = String::from_utf8(text.stdout).unwrap();
    same.then(|| Said { report, text, stderr, code: json.status.code().unwrap() })
}

/// The same of a cluster in which nothing happens meanwhile.
pub fn examine(kubeconfig: &Path, arguments: &[&str]) -> Said {
    examine_moving(kubeconfig, arguments).expect("text and JSON end with the same code")
}

/// What the doctor said.
pub struct Said {
    pub report: Value,
    pub text: String,
    pub stderr: String,
    pub code: i32,
}

impl Said {
    /// The doctor must have named `code` first, and exited with `exit`.
    pub fn must_be(self, incident: &str, code: &str, exit: i32) -> Said {
        println!("| {incident} | {code} | `{}` |", self.first_line());
        let first = self.report["findings"][0]["code"].as_str().unwrap_or_default();
        assert_eq!(first, code, "{incident}: {}\n{}", self.text, self.stderr);
        assert_eq!(self.code, exit, "{incident}: {}", self.text);
        assert!(!self.text.contains("planted"), "a secret: {}", self.text);
        self
    }

    pub fn first_line(&self) -> String {
        self.text.lines().next().unwrap_or_default().replace('|', "¦")
    }

    fn codes_of(&self, severity: &str) -> Vec<String> {
        let findings = self.report["findings"].as_array().unwrap().iter();
        let codes = findings.filter(|finding| finding["severity"] == severity).map(|finding| finding["code"].clone());
        codes.map(|code| code.as_str().unwrap().to_owned()).collect()
    }

    /// Problems that are no consequences.
    pub fn problems(&self) -> Vec<String> {
        self.codes_of("problem")
    }

    pub fn notes(&self) -> Vec<String> {
        self.codes_of("note")
    }

    /// What is folded under the first finding.
    pub fn consequences(&self) -> Vec<&str> {
        let folded = self.report["findings"][0]["consequences"].as_array().unwrap().iter();
        folded.map(|finding| finding["code"].as_str().unwrap()).collect()
    }

    /// The evidence of the first finding.
    pub fn evidence(&self) -> String {
        let lines = self.report["findings"][0]["evidence"].as_array().unwrap().iter();
        lines.map(|line| line.as_str().unwrap()).collect::<Vec<_>>().join("\n")
    }

    pub fn check(&self, name: &str) -> &str {
        let checks = self.report["checks"].as_array().unwrap();
        checks.iter().find(|check| check["check"] == name).unwrap()["state"].as_str().unwrap()
    }
}

/// A row that says what a running job's does.
pub fn running_row() -> Value {
    json!({
        "job_id": ROW_ID, "type": "blast", "status": "running", "phase": "running",
        "created_at": ago(20).to_string(), "updated_at": Timestamp::now().to_string(),
        "resource_group": "rg-elb-01", "cluster_name": "testcluster",
        "payload": {"_progress": {"phase": "running", "steps": {"running": {"k8s": {"job_id": ID}}}}},
    })
}

/// A row without an id.
pub fn row_without_id(status: &str, phase: &str, updated: Timestamp) -> Value {
    json!({
        "job_id": ROW_ID, "type": "blast", "status": status, "phase": phase, "updated_at": updated.to_string(),
        "payload": {"elastic_blast_job_id": null, "k8s_job_id": ROW_ID, "_progress": {"phase": phase, "steps": "odd"}},
    })
}

impl Stage {
    /// Records an event about a Job.
    pub fn event_about_job(&self, job: &JobHandle, kind: &str, reason: &str, message: &str) {
        let name = format!("{}.{:x}", job.name(), fastrand::u64(..));
        self.cluster.load(
            "Event",
            json!({
                "metadata": {"name": name, "namespace": job.namespace(), "uid": name, "creationTimestamp": Timestamp::now().to_string()},
                "involvedObject": {"kind": "Job", "namespace": job.namespace(), "name": job.name(), "uid": job.uid()},
                "reason": reason, "message": message, "type": kind,
                "source": {"component": "job-controller"}, "count": 1,
                "firstTimestamp": Timestamp::now().to_string(), "lastTimestamp": Timestamp::now().to_string(),
            }),
        );
    }
}
