//! [`Names`]: short names for pods, each for one pod only.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use super::plain;

/// Hands out names that fit into a prefix, and remembers them.
///
/// A pod gets its [`short_name`], or its full name when that is another's already, or that with its namespace. A name stays
/// its pod's for good.
#[derive(Debug, Default)]
pub struct Names {
    given: HashMap<String, Arc<str>>,
    taken: HashSet<Arc<str>>,
}

impl Names {
    /// The name of a pod. `short` is the job's `SHORT`, or empty when there is none.
    pub fn name(&mut self, namespace: &str, pod: &str, short: &str) -> Arc<str> {
        let key = format!("{namespace}/{pod}");
        if let Some(name) = self.given.get(&key) {
            return Arc::clone(name);
        }
        let (full, qualified) = (plain(pod, usize::MAX), plain(&key, usize::MAX));
        // Namespace and name together are unique; numbers are for what the API would not have let in.
        let fallbacks = [short_name(&full, short), full, qualified.clone()];
        let numbered = (2u64..).map(|number| format!("{qualified}#{number}"));
        let free =
            fallbacks.into_iter().chain(numbered).find(|name| !name.is_empty() && !self.taken.contains(name.as_str()));
        let name: Arc<str> = free.unwrap_or_default().into();
        self.taken.insert(Arc::clone(&name));
        self.given.insert(key, Arc::clone(&name));
        name
    }
}

/// A pod's name without what is the same for all pods of a job: the segment `SHORT`, and the words `batch` and `job` of
/// `<prog>-batch-<db>-job-<NNN>-…`.
///
/// ```
/// # use elbtail::render::short_name;
/// assert_eq!(short_name("blastn-batch-s03-job-000-3ed51a95-p9vp5", "3ed51a95"), "blastn-s03-000-p9vp5");
/// assert_eq!(short_name("init-ssd-3ed51a95-0-7vvqw", "3ed51a95"), "init-ssd-0-7vvqw");
/// ```
pub fn short_name(pod: &str, short: &str) -> String {
    let mut segments: Vec<&str> = pod.split('-').collect();
    // A database's label may hold any of these words; ElasticBLAST's own stand behind it.
    if let Some(at) = segments.iter().rposition(|segment| !short.is_empty() && *segment == short) {
        segments.remove(at);
    }
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let job = segments.windows(2).rposition(|pair| pair[0] == "job" && is_number(pair[1]));
    if let Some(at) = job.filter(|at| *at > 2 && segments[1] == "batch") {
        segments.remove(at);
        segments.remove(1);
    }
    let name = segments.join("-");
    if name.is_empty() { pod.to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_lose_what_says_nothing() {
        for (pod, name) in [
            ("blastn-batch-s03-job-000-3ed51a95-p9vp5", "blastn-s03-000-p9vp5"),
            ("init-ssd-3ed51a95-0-7vvqw", "init-ssd-0-7vvqw"),
            ("elb-finalizer-3ed51a95-kb79l", "elb-finalizer-kb79l"),
            ("submit-jobs-3ed51a95-kb79l", "submit-jobs-kb79l"),
            ("blastn-batch-job-1-x-job-007-3ed51a95-p9vp5", "blastn-job-1-x-007-p9vp5"),
            ("blastp-batch-3ed51a95-job-000-3ed51a95-p9vp5", "blastp-3ed51a95-000-p9vp5"),
            ("init-pv-x3ed51a95-abcde", "init-pv-x3ed51a95-abcde"),
            ("my-job-3", "my-job-3"),
            ("3ed51a95", "3ed51a95"),
            ("", ""),
        ] {
            assert_eq!(short_name(pod, "3ed51a95"), name);
        }
        assert_eq!(short_name("blastn-batch-nt-job-001-p9vp5", ""), "blastn-nt-001-p9vp5");
    }

    #[test]
    fn a_taken_name_is_not_given_again() {
        let mut names = Names::default();
        let mut name = |namespace: &str, pod: &str| names.name(namespace, pod, "3ed51a95").to_string();
        assert_eq!(name("default", "init-ssd-3ed51a95-0-7vvqw"), "init-ssd-0-7vvqw");
        assert_eq!(name("default", "init-ssd-0-7vvqw"), "default/init-ssd-0-7vvqw");
        assert_eq!(name("default", "init-3ed51a95-ssd-0-7vvqw"), "init-3ed51a95-ssd-0-7vvqw");
        assert_eq!(name("other", "init-3ed51a95-ssd-0-7vvqw"), "other/init-3ed51a95-ssd-0-7vvqw");
        assert_eq!(name("default", "init-ssd-3ed51a95-0-7vvqw"), "init-ssd-0-7vvqw");
    }

    proptest! {
        #[test]
        fn two_pods_never_share_a_name(
            pods in proptest::collection::vec(("[ab]", "(a-|short-|batch-|job-|0-|\x1b\\[m|\r|\x07){0,5}[a0]?"), 0..40),
        ) {
            let mut names = Names::default();
            let mut owners = HashMap::new();
            for (namespace, pod) in pods.iter().chain(&pods) {
                let name = names.name(namespace, pod, "short");
                prop_assert!(!name.is_empty());
                prop_assert!(!name.contains(char::is_control));
                let owner = owners.entry(name).or_insert((namespace, pod));
                prop_assert_eq!(*owner, (namespace, pod));
            }
        }
    }
}
