//! What a node's files have of a container, read and handed on.

use std::collections::BTreeSet;

use super::{
    super::{
        cursor::Cursor,
        drive::DriverEvent,
        listener::{Listener, Unheard},
    },
    Recovery,
    search::{Search, SearchProgress},
    stretch::{NotRecovered, RecoveredLines, Stretch},
};
use crate::{
    k8s::{Stamp, Target},
    node_logs::{self, Directory, LogOwner, NodeLine, NodeLog, NodeLogs},
};

impl<L: Listener<DriverEvent>> Recovery<L> {
    /// Hands on the first `count` instances as far as the node has them. Returns of how many it does not.
    pub(super) async fn earlier(&mut self, count: u32) -> Result<u32, Unheard> {
        let Ok(directory) = self.directory().await else { return Ok(count) };
        let Ok(files) = node_logs::files(&self.nodes.cluster, &directory).await else { return Ok(count) };
        let instances: BTreeSet<u32> = files.iter().map(|file| file.instance).filter(|it| *it < count).collect();
        let mut left = count;
        for restart in instances {
            let stretch =
                Stretch { restart, knows_newest: false, read: Cursor::default(), after: Vec::new(), last: None };
            let found = self.recover(stretch).await?;
            left -= u32::from(found.stamps.is_some() || found.cut.is_none());
        }
        Ok(left)
    }

    /// Where the container's files are, if we may ask.
    pub(super) async fn directory(&mut self) -> Result<Directory, NotRecovered> {
        if self.nodes.wanted == NodeLogs::Never {
            return Err(NotRecovered::Unwanted);
        }
        if self.node.is_none() {
            // It was not scheduled yet when it was first seen.
            let (cluster, target) = (&self.nodes.cluster, &self.target);
            let asked = cluster.limiter().in_time(false, cluster.pod(&target.namespace, &target.pod)).await;
            let pod = asked.and_then(Result::ok).flatten();
            self.node = pod.filter(|pod| pod.uid() == target.uid).and_then(|pod| pod.spec.node_name.clone());
        }
        // Where the question cannot be asked, the answer to a request tells.
        if let Some(Ok(false)) = self.nodes.cluster.limiter().in_time(false, self.nodes.may_read()).await {
            return Err(NotRecovered::NotPermitted);
        }
        let Some(node) = &self.node else { return Err(NotRecovered::Other("it is not known".to_owned())) };
        let Target { namespace, pod, uid, container, .. } = &*self.target;
        Directory::new(node, LogOwner { namespace, pod, uid, container })
            .map_err(|bad| NotRecovered::Other(bad.to_string()))
    }

    pub(super) async fn open(&mut self, restart: u32, since: Option<Stamp>) -> Result<NodeLog, NotRecovered> {
        let directory = self.directory().await?;
        let _place = self.nodes.cluster.limiter().enter(false).await;
        Ok(NodeLog::open(&self.nodes.cluster, &directory, restart, since).await?)
    }

    /// Reads what is missing and hands it on.
    pub(super) async fn recover(&mut self, stretch: Stretch) -> Result<RecoveredLines, Unheard> {
        let (restart, knows_newest) = (stretch.restart, stretch.knows_newest);
        let mut log = match self.open(restart, stretch.files_since(self.scope.since)).await {
            Ok(log) => log,
            Err(why) => return Ok(RecoveredLines::nothing(why)),
        };
        let mut found = RecoveredLines { files: log.files().to_vec(), ..RecoveredLines::default() };
        if log.is_whole() && knows_newest {
            return Ok(found);
        }
        let mut search = Search::new(stretch, self.scope.since);
        loop {
            let progress = match log.next().await {
                Ok(Some(piece)) => search.take(piece),
                Ok(None) => SearchProgress::Over,
                Err(error) => {
                    found.cut = Some(error.into());
                    SearchProgress::Over
                }
            };
            if progress == SearchProgress::Over {
                break;
            }
            self.hand_on_found(restart, search.ready(), &mut found).await?;
        }
        let rest = search.end(found.cut.is_none());
        self.hand_on_found(restart, rest, &mut found).await?;
        found.reaches_back = search.reaches_back();
        found.begins_late = search.begins_late();
        if found.cut.is_none() && !search.is_unbroken() {
            found.cut = Some(NotRecovered::Other("its files were rotated away while they were read".to_owned()));
        }
        Ok(found)
    }

    /// Hands on lines of files: those of one stream together.
    pub(super) async fn hand_on_found(
        &mut self,
        restart: u32,
        lines: Vec<NodeLine>,
        found: &mut RecoveredLines,
    ) -> Result<(), Unheard> {
        if let (Some(first), Some(last)) = (lines.first(), lines.last()) {
            let first = found.stamps.map_or(first.line.stamp, |(first, _)| first);
            found.stamps = Some((first, last.line.stamp));
            found.count += lines.len() as u64;
        }
        let mut rest = lines;
        while let Some(stream) = rest.first().map(|line| line.stream) {
            let count = rest.iter().take_while(|line| line.stream == stream).count();
            let later = rest.split_off(count);
            let together = std::mem::replace(&mut rest, later).into_iter().map(|found| found.line).collect();
            self.lines(restart, stream, together).await?;
        }
        Ok(())
    }
}
