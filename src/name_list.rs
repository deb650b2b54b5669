//! [`NameList`]: some names, and how many more there are.

use std::{collections::BTreeSet, fmt};

use serde::{Deserialize, Serialize};

/// Names of what there may be any number of, as far as they are listed.
const MANY: usize = 20;

/// Some names, and how many more there are. `Display` is `a, b and 3 more`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NameList {
    /// The first names.
    pub names: Vec<String>,
    /// How many there are besides.
    pub more: usize,
}

impl NameList {
    /// The first `most` of some names.
    pub fn of<T: Into<String>>(names: impl IntoIterator<Item = T>, most: usize) -> NameList {
        let mut rest = names.into_iter();
        let names = rest.by_ref().take(most).map(Into::into).collect();
        NameList { names, more: rest.count() }
    }

    /// Names in order, each once, as many as can be looked over.
    pub fn sorted(names: impl IntoIterator<Item = String>) -> NameList {
        NameList::of(names.into_iter().collect::<BTreeSet<_>>(), MANY)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty() && self.more == 0
    }
}

impl fmt::Display for NameList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.names.join(", "))?;
        if self.more > 0 { write!(f, " and {} more", self.more) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_says_how_many_names_are_left_out() {
        let names = |count: usize| (0..count).map(|number| format!("n{number}"));
        for (count, text) in [(0, ""), (1, "n0"), (2, "n0, n1"), (3, "n0, n1 and 1 more"), (5, "n0, n1 and 3 more")] {
            let list = NameList::of(names(count), 2);
            assert_eq!((list.to_string().as_str(), list.is_empty()), (text, count == 0));
        }
        assert!(!NameList::of(["a"], 0).is_empty());
    }

    #[test]
    fn a_sorted_list_has_each_name_once_in_order() {
        let names = |count: usize| (0..count).map(|number| format!("n{number:02}")).collect::<Vec<_>>();
        assert_eq!(NameList::sorted(["b", "a", "b"].map(str::to_owned)).to_string(), "a, b");
        assert_eq!(NameList::sorted(names(MANY)).to_string(), names(MANY).join(", "));
        assert_eq!(NameList::sorted(names(MANY + 2)).to_string(), names(MANY).join(", ") + " and 2 more");
    }
}
