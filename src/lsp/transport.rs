//! Messages on a stream: a header with the length, then JSON. What cannot be read is told and stepped over, so that
//! one faulty message does not end the conversation.

use std::io::{self, BufRead, Read as _, Write};

use lsp_server::Message;
use serde_json::{Value, json};

/// The longest message that is taken, in bytes; a longer one is stepped over.
const LONGEST: u64 = 64 << 20;

/// The longest line of a header.
const LONGEST_HEADER: u64 = 4096;

/// What came in.
#[derive(Debug)]
pub(super) enum Incoming {
    Message(Message),
    /// Something that is no message; why, and the error code of JSON-RPC where an answer is due.
    Garbage(String, Option<i32>),
}

/// Reads the next message; none at the end of the stream.
pub(super) fn read(input: &mut impl BufRead) -> io::Result<Option<Incoming>> {
    let mut length: Option<u64> = None;
    loop {
        let mut line = Vec::new();
        if input.by_ref().take(LONGEST_HEADER).read_until(b'\n', &mut line)? == 0 {
            return Ok(None);
        }
        let line = String::from_utf8_lossy(&line);
        let line = line.trim();
        match (line.is_empty(), length) {
            (true, Some(length)) => return body(input, length),
            (true, None) => continue,
            (false, _) => {}
        }
        let Some((name, value)) = line.split_once(':') else {
            return Ok(Some(Incoming::Garbage(format!("`{line}` is no header"), None)));
        };
        if name.trim().eq_ignore_ascii_case("content-length") {
            let Ok(value) = value.trim().parse() else {
                return Ok(Some(Incoming::Garbage(format!("`{line}` tells no length"), None)));
            };
            length = Some(value);
        }
    }
}

fn body(input: &mut impl BufRead, length: u64) -> io::Result<Option<Incoming>> {
    let mut body = input.by_ref().take(length);
    if length > LONGEST {
        io::copy(&mut body, &mut io::sink())?;
        let why = format!("a message of {length} bytes is too long");
        return Ok(Some(Incoming::Garbage(why, Some(INVALID_REQUEST))));
    }
    let mut bytes = Vec::new();
    body.read_to_end(&mut bytes)?;
    let value: Value = match serde_json::from_slice(&bytes) {
        Ok(value) => value,
        Err(error) => {
            let why = format!("a message is no JSON: {error}");
            return Ok(Some(Incoming::Garbage(why, Some(PARSE_ERROR))));
        }
    };
    Ok(Some(serde_json::from_value(value).map_or_else(
        |_| {
            let why = "a message is neither request, response nor notification".to_owned();
            Incoming::Garbage(why, Some(INVALID_REQUEST))
        },
        Incoming::Message,
    )))
}

const PARSE_ERROR: i32 = -32700;
const INVALID_REQUEST: i32 = -32600;

/// The way to the client. A client that went away is noticed by the end of its messages, not here.
pub(super) struct Client<'o> {
    out: &'o mut dyn Write,
}

impl<'o> Client<'o> {
    pub(super) fn new(out: &'o mut dyn Write) -> Self {
        Self { out }
    }

    pub(super) fn send(&mut self, message: impl Into<Message>) {
        drop(message.into().write(&mut self.out));
    }

    pub(super) fn notify(&mut self, method: &str, params: Value) {
        self.send(lsp_server::Notification { method: method.to_owned(), params });
    }

    /// Tells the person who looks at the editor's log.
    pub(super) fn log(&mut self, kind: lsp_types::MessageType, message: &str) {
        self.notify("window/logMessage", json!({"type": kind, "message": message}));
    }

    /// Answers what cannot be read: nobody knows which request it was.
    pub(super) fn refuse(&mut self, code: i32, message: &str) {
        let error = json!({"code": code, "message": message});
        let text = json!({"jsonrpc": "2.0", "id": null, "error": error}).to_string();
        let written = write!(self.out, "Content-Length: {}\r\n\r\n{text}", text.len());
        drop(written.and_then(|()| self.out.flush()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn garbage_is_stepped_over() {
        let good = r#"{"jsonrpc":"2.0","method":"initialized","params":{}}"#;
        let mut stream = Vec::new();
        stream.extend_from_slice(b"what\xff\n\r\nContent-Length: x\r\n\r\n");
        stream.extend_from_slice(b"Content-Length: 3\r\n\r\n{]}");
        stream.extend_from_slice(b"content-length: 7\r\n\r\n[1,2,3]");
        stream
            .extend_from_slice(format!("Content-Length: {}\r\n\r\n{good}", good.len()).as_bytes());
        stream.extend_from_slice(b"Content-Length: 99999999999\r\n\r\n{");
        let mut input = stream.as_slice();
        let mut kinds = Vec::new();
        while let Some(incoming) = read(&mut input).unwrap() {
            kinds.push(match incoming {
                Incoming::Message(_) => "message",
                Incoming::Garbage(_, None) => "line",
                Incoming::Garbage(_, Some(PARSE_ERROR)) => "no JSON",
                Incoming::Garbage(..) => "no message",
            });
        }
        assert_eq!(kinds, ["line", "line", "no JSON", "no message", "message", "no message"]);
    }
}
