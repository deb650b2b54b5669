//! A job on a screen: [`View`] is all that is shown, [`draw()`] draws it, and an [`Inbox`] brings it what happens. Nothing here touches a
//! terminal.

mod areas;
mod draw;
mod film;
mod inbox;
mod keys;
mod pane;
mod places;
mod scrollback;
mod state;
mod table;
mod text;
mod theme;

#[cfg(test)]
mod tests;

pub use self::{
    draw::draw,
    film::Moment,
    inbox::{Inbox, ViewSink, WhenFull},
    keys::{Chapter, KEYS},
    scrollback::{Scrollback, ScrollbackLimits, Spill},
    state::{Capture, Effect, View, ViewEnd, ViewNews},
    theme::{Look, Signs},
};
