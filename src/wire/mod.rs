//! HTTP as models and tools speak it: one client with bounds, what servers say, and secrets kept out of it. This
//! module knows nothing of what is asked.

mod client;
mod reply;
mod secret;

#[cfg(test)]
pub(crate) use client::Limits;
pub(crate) use client::{Broken, Http, Refused, Reply};
pub(crate) use reply::{error_of, one_line, quoted, retry_after};
pub(crate) use secret::scrubbed;
