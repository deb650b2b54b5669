//! Counting lines.

use std::collections::BTreeMap;

use assert_cmd::assert::Assert;

/// What a run printed, as lines.
pub fn stdout(run: &Assert) -> Vec<String> {
    lines(&run.get_output().stdout)
}

/// What a run said besides.
pub fn stderr(run: &Assert) -> String {
    String::from_utf8_lossy(&run.get_output().stderr).into_owned()
}

/// Bytes as lines.
pub fn lines(bytes: &[u8]) -> Vec<String> {
    String::from_utf8_lossy(bytes).lines().map(str::to_owned).collect()
}

/// Checks that every expected line was printed exactly as often as expected, and nothing else.
pub fn assert_all_once(printed: &[String], expected: &[String]) {
    let mut counts: BTreeMap<&str, i64> = BTreeMap::new();
    for line in expected {
        *counts.entry(line).or_default() -= 1;
    }
    for line in printed {
        *counts.entry(line).or_default() += 1;
    }
    counts.retain(|_, count| *count != 0);
    let missing: Vec<_> = counts.iter().filter(|(_, count)| **count < 0).take(10).collect();
    let too_many: Vec<_> = counts.iter().filter(|(_, count)| **count > 0).take(10).collect();
    assert!(
        counts.is_empty(),
        "{} lines printed of {}, {} differ\nmissing: {missing:#?}\ntoo many: {too_many:#?}",
        printed.len(),
        expected.len(),
        counts.len(),
    );
}

/// Checks that of each container, which is what a line begins with up to ` line `, the lines came in order.
pub fn assert_in_order(printed: &[String]) {
    let mut last: BTreeMap<&str, usize> = BTreeMap::new();
    for line in printed {
        let (tag, number) = line.rsplit_once(" line ").unwrap();
        let number = number.parse().unwrap();
        let before = last.insert(tag, number).unwrap_or(0);
        assert_eq!(number, before + 1, "after line {before} of {tag} came {line:?}");
    }
}
