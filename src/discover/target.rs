//! [`Target`]: one container of the job, with its part in it.

use serde::Serialize;

use super::{Evidence, Pod, pod::Container};

/// Which list of the pod's spec a container stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Runs before the others, one after another.
    Init,
    /// Runs with the others.
    Regular,
    /// Was added while the pod ran.
    Ephemeral,
}

/// The step of the job that a container works on, by the names of the dashboard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
#[value(rename_all = "snake_case")]
pub enum Phase {
    /// Making the batch Jobs.
    Submitting,
    /// Loading a database ahead of time.
    WarmingUp,
    /// Copying the database and the queries to the nodes.
    StagingDb,
    /// Searching.
    Running,
    /// Uploading results, and finishing the job.
    ExportingResults,
}

impl Phase {
    /// The dashboard's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Phase::Submitting => "submitting",
            Phase::WarmingUp => "warming_up",
            Phase::StagingDb => "staging_db",
            Phase::Running => "running",
            Phase::ExportingResults => "exporting_results",
        }
    }

    /// A word of at most 7 letters, for prefixes.
    pub fn short(self) -> &'static str {
        match self {
            Phase::Submitting => "submit",
            Phase::WarmingUp => "warm",
            Phase::StagingDb => "stage",
            Phase::Running => "run",
            Phase::ExportingResults => "export",
        }
    }
}

/// What a pod is to its job, from its Job's name or its `app` label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Searches a batch of queries in a part of the database.
    Batch,
    /// Prepares a node or a volume.
    Setup,
    /// Makes the batch Jobs.
    Submit,
    /// Waits for the batch Jobs and marks the job as finished.
    Finalizer,
    /// Loads a database ahead of time.
    Warmup,
    /// Anything else that carries the job's id.
    Other,
}

impl Role {
    /// The word used in tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Role::Batch => "batch",
            Role::Setup => "setup",
            Role::Submit => "submit",
            Role::Finalizer => "finalizer",
            Role::Warmup => "warmup",
            Role::Other => "other",
        }
    }

    /// The role of a pod.
    pub fn of(pod: &Pod) -> Role {
        let name = pod.name();
        if name.contains("-batch-") {
            Role::Batch
        } else if name.starts_with("elb-finalizer") {
            Role::Finalizer
        } else if name.starts_with("submit-jobs") {
            Role::Submit
        } else if name.starts_with("init-ssd") || name.starts_with("init-pv") || name.starts_with("cloud-split-ssd") {
            Role::Setup
        } else if name.starts_with("warm-") || name.starts_with("vmtouch") {
            Role::Warmup
        } else {
            match pod.label("app") {
                Some("blast") => Role::Batch,
                Some("setup") => Role::Setup,
                Some("submit") => Role::Submit,
                Some("finalizer") => Role::Finalizer,
                Some("elb-db-warmup" | "vmtouch-cache") => Role::Warmup,
                _ => Role::Other,
            }
        }
    }

    /// The phase of a container in a pod of this role.
    fn phase(self, container: &str) -> Phase {
        match (container, self) {
            ("get-blastdb" | "vmtouch", _) => Phase::StagingDb,
            ("results-export", _) => Phase::ExportingResults,
            (_, Role::Setup) => Phase::StagingDb,
            (_, Role::Submit) => Phase::Submitting,
            (_, Role::Finalizer) => Phase::ExportingResults,
            (_, Role::Warmup) => Phase::WarmingUp,
            (_, Role::Batch | Role::Other) => Phase::Running,
        }
    }
}

/// One container of the job.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Target {
    /// The pod's namespace.
    pub namespace: String,
    /// The pod's name.
    pub pod: String,
    /// The pod's uid.
    pub uid: String,
    /// The container's name.
    pub container: String,
    /// Which list it stands in.
    pub kind: Kind,
    /// The pod's part in the job.
    pub role: Role,
    /// The step it works on.
    pub phase: Phase,
}

/// The containers of a pod of the job, init containers first.
pub fn targets(pod: &Pod) -> Vec<Target> {
    let role = Role::of(pod);
    let lists = [
        (Kind::Init, &pod.spec.init_containers),
        (Kind::Regular, &pod.spec.containers),
        (Kind::Ephemeral, &pod.spec.ephemeral_containers),
    ];
    let target = |kind: Kind, container: &Container| Target {
        namespace: pod.namespace().to_owned(),
        pod: pod.name().to_owned(),
        uid: pod.uid().to_owned(),
        container: container.name.clone(),
        kind,
        role,
        phase: role.phase(&container.name),
    };
    lists.into_iter().flat_map(|(kind, list)| list.iter().map(move |container| target(kind, container))).collect()
}

/// A matched pod.
#[derive(Debug, Clone)]
pub struct Match {
    /// The pod.
    pub pod: Pod,
    /// Why it is the job's.
    pub evidence: Evidence,
}
