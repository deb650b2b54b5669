//! [`Target`]: one container of the job, with its part in it.

use serde::{Deserialize, Serialize};

use super::{ContainerId, Pod, pod::Container};

/// Which list of the pod's spec a container stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ContainerKind {
    /// Runs before the others, one after another.
    Init,
    /// Runs with the others.
    Regular,
    /// Was added while the pod ran.
    Ephemeral,
}

/// The step of the job that a container works on, by the names of the dashboard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
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

impl ContainerKind {
    /// The word used in tables.
    pub fn as_str(self) -> &'static str {
        match self {
            ContainerKind::Init => "init",
            ContainerKind::Regular => "regular",
            ContainerKind::Ephemeral => "ephemeral",
        }
    }
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Searches a batch of queries in a part of the database.
    Batch,
    /// Prepares a node or a volume, or keeps a database in a node's memory.
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
        Role::by(pod.name(), pod.label("app"))
    }

    /// The role of a pod or Job of this name, with this label `app`.
    pub(super) fn by(name: &str, app: Option<&str>) -> Role {
        let begins = |words: &[&str]| words.iter().any(|word| name.starts_with(word));
        if begins(&["elb-finalizer-"]) {
            Role::Finalizer
        } else if begins(&["submit-jobs-"]) {
            Role::Submit
        } else if begins(&["init-ssd-", "init-pv-", "cloud-split-ssd-", "vmtouch-"]) {
            Role::Setup
        } else if begins(&["warm-"]) {
            Role::Warmup
        } else if name.contains("-batch-") {
            // The last to be asked: a database may be called anything, and is part of the names of `warm-` too.
            Role::Batch
        } else {
            match app {
                Some("blast") => Role::Batch,
                Some("setup" | "vmtouch-cache") => Role::Setup,
                Some("submit") => Role::Submit,
                Some("finalizer") => Role::Finalizer,
                Some("elb-db-warmup") => Role::Warmup,
                _ => Role::Other,
            }
        }
    }

    /// The phase of a pod of this role: the order of a list.
    pub fn phase(self) -> Phase {
        match self {
            Role::Submit => Phase::Submitting,
            Role::Warmup => Phase::WarmingUp,
            Role::Setup => Phase::StagingDb,
            Role::Batch | Role::Other => Phase::Running,
            Role::Finalizer => Phase::ExportingResults,
        }
    }

    /// The phase of a container in such a pod. What a batch pod's init containers load is part of its search.
    fn phase_of(self, container: &str) -> Phase {
        match container {
            "get-blastdb" | "vmtouch" => Phase::StagingDb,
            "results-export" => Phase::ExportingResults,
            _ => self.phase(),
        }
    }
}

/// One container of the job.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
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
    pub kind: ContainerKind,
    /// The pod's part in the job.
    pub role: Role,
    /// The step it works on.
    pub phase: Phase,
    /// The node that the pod was scheduled to, once it was.
    #[serde(default)]
    pub node: Option<String>,
}

impl Target {
    /// What tells it from every other container.
    pub fn id(&self) -> ContainerId {
        ContainerId { uid: self.uid.clone(), container: self.container.clone() }
    }
}

/// The containers of a pod of the job, init containers first.
pub fn targets(pod: &Pod) -> Vec<Target> {
    let role = Role::of(pod);
    let lists = [
        (ContainerKind::Init, &pod.spec.init_containers),
        (ContainerKind::Regular, &pod.spec.containers),
        (ContainerKind::Ephemeral, &pod.spec.ephemeral_containers),
    ];
    let target = |kind: ContainerKind, container: &Container| Target {
        namespace: pod.namespace().to_owned(),
        pod: pod.name().to_owned(),
        uid: pod.uid().to_owned(),
        container: container.name.clone(),
        kind,
        role,
        phase: role.phase_of(&container.name),
        node: pod.spec.node_name.clone().filter(|node| !node.is_empty()),
    };
    lists.into_iter().flat_map(|(kind, list)| list.iter().map(move |container| target(kind, container))).collect()
}
