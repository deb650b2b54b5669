//! [`Masking`]: secrets in lines are not shown.

use std::{borrow::Cow, collections::HashMap};

use super::{ShownLine, Transform};
use crate::{
    k8s::{InstanceId, Line},
    mask::{LineMasker, is_suspect},
};

/// Masks the secrets of lines. A line without one costs a quick look.
#[derive(Default)]
pub struct Masking {
    /// The instances in whose lines a private key or an object of Kubernetes has begun and not ended, or a name stands whose value may
    /// come next.
    unfinished: HashMap<InstanceId, LineMasker>,
}

impl Transform for Masking {
    fn concerns(&mut self, of: &InstanceId, line: &Line) -> bool {
        is_suspect(&line.text) || (!self.unfinished.is_empty() && self.unfinished.contains_key(of))
    }

    fn apply(&mut self, of: &InstanceId, lines: &mut Vec<ShownLine>) {
        let mut masker = self.unfinished.remove(of).unwrap_or_default();
        for ShownLine { line, .. } in lines {
            if let Cow::Owned(masked) = masker.mask_bytes(&line.text) {
                line.text = masked.into();
            }
        }
        if masker.expects_more() {
            self.unfinished.insert(of.clone(), masker);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{
        k8s::{ContainerId, Stamp},
        render::Transforms,
    };

    fn instance(uid: &str) -> InstanceId {
        InstanceId {
            container: Arc::new(ContainerId { uid: uid.to_owned(), container: "blast".to_owned() }),
            restart: 0,
        }
    }

    fn line(text: &'static str) -> Line {
        Line { stamp: Stamp(1), text: text.into() }
    }

    #[test]
    fn secrets_are_masked_and_lines_without_concern_nobody() {
        let mut stage = Transforms::default().then(Masking::default());
        let lines = [line("run start 000 blastn"), line("AZURE_STORAGE_KEY=abc")];
        assert!(!stage.concern(&instance("1"), &lines[..1]));
        assert!(stage.concern(&instance("1"), &lines));
        let shown: Vec<_> =
            stage.apply(&instance("1"), None, &lines).into_iter().map(|shown| shown.line.text).collect();
        assert_eq!(shown, ["run start 000 blastn", "AZURE_STORAGE_KEY=***"]);
    }

    /// Lines as they arrive, batch by batch, or by time, one by one: what is masked of an instance's lines is the same.
    #[test]
    fn a_kubernetes_secret_is_masked_the_same_in_batches_and_among_other_containers_lines() {
        let secret =
            ["apiVersion: v1", "data:", "  user: bWU=", "  mode: fast", "kind: Secret", "run start 000 blastn"];
        let config = ["apiVersion: v1", "kind: ConfigMap", "data:", "  user: bWU=", "  password: hunter2", "done"];
        let texts = [("1", secret), ("2", config)];
        let shown = |size: usize| -> Vec<Vec<String>> {
            let mut stage = Transforms::default().then(Masking::default());
            let mut shown = vec![Vec::new(); texts.len()];
            for at in (0..secret.len()).step_by(size) {
                for (of, (uid, text)) in texts.iter().enumerate() {
                    let lines: Vec<Line> = text[at..at + size].iter().map(|text| line(text)).collect();
                    let of_uid = instance(uid);
                    let got = if stage.concern(&of_uid, &lines) {
                        stage.apply(&of_uid, None, &lines).into_iter().map(|shown| shown.line).collect()
                    } else {
                        lines
                    };
                    shown[of].extend(got.iter().map(|line| String::from_utf8_lossy(&line.text).into_owned()));
                }
            }
            shown
        };
        let expected = [
            ["apiVersion: v1", "data:", "  user: ***", "  mode: fast", "kind: Secret", "run start 000 blastn"],
            ["apiVersion: v1", "kind: ConfigMap", "data:", "  user: bWU=", "  password: ***", "done"],
        ];
        for size in [1, 2, 3, 6] {
            assert_eq!(shown(size), expected, "in batches of {size}");
        }
    }

    #[test]
    fn a_private_key_is_masked_among_other_containers_lines() {
        let mut stage = Transforms::default().then(Masking::default());
        for (uid, text, shown) in [
            ("1", "-----BEGIN PRIVATE KEY-----", "-----BEGIN PRIVATE KEY-----"),
            ("2", "MIIEvQIBADANBgkq", "MIIEvQIBADANBgkq"),
            ("1", "MIIEvQIBADANBgkq", "***"),
            ("1", "-----END PRIVATE KEY-----", "***"),
            ("1", "MIIEvQIBADANBgkq", "MIIEvQIBADANBgkq"),
            // One that is cut off hides nothing else.
            ("1", "-----BEGIN RSA PRIVATE KEY-----", "-----BEGIN RSA PRIVATE KEY-----"),
            ("1", "run start 000 blastn", "run start 000 blastn"),
            ("1", "MIIEvQIBADANBgkq", "MIIEvQIBADANBgkq"),
        ] {
            let (of, line) = (instance(uid), line(text));
            let lines = std::slice::from_ref(&line);
            let got =
                if stage.concern(&of, lines) { stage.apply(&of, None, lines).remove(0).line } else { line.clone() };
            assert_eq!(got.text, shown, "{uid}: {text}");
        }
    }
}
