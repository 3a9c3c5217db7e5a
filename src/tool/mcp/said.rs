//! What a server that was started says besides its messages: on its standard error, and on its standard output before it
//! speaks the protocol. Both stand in the message where it fails.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::tool::clean::told;
use crate::tool::http::Secrets;

/// Lines of its standard error that are kept: the last ones.
const NOISE: usize = 8;

/// Lines of its standard output that are no messages and are kept: the first ones.
const CHATTER: usize = 3;

/// As much of a line of its standard output as is looked at, in bytes.
const LINE: usize = 4 << 10;

/// How often it is listened, 20 ms apart, for what a server said before it died.
const PATIENCE: u32 = 10;

/// What one process said. Copies hear the same.
#[derive(Clone, Default)]
pub(super) struct Said(Arc<Mutex<Heard>>);

#[derive(Default)]
struct Heard {
    noise: VecDeque<String>,
    chatter: Vec<Vec<u8>>,
    /// The line of its standard output that is under way.
    line: Vec<u8>,
    /// Whether it has spoken the protocol.
    speaks: bool,
}

impl Heard {
    fn line_ends(&mut self) {
        let line = std::mem::take(&mut self.line);
        if is_message(&line) {
            self.speaks = true;
        } else if !line.trim_ascii().is_empty() && self.chatter.len() < CHATTER {
            self.chatter.push(line);
        }
    }
}

impl Said {
    /// A line of its standard error, cleaned.
    pub(super) fn noise(&self, line: String) {
        let noise = &mut self.heard().noise;
        if noise.len() == NOISE {
            noise.pop_front();
        }
        noise.push_back(line);
    }

    /// Bytes of its standard output. Once it speaks the protocol nobody looks at them any more.
    pub(super) fn output(&self, bytes: &[u8]) {
        let mut heard = self.heard();
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            if heard.speaks || heard.chatter.len() == CHATTER {
                return;
            }
            let room = LINE.saturating_sub(heard.line.len()).min(part.len());
            heard.line.extend(part.iter().take(room));
            if part.ends_with(b"\n") {
                heard.line_ends();
            }
        }
    }

    /// Whether it wrote to its standard output what is no message.
    pub(super) fn chatters(&self) -> bool {
        let mut heard = self.heard();
        // Who broke off within a line has said that much.
        heard.line_ends();
        !heard.speaks && !heard.chatter.is_empty()
    }

    /// All of it, as the end of a message. Who has just died may not have been heard yet.
    pub(super) async fn told(&self, secrets: &Secrets) -> String {
        for _ in 0..PATIENCE {
            if !self.heard().noise.is_empty() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let mut out = String::new();
        if self.chatters() {
            let heard = self.heard();
            let lines = heard.chatter.iter();
            let lines: Vec<String> =
                lines.map(|line| told(String::from_utf8_lossy(line), secrets.values())).collect();
            out.push_str("; it printed: ");
            out.push_str(&lines.join(" / "));
        }
        let heard = self.heard();
        if !heard.noise.is_empty() {
            let lines: Vec<&str> = heard.noise.iter().map(String::as_str).collect();
            out.push_str("; it said: ");
            out.push_str(&lines.join(" / "));
        }
        out
    }

    fn heard(&self) -> MutexGuard<'_, Heard> {
        // Whole after every statement.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a line may be a message of JSON-RPC; of one that is longer than what is looked at, its beginning tells.
fn is_message(line: &[u8]) -> bool {
    let line = line.trim_ascii();
    line.starts_with(b"{")
        && (line.len() >= LINE - 1
            || serde_json::from_slice::<serde_json::Value>(line)
                .is_ok_and(|message| message.get("jsonrpc").is_some()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_no_message_is_told_in_order_without_controls() {
        let said = Said::default();
        for bytes in
            [&b"Hel"[..], b"lo \x1b[31mred\n\n{\"not\": \"rpc\"}\nthird\nfourth\n", b"rest"]
        {
            said.output(bytes);
        }
        said.noise("oops".to_owned());
        assert!(said.chatters());
        assert_eq!(
            said.told(&Secrets::default()).await,
            "; it printed: Hello [31mred / {\"not\": \"rpc\"} / third; it said: oops"
        );
        let speaks = Said::default();
        speaks.output(b"{\"result\":{},\"id\":1,\"jsonrpc\":\"2.0\"}\nnoise\n");
        assert!(!speaks.chatters());
        let cut = Said::default();
        cut.output(b"Segmentation fault");
        assert_eq!(cut.told(&Secrets::default()).await, "; it printed: Segmentation fault");
    }
}
