//! [`Sieve`]: which lines need a closer look.

/// Bits of the place in the table.
const BITS: u32 = 19;
const SIZE: usize = 1 << (BITS - 6);

/// Knows the words without which nothing can be a secret, and lets pass what holds none of them.
///
/// It looks at four neighbouring bytes at every second place. A word of five bytes or more shows two of its own fours, whichever
/// of its bytes stands at an even place; a shorter one shows itself with any byte before or behind it. An automaton that looks
/// for all words takes five times as long.
pub(super) struct Sieve {
    /// A bit for what a four may be, by its hash, and by another one: nearly all others end here.
    bits: Box<[u64; SIZE]>,
    more_bits: Box<[u64; SIZE]>,
    /// The fours themselves, sorted.
    fours: Box<[u32]>,
}

impl Sieve {
    /// One that stops lines with one of `words` in them, compared without case. None is shorter than three bytes.
    pub(super) fn new<'a>(words: impl IntoIterator<Item = &'a str>) -> Sieve {
        let mut fours: Vec<u32> = words.into_iter().flat_map(|word| shown(word.as_bytes())).collect();
        fours.sort_unstable();
        fours.dedup();
        let mut sieve = Sieve { bits: Box::new([0; SIZE]), more_bits: Box::new([0; SIZE]), fours: fours.into() };
        for four in &sieve.fours {
            let (one, two) = (place(*four), other_place(*four));
            sieve.bits[one >> 6] |= 1 << (one & 63);
            sieve.more_bits[two >> 6] |= 1 << (two & 63);
        }
        sieve
    }

    /// Whether `line` may hold one of the words. That it is stopped proves nothing; that it passes does.
    pub(super) fn stops(&self, line: &[u8]) -> bool {
        let knows = |four: u32| {
            has(&self.bits, place(four))
                && has(&self.more_bits, other_place(four))
                && self.fours.binary_search(&four).is_ok()
        };
        // A word of three bytes may end the line: its last four is filled up.
        line.windows(4).step_by(2).any(|four| knows(folded(four[0], four[1], four[2], four[3])))
            || matches!(line, [.., a, b, c] if line.len() % 2 == 1 && knows(folded(*a, *b, *c, b' ')))
    }
}

fn has(bits: &[u64; SIZE], place: usize) -> bool {
    (bits[place >> 6] >> (place & 63)) & 1 == 1
}

/// Four bytes as one number, in which the case of letters makes no difference.
fn folded(a: u8, b: u8, c: u8, d: u8) -> u32 {
    u32::from_le_bytes([a, b, c, d]) | 0x2020_2020
}

/// A four's places in the tables: below `1 << BITS`.
fn place(four: u32) -> usize {
    (four.wrapping_mul(0x9e37_79b1) >> (32 - BITS)) as usize
}

fn other_place(four: u32) -> usize {
    (four.wrapping_mul(0x85eb_ca6b) >> (32 - BITS)) as usize
}

/// What a word shows at even places, its first byte standing at an even one or an odd one.
fn shown(word: &[u8]) -> Vec<u32> {
    match *word {
        [a, b, c, d, e, ..] => vec![folded(a, b, c, d), folded(b, c, d, e)],
        [a, b, c, d] => (0..=u8::MAX).map(|x| folded(x, a, b, c)).chain([folded(a, b, c, d)]).collect(),
        [a, b, c] => (0..=u8::MAX).flat_map(|x| [folded(x, a, b, c), folded(a, b, c, x)]).collect(),
        _ => {
            debug_assert!(false, "a word of {} bytes is everywhere", word.len());
            Vec::new()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const WORDS: [&str; 5] = ["key", "sig=", "token", "password", "://"];

    #[test]
    fn a_word_is_seen_at_any_place_in_any_case() {
        let sieve = Sieve::new(WORDS);
        for word in WORDS {
            for before in 0..6 {
                for behind in 0..6 {
                    let line = ["_".repeat(before), word.to_owned(), "_".repeat(behind)].concat();
                    assert!(sieve.stops(line.as_bytes()), "{line}");
                    assert!(sieve.stops(line.to_uppercase().as_bytes()), "{line}");
                }
            }
        }
        for line in ["", "k", "ke", "kex", "run start 000 blastn core_nt_shard_03", "ACGTACGTACGT"] {
            assert!(!sieve.stops(line.as_bytes()), "{line}");
        }
    }

    proptest! {
        #[test]
        fn nothing_with_a_word_passes(
            before in proptest::collection::vec(any::<u8>(), 0..20),
            behind in proptest::collection::vec(any::<u8>(), 0..20),
            word in proptest::sample::select(WORDS.to_vec()),
        ) {
            prop_assert!(Sieve::new(WORDS).stops(&[&before, word.as_bytes(), &behind].concat()));
        }
    }
}
