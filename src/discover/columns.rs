//! [`Lines`]: entries in columns, as `kubectl get` lays them out.

use jiff::Timestamp;

use super::{TargetEntry, age::age, kubectl_status::restarts};
use crate::render::{Headers, Table, plain};

/// How many characters a cell may have: the longest name the API allows.
const CELL: usize = 253;
/// What stands for nothing.
const NONE: &str = "-";

/// A column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TargetColumn {
    Namespace,
    Pod,
    Container,
    Ready,
    Phase,
    Status,
    Restarts,
    Age,
    Exit,
    Role,
    Kind,
    Node,
    Evidence,
}

use TargetColumn::*;

const NARROW: &[TargetColumn] = &[Pod, Container, Phase, Status, Restarts, Age];
const WIDE: &[TargetColumn] =
    &[Namespace, Pod, Container, Ready, Phase, Status, Restarts, Age, Exit, Role, Kind, Node, Evidence];

impl TargetColumn {
    fn header(self) -> &'static str {
        match self {
            Namespace => "NAMESPACE",
            Pod => "POD",
            Container => "CONTAINER",
            Ready => "READY",
            Phase => "PHASE",
            Status => "STATUS",
            Restarts => "RESTARTS",
            Age => "AGE",
            Exit => "EXIT",
            Role => "ROLE",
            Kind => "KIND",
            Node => "NODE",
            Evidence => "EVIDENCE",
        }
    }

    /// A cell; without `now` only what does not change by itself.
    fn cell(self, entry: &TargetEntry, now: Option<Timestamp>) -> String {
        let target = &entry.target;
        let text = match self {
            Namespace => target.namespace.clone(),
            Pod => target.pod.clone(),
            Container => target.container.clone(),
            Ready => entry.ready.to_string(),
            Phase => target.phase.as_str().to_owned(),
            Status => entry.status.clone(),
            Restarts => restarts(i64::from(entry.restarts), entry.last_restart, now),
            Age => now.map(|now| age(entry.created, now)).unwrap_or_default(),
            Exit => entry.exit_code.map(|code| code.to_string()).unwrap_or_default(),
            Role => target.role.as_str().to_owned(),
            Kind => target.kind.as_str().to_owned(),
            Node => entry.target.node.clone().unwrap_or_default(),
            Evidence => entry.evidence.as_str().to_owned(),
        };
        if text.is_empty() { NONE.to_owned() } else { plain(&text, CELL) }
    }
}

/// Writes lines of columns, the header before the first.
#[derive(Debug)]
pub(super) struct Lines {
    columns: &'static [TargetColumn],
    table: Table,
    /// It was written, or is not wanted.
    has_header: bool,
}

impl Lines {
    /// Nothing was written yet.
    pub fn new(wide: bool, headers: Headers) -> Lines {
        let columns = if wide { WIDE } else { NARROW };
        Lines { columns, table: Table::default(), has_header: headers == Headers::Hidden }
    }

    /// The lines of `entries`; nothing for none.
    pub fn of(&mut self, entries: &[TargetEntry], now: Timestamp) -> String {
        let mut lines: Vec<Vec<String>> = Vec::new();
        if !self.has_header && !entries.is_empty() {
            self.has_header = true;
            lines.push(self.columns.iter().map(|column| column.header().to_owned()).collect());
        }
        lines.extend(
            entries.iter().map(|entry| self.columns.iter().map(|column| column.cell(entry, Some(now))).collect()),
        );
        self.table.lines(&lines)
    }
}

/// Whether a table would show a difference between two entries, were they written at the same time.
pub(super) fn differ(wide: bool, a: &TargetEntry, b: &TargetEntry) -> bool {
    let columns = if wide { WIDE } else { NARROW };
    columns.iter().any(|column| column.cell(a, None) != column.cell(b, None))
}
