//! [`ColorChoice`]: whether there are colours.

use crate::environment::Environment;

/// What `--color` takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ColorChoice {
    /// On a terminal, unless the environment says otherwise.
    #[default]
    Auto,
    /// Also into a pipe.
    Always,
    /// Not at all.
    Never,
}

impl ColorChoice {
    /// Whether to colour.
    ///
    /// The first that speaks decides: the flag, `NO_COLOR` (anything but empty), `CLICOLOR_FORCE` and `FORCE_COLOR` (anything but
    /// empty, `0` and `false`), `CLICOLOR=0` or `TERM=dumb`, and last whether it is a terminal, of which `TERM` says what it is.
    pub fn decide(self, environment: &Environment, is_terminal: bool) -> bool {
        let set = |name: &str| environment.get(name);
        let forces = |name: &str| set(name).is_some_and(|value| value != "0" && value != "false");
        match self {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto if set("NO_COLOR").is_some() => false,
            ColorChoice::Auto if ["CLICOLOR_FORCE", "FORCE_COLOR"].into_iter().any(forces) => true,
            ColorChoice::Auto if set("CLICOLOR").is_some_and(|value| value == "0") => false,
            ColorChoice::Auto => is_terminal && !environment.is_dumb(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decide(choice: ColorChoice, vars: &[(&str, &str)], is_terminal: bool) -> bool {
        choice.decide(&vars.iter().copied().collect(), is_terminal)
    }

    #[test]
    fn the_flag_beats_everything() {
        for terminal in [false, true] {
            assert!(decide(ColorChoice::Always, &[("NO_COLOR", "1"), ("TERM", "dumb")], terminal));
            assert!(!decide(ColorChoice::Never, &[("CLICOLOR_FORCE", "1")], terminal));
        }
    }

    #[test]
    fn the_environment_speaks_in_order() {
        let auto = |vars: &[(&str, &str)], terminal| {
            let is_given = vars.iter().any(|(name, _)| *name == "TERM");
            let term = if is_given { &[][..] } else { &[("TERM", "xterm")] };
            decide(ColorChoice::Auto, &[vars, term].concat(), terminal)
        };
        assert!(auto(&[], true) && !auto(&[], false));
        assert!(auto(&[("FORCE_COLOR", "1")], false) && auto(&[("FORCE_COLOR", "3"), ("TERM", "dumb")], false));
        assert!(!auto(&[("FORCE_COLOR", "0")], false) && !auto(&[("FORCE_COLOR", "false")], false));
        assert!(!auto(&[("FORCE_COLOR", "")], false) && !auto(&[("FORCE_COLOR", "1"), ("NO_COLOR", "1")], true));
        assert!(!auto(&[("TERM", "")], true), "nobody says what it can show");
        assert!(!auto(&[("NO_COLOR", "0"), ("CLICOLOR_FORCE", "1")], true));
        assert!(auto(&[("NO_COLOR", ""), ("CLICOLOR_FORCE", "1"), ("CLICOLOR", "0"), ("TERM", "dumb")], false));
        assert!(!auto(&[("CLICOLOR_FORCE", "0")], false) && auto(&[("CLICOLOR_FORCE", "0")], true));
        assert!(!auto(&[("CLICOLOR_FORCE", "")], false));
        assert!(!auto(&[("CLICOLOR", "0")], true) && auto(&[("CLICOLOR", "1"), ("TERM", "xterm")], true));
        assert!(!auto(&[("TERM", "dumb")], true));
    }
}
