//! Characters that do something to a terminal, or to the order of what it shows, instead of being shown.

/// Whether a character beyond the C0 controls must not reach a terminal: DEL, the C1 controls, which some terminals take for
/// escape sequences, and the characters that break a line or turn the direction of the text around them.
pub(super) fn is_hazard(c: char) -> bool {
    matches!(c, '\u{7f}'..='\u{9f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The bytes that a hazard starts with in UTF-8.
pub(super) const FIRST_BYTES: [u8; 3] = [0x7f, 0xc2, 0xe2];
