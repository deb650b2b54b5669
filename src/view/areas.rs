//! [`Areas`]: where each part stands on the screen.

use ratatui::layout::Rect;

use super::{
    state::{Focus, View},
    table::RowsOf,
};

/// Where each part stands. One that has no room is empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Areas {
    /// Job, row, time.
    pub title: Rect,
    /// The steps and how far they are.
    pub steps: Rect,
    /// The bar of the batches, with the estimate.
    pub progress: Rect,
    /// What the doctor has found, what lines said, what is missing.
    pub findings: Rect,
    /// The rows with their title, the heat strip and headers.
    pub table: Rect,
    /// What the rows are.
    pub table_title: Rect,
    /// A cell for each batch.
    pub strip: Rect,
    /// The names of the columns.
    pub headers: Rect,
    /// The rows.
    pub rows: Rect,
    /// Whose log it is.
    pub log_title: Rect,
    /// Its lines.
    pub log: Rect,
    /// The time of an archive.
    pub time: Rect,
    /// What is typed or said.
    pub bottom: Rect,
}

/// From so many rows of the screen on there is room for all parts.
const ROOMY: u16 = 12;

impl Areas {
    /// Where the parts of a view stand.
    pub fn of(view: &View) -> Areas {
        let (width, height) = view.size();
        let mut rest = Rect::new(0, 0, width, height);
        let mut areas = Areas { bottom: from_below(&mut rest, 1), ..Areas::default() };
        if view.film.is_some() {
            areas.time = from_below(&mut rest, 1);
        }
        areas.title = from_above(&mut rest, 1);
        let is_roomy = height >= ROOMY;
        if is_roomy && !view.zoom {
            areas.steps = from_above(&mut rest, 1);
            areas.progress = from_above(&mut rest, 1);
        }
        if is_roomy {
            areas.findings = from_above(&mut rest, 1);
        }
        let shows_table = !view.zoom && (is_roomy || view.focus == Focus::Table);
        let shows_log = view.zoom || is_roomy || view.focus == Focus::Log;
        if shows_table {
            let wanted = u16::try_from(view.table.rows().len()).unwrap_or(u16::MAX).saturating_add(2).max(4);
            let most = if shows_log { rest.height * 9 / 20 } else { rest.height };
            areas.table = from_above(&mut rest, wanted.min(most));
            let mut table = areas.table;
            areas.table_title = from_above(&mut table, 1);
            let batches = view.facts.batches.len();
            if view.table.of == RowsOf::Batches
                && batches + 1 > usize::from(table.height)
                && table.height >= 4
                && width > 0
            {
                let needed = u16::try_from(batches.div_ceil(usize::from(width))).unwrap_or(u16::MAX);
                let most = table.height / 3;
                areas.strip = from_above(&mut table, needed.min(most).max(1));
            }
            areas.headers = from_above(&mut table, 1);
            areas.rows = table;
        }
        if shows_log {
            areas.log_title = from_above(&mut rest, 1);
            areas.log = rest;
        }
        areas
    }
}

fn from_above(rest: &mut Rect, height: u16) -> Rect {
    let height = height.min(rest.height);
    let taken = Rect { height, ..*rest };
    (rest.y, rest.height) = (rest.y + height, rest.height - height);
    taken
}

fn from_below(rest: &mut Rect, height: u16) -> Rect {
    let height = height.min(rest.height);
    rest.height -= height;
    Rect { y: rest.y + rest.height, height, ..*rest }
}
