//! [`Earlier`]: what an earlier run has read of a container's instances and kept, so that following goes on from there.

use std::{collections::BTreeMap, time::Duration};

use super::cursor::Cursor;

/// What was read of one instance.
#[derive(Debug, Clone, Default)]
pub struct Read {
    /// Its lines.
    pub cursor: Cursor,
    /// Nothing more will come of it.
    pub sealed: bool,
}

/// What was read of a container. Empty: nothing, as if there had been no earlier run.
#[derive(Debug, Clone, Default)]
pub struct Earlier {
    instances: BTreeMap<u32, Read>,
    /// How long ago that run ended, at most.
    pub away: Duration,
}

impl Earlier {
    /// What a run that ended `away` ago has read.
    pub fn new(instances: impl IntoIterator<Item = (u32, Read)>, away: Duration) -> Earlier {
        Earlier { instances: instances.into_iter().collect(), away }
    }

    /// What was read of one instance alone.
    pub fn only(mut self, restart: u32) -> Earlier {
        self.instances.retain(|number, _| *number == restart);
        self
    }

    /// Whether nothing was read.
    pub fn is_empty(&self) -> bool {
        self.instances.is_empty()
    }

    /// The instance to go on with: the first that was not read to its end, or else the latest.
    pub fn first(&self) -> Option<u32> {
        let unread = self.instances.iter().find(|(_, read)| !read.sealed);
        unread.or(self.instances.last_key_value()).map(|(restart, _)| *restart)
    }

    /// What was read of an instance.
    pub fn take(&mut self, restart: u32) -> Option<Read> {
        self.instances.remove(&restart)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_read_to_its_end_is_gone_on_with_first() {
        let earlier = |instances: &[(u32, bool)]| {
            let read = |sealed| Read { cursor: Cursor::default(), sealed };
            Earlier::new(instances.iter().map(|(restart, sealed)| (*restart, read(*sealed))), Duration::ZERO)
        };
        for (instances, first) in [
            (&[][..], None),
            (&[(4, true)], Some(4)),
            (&[(4, false)], Some(4)),
            (&[(6, true), (5, false), (7, false), (4, true)], Some(5)),
            (&[(4, true), (7, true)], Some(7)),
        ] {
            let mut earlier = earlier(instances);
            assert_eq!((earlier.first(), earlier.is_empty()), (first, instances.is_empty()), "{instances:?}");
            for (restart, sealed) in instances {
                assert_eq!(earlier.clone().only(*restart).first(), Some(*restart), "{instances:?}");
                assert_eq!(earlier.take(*restart).map(|read| read.sealed), Some(*sealed), "{instances:?}");
            }
            assert!(earlier.is_empty() && earlier.take(4).is_none());
        }
    }
}
