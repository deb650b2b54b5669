//! Dead instances: the kubelet keeps one of each container.

use std::sync::Arc;

use crate::world::{State, World};

/// Removes what the kubelet collects of one container: every dead instance but the newest, with its files.
///
/// `directory` is where its logs lie, with a slash at the end.
pub(crate) fn collect(state: &mut State, directory: &str) {
    let number = |path: &str| -> Option<u64> { path.strip_prefix(directory)?.strip_suffix(".log")?.parse().ok() };
    let mut dead: Vec<(u64, String)> = state
        .logs
        .iter()
        .filter_map(|(id, log)| Some((number(&log.path)?, id.clone(), log)))
        .filter(|(_, _, log)| log.is_finished())
        .map(|(number, id, _)| (number, id))
        .collect();
    dead.sort_unstable();
    dead.pop();
    for (_, id) in dead {
        state.logs.remove(&id);
    }
}

/// The same when the kubelet looks the next time.
pub(crate) fn collect_later(world: &Arc<World>, directory: String) {
    let after = world.options.collect_after;
    if after.is_zero() {
        collect(&mut world.lock(), &directory);
        return;
    }
    let weak = Arc::downgrade(world);
    world.runtime.spawn(async move {
        tokio::time::sleep(after).await;
        if let Some(world) = weak.upgrade() {
            collect(&mut world.lock(), &directory);
        }
    });
}
