//! [`Awaited`]: what there is not yet of a job that goes on.

use super::{
    Notice,
    filter::ContainerFilter,
    unchosen::{OtherwiseLabelled, Unchosen},
};
use crate::{
    cluster::Cluster,
    discover::{Selection, watch as pods},
};

/// What there is not yet, when all pods were listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Awaited {
    /// There is something to show.
    Nothing,
    /// Pods, or ones with the labels that are asked for.
    Pods,
    /// A container that the filter admits.
    Choice,
}

impl Awaited {
    /// Of so many pods, and so many containers of them that the filter admits.
    pub fn of(pods: usize, containers: usize, filter: &ContainerFilter) -> Awaited {
        match (pods, containers) {
            (0, _) => Awaited::Pods,
            // Without a filter a pod's containers come with it.
            (_, 0) if !filter.is_empty() => Awaited::Choice,
            _ => Awaited::Nothing,
        }
    }

    /// That it is waited for, with what there is instead.
    pub async fn notice(
        self,
        cluster: &Cluster,
        namespace: &str,
        selections: &[Selection],
        filter: &ContainerFilter,
    ) -> Option<Notice> {
        match self {
            Awaited::Nothing => None,
            Awaited::Pods => {
                let ids = selections.iter().map(|selection| selection.id.as_str()).collect::<Vec<_>>().join(", ");
                let namespace = namespace.to_owned();
                let mut others = None;
                for selection in selections {
                    let found = OtherwiseLabelled::find(cluster, &namespace, selection).await;
                    others = others.or(found.zip(selection.labels.as_ref().map(ToString::to_string)));
                }
                Some(match others {
                    Some((others, labels)) => Notice::NothingLabelledYet { ids, namespace, labels, others },
                    None => Notice::NoPodsYet { ids, namespace },
                })
            }
            Awaited::Choice => {
                let mut found = Vec::new();
                for selection in selections {
                    found.extend(pods::list(&cluster.client(), namespace, selection).await.unwrap_or_default());
                }
                Some(Notice::NothingChosenYet(Unchosen::of(&found, filter)))
            }
        }
    }
}
