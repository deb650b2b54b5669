//! [`Places`]: which of the containers.

/// A set of places of containers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Places(Vec<u64>);

impl Places {
    /// Adds a place.
    pub fn add(&mut self, place: usize) {
        let word = place / 64;
        if self.0.len() <= word {
            self.0.resize(word + 1, 0);
        }
        self.0[word] |= 1 << (place % 64);
    }

    /// Whether a place is in it.
    pub fn has(&self, place: usize) -> bool {
        self.0.get(place / 64).is_some_and(|word| word & (1 << (place % 64)) != 0)
    }

    /// Whether one place is in both.
    pub fn meets(&self, other: &Places) -> bool {
        self.0.iter().zip(&other.0).any(|(one, two)| one & two != 0)
    }
}

impl FromIterator<usize> for Places {
    fn from_iter<I: IntoIterator<Item = usize>>(all: I) -> Places {
        let mut places = Places::default();
        all.into_iter().for_each(|place| places.add(place));
        places
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_a_set() {
        let places: Places = [0, 63, 64, 1000].into_iter().collect();
        assert!([0, 63, 64, 1000].iter().all(|place| places.has(*place)));
        assert!([1, 62, 65, 999, 1001, 100_000].iter().all(|place| !places.has(*place)));
        assert!(places.meets(&[1000].into_iter().collect()) && !places.meets(&[2, 999].into_iter().collect()));
        assert!(!places.meets(&Places::default()));
    }
}
