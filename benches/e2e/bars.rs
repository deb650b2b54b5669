//! Printing figures beside their bars.

/// Prints what was measured, what it is held against, and whether it is met.
pub fn bar(what: &str, figure: f64, unit: &str, most: f64) {
    let verdict = if figure <= most { "met" } else { "NOT MET" };
    println!("  {what:<58} {figure:>9.2} {unit:<6} bar {most:>7.2}  {verdict}");
}

/// Prints what was measured.
pub fn note(what: &str, figure: f64, unit: &str) {
    println!("  {what:<58} {figure:>9.2} {unit}");
}

/// The middle of some figures.
pub fn median(figures: impl IntoIterator<Item = f64>) -> f64 {
    let mut figures: Vec<f64> = figures.into_iter().collect();
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}
