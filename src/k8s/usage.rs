//! [`Usage`]: what a container uses at present.

use std::iter::Sum;

/// What a container uses at present, as `metrics.k8s.io` tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Usage {
    /// Thousandths of a core.
    pub cpu: u64,
    /// Bytes of memory.
    pub memory: u64,
}

impl Sum for Usage {
    fn sum<I: Iterator<Item = Usage>>(all: I) -> Usage {
        all.fold(Usage::default(), |one, two| Usage {
            cpu: one.cpu.saturating_add(two.cpu),
            memory: one.memory.saturating_add(two.memory),
        })
    }
}

impl Usage {
    /// What two of Kubernetes' quantities say, such as `12345n` and `123Ki`.
    pub fn of(cpu: &str, memory: &str) -> Option<Usage> {
        let cpu = (quantity(cpu)? * 1000.0).round();
        let memory = quantity(memory)?.round();
        // A float that is too large becomes the largest number.
        Some(Usage { cpu: cpu as u64, memory: memory as u64 })
    }

    /// As `kubectl top` writes CPU: `250m`, or `12` from ten cores on.
    pub fn cpu_text(self) -> String {
        if self.cpu >= 10_000 { format!("{}", self.cpu / 1000) } else { format!("{}m", self.cpu) }
    }

    /// As `kubectl top` writes memory, `512Mi`, and from ten gibibytes on `12Gi`.
    pub fn memory_text(self) -> String {
        let mebi = self.memory >> 20;
        if mebi >= 10 << 10 { format!("{}Gi", mebi >> 10) } else { format!("{mebi}Mi") }
    }
}

/// A quantity that is not negative: a number, and what it is counted in.
fn quantity(text: &str) -> Option<f64> {
    const UNITS: [(&str, f64); 16] = [
        ("Ki", 1024.0),
        ("Mi", 1_048_576.0),
        ("Gi", 1_073_741_824.0),
        ("Ti", 1_099_511_627_776.0),
        ("Pi", 1_125_899_906_842_624.0),
        ("Ei", 1_152_921_504_606_846_976.0),
        ("n", 1e-9),
        ("u", 1e-6),
        ("m", 1e-3),
        ("k", 1e3),
        ("M", 1e6),
        ("G", 1e9),
        ("T", 1e12),
        ("P", 1e15),
        ("E", 1e18),
        ("", 1.0),
    ];
    UNITS.iter().find_map(|(unit, times)| {
        let number: f64 = text.strip_suffix(unit)?.parse().ok()?;
        (number.is_finite() && number >= 0.0).then_some(number * times)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn quantities_are_read_as_kubernetes_writes_them() {
        for (cpu, memory, expected) in [
            ("12345678n", "123Ki", Some((12, 123 << 10))),
            ("250m", "512Mi", Some((250, 512 << 20))),
            ("2", "1Gi", Some((2000, 1 << 30))),
            ("1500u", "129M", Some((2, 129_000_000))),
            ("0", "0", Some((0, 0))),
            ("1e3", "1e3", Some((1_000_000, 1000))),
            ("", "1Ki", None),
            ("1", "Ki", None),
            ("-1", "1", None),
            ("1x", "1", None),
            ("NaN", "1", None),
        ] {
            let usage = Usage::of(cpu, memory).map(|usage| (usage.cpu, usage.memory));
            assert_eq!(usage, expected, "{cpu} {memory}");
        }
    }

    #[test]
    fn it_is_written_as_kubectl_does() {
        for (cpu, memory, text) in [
            (0, 0, "0m 0Mi"),
            (250, 512 << 20, "250m 512Mi"),
            (9999, 9 << 30, "9999m 9216Mi"),
            (12_500, 12 << 30, "12 12Gi"),
        ] {
            let usage = Usage { cpu, memory };
            assert_eq!(format!("{} {}", usage.cpu_text(), usage.memory_text()), text);
        }
    }

    proptest! {
        #[test]
        fn no_quantity_is_too_odd(cpu in ".{0,12}", memory in "[0-9.eE+-]{0,12}[KMGTPEinumk]{0,3}") {
            Usage::of(&cpu, &memory);
        }
    }
}
