//! Characters that do something to a terminal, or to the order of what it shows, instead of being shown: the one list that
//! all that is printed goes by.

/// Whether a character must not reach a terminal: controls, of which some terminals take C1 for escape sequences too, and the
/// characters that break a line or turn the direction of the text around them.
pub(crate) fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{206f}' | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}')
}

/// Whether an unsafe character beyond the C0 controls may start with this byte in UTF-8.
pub(super) fn may_begin(byte: u8) -> bool {
    matches!(byte, 0x7f | 0xc2 | 0xd8 | 0xe2 | 0xef)
}

/// The place of the first byte that matches. Blocks are looked at without a branch for each byte, which the compiler turns
/// into vector instructions.
pub(super) fn find(bytes: &[u8], matches: impl Fn(u8) -> bool) -> Option<usize> {
    const BLOCK: usize = 32;
    let clean = bytes.chunks_exact(BLOCK).take_while(|block| !block.iter().fold(false, |hit, b| hit | matches(*b)));
    let start = clean.count() * BLOCK;
    bytes[start..].iter().position(|b| matches(*b)).map(|at| start + at)
}
