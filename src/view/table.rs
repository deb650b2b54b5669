//! [`SortedTable`]: containers, pods or batches as rows, in an order, filtered, with a cursor.

use std::collections::HashMap;

use unicode_width::UnicodeWidthStr;

use super::pane::Pattern;
use crate::{
    cluster::UsageByPod,
    k8s::{Stamp, Usage},
    overview::{ContainerLife, Overview, Standing},
    render::{plain, short_name},
};

/// What the rows are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RowsOf {
    /// Containers.
    #[default]
    Containers,
    /// Pods.
    Pods,
    /// Batches.
    Batches,
}

/// What rows are in the order of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sort {
    /// What needs to be looked at first: what failed, what runs, what waits, what is done.
    #[default]
    Status,
    /// Their names.
    Name,
    /// Restarts, the most first.
    Restarts,
    /// How long it has taken, the longest first.
    Age,
    /// Lines a second of late, the most first.
    Rate,
    /// CPU, the most first.
    Cpu,
    /// Memory, the most first.
    Memory,
}

/// Which rows are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Only {
    /// All.
    #[default]
    All,
    /// Those that failed or are lost.
    Failed,
    /// Those that run.
    Running,
    /// Those that wait.
    Waiting,
}

/// What tells a row from the others.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RowKey {
    /// A container, by its place.
    Container(usize),
    /// A pod, by its uid.
    Pod(String),
    /// A batch, by its short name.
    Batch(String),
}

/// A row.
#[derive(Debug, Clone, PartialEq)]
pub struct TableRow {
    /// What it is of.
    pub key: RowKey,
    /// What it is called.
    pub name: String,
    /// How it stands.
    pub standing: Standing,
    /// The same in the cluster's words.
    pub status: String,
    /// How often it was started again.
    pub restarts: i64,
    /// How long it has taken, in seconds.
    pub age: Option<f64>,
    /// Lines a second of late.
    pub rate: f64,
    /// What it uses, where the cluster tells.
    pub usage: Option<Usage>,
    /// Lines that tell of a problem.
    pub problems: u64,
    /// Whether lines of it are missing.
    pub missing: bool,
    /// The place of the container whose latest line is the latest of its lines.
    pub latest: Option<usize>,
    /// Why it waits or is lost, as far as its cluster says.
    pub why: Option<String>,
    /// The node it is on.
    pub node: String,
}

/// The rows, their order, and the cursor.
#[derive(Debug, Default)]
pub struct SortedTable {
    /// What the rows are.
    pub of: RowsOf,
    /// Their order.
    pub sort: Sort,
    /// Whether it is turned round.
    pub reversed: bool,
    /// Which names.
    pub filter: Option<Pattern>,
    /// Which standings.
    pub only: Only,
    rows: Vec<TableRow>,
    /// The widest of their names, statuses and nodes.
    widths: [usize; 3],
    /// How many there would be without filters.
    all: usize,
    chosen: Option<RowKey>,
    cursor: usize,
    top: usize,
    height: usize,
}

impl RowsOf {
    /// The word for them.
    pub fn as_str(self) -> &'static str {
        match self {
            RowsOf::Containers => "containers",
            RowsOf::Pods => "pods",
            RowsOf::Batches => "batches",
        }
    }

    /// What comes after it.
    pub fn next(self) -> RowsOf {
        match self {
            RowsOf::Containers => RowsOf::Pods,
            RowsOf::Pods => RowsOf::Batches,
            RowsOf::Batches => RowsOf::Containers,
        }
    }
}

impl Sort {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Sort::Status => "status",
            Sort::Name => "name",
            Sort::Restarts => "restarts",
            Sort::Age => "age",
            Sort::Rate => "lines/s",
            Sort::Cpu => "cpu",
            Sort::Memory => "memory",
        }
    }

    /// What comes after it. What a cluster does not tell is passed over.
    pub fn next(self, has_usage: bool) -> Sort {
        match self {
            Sort::Status => Sort::Name,
            Sort::Name => Sort::Restarts,
            Sort::Restarts => Sort::Age,
            Sort::Age => Sort::Rate,
            Sort::Rate if has_usage => Sort::Cpu,
            Sort::Cpu => Sort::Memory,
            Sort::Rate | Sort::Memory => Sort::Status,
        }
    }
}

impl Only {
    /// The words for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Only::All => "all",
            Only::Failed => "failed",
            Only::Running => "running",
            Only::Waiting => "waiting",
        }
    }

    /// What comes after it.
    pub fn next(self) -> Only {
        match self {
            Only::All => Only::Failed,
            Only::Failed => Only::Running,
            Only::Running => Only::Waiting,
            Only::Waiting => Only::All,
        }
    }

    fn admits(self, standing: Standing) -> bool {
        match self {
            Only::All => true,
            Only::Failed => matches!(standing, Standing::Failed | Standing::Lost),
            Only::Running => standing == Standing::Running,
            Only::Waiting => standing == Standing::Waiting,
        }
    }
}

impl SortedTable {
    /// The rows that are shown, in order.
    pub fn rows(&self) -> &[TableRow] {
        &self.rows
    }

    /// How many there would be without filters.
    pub fn all(&self) -> usize {
        self.all
    }

    /// Columns of the widest name, status and node.
    pub fn widths(&self) -> [usize; 3] {
        self.widths
    }

    /// The place of the cursor, and of the first row in sight.
    pub fn cursor(&self) -> (usize, usize) {
        (self.cursor, self.top)
    }

    /// What the cursor is on.
    pub fn chosen(&self) -> Option<&TableRow> {
        self.rows.get(self.cursor)
    }

    /// So many rows are in sight.
    pub fn resize(&mut self, height: usize) {
        self.height = height.max(1);
        self.settle();
    }

    /// Moves the cursor.
    pub fn move_by(&mut self, by: isize) {
        self.move_to(self.cursor.saturating_add_signed(by));
    }

    /// Puts the cursor on a row, or the last one.
    pub fn move_to(&mut self, to: usize) {
        self.cursor = to.min(self.rows.len().saturating_sub(1));
        self.chosen = self.chosen().map(|row| row.key.clone());
        self.settle();
    }

    /// Puts the cursor on what is called so, if it is shown.
    pub fn choose(&mut self, key: &RowKey) {
        if let Some(at) = self.rows.iter().position(|row| row.key == *key) {
            self.move_to(at);
        }
    }

    /// Columns of rows.
    pub fn page(&self) -> usize {
        self.height
    }

    fn settle(&mut self) {
        self.top = self.top.min(self.cursor).max((self.cursor + 1).saturating_sub(self.height));
        self.top = self.top.min(self.rows.len().saturating_sub(self.height));
    }

    /// Makes the rows anew. The cursor stays on what it was on.
    pub fn refresh(&mut self, overview: &Overview, usage: Option<&UsageByPod>, now: Stamp) {
        let short = overview.ids.short();
        let rows = match self.of {
            RowsOf::Containers => containers(overview, &short, usage, now),
            RowsOf::Pods => pods(overview, &short, usage, now),
            RowsOf::Batches => batches(overview, usage, now),
        };
        self.all = rows.len();
        let named = |row: &TableRow| {
            let filter = self.filter.as_ref();
            filter.is_none_or(|it| it.regex.is_match(row.name.as_bytes()) || it.regex.is_match(row.node.as_bytes()))
        };
        self.rows = rows.into_iter().filter(|row| self.only.admits(row.standing) && named(row)).collect();
        let widest = |text: fn(&TableRow) -> &str| self.rows.iter().map(|row| text(row).width()).max().unwrap_or(0);
        self.widths = [widest(|row| &row.name), widest(|row| &row.status), widest(|row| &row.node)];
        let (sort, reversed) = (self.sort, self.reversed);
        self.rows.sort_by(|one, two| {
            let order = match sort {
                Sort::Status => rank(one.standing).cmp(&rank(two.standing)),
                Sort::Name => std::cmp::Ordering::Equal,
                Sort::Restarts => two.restarts.cmp(&one.restarts),
                Sort::Age => two.age.unwrap_or(-1.0).total_cmp(&one.age.unwrap_or(-1.0)),
                Sort::Rate => two.rate.total_cmp(&one.rate),
                Sort::Cpu => two.usage.map(|it| it.cpu).cmp(&one.usage.map(|it| it.cpu)),
                Sort::Memory => two.usage.map(|it| it.memory).cmp(&one.usage.map(|it| it.memory)),
            };
            let order = order.then_with(|| one.name.cmp(&two.name)).then_with(|| one.key.cmp(&two.key));
            if reversed { order.reverse() } else { order }
        });
        let known = self.chosen.as_ref().and_then(|key| self.rows.iter().position(|row| row.key == *key));
        // Until somebody moves it, it is on the first; and what was chosen may be filtered out for the moment.
        self.cursor = known.unwrap_or(self.cursor).min(self.rows.len().saturating_sub(1));
        self.settle();
    }
}

/// What needs to be looked at comes first.
fn rank(standing: Standing) -> u8 {
    match standing {
        Standing::Failed => 0,
        Standing::Lost => 1,
        Standing::Running => 2,
        Standing::Waiting => 3,
        Standing::Done => 4,
    }
}

fn containers(overview: &Overview, short: &str, usage: Option<&UsageByPod>, now: Stamp) -> Vec<TableRow> {
    let row = |(place, container): (usize, &ContainerLife)| {
        let target = &container.target;
        let standing = container.standing();
        let used = usage.and_then(|usage| usage.get(&target.pod)?.get(&target.container).copied());
        TableRow {
            key: RowKey::Container(place),
            name: format!("{} {}", plain(&short_name(&target.pod, short), 80), plain(&target.container, 40)),
            standing,
            status: plain(&status(container), 40),
            restarts: container.restarts().into(),
            age: age(container, now),
            rate: container.rate.per_second(now),
            usage: used.filter(|_| standing == Standing::Running),
            problems: container.problems,
            missing: container.missing > 0,
            latest: Some(place),
            why: why(overview, container),
            node: plain(target.node.as_deref().unwrap_or_default(), 60),
        }
    };
    overview.containers().iter().enumerate().map(row).collect()
}

/// Why a container waits or is lost.
fn why(overview: &Overview, container: &ContainerLife) -> Option<String> {
    let waits = matches!(container.standing(), Standing::Waiting | Standing::Lost);
    let pod = || overview.pod_of(&container.target.uid)?.message.as_ref();
    container.trouble.as_ref().or_else(pod).filter(|_| waits).map(|why| plain(why, 200))
}

/// How a container stands, in its cluster's words.
fn status(container: &ContainerLife) -> String {
    let ended = container.last().and_then(|last| Some((last, last.end.as_ref()?)));
    match (container.standing(), &container.waiting, ended) {
        (Standing::Waiting, Some(reason), _) => reason.clone(),
        (Standing::Waiting, None, _) => "Waiting".to_owned(),
        (Standing::Running, ..) => "Running".to_owned(),
        (Standing::Lost, ..) => container.trouble.clone().unwrap_or_else(|| "Lost".to_owned()),
        (Standing::Failed, _, Some((last, end))) if end.exit_code == 0 => {
            format!("blast {}", last.blast_code.unwrap_or_default())
        }
        (Standing::Failed, _, Some((_, end))) if end.reason == "Error" => format!("Error {}", end.exit_code),
        (Standing::Failed, _, None) => {
            format!("blast {}", container.last().and_then(|it| it.blast_code).unwrap_or_default())
        }
        (Standing::Done | Standing::Failed, _, Some((_, end))) if !end.reason.is_empty() => end.reason.clone(),
        (Standing::Done, ..) => "Completed".to_owned(),
        (Standing::Failed, ..) => "Failed".to_owned(),
    }
}

fn age(container: &ContainerLife, now: Stamp) -> Option<f64> {
    let span = container.last().and_then(|last| last.span());
    match container.standing() {
        Standing::Running => {
            let from = container.started()?;
            Some(now.0.saturating_sub(from.0).max(0) as f64 / 1e9)
        }
        _ => span.map(|span| span.seconds()),
    }
}

/// The worst of several, or else what still goes on.
fn together(standings: impl Iterator<Item = Standing> + Clone) -> Standing {
    let order = [Standing::Failed, Standing::Running, Standing::Waiting, Standing::Lost, Standing::Done];
    order.into_iter().find(|it| standings.clone().any(|other| other == *it)).unwrap_or(Standing::Waiting)
}

fn pods(overview: &Overview, short: &str, usage: Option<&UsageByPod>, now: Stamp) -> Vec<TableRow> {
    let mut seats: HashMap<&str, usize> = HashMap::new();
    let mut of: Vec<Vec<usize>> = Vec::new();
    for (place, container) in overview.containers().iter().enumerate() {
        let seat = *seats.entry(&container.target.uid).or_insert_with(|| {
            of.push(Vec::new());
            of.len() - 1
        });
        of[seat].push(place);
    }
    let row = |places: Vec<usize>| {
        let all = || places.iter().map(|place| &overview.containers()[*place]);
        let target = &overview.containers()[places[0]].target;
        let pod = overview.pod_of(&target.uid);
        let standing = together(all().map(ContainerLife::standing));
        let created = pod.and_then(|pod| pod.created);
        let begun = created.or_else(|| all().filter_map(ContainerLife::started).min());
        let status = match pod {
            Some(pod) if pod.is_gone => "Gone".to_owned(),
            Some(pod) => pod.status.clone(),
            None => standing.as_str().to_owned(),
        };
        let used = usage.and_then(|usage| usage.get(&target.pod));
        TableRow {
            key: RowKey::Pod(target.uid.clone()),
            name: plain(&short_name(&target.pod, short), 80),
            standing,
            status: plain(&status, 40),
            restarts: pod.map_or(0, |pod| pod.restarts).max(all().map(|it| it.restarts().into()).max().unwrap_or(0)),
            age: begun.map(|begun| now.0.saturating_sub(begun.0).max(0) as f64 / 1e9),
            rate: all().map(|it| it.rate.per_second(now)).sum(),
            usage: used.map(|used| used.values().copied().sum()),
            problems: all().map(|it| it.problems).sum(),
            missing: all().any(|it| it.missing > 0),
            latest: latest(overview, &places),
            why: all().find_map(|it| why(overview, it)),
            node: plain(target.node.as_deref().unwrap_or_default(), 60),
        }
    };
    of.into_iter().map(row).collect()
}

fn batches(overview: &Overview, usage: Option<&UsageByPod>, now: Stamp) -> Vec<TableRow> {
    let row = |batch: crate::overview::JobLife<'_>| {
        let all = || batch.containers.iter().map(|place| &overview.containers()[*place]);
        let retried = if batch.was_retried() && batch.standing != Standing::Done { ", retried" } else { "" };
        let used = usage.map(|usage| {
            all().filter_map(|it| usage.get(&it.target.pod)?.get(&it.target.container)).copied().sum::<Usage>()
        });
        let tries = batch.pods.saturating_sub(1) as i64;
        TableRow {
            key: RowKey::Batch(batch.name.to_owned()),
            name: plain(batch.name, 80),
            standing: batch.standing,
            status: format!("{}{retried}", batch.standing.as_str()),
            restarts: i64::from(batch.restarts) + tries,
            age: batch.seconds(now),
            rate: all().map(|it| it.rate.per_second(now)).sum(),
            usage: used.filter(|_| batch.standing == Standing::Running),
            problems: batch.problems,
            missing: all().any(|it| it.missing > 0),
            latest: latest(overview, batch.containers),
            why: all().find_map(|it| why(overview, it)),
            node: plain(&batch.nodes.iter().copied().collect::<Vec<_>>().join(" "), 60),
        }
    };
    overview.batches().map(row).collect()
}

fn latest(overview: &Overview, places: &[usize]) -> Option<usize> {
    let stamp = |place: &usize| overview.containers()[*place].latest.as_ref().map(|line| line.stamp);
    places.iter().copied().filter(|place| stamp(place).is_some()).max_by_key(stamp)
}
