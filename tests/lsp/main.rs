//! What an editor is told: the real server over its standard streams, driven by a small client.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod client;

mod faults;
mod help;
mod protocol;
mod rename;
