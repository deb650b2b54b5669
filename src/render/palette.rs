//! [`color_of`]: a container's colour, from names alone, so that it is the same in every run.

use owo_colors::XtermColors;
use xxhash_rust::xxh3::xxh3_64;

use super::Theme;
use crate::k8s::{Role, Target};

/// The colours of the pods that a job has one of. They are in no [`Theme::ring`]: by name these pods stand between the groups that
/// go through it, so the end of one and the start of the next are told apart however large they are.
const FINALIZER: u8 = 244;
const SUBMIT: u8 = 66;

/// The colour of a container.
///
/// Pods that differ in the number of their shard or node are one place of the ring apart, in that of their batch seven, and
/// a pod's containers five: in a job of which only one of these numbers varies, all containers of five consecutive pods
/// differ. `short` is the job's `SHORT`, which may look like a number.
pub(super) fn color_of(target: &Target, short: &str, theme: Theme) -> XtermColors {
    let base = match target.role {
        Role::Finalizer => return FINALIZER.into(),
        Role::Submit => return SUBMIT.into(),
        Role::Batch => 0,
        Role::Setup => 3,
        Role::Warmup => 9,
        Role::Other => xxh3_64(target.pod.split('-').next().unwrap_or_default().as_bytes()),
    };
    let ring = theme.ring();
    let place = base.wrapping_add(ordinal(&target.pod, short)).wrapping_add(slot(&target.container));
    ring[(place % ring.len() as u64) as usize].into()
}

/// The same as its number of 256.
#[cfg(feature = "watch")]
pub(crate) fn color_index(target: &Target, short: &str, theme: Theme) -> u8 {
    color_of(target, short, theme).into()
}

/// A pod's place among its siblings, from the numbers in its name: `<prog>-batch-s03-job-002-…` is 3 + 7 · 2.
///
/// The last segment is the suffix that the pod got at random.
fn ordinal(pod: &str, short: &str) -> u64 {
    let named = pod.rsplit_once('-').map_or("", |(named, _)| named);
    let numbers = named.split('-').filter(|segment| *segment != short).filter_map(number);
    numbers.zip([1, 7]).fold(0, |sum, (number, weight)| sum.wrapping_add(number.wrapping_mul(weight)))
}

/// The number a segment ends in.
fn number(segment: &str) -> Option<u64> {
    segment[segment.trim_end_matches(|c: char| c.is_ascii_digit()).len()..].parse().ok()
}

/// A container's place in its pod. Known ones never share one with a neighbour.
fn slot(container: &str) -> u64 {
    match container {
        "blast" | "get-blastdb" | "vmtouch" => 0,
        "results-export" => 5,
        "import-query-batches" | "load-blastdb-into-ram" => 10,
        other => xxh3_64(other.as_bytes()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{k8s::ContainerKind, render::tests::incident};

    fn colors(targets: &[Target]) -> Vec<u8> {
        targets.iter().map(|target| color_of(target, "3ed51a95", Theme::Default).into()).collect()
    }

    /// Contrast after WCAG of a colour of the cube or the greys to black and to white.
    fn contrast(code: u8) -> (f64, f64) {
        let levels = [0u8, 95, 135, 175, 215, 255];
        let cube = |code: u8| [code / 36, code / 6 % 6, code % 6].map(|level| levels[usize::from(level)]);
        let rgb = if code >= 232 { [8 + 10 * (code - 232); 3] } else { cube(code - 16) };
        let [r, g, b] = rgb.map(|value| (f64::from(value) / 255.0).powf(2.2));
        let luminance = 0.2126 * r + 0.7152 * g + 0.0722 * b;
        ((luminance + 0.05) / 0.05, 1.05 / (luminance + 0.05))
    }

    #[test]
    fn colours_are_legible_on_dark_and_light() {
        let ring = |theme: Theme| theme.ring().iter().copied();
        for code in ring(Theme::Default).chain(ring(Theme::ColorBlind)).chain([FINALIZER, SUBMIT]) {
            let (black, white) = contrast(code);
            assert!(black >= 3.0 && white >= 3.0, "{code}: {black:.1} {white:.1}");
        }
    }

    #[test]
    fn neighbours_of_the_incident_differ() {
        let mut targets = incident();
        targets.sort_by(|a, b| (&a.pod, &a.container).cmp(&(&b.pod, &b.container)));
        assert_eq!(targets.len(), 26);
        assert!(colors(&targets).windows(2).all(|pair| pair[0] != pair[1]));
        let blast: Vec<_> = targets.into_iter().filter(|target| target.container == "blast").collect();
        assert_eq!(colors(&blast), Theme::Default.ring()[..5], "s00, s01, … go through the ring");
    }

    fn batch(db: &str, number: usize, suffix: &str) -> [Target; 3] {
        ["blast", "import-query-batches", "results-export"].map(|container| Target {
            pod: format!("blastn-batch-{db}-job-{number:03}-3ed51a95-{suffix}"),
            container: container.to_owned(),
            kind: ContainerKind::Regular,
            ..incident()[0].clone()
        })
    }

    #[test]
    fn neighbours_of_a_job_in_one_dimension_differ() {
        let batches: Vec<_> = (0..1000).flat_map(|number| batch("nt", number, "22222")).collect();
        let shards: Vec<_> = (0..100).flat_map(|shard| batch(&format!("s{shard:02}"), 0, "x")).collect();
        for targets in [batches, shards] {
            let colors = colors(&targets);
            assert!(colors.windows(2).all(|pair| pair[0] != pair[1]));
            assert!(colors.iter().step_by(3).zip(colors.iter().step_by(3).skip(1)).all(|(a, b)| a != b));
        }
    }

    #[test]
    fn a_retry_keeps_its_colour() {
        assert_eq!(colors(&batch("s03", 4, "p9vp5")), colors(&batch("s03", 4, "24567")));
    }

    #[test]
    fn freak_names_have_a_colour() {
        for pod in ["", "-", "99999999999999999999999-99999999999999999999-1-x", "é1-é"] {
            let target = Target { pod: pod.to_owned(), role: Role::Other, ..incident()[0].clone() };
            color_of(&target, "", Theme::ColorBlind);
        }
    }
}
