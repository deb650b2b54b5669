//! The cryptography that TLS uses: one provider for the whole process.

use rustls::crypto::{CryptoProvider, aws_lc_rs};

/// Chooses the provider, unless the embedding process has.
///
/// aws-lc-rs knows all that Go's TLS does, P-521 keys too, which ring does not. ring is in the graph as well, for sqlx, and with
/// two of them rustls panics unless one is chosen.
pub fn choose() {
    if CryptoProvider::get_default().is_none() {
        // An error only says that someone else was faster.
        let _ = aws_lc_rs::default_provider().install_default();
    }
}
