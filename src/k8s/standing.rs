//! [`Standing`]: how something stands that is to be done; [`PodEnds`] and [`job_standing`], how a pod and a Job do. Whoever counts
//! batches goes by these.

use serde::Serialize;

use super::{JobCondition, Pod, pod::ContainerState};

/// How something stands that is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Standing {
    /// It has not begun, or waits to be started again.
    Waiting,
    /// It runs.
    Running,
    /// It came to a good end.
    Done,
    /// It came to a bad end.
    Failed,
    /// It goes on no more, and its end was not seen.
    Lost,
}

impl Standing {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Standing::Waiting => "waiting",
            Standing::Running => "running",
            Standing::Done => "done",
            Standing::Failed => "failed",
            Standing::Lost => "lost",
        }
    }
}

/// The end of what a container ran last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LastEnd {
    /// There is none, or it is not known.
    None,
    /// A good one.
    Good,
    /// A bad one.
    Bad,
}

/// What became of the containers of a pod, but for those that prepare it.
#[derive(Debug, Default)]
pub struct PodEnds {
    open: usize,
    failed: usize,
    standings: Vec<Standing>,
}

impl PodEnds {
    /// As its status tells.
    pub fn of(pod: &Pod) -> PodEnds {
        let mut ends = PodEnds::default();
        for container in &pod.spec.containers {
            let status = pod.status_of(&container.name);
            let state = status.map(|status| &status.state);
            let ended = |state: &ContainerState| {
                state.terminated.as_ref().map(|ended| if ended.exit_code == 0 { LastEnd::Good } else { LastEnd::Bad })
            };
            let last = status.and_then(|status| ended(&status.state).or_else(|| ended(&status.last_state)));
            let is_over = pod.life() == super::status::PodLife::Finished;
            let (standing, end) = match (state, pod.status.phase.as_deref()) {
                (Some(state), _) if state.running.is_some() => (Standing::Running, LastEnd::None),
                (Some(state), _) if state.terminated.is_some() || is_over => match last {
                    Some(LastEnd::Good) => (Standing::Done, LastEnd::Good),
                    Some(LastEnd::Bad) => (Standing::Failed, LastEnd::Bad),
                    Some(LastEnd::None) | None => (Standing::Lost, LastEnd::None),
                },
                (Some(_), _) => (Standing::Waiting, last.unwrap_or(LastEnd::None)),
                // What a pod says of itself, it says of its containers.
                (None, Some("Succeeded")) => (Standing::Done, LastEnd::Good),
                (None, Some("Running")) => (Standing::Running, LastEnd::None),
                (None, Some("Failed")) => (Standing::Lost, LastEnd::None),
                (None, _) => (Standing::Waiting, LastEnd::None),
            };
            ends.add(standing, end);
        }
        ends
    }

    /// Adds a container.
    pub fn add(&mut self, standing: Standing, end: LastEnd) {
        self.failed += usize::from(end == LastEnd::Bad);
        self.open += usize::from(end == LastEnd::None);
        self.standings.push(standing);
    }

    fn standing(&self) -> Standing {
        let order = [Standing::Running, Standing::Failed, Standing::Waiting, Standing::Lost];
        order.into_iter().find(|standing| self.standings.contains(standing)).unwrap_or(Standing::Done)
    }
}

/// Whether one of the pods came to a good end, or else one to a bad one, whatever runs at present.
pub fn outcome<'a>(pods: impl Iterator<Item = &'a PodEnds> + Clone) -> Option<Standing> {
    if pods.clone().any(|pod| pod.failed == 0 && pod.open == 0) {
        Some(Standing::Done)
    } else {
        pods.clone().any(|pod| pod.failed > 0).then_some(Standing::Failed)
    }
}

/// How a Job stands by what it says, where it is known, and its pods.
pub fn job_standing<'a>(condition: Option<&JobCondition>, pods: impl Iterator<Item = &'a PodEnds> + Clone) -> Standing {
    let goes_on = match condition {
        Some(JobCondition::Complete { .. }) => return Standing::Done,
        Some(JobCondition::Failed { .. }) => return Standing::Failed,
        Some(JobCondition::Active | JobCondition::Suspended) => true,
        None => false,
    };
    if let Some(Standing::Done) = outcome(pods.clone()) {
        return Standing::Done;
    }
    // A pod that goes on may still do what others failed to.
    let standing = [Standing::Running, Standing::Waiting, Standing::Failed, Standing::Lost]
        .into_iter()
        .find(|standing| pods.clone().any(|pod| pod.standing() == *standing));
    match standing {
        // It makes another one.
        Some(Standing::Failed | Standing::Lost) if goes_on => Standing::Waiting,
        standing => standing.unwrap_or(Standing::Waiting),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn pod(phase: &str, blast: Value, export: Value) -> PodEnds {
        let status =
            |name: &str, state: Value| json!({"name": name, "state": state["state"], "lastState": state["last"]});
        let statuses: Vec<Value> = [("blast", blast), ("results-export", export)]
            .into_iter()
            .filter(|(_, state)| !state.is_null())
            .map(|(name, state)| status(name, state))
            .collect();
        let pod: Pod = serde_json::from_value(json!({
            "spec": {"containers": [{"name": "blast"}, {"name": "results-export"}]},
            "status": {"phase": phase, "containerStatuses": statuses},
        }))
        .unwrap();
        PodEnds::of(&pod)
    }

    #[test]
    fn a_job_stands_as_it_says_or_else_as_its_pods_do() {
        let none = Value::Null;
        let (runs, waits) = (json!({"state": {"running": {}}}), json!({"state": {"waiting": {"reason": "x"}}}));
        let ended = |code: i32| json!({"state": {"terminated": {"exitCode": code}}});
        let crashes =
            json!({"state": {"waiting": {"reason": "CrashLoopBackOff"}}, "last": {"terminated": {"exitCode": 1}}});
        let active = Some(JobCondition::Active);
        let complete = Some(JobCondition::Complete { at: None });
        let failed = Some(JobCondition::Failed { at: None, reason: String::new(), message: String::new() });
        for (condition, pods, expected) in [
            (None, vec![("Running", &runs, &runs)], Standing::Running),
            (None, vec![("Running", &ended(0), &runs)], Standing::Running),
            (None, vec![("Succeeded", &ended(0), &ended(0))], Standing::Done),
            (None, vec![("Failed", &ended(1), &ended(1))], Standing::Failed),
            (None, vec![("Pending", &waits, &waits)], Standing::Waiting),
            (None, vec![("Running", &crashes, &crashes)], Standing::Waiting),
            // Pods whose containers are not mentioned.
            (None, vec![("Succeeded", &none, &none)], Standing::Done),
            (None, vec![("Running", &none, &none)], Standing::Running),
            (None, vec![("Pending", &none, &none)], Standing::Waiting),
            (None, vec![("Failed", &none, &none)], Standing::Lost),
            // One is enough, whatever became of the others.
            (None, vec![("Failed", &ended(1), &ended(1)), ("Succeeded", &ended(0), &ended(0))], Standing::Done),
            (None, vec![("Failed", &ended(1), &ended(1)), ("Running", &runs, &runs)], Standing::Running),
            (active.clone(), vec![], Standing::Waiting),
            (active.clone(), vec![("Running", &runs, &runs)], Standing::Running),
            (active.clone(), vec![("Succeeded", &ended(0), &ended(0))], Standing::Done),
            // It is tried again.
            (active.clone(), vec![("Failed", &ended(1), &ended(1))], Standing::Waiting),
            (active, vec![("Failed", &none, &none)], Standing::Waiting),
            (Some(JobCondition::Suspended), vec![], Standing::Waiting),
            (complete.clone(), vec![], Standing::Done),
            (complete, vec![("Running", &runs, &runs)], Standing::Done),
            (failed, vec![("Succeeded", &ended(0), &ended(0))], Standing::Failed),
        ] {
            let told = format!("{condition:?} {pods:?}");
            let pods: Vec<PodEnds> =
                pods.into_iter().map(|(phase, blast, export)| pod(phase, blast.clone(), export.clone())).collect();
            assert_eq!(job_standing(condition.as_ref(), pods.iter()), expected, "{told}");
        }
    }
}
