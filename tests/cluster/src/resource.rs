//! The kinds of object this API server knows.

/// One kind of object.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Resource {
    pub(crate) group: &'static str,
    pub(crate) plural: &'static str,
    pub(crate) singular: &'static str,
    pub(crate) kind: &'static str,
    pub(crate) short: &'static [&'static str],
    pub(crate) namespaced: bool,
}

pub(crate) static PODS: Resource =
    Resource { group: "", plural: "pods", singular: "pod", kind: "Pod", short: &["po"], namespaced: true };
pub(crate) static EVENTS: Resource =
    Resource { group: "", plural: "events", singular: "event", kind: "Event", short: &["ev"], namespaced: true };
pub(crate) static NAMESPACES: Resource = Resource {
    group: "",
    plural: "namespaces",
    singular: "namespace",
    kind: "Namespace",
    short: &["ns"],
    namespaced: false,
};
pub(crate) static NODES: Resource =
    Resource { group: "", plural: "nodes", singular: "node", kind: "Node", short: &["no"], namespaced: false };
pub(crate) static JOBS: Resource =
    Resource { group: "batch", plural: "jobs", singular: "job", kind: "Job", short: &[], namespaced: true };

pub(crate) static LEASES: Resource = Resource {
    group: "coordination.k8s.io",
    plural: "leases",
    singular: "lease",
    kind: "Lease",
    short: &[],
    namespaced: true,
};

/// All of them.
pub(crate) static ALL: [&Resource; 6] = [&PODS, &EVENTS, &NAMESPACES, &NODES, &LEASES, &JOBS];

impl Resource {
    /// `v1` or `batch/v1`.
    pub(crate) fn api_version(&self) -> String {
        if self.group.is_empty() { "v1".to_owned() } else { format!("{}/v1", self.group) }
    }

    /// `pods` or `jobs.batch`, as error messages say it.
    pub(crate) fn qualified(&self) -> String {
        if self.group.is_empty() { self.plural.to_owned() } else { format!("{}.{}", self.plural, self.group) }
    }

    pub(crate) fn find(group: &str, plural: &str) -> Option<&'static Self> {
        ALL.into_iter().find(|resource| resource.group == group && resource.plural == plural)
    }

    pub(crate) fn of_kind(kind: &str) -> Option<&'static Self> {
        ALL.into_iter().find(|resource| resource.kind == kind)
    }
}
