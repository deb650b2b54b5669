//! What the nodes held, and when: a line that is told to be missing while its node has it was not looked for well enough.

use std::collections::BTreeMap;

use jiff::Timestamp;
use testcluster::PodHandle;

use super::oracle::{self, Instance};

/// Of each instance that a node has files of: the number of the first line in them. All later ones are there too.
type Held = BTreeMap<usize, u64>;

/// What the nodes held of each container over time.
#[derive(Debug, Default)]
pub struct Kept(BTreeMap<(String, String), Vec<(Timestamp, Held)>>);

impl Kept {
    /// Looks what the node holds of a container now.
    pub fn look(&mut self, pod: &PodHandle, container: &str) {
        let first =
            |(instance, text): (u32, String)| oracle::parse(&text).map(|(_, (_, number))| (instance as usize, number));
        let held: Held = pod.kept(container).into_iter().filter_map(first).collect();
        let looks = self.0.entry((pod.name().to_owned(), container.to_owned())).or_default();
        if looks.last().is_none_or(|(_, last)| *last != held) {
            looks.push((Timestamp::now(), held));
        }
    }

    /// Whether the node surely held a line at that moment: it had it at the next look as well.
    pub fn had(&self, (pod, container, restart): &Instance, number: u64, at: Timestamp) -> bool {
        let Some(looks) = self.0.get(&(pod.clone(), container.clone())) else { return false };
        let holds = |held: &Held| held.get(restart).is_some_and(|first| *first <= number);
        let next = looks.partition_point(|(time, _)| *time <= at);
        let before = next.checked_sub(1).and_then(|last| looks.get(last));
        before.is_some_and(|(_, held)| holds(held)) && looks.get(next).is_none_or(|(_, held)| holds(held))
    }
}
