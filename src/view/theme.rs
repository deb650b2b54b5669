//! [`Look`]: colours and signs.

use ratatui::style::{Color, Modifier, Style};

use crate::{
    overview::Standing,
    render::{Meaning, Theme},
};

/// Colours and signs. Nothing is told by colour alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Look {
    /// Which colours.
    pub theme: Theme,
    /// Whether the terminal shows more than ASCII.
    pub signs: Signs,
}

/// The signs that are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Signs {
    /// All of UTF-8.
    #[default]
    Unicode,
    /// ASCII.
    Ascii,
}

impl Look {
    fn sign(self, unicode: &'static str, ascii: &'static str) -> &'static str {
        match self.signs {
            Signs::Unicode => unicode,
            Signs::Ascii => ascii,
        }
    }

    /// What stands where a text was cut.
    pub fn cut_mark(self) -> char {
        match self.signs {
            Signs::Unicode => '…',
            Signs::Ascii => '~',
        }
    }

    /// What stands between things.
    pub fn dot(self) -> &'static str {
        self.sign(" · ", " | ")
    }

    /// A line across.
    pub fn rule(self) -> &'static str {
        self.sign("─", "-")
    }

    /// What a list's cursor is.
    pub fn cursor(self) -> &'static str {
        self.sign("▌", ">")
    }

    /// The sign of a standing in a list.
    pub fn standing(self, standing: Standing) -> &'static str {
        match standing {
            Standing::Waiting => self.sign("·", "."),
            Standing::Running => self.sign("▸", ">"),
            Standing::Done => self.sign("✓", "+"),
            Standing::Failed => self.sign("✗", "X"),
            Standing::Lost => "?",
        }
    }

    /// The sign of a standing in the heat strip and the bar of progress.
    pub fn heat(self, standing: Standing) -> &'static str {
        match standing {
            Standing::Waiting => self.sign("·", "."),
            Standing::Running => self.sign("▒", ">"),
            Standing::Done => self.sign("█", "#"),
            Standing::Failed => self.sign("✗", "X"),
            Standing::Lost => "?",
        }
    }

    /// How a standing is coloured.
    pub fn style_of(self, standing: Standing) -> Style {
        match (standing, self.theme) {
            (Standing::Waiting, _) => self.aside(),
            (Standing::Running, _) => Style::new().fg(Color::Cyan),
            (Standing::Done, Theme::Default) => Style::new().fg(Color::Green),
            (Standing::Done, Theme::ColorBlind) => Style::new().fg(Color::Blue),
            (Standing::Failed | Standing::Lost, _) => self.bad(),
        }
    }

    /// How a line is coloured that says this.
    pub fn meaning(self, meaning: Option<Meaning>) -> Style {
        let plain = Style::new();
        match meaning {
            None => plain,
            Some(Meaning::Start) => plain.add_modifier(Modifier::BOLD),
            Some(Meaning::Success) => self.style_of(Standing::Done).add_modifier(Modifier::BOLD),
            Some(Meaning::Failure) => self.bad(),
            Some(Meaning::Trouble | Meaning::Warning) => self.warning(),
            Some(Meaning::Timing) => plain.fg(Color::Cyan),
            Some(Meaning::Progress) => self.aside(),
        }
    }

    /// What went wrong.
    pub fn bad(self) -> Style {
        let plain = Style::new().add_modifier(Modifier::BOLD);
        match self.theme {
            Theme::Default => plain.fg(Color::Red),
            Theme::ColorBlind => plain.fg(Color::Yellow).add_modifier(Modifier::UNDERLINED),
        }
    }

    /// What may go wrong.
    pub fn warning(self) -> Style {
        Style::new().fg(Color::Yellow)
    }

    /// What steps back.
    pub fn aside(self) -> Style {
        Style::new().add_modifier(Modifier::DIM)
    }

    /// What stands out.
    pub fn strong(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    /// What is chosen.
    pub fn chosen(self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }

    /// What a search has found.
    pub fn hit(self) -> Style {
        Style::new().bg(Color::Yellow).fg(Color::Black)
    }
}
