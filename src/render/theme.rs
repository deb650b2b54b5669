//! [`Theme`]: which colours there are.

use owo_colors::Style;

use super::Meaning;

/// What `--color-theme` takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Theme {
    /// Containers in fifteen hues, good news green and bad news red.
    #[default]
    Default,
    /// Fewer colours, which those who see no red, no green or no blue tell apart; good news blue, bad news yellow and underlined.
    ColorBlind,
}

impl Theme {
    /// The colours of containers, each with a contrast of at least 3:1 to black and to white.
    pub(super) fn ring(self) -> &'static [u8] {
        match self {
            // Arranged so that those 1, 2, 5 and 7 places apart differ as much as they can.
            Theme::Default => &[28, 197, 134, 100, 196, 162, 29, 129, 132, 130, 31, 200, 137, 27, 61],
            // Found by trying: those 1, 2, 5 and 7 places apart differ as much as they can for each of the three, as the tests say.
            Theme::ColorBlind => &[196, 93, 131, 68, 160, 92, 167, 104],
        }
    }

    /// How a line stands out that says this.
    pub(super) fn style(self, meaning: Meaning) -> Style {
        let plain = Style::new();
        match (meaning, self) {
            (Meaning::Start, _) => plain.bold(),
            (Meaning::Success, Theme::Default) => plain.green().bold(),
            (Meaning::Success, Theme::ColorBlind) => plain.blue().bold(),
            (Meaning::Failure, Theme::Default) => plain.red().bold(),
            // Underlined, so that it does not depend on a colour alone.
            (Meaning::Failure, Theme::ColorBlind) => plain.yellow().bold().underline(),
            (Meaning::Trouble | Meaning::Warning, _) => plain.yellow(),
            (Meaning::Timing, _) => plain.cyan(),
            (Meaning::Progress, _) => plain.dimmed(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A colour of the cube as linear red, green and blue.
    fn linear(code: u8) -> [f64; 3] {
        let levels = [0u8, 95, 135, 175, 215, 255];
        let code = code - 16;
        [code / 36, code / 6 % 6, code % 6].map(|level| (f64::from(levels[usize::from(level)]) / 255.0).powf(2.2))
    }

    /// What somebody sees of it who lacks one kind of cones (Machado, Oliveira and Fernandes 2009, severity 1.0).
    const SIGHTS: [[[f64; 3]; 3]; 3] = [
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
    ];

    /// The distance of two colours in CIE L*a*b*, as it is seen.
    fn distance(one: u8, two: u8, sight: &[[f64; 3]; 3]) -> f64 {
        let lab = |code: u8| {
            let rgb = linear(code);
            let seen = sight.map(|row| row.iter().zip(rgb).map(|(a, b)| a * b).sum::<f64>().clamp(0.0, 1.0));
            let xyz = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
                .map(|row| row.iter().zip(seen).map(|(a, b)| a * b).sum::<f64>());
            let f = |value: f64| if value > 0.008856 { value.cbrt() } else { 7.787 * value + 16.0 / 116.0 };
            let [x, y, z] = [f(xyz[0] / 0.9505), f(xyz[1]), f(xyz[2] / 1.089)];
            [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
        };
        lab(one).iter().zip(lab(two)).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt()
    }

    #[test]
    fn neighbours_of_the_colour_blind_theme_are_told_apart_without_any_kind_of_cones() {
        let ring = Theme::ColorBlind.ring();
        for (at, one) in ring.iter().enumerate() {
            // Shards are one place apart, containers of a pod five and ten, batches seven.
            for apart in [1, 5, 7, 10] {
                let other = ring[(at + apart) % ring.len()];
                for sight in &SIGHTS {
                    let distance = distance(*one, other, sight);
                    assert!(distance >= 25.0, "{one} and {other}: {distance:.1}");
                }
            }
        }
    }

    #[test]
    fn good_and_bad_news_differ_in_more_than_red_and_green() {
        for theme in [Theme::Default, Theme::ColorBlind] {
            let codes = Meaning::ALL.map(|meaning| theme.style(meaning).prefix_formatter().to_string());
            assert!(codes.iter().all(|code| !code.is_empty()));
            assert_ne!(codes[1], codes[2]);
        }
        let code = |meaning| Theme::ColorBlind.style(meaning).prefix_formatter().to_string();
        for meaning in Meaning::ALL {
            assert!(!code(meaning).contains("31") && !code(meaning).contains("32"), "{meaning:?}");
        }
    }
}
