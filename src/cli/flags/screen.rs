//! [`ScreenArgs`]: what is done to lines for whoever looks at them.

use clap::Args;

use super::print::HEADING;
use crate::render::{
    Fold, Format, Masking, Theme, Wrap,
    choice::{AroundProblems, Context, Groups},
};

/// What is done to lines for whoever looks at them.
#[derive(Debug, Clone, Default, Args)]
pub struct ScreenArgs {
    /// Mask secrets in lines, such as SAS signatures, tokens and keys [default: on a terminal and in JSON]
    #[arg(long, overrides_with = "no_redact", help_heading = HEADING)]
    redact: bool,
    /// Print lines as the pods wrote them, secrets included
    #[arg(long, overrides_with = "redact", help_heading = HEADING)]
    no_redact: bool,
    /// Show only problems, with a few lines around them (-C, -B and -A say how many)
    #[arg(long, help_heading = HEADING)]
    errors: bool,
    /// On a terminal: show of neighbouring lines that are alike the first, and how many more there were
    #[arg(long, help_heading = HEADING)]
    fold: bool,
    /// On a terminal: what becomes of a line that is longer than the screen is wide
    #[arg(long, value_enum, default_value_t, value_name = "HOW", help_heading = HEADING)]
    wrap: Wrap,
    /// Which colours
    #[arg(long, value_enum, default_value_t, value_name = "THEME", help_heading = HEADING)]
    color_theme: Theme,
}

impl ScreenArgs {
    /// What becomes of long lines on a terminal.
    pub fn wrap(&self) -> Wrap {
        self.wrap
    }

    /// Which colours there are, where there are colours.
    pub fn theme(&self) -> Theme {
        self.color_theme
    }

    /// Whether only problems are left.
    pub fn wants_problems(&self) -> bool {
        self.errors
    }

    /// What leaves only problems, if that is wanted, and what is around them.
    pub fn problems(&self, context: Option<Context>, groups: Groups) -> Option<AroundProblems> {
        self.errors.then(|| context.map_or_else(AroundProblems::default, AroundProblems::new).with_groups(groups))
    }

    /// What folds lines that are alike, if that is wanted. Whoever reads a pipe wants each of them.
    pub fn fold(&self, terminal: bool, utf8: bool) -> Option<Fold> {
        (self.fold && terminal).then(|| Fold::new(utf8))
    }

    /// What masks secrets in lines of this format, if they are masked. Into a pipe text goes as it is: whoever counts or compares
    /// lines wants their bytes.
    pub fn masking(&self, format: Format, terminal: bool) -> Option<Masking> {
        let is_masked = match (self.redact, self.no_redact) {
            (true, _) => true,
            (_, true) => false,
            _ => terminal || format.is_object(),
        };
        is_masked.then(Masking::default)
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Flags {
        #[command(flatten)]
        screen: ScreenArgs,
    }

    #[test]
    fn terminals_and_objects_are_masked_and_the_last_flag_decides() {
        let is_masked = |flags: &[&str], format, terminal| {
            let flags = Flags::try_parse_from([&["x"], flags].concat()).unwrap();
            flags.screen.masking(format, terminal).is_some()
        };
        for (flags, [pipe, terminal, json]) in [
            (&[][..], [false, true, true]),
            (&["--redact"], [true; 3]),
            (&["--no-redact"], [false; 3]),
            (&["--no-redact", "--redact"], [true; 3]),
            (&["--redact", "--no-redact"], [false; 3]),
        ] {
            for format in [Format::Default, Format::Raw] {
                assert_eq!(is_masked(flags, format, false), pipe, "{flags:?}");
                assert_eq!(is_masked(flags, format, true), terminal, "{flags:?}");
            }
            assert_eq!(is_masked(flags, Format::Json, false), json, "{flags:?}");
        }
    }
}
