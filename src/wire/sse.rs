//! Server-sent events, read as the HTML standard has them read: fields that nobody knows, comments and lines without a colon are
//! passed over, lines end with `\n`, `\r` or both, and a byte order mark may stand before the first.
//!
//! The crates that read them are not as lenient as the standard is, and a model's server may send what it likes between events.

use std::mem::take;
use std::str::from_utf8;

use super::stream::{Malformed, ServerEvent};

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Reads a stream piece by piece, in time that grows with its length alone.
#[derive(Default)]
pub(super) struct Reader {
    /// The beginning of a line whose end has not come.
    line: Vec<u8>,
    /// Whether the last piece ended in `\r`, so that a `\n` belongs to it.
    after_return: bool,
    /// Whether the first line was read.
    begun: bool,
    /// The fields of the event that has not ended.
    name: Option<String>,
    data: Option<String>,
}

impl Reader {
    /// What comes to its end with a piece.
    pub(super) fn take(&mut self, mut piece: &[u8]) -> Vec<Result<ServerEvent, Malformed>> {
        let mut ended = Vec::new();
        if !piece.is_empty() && take(&mut self.after_return) {
            piece = piece.strip_prefix(b"\n").unwrap_or(piece);
        }
        while let Some(end) = piece.iter().position(|byte| matches!(byte, b'\n' | b'\r')) {
            let (begun, rest) = piece.split_at(end);
            ended.extend(if self.line.is_empty() {
                self.line_ends(begun).transpose()
            } else {
                let mut line = take(&mut self.line);
                line.extend_from_slice(begun);
                self.line_ends(&line).transpose()
            });
            self.after_return = rest == b"\r";
            piece = rest.strip_prefix(b"\r\n").or_else(|| rest.get(1..)).unwrap_or_default();
        }
        self.line.extend_from_slice(piece);
        ended
    }

    /// Takes a line; an empty one ends the event, which is told where it has data.
    fn line_ends(&mut self, line: &[u8]) -> Result<Option<ServerEvent>, Malformed> {
        let first = !std::mem::replace(&mut self.begun, true);
        let line = line.strip_prefix(BYTE_ORDER_MARK).filter(|_| first).unwrap_or(line);
        if line.is_empty() {
            let (name, data) = (take(&mut self.name), take(&mut self.data));
            return Ok(data.map(|data| ServerEvent { name, data }));
        }
        let colon = line.iter().position(|byte| *byte == b':').unwrap_or(line.len());
        let (field, value) = line.split_at(colon);
        let value = value.strip_prefix(b":").unwrap_or(value);
        let value = value.strip_prefix(b" ").unwrap_or(value);
        let text = || from_utf8(value).map_err(|fault| Malformed::Text(fault.to_string()));
        match field {
            b"data" => match &mut self.data {
                Some(data) => {
                    data.push('\n');
                    data.push_str(text()?);
                }
                None => self.data = Some(text()?.to_owned()),
            },
            b"event" => self.name = Some(text()?.to_owned()).filter(|name| !name.is_empty()),
            // `id` and `retry` are for streams that are taken up again, which no answer is.
            _ => {}
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::{Malformed, Reader};

    /// Names and data of a stream's events, and what was wrong with it, however it is cut.
    fn read(stream: &[u8]) -> Vec<(String, String)> {
        let cut = |size: usize| {
            let mut reader = Reader::default();
            let ended = stream.chunks(size).flat_map(|piece| reader.take(piece));
            let told = ended.map(|event| match event {
                Ok(event) => (event.name.unwrap_or_default(), event.data),
                Err(Malformed::Text(why)) => ("fault".to_owned(), why),
                Err(Malformed::Broken(broken)) => panic!("{broken:?}"),
            });
            told.collect::<Vec<_>>()
        };
        let whole = cut(stream.len().max(1));
        for size in 1..stream.len() {
            assert_eq!(cut(size), whole, "cut after every {size} bytes");
        }
        whole
    }

    #[test]
    fn a_stream_is_read_as_the_standard_says() {
        let told = |stream: &str| {
            let events = read(stream.as_bytes()).into_iter();
            events.map(|(name, data)| format!("{name}={data}")).collect::<Vec<_>>().join("|")
        };
        for (stream, events) in [
            ("data: a\n\ndata: b\n\n", "=a|=b"),
            ("data:a\r\rdata:b\r\n\r\ndata: c\n\n", "=a|=b|=c"),
            ("data: a\r\n\r\ndata: b\r\n\r\n", "=a|=b"),
            ("data: a\r\rdata: b\r\r", "=a|=b"),
            ("\u{feff}data: a\n\n\u{feff}data: b\n\n", "=a"),
            ("data: a\ndata\ndata:  b\n\n", "=a\n\n b"),
            (": a comment\n\n:\n\ndata: a\n: another\n\n", "=a"),
            ("model: x\ndata: a\nx-request-id: 7\nwithout a colon\nDATA: b\n\n", "=a"),
            ("event: one\nevent: two\ndata: a\n\ndata: b\n\n", "two=a|=b"),
            ("event: error\n\ndata: a\n\n", "=a"),
            ("event\ndata:\n\n", "="),
            ("id: 1\nid: 2\nretry: soon\nretry: 3\ndata: a\n\n", "=a"),
            ("<html>\n<p>no: stream</p>\n\n", ""),
            ("data: a\n\ndata: not ended\n", "=a"),
            ("", ""),
        ] {
            assert_eq!(told(stream), events, "{stream:?}");
        }
        let broken = read(b"data: \xff\n\ndata: a\n\n");
        assert_eq!(broken[0].0, "fault");
        assert!(broken[0].1.contains("invalid utf-8"), "{broken:?}");
        assert_eq!(read(b"x: \xff\n: \xff\ndata: a\n\n"), [(String::new(), "a".to_owned())]);
    }
}
