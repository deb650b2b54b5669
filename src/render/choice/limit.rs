//! [`ByteLimit`]: so many bytes of each container.

use std::{collections::HashMap, sync::Arc};

use crate::{
    k8s::{ContainerId, InstanceId},
    numbers::counted,
    render::{ShownLine, Transform},
};

/// The first lines of each container that make no more than so many bytes, line ends included. Only whole lines are shown.
pub struct ByteLimit {
    limit: u64,
    /// What is left of each.
    left: HashMap<Arc<ContainerId>, u64>,
    left_out: u64,
}

impl ByteLimit {
    /// At most so many bytes.
    pub fn new(limit: u64) -> ByteLimit {
        ByteLimit { limit, left: HashMap::new(), left_out: 0 }
    }
}

impl Transform for ByteLimit {
    fn apply(&mut self, of: &InstanceId, lines: &mut Vec<ShownLine>) {
        let left = self.left.entry(of.container.clone()).or_insert(self.limit);
        let fitting = lines.iter().take_while(|line| {
            let rest = left.checked_sub(line.line.text.len() as u64 + 1);
            // After the first that does not fit, none does.
            *left = rest.unwrap_or_default();
            rest.is_some()
        });
        let shown = fitting.count();
        self.left_out += (lines.len() - shown) as u64;
        lines.truncate(shown);
    }

    fn last_word(&self) -> Option<String> {
        (self.left_out > 0)
            .then(|| format!("--limit-bytes {} leaves out {}", self.limit, counted(self.left_out, "line")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        k8s::{Line, Stamp, Stream},
        render::{
            Transforms,
            choice::{OfStream, Until},
        },
    };

    fn of(container: &str) -> InstanceId {
        InstanceId {
            container: Arc::new(ContainerId { uid: "1".to_owned(), container: container.to_owned() }),
            restart: 0,
        }
    }

    fn lines(texts: &[&'static str]) -> Vec<Line> {
        texts.iter().enumerate().map(|(at, text)| Line { stamp: Stamp(at as i64), text: (*text).into() }).collect()
    }

    fn texts(shown: &[ShownLine]) -> Vec<&str> {
        shown.iter().map(|line| std::str::from_utf8(&line.line.text).unwrap()).collect()
    }

    #[test]
    fn whole_lines_are_shown_up_to_the_limit_of_each_container() {
        let mut limited = Transforms::default().then(ByteLimit::new(7));
        assert_eq!(texts(&limited.apply(&of("one"), None, &lines(&["ab", "c"]))), ["ab", "c"]);
        assert_eq!(
            texts(&limited.apply(&of("one"), None, &lines(&["ab", ""]))),
            [""; 0],
            "nothing after what does not fit"
        );
        assert_eq!(texts(&limited.apply(&of("two"), None, &lines(&["abcdef", ""]))), ["abcdef"]);
        assert_eq!(limited.last_words().collect::<Vec<_>>(), ["--limit-bytes 7 leaves out 3 lines"]);
        assert_eq!(Transforms::default().then(ByteLimit::new(1)).last_words().count(), 0);
    }

    #[test]
    fn a_stream_is_chosen_where_it_is_known() {
        let mut chosen = Transforms::default().then(OfStream::new(Stream::Stderr));
        assert_eq!(chosen.apply(&of("one"), Some(Stream::Stdout), &lines(&["a"])).len(), 0);
        assert_eq!(chosen.apply(&of("one"), Some(Stream::Stderr), &lines(&["a"])).len(), 1);
        assert_eq!(chosen.last_words().count(), 0);
        assert_eq!(chosen.apply(&of("one"), None, &lines(&["a", "b"])).len(), 2);
        assert!(
            chosen
                .last_words()
                .next()
                .unwrap()
                .starts_with("of 2 lines it is not known whether stderr is their stream")
        );
    }

    #[test]
    fn the_last_moment_counts() {
        let mut chosen = Transforms::default().then(Until(Stamp(1)));
        assert_eq!(texts(&chosen.apply(&of("one"), None, &lines(&["a", "b", "c"]))), ["a", "b"]);
    }
}
