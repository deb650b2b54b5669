//! [`Area`]: the stations of the walk from the row to the logs, and how each came out.

use serde::Serialize;

/// A check. They stand in the order of the walk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Area {
    /// Can the row be read, and does it agree with the cluster?
    Row,
    /// Does it hold the ElasticBLAST id?
    Id,
    /// Does the API server answer, and does it know us?
    Cluster,
    /// May we list pods and read logs?
    Permission,
    /// Are the job's Jobs here, and well?
    Jobs,
    /// Have the pods a node?
    Pods,
    /// Do the containers run?
    Containers,
    /// What does ElasticBLAST itself say?
    Blast,
    /// Can the logs be read?
    Logs,
}

impl Area {
    /// All, in order.
    pub const ALL: [Area; 9] = [
        Area::Row,
        Area::Id,
        Area::Cluster,
        Area::Permission,
        Area::Jobs,
        Area::Pods,
        Area::Containers,
        Area::Blast,
        Area::Logs,
    ];

    /// The word used in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Area::Row => "row",
            Area::Id => "id",
            Area::Cluster => "cluster",
            Area::Permission => "permission",
            Area::Jobs => "jobs",
            Area::Pods => "pods",
            Area::Containers => "containers",
            Area::Blast => "blast",
            Area::Logs => "logs",
        }
    }
}

/// How a check came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CheckState {
    /// Nothing to say.
    Ok,
    /// Something worth knowing.
    Note,
    /// Something is wrong.
    Problem,
    /// It could not be asked.
    NotChecked,
}

/// A check and how it came out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Check {
    /// Which.
    pub check: Area,
    /// How it came out.
    pub state: CheckState,
    /// Why it was not checked.
    pub reason: Option<String>,
}
