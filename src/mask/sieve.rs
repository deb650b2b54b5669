//! [`Sieve`]: which lines need a closer look.

/// Groups of fours.
const GROUPS: u32 = 16;

/// A bit for each group of fours whose first half a pair of bytes is, and above them one for each whose second half it is.
type Halves = u32;

/// Knows the words without which nothing can be a secret, and lets pass what holds none of them.
///
/// It looks at four neighbouring bytes at every second place. A word of five bytes or more shows two of its own fours, whichever
/// of its bytes stands at an even place; a shorter one shows itself with any byte before or behind it. Most lines are asked no
/// more than whether two pairs that follow each other can be halves of the same group: a look at a table for two bytes. An
/// automaton that looks for all words takes ten times as long.
pub(super) struct Sieve {
    /// For each pair, whose halves it can be.
    pairs: Box<[Halves; 1 << 16]>,
    /// The fours, each as its bytes and a mask of those that count.
    groups: [Vec<(u32, u32)>; GROUPS as usize],
}

impl Sieve {
    /// One that stops lines with one of `words` in them, compared without case. None is shorter than three bytes.
    pub(super) fn new<'a>(words: impl IntoIterator<Item = &'a str>) -> Sieve {
        let mut sieve = Sieve { pairs: Box::new([0; 1 << 16]), groups: Default::default() };
        for four in words.into_iter().flat_map(|word| shown(word.as_bytes())) {
            let group = four.group();
            let [a, b, c, d] = four.0;
            for (half, bit) in [([a, b], 1 << group), ([c, d], 1 << (GROUPS + group))] {
                for pair in pairs(half) {
                    sieve.pairs[usize::from(pair)] |= bit;
                }
            }
            sieve.groups[group as usize].push(four.masked());
        }
        sieve
    }

    /// Whether `line` may hold one of the words. That it is stopped proves nothing; that it passes does.
    pub(super) fn stops(&self, line: &[u8]) -> bool {
        let (eights, rest) = line.as_chunks();
        // A word may end the line: its last four is filled up.
        let mut last = [b' '; 8];
        last[..rest.len()].copy_from_slice(rest);
        let mut before = 0;
        eights.iter().chain([&last]).any(|eight| {
            let eight = u64::from_le_bytes(*eight) | 0x2020_2020_2020_2020;
            self.may_know(std::mem::replace(&mut before, eight), eight)
        })
    }

    /// Whether one of the fours that end in `eight` is a word's; the first of them begins in the eight `before`.
    fn may_know(&self, before: u64, eight: u64) -> bool {
        let [a, b, c, d, e] =
            [before >> 48, eight, eight >> 16, eight >> 32, eight >> 48].map(|pair| self.halves(pair));
        let common = a & b >> GROUPS | b & c >> GROUPS | c & d >> GROUPS | d & e >> GROUPS;
        common & ((1 << GROUPS) - 1) != 0 && self.knows(before, eight)
    }

    /// Whose halves the lowest two bytes can be.
    fn halves(&self, pair: u64) -> Halves {
        self.pairs[usize::from(pair as u16)]
    }

    #[cold]
    fn knows(&self, before: u64, eight: u64) -> bool {
        [before >> 48 | eight << 16, eight, eight >> 16, eight >> 32].into_iter().any(|four| {
            let common = self.halves(four) & self.halves(four >> 16) >> GROUPS;
            let groups = (0..GROUPS).filter(|group| common >> group & 1 == 1);
            groups.flat_map(|group| &self.groups[group as usize]).any(|(known, mask)| four as u32 & mask == *known)
        })
    }
}

/// Four neighbouring bytes of a word, folded; where there is none, any.
#[derive(Clone, Copy)]
struct Four([Option<u8>; 4]);

impl Four {
    /// Its group: by the half that is known, so that few pairs are halves of many groups.
    fn group(self) -> u32 {
        let half = GROUPS / 2;
        match self.0 {
            [Some(a), Some(b), ..] => half + (u32::from(a) + 3 * u32::from(b)) % half,
            [.., c, d] => (u32::from(c.unwrap_or(0)) + u32::from(d.unwrap_or(0))) % half,
        }
    }

    fn masked(self) -> (u32, u32) {
        let bytes = self.0.map(|byte| byte.unwrap_or(0));
        let mask = self.0.map(|byte| if byte.is_some() { u8::MAX } else { 0 });
        (u32::from_le_bytes(bytes), u32::from_le_bytes(mask))
    }
}

/// The pairs that half of a four can be.
fn pairs([a, b]: [Option<u8>; 2]) -> impl Iterator<Item = u16> {
    let any = |byte: Option<u8>| byte.unwrap_or(0)..=byte.unwrap_or(u8::MAX);
    any(a).flat_map(move |a| any(b).map(move |b| u16::from_le_bytes([a, b])))
}

/// What a word shows at even places, its first byte standing at an even one or an odd one.
fn shown(word: &[u8]) -> Vec<Four> {
    // The case of letters makes no difference then.
    let folded = |at: usize| word.get(at).map(|byte| byte | 0x20);
    let [a, b, c, d, e] = [0, 1, 2, 3, 4].map(folded);
    debug_assert!(c.is_some(), "a word of {} bytes is everywhere", word.len());
    let from_odd = if word.len() > 4 { [b, c, d, e] } else { [None, a, b, c] };
    vec![Four([a, b, c, d]), Four(from_odd)]
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
