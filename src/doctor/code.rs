//! [`Code`]: the stable name of everything the doctor can find.

use serde::{Serialize, Serializer};

use super::Area;
use crate::exit::Exit;

/// Makes the enum, the list of all codes and their texts from one table.
macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $name:ident = $text:literal, $area:ident, $exit:ident;)+) => {
        /// A finding's code: a contract with scripts, explained in `docs/findings.md`. A code never changes its meaning.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $($(#[doc = $doc])+ $name,)+
        }

        impl Code {
            /// Every code, in the order of the walk from the row to the logs.
            pub const ALL: &[Code] = &[$(Code::$name),+];

            /// The code as it is printed.
            pub fn as_str(self) -> &'static str {
                match self { $(Code::$name => $text,)+ }
            }

            /// The check it belongs to.
            pub fn area(self) -> Area {
                match self { $(Code::$name => Area::$area,)+ }
            }

            /// What the process exits with when this is the first problem.
            pub fn exit(self) -> Exit {
                match self { $(Code::$name => Exit::$exit,)+ }
            }
        }
    };
}

codes! {
    /// The row cannot be read.
    RowUnreadable = "ELB-ROW-UNREADABLE", Row, Row;
    /// Something in the row is malformed, but does not stop anybody.
    RowOdd = "ELB-ROW-ODD", Row, ProblemFound;
    /// It is a warm-up row, which has no job.
    RowWarmup = "ELB-ROW-WARMUP", Row, NoId;
    /// It is the row of a split job; its children have the ids.
    RowParent = "ELB-ROW-PARENT", Row, NoId;
    /// The row says that the job failed.
    RowFailed = "ELB-ROW-FAILED", Row, ProblemFound;
    /// The row says that the job was cancelled or deleted.
    RowCancelled = "ELB-ROW-CANCELLED", Row, NoPods;
    /// The row says `running`, but the Jobs are finished or gone.
    RowStale = "ELB-ROW-STALE", Row, ProblemFound;
    /// The row says that the job has ended, but pods still run.
    RowEndedEarly = "ELB-ROW-ENDED-EARLY", Row, ProblemFound;
    /// The job is so young that its id is not written yet.
    IdPending = "ELB-ID-PENDING", Id, NoId;
    /// No place in the row holds an id.
    IdMissing = "ELB-ID-MISSING", Id, NoId;
    /// Captured output shows several ids.
    IdAmbiguous = "ELB-ID-AMBIGUOUS", Id, NoId;
    /// The id was read off captured output.
    IdInferred = "ELB-ID-INFERRED", Id, ProblemFound;
    /// The places hold different ids.
    IdConflict = "ELB-ID-CONFLICT", Id, ProblemFound;
    /// The flags or the kubeconfig are wrong.
    K8sConfig = "ELB-K8S-CONFIG", Cluster, Usage;
    /// Nothing says which cluster to ask.
    K8sNoCluster = "ELB-K8S-NO-CLUSTER", Cluster, Usage;
    /// The API server's name does not resolve.
    K8sDns = "ELB-K8S-DNS", Cluster, Unreachable;
    /// The API server does not answer.
    K8sUnreachable = "ELB-K8S-UNREACHABLE", Cluster, Unreachable;
    /// The API server's certificate does not convince.
    K8sTls = "ELB-K8S-TLS", Cluster, Unreachable;
    /// The proxy on the way failed.
    K8sProxy = "ELB-K8S-PROXY", Cluster, Unreachable;
    /// The API server answers with errors.
    K8sServerError = "ELB-K8S-SERVER-ERROR", Cluster, Unreachable;
    /// This machine's clock and the server's differ.
    K8sClockSkew = "ELB-K8S-CLOCK-SKEW", Cluster, ProblemFound;
    /// The credential plugin failed.
    K8sPlugin = "ELB-K8S-PLUGIN", Cluster, Denied;
    /// The credentials are missing, expired or refused.
    K8sUnauthenticated = "ELB-K8S-UNAUTHENTICATED", Cluster, Denied;
    /// A permission is missing.
    K8sForbidden = "ELB-K8S-FORBIDDEN", Permission, Denied;
    /// The pods are in another namespace.
    K8sNamespace = "ELB-K8S-NAMESPACE", Jobs, NoPods;
    /// The pods are in the cluster of another context.
    K8sContext = "ELB-K8S-CONTEXT", Jobs, NoPods;
    /// The row names another cluster than the context.
    K8sClusterName = "ELB-K8S-CLUSTER-NAME", Jobs, NoPods;
    /// The job has no Jobs yet.
    K8sNoJobsYet = "ELB-K8S-NO-JOBS-YET", Jobs, NoPods;
    /// The Jobs were removed after they had finished.
    K8sJobsGone = "ELB-K8S-JOBS-GONE", Jobs, NoPods;
    /// Nothing of the job is in the cluster, and nothing says why.
    K8sNotFound = "ELB-K8S-NOT-FOUND", Jobs, NoPods;
    /// A quota keeps a Job from making pods.
    K8sQuota = "ELB-K8S-QUOTA", Jobs, NoPods;
    /// A Job is suspended.
    K8sSuspended = "ELB-K8S-SUSPENDED", Jobs, NoPods;
    /// A Job should have pods and has none.
    K8sNoPods = "ELB-K8S-NO-PODS", Jobs, NoPods;
    /// A Job ran longer than it may.
    K8sDeadline = "ELB-K8S-DEADLINE", Jobs, ProblemFound;
    /// A Job's pods failed too often.
    K8sBackoffLimit = "ELB-K8S-BACKOFF-LIMIT", Jobs, ProblemFound;
    /// A Job failed in another way.
    K8sJobFailed = "ELB-K8S-JOB-FAILED", Jobs, ProblemFound;
    /// Finished Jobs will be removed soon, with their logs.
    K8sTtl = "ELB-K8S-TTL", Jobs, ProblemFound;
    /// Another search runs in the same namespace.
    K8sShared = "ELB-K8S-SHARED", Jobs, ProblemFound;
    /// Pods look like the job's, but are not.
    PodNotTaken = "ELB-POD-NOT-TAKEN", Pods, ProblemFound;
    /// No node can take the pod.
    PodUnschedulable = "ELB-POD-UNSCHEDULABLE", Pods, ProblemFound;
    /// A node refused the pod.
    PodRejected = "ELB-POD-REJECTED", Pods, ProblemFound;
    /// The pod was evicted from its node.
    PodEvicted = "ELB-POD-EVICTED", Pods, ProblemFound;
    /// The pod's node was taken away, as Spot nodes are.
    PodReclaimed = "ELB-POD-RECLAIMED", Pods, ProblemFound;
    /// The pod's node does not answer.
    PodNodeLost = "ELB-POD-NODE-LOST", Pods, ProblemFound;
    /// A volume cannot be mounted.
    PodVolume = "ELB-POD-VOLUME", Pods, ProblemFound;
    /// The pod's sandbox or network cannot be made.
    PodSandbox = "ELB-POD-SANDBOX", Pods, ProblemFound;
    /// The pod has been starting for a long time.
    PodSlowStart = "ELB-POD-SLOW-START", Pods, ProblemFound;
    /// A container's image cannot be pulled.
    PodImage = "ELB-POD-IMAGE", Containers, ProblemFound;
    /// A container cannot be made from its configuration.
    PodConfig = "ELB-POD-CONFIG", Containers, ProblemFound;
    /// A container was killed for lack of memory.
    PodOom = "ELB-POD-OOM", Containers, ProblemFound;
    /// An init container failed, so the others never start.
    PodInitFailed = "ELB-POD-INIT-FAILED", Containers, ProblemFound;
    /// A container fails again and again.
    PodCrashLoop = "ELB-POD-CRASH-LOOP", Containers, ProblemFound;
    /// A container ended with an error.
    PodFailed = "ELB-POD-FAILED", Containers, ProblemFound;
    /// A container failed once and runs again.
    PodRestarted = "ELB-POD-RESTARTED", Containers, ProblemFound;
    /// BLAST itself ended with an error.
    LogBlastFailed = "ELB-LOG-BLAST-FAILED", Blast, ProblemFound;
    /// azcopy could not log in.
    LogAzcopyLogin = "ELB-LOG-AZCOPY-LOGIN", Blast, ProblemFound;
    /// azcopy could not transfer.
    LogAzcopyTransfer = "ELB-LOG-AZCOPY-TRANSFER", Blast, ProblemFound;
    /// `results-export` waits for a BLAST that is dead.
    LogExportWaits = "ELB-LOG-EXPORT-WAITS", Blast, ProblemFound;
    /// `submit-jobs` failed, so there is nothing to search.
    LogSubmitFailed = "ELB-LOG-SUBMIT-FAILED", Blast, ProblemFound;
    /// The finalizer reports failed Jobs.
    LogFinalizer = "ELB-LOG-FINALIZER", Blast, ProblemFound;
    /// A node's kubelet does not answer, so its logs cannot be read.
    LogKubelet = "ELB-LOG-KUBELET", Logs, ProblemFound;
    /// A log's file is gone from its node.
    LogFileGone = "ELB-LOG-FILE-GONE", Logs, ProblemFound;
    /// A log's beginning was rotated away.
    LogRotated = "ELB-LOG-ROTATED", Logs, ProblemFound;
    /// A container has been running for long without a line.
    LogSilent = "ELB-LOG-SILENT", Logs, ProblemFound;
    /// A log cannot be read for another reason.
    LogUnreadable = "ELB-LOG-UNREADABLE", Logs, ProblemFound;
}

impl Code {
    /// The findings that explain this one when they are about the same pod or Job: it is folded under the first there is.
    pub(super) fn explained_by(self) -> &'static [Code] {
        use Code::*;
        const POD: &[Code] = &[
            PodUnschedulable,
            PodRejected,
            PodEvicted,
            PodNodeLost,
            PodVolume,
            PodSandbox,
            PodImage,
            PodConfig,
            PodOom,
            LogAzcopyLogin,
            LogAzcopyTransfer,
            LogBlastFailed,
            PodInitFailed,
            LogSubmitFailed,
            PodCrashLoop,
            PodFailed,
            PodReclaimed,
        ];
        const WITH_FINALIZER: [Code; POD.len() + 1] = {
            let mut all = [LogFinalizer; POD.len() + 1];
            let mut at = 0;
            while at < POD.len() {
                all[at] = POD[at];
                at += 1;
            }
            all
        };
        match self {
            // The finalizer's own Job, that is: its finding is about no other.
            K8sBackoffLimit | K8sJobFailed | K8sDeadline => &WITH_FINALIZER,
            LogFinalizer => POD,
            RowFailed | RowStale | RowEndedEarly => &[
                PodOom,
                PodImage,
                PodConfig,
                PodVolume,
                PodEvicted,
                PodNodeLost,
                LogAzcopyLogin,
                LogAzcopyTransfer,
                LogBlastFailed,
                PodInitFailed,
                LogSubmitFailed,
                PodUnschedulable,
                PodCrashLoop,
                PodFailed,
                LogFinalizer,
                K8sDeadline,
                K8sBackoffLimit,
                K8sJobFailed,
            ],
            K8sJobsGone => &[RowStale, LogFinalizer],
            LogExportWaits => &[PodOom, LogBlastFailed, PodEvicted, PodCrashLoop, PodFailed],
            PodInitFailed => &[PodOom, LogAzcopyLogin, LogAzcopyTransfer],
            PodCrashLoop | PodFailed => &[
                PodEvicted,
                PodReclaimed,
                PodNodeLost,
                PodOom,
                LogAzcopyLogin,
                LogAzcopyTransfer,
                LogSubmitFailed,
                LogBlastFailed,
            ],
            LogBlastFailed => &[PodOom, PodEvicted],
            PodRestarted => &[PodOom, LogBlastFailed, LogAzcopyLogin, LogAzcopyTransfer, PodCrashLoop],
            PodOom => &[PodEvicted],
            LogAzcopyTransfer => &[LogAzcopyLogin],
            LogKubelet => &[PodNodeLost],
            K8sClusterName => &[K8sNamespace, K8sContext],
            _ => &[],
        }
    }

    /// Whether it is about the job as a whole, so that any finding of an explaining code explains it.
    pub(super) fn is_about_all(self) -> bool {
        use Code::*;
        matches!(self, RowFailed | RowStale | RowEndedEarly | LogFinalizer | K8sJobsGone | K8sClusterName)
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
