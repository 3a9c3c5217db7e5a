//! HTTP as models and tools speak it: one client with bounds, what servers say, and secrets kept out of it. This
//! module knows nothing of what is asked.

mod client;
mod reply;
mod secret;
mod sse;
mod stream;

#[cfg(test)]
pub(crate) use client::Limits;
pub(crate) use client::{Awaited, Broken, Http, Refused, Reply};
pub(crate) use reply::{error_of, one_line, quoted, retry_after};
pub(crate) use secret::{held_back, scrubbed};
pub(crate) use stream::{Malformed, Opened, Patience, ServerEvent, events};
