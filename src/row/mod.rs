//! The job's row: where it comes from and every shape it comes in.
//!
//! `read` fetches bytes from a file or stdin, `shape` turns bytes into rows (`lookalike` says what they are if they are none), `pick` chooses the one that was asked for,
//! `entity` gives typed views of it. Nothing here knows Kubernetes; nothing here trusts a type.

mod arg;
mod digits;
mod entity;
mod error;
mod ident;
pub mod listing;
mod lookalike;
mod mend;
mod payload;
mod pick;
mod plain;
mod read;
mod shape;
mod sheet;
pub mod source;
mod tree;
mod unpack;
mod wait;
mod words;
mod wrapped;

pub use arg::JobArg;
pub use entity::Row;
pub use error::RowError;
pub use pick::PREFIX_MIN;
pub(crate) use plain::plain;
pub use read::{MAX_BYTES, read, read_from};
pub use shape::{row_from_bytes, rows_from_bytes};
pub use wait::Wait;
pub(crate) use wait::is_before_jobs;

#[cfg(test)]
mod tests;
