//! What holds for recorded and made-up pods.
