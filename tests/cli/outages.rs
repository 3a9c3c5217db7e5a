//! What a model's server can do wrong, one row of docs/faults.md each: how the step fails, after how many requests, and
//! with which exit code, in answers that come whole and in those that come in pieces. The page is the table, so it cannot
//! tell anything but what happens.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::support::Test;

const PAGE: &str = include_str!("../../docs/faults.md");

/// Bytes of a whole answer, and whether the connection stays open without another word.
type Answer = (Vec<u8>, bool);

/// How a server is asked.
#[derive(Clone, Copy)]
struct Way {
    openai: bool,
    streamed: bool,
}

#[test]
fn faults_of_chat_completions_end_as_the_page_says() {
    check(Way { openai: true, streamed: false });
}

#[test]
fn faults_of_streamed_chat_completions_end_as_the_page_says() {
    check(Way { openai: true, streamed: true });
}

#[test]
fn faults_of_messages_end_as_the_page_says() {
    check(Way { openai: false, streamed: false });
}

#[test]
fn faults_of_streamed_messages_end_as_the_page_says() {
    check(Way { openai: false, streamed: true });
}

/// Meets every fault of the page that an answer can have that comes this way, and tells all that end otherwise.
#[track_caller]
fn check(way: Way) {
    let rows: Vec<Vec<&str>> = PAGE
        .lines()
        .filter(|line| line.starts_with("| ") && !line.starts_with("| fault"))
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
        .filter(|row: &Vec<&str>| way.streamed || !row[0].starts_with("stream: "))
        .collect();
    assert!(rows.len() >= 30, "the table of docs/faults.md holds all faults");
    let ends = |row: &Vec<&str>| {
        let (kind, requests, code) = meet(way, row[0]);
        let found = format!("| {} | {kind} | {requests} | {code} |", row[0]);
        (found != format!("| {} | {} | {} | {} |", row[0], row[1], row[2], row[3])).then_some(found)
    };
    // Most of the time one waits for the other, so several are met at once.
    let wrong: Vec<String> = std::thread::scope(|scope| {
        let parts = rows.chunks(rows.len().div_ceil(4));
        let parts = parts.map(|rows| scope.spawn(move || rows.iter().filter_map(ends).collect()));
        let parts: Vec<_> = parts.collect();
        let met = |part: std::thread::ScopedJoinHandle<'_, Vec<String>>| part.join();
        parts.into_iter().flat_map(|part| met(part).expect("all rows are met")).collect()
    });
    assert!(wrong.is_empty(), "docs/faults.md says otherwise:\n{}", wrong.join("\n"));
}

/// Runs one step against a server with this fault: kind of the error, requests, exit code.
fn meet(way: Way, fault: &str) -> (String, usize, i32) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    let count = Arc::new(AtomicUsize::new(0));
    let mut base = format!("http://127.0.0.1:{port}");
    match fault {
        "connection refused" => drop(listener),
        other => {
            match other {
                "name not found" => base = String::from("http://nobody.invalid"),
                "TLS failure" => base = format!("https://127.0.0.1:{port}"),
                _ => {}
            }
            let (count, answer) = (Arc::clone(&count), answer(way, other));
            std::thread::spawn(move || {
                for stream in listener.incoming().flatten() {
                    let (count, answer) = (Arc::clone(&count), answer.clone());
                    // A connection that ends early is the client's choice.
                    std::thread::spawn(move || drop(serve(stream, &count, &answer)));
                }
            });
        }
    }
    // Only a server that hangs is waited for by a short limit, so that a slow machine changes nothing.
    let hangs = fault.contains("hangs");
    let (timeout, first, next) = match (hangs, way.streamed) {
        (true, false) => ("400ms", "60s", "60s"),
        (true, true) => ("60s", "400ms", "300ms"),
        (false, _) => ("60s", "60s", "60s"),
    };
    let Way { openai, streamed } = way;
    let provider = if openai { "openai" } else { "anthropic" };
    let project = format!(
        "models:\n  m: {{provider: {provider}, model: x, base_url: \"{base}\", stream: {streamed}, \
         timeouts: {{first_byte: {first}, between_bytes: {next}}}}}\n"
    );
    let workflow = format!(
        "name: w\nsteps:\n  - id: a\n    agent: {{instructions: x, model: m}}\n    prompt: Hi\n    timeout: {timeout}\n    \
         retry: {{max_attempts: 2, delay: 1ms}}\noutputs:\n  answer: \"{{{{ steps.a.output }}}}\"\n"
    );
    let ran = Test::new()
        .file("engine.yaml", &project)
        .file("w.yaml", &workflow)
        .args(["run", "w.yaml", "--json"])
        .run();
    let kind = ran.json()["steps"][0]["error"]["kind"].as_str().unwrap_or("none").to_owned();
    (kind, count.load(Ordering::SeqCst), ran.code)
}

fn serve(stream: TcpStream, count: &AtomicUsize, (bytes, hangs): &Answer) -> std::io::Result<()> {
    let mut first = [0];
    stream.peek(&mut first)?;
    if first == [0x16] {
        return Ok(()); // A TLS handshake, which this server does not speak.
    }
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        if line.trim().is_empty() {
            break;
        }
        if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or(0);
        }
    }
    reader.read_exact(&mut vec![0; length])?;
    count.fetch_add(1, Ordering::SeqCst);
    let mut stream = stream;
    stream.write_all(bytes)?;
    stream.flush()?;
    if *hangs {
        std::thread::sleep(Duration::from_secs(30));
    }
    Ok(())
}

/// What the server sends for a fault.
fn answer(way: Way, fault: &str) -> Answer {
    let body = Body { way, text: "text!", finish: ["stop", "end_turn"] };
    let good = body.good();
    let kind = if way.streamed { "text/event-stream" } else { "application/json" };
    let reply = |status: u16, header: &str, kind: &str, length: usize, body: &[u8]| {
        let head = format!(
            "HTTP/1.1 {status} X\r\ncontent-type: {kind}\r\nconnection: close\r\ncontent-length: {length}\r\n{header}\r\n"
        );
        [head.as_bytes(), body].concat()
    };
    let plain = |status, header: &str, body: &[u8]| {
        (reply(status, header, "application/json", body.len(), body), false)
    };
    let given = |body: &[u8]| (reply(200, "", kind, body.len(), body), false);
    let sized = |length: usize, sent: &str| (reply(200, "", kind, length, sent.as_bytes()), false);
    // As much of it as does not make it whole: a stream has a mark for its end, so there nothing after it is waited for.
    let most = if way.streamed { good.len() / 2 } else { good.len() };
    let most = good.get(..most).expect("it is ASCII");
    let error = br#"{"error": {"type": "error", "message": "no"}}"#;
    if let Some(status) = fault.strip_prefix("status ").and_then(|status| status.parse().ok()) {
        return plain(status, "", error);
    }
    // A stream as far as its first text, then something else.
    let begun = |rest: &str| {
        let events: Vec<&str> = good.split_inclusive("\n\n").collect();
        let text = events.iter().position(|event| event.contains("text!")).expect("the text");
        given([&events[..=text], &[rest]].concat().concat().as_bytes())
    };
    let told =
        |error: &str| begun(&format!("data: {{\"type\": \"error\", \"error\": {error}}}\n\n"));
    match fault {
        "429, Retry-After in seconds" => plain(429, "retry-after: 1\r\n", error),
        "429, Retry-After as a date" => {
            plain(429, "retry-after: Wed, 21 Oct 2015 07:28:00 GMT\r\n", error)
        }
        "429, Retry-After of an hour" => plain(429, "retry-after: 3600\r\n", error),
        "hangs before the answer" => (Vec::new(), true),
        "hangs inside the answer" => (sized(good.len() + 10, most).0, true),
        "stream: hangs after its head" => (reply(200, "", kind, 1000, b""), true),
        "answer cut off" | "content-length too large" => sized(good.len() + 10, most),
        "content-length too small" => sized(good.len() / 2, &good),
        "bad UTF-8" => {
            let bytes = good.replace("text!", "\u{1}").into_bytes();
            let bad = bytes.into_iter().map(|byte| if byte == 1 { 0xff } else { byte });
            given(&bad.collect::<Vec<_>>())
        }
        "HTML for JSON" => (reply(200, "", "text/html", 18, b"<html>hello</html>"), false),
        "empty body" => given(b""),
        "huge body" if way.streamed => {
            let event = format!(": {}\n\n", "x".repeat(1 << 20));
            given(event.repeat(33).as_bytes())
        }
        "huge body" => given(&vec![b' '; (32 << 20) + 1]),
        "stream: huge line" => given(&vec![b'x'; (32 << 20) + 1]),
        "another schema" if way.streamed => given(b"data: {\"answer\": 42}\n\n"),
        "another schema" => given(br#"{"answer": 42}"#),
        "refusal" => given(body.refusal().as_bytes()),
        "content filter" => {
            given(Body { finish: ["content_filter", "refusal"], ..body }.good().as_bytes())
        }
        "cut at its greatest length, no word of it" => {
            given(Body { finish: ["length", "max_tokens"], text: "", ..body }.good().as_bytes())
        }
        "question longer than the model reads" => plain(
            400,
            "",
            br#"{"error": {"type": "invalid_request_error", "message": "prompt is too long: 9 tokens > 8 maximum"}}"#,
        ),
        "stream: ends before the answer does" => begun(""),
        "stream: breaks off with an error of the server" => {
            told(r#"{"type": "overloaded_error", "message": "no"}"#)
        }
        "stream: breaks off with a limit on requests" => {
            told(r#"{"type": "rate_limit_error", "message": "no"}"#)
        }
        "stream: breaks off with an error of the request" => {
            told(r#"{"type": "invalid_request_error", "message": "no"}"#)
        }
        "stream: no events" => begun("what is this?\n\n"),
        "stream: no JSON in an event" => begun("data: {\"choi\n\n"),
        "name not found" | "TLS failure" => (Vec::new(), false),
        other => panic!("docs/faults.md names a fault that is not tested: {other}"),
    }
}

/// What a server says that has no fault, in either protocol and either way.
#[derive(Clone, Copy)]
struct Body {
    way: Way,
    text: &'static str,
    /// Why the answer ends, in the words of either protocol.
    finish: [&'static str; 2],
}

impl Body {
    fn good(self) -> String {
        let Self { way, text, finish: [finish, stop] } = self;
        match (way.openai, way.streamed) {
            (true, false) => format!(
                r#"{{"choices":[{{"index":0,"finish_reason":"{finish}","message":{{"role":"assistant","content":"{text}"}}}}],"usage":{{"prompt_tokens":1,"completion_tokens":1}}}}"#
            ),
            (false, false) => format!(
                r#"{{"type":"message","role":"assistant","stop_reason":"{stop}","content":[{{"type":"text","text":"{text}"}}],"usage":{{"input_tokens":1,"output_tokens":1}}}}"#
            ),
            (true, true) => stream(&[
                &format!(
                    r#"{{"choices":[{{"index":0,"delta":{{"role":"assistant","content":"{text}"}}}}]}}"#
                ),
                &format!(
                    r#"{{"choices":[{{"index":0,"delta":{{}},"finish_reason":"{finish}"}}]}}"#
                ),
                r#"{"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":1}}"#,
                "[DONE]",
            ]),
            (false, true) => stream(&[
                r#"{"type":"message_start","message":{"usage":{"input_tokens":1,"output_tokens":1}}}"#,
                r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#,
                &format!(
                    r#"{{"type":"content_block_delta","index":0,"delta":{{"type":"text_delta","text":"{text}"}}}}"#
                ),
                r#"{"type":"content_block_stop","index":0}"#,
                &format!(
                    r#"{{"type":"message_delta","delta":{{"stop_reason":"{stop}"}},"usage":{{"output_tokens":1}}}}"#
                ),
                r#"{"type":"message_stop"}"#,
            ]),
        }
    }

    /// The model's own refusal.
    fn refusal(self) -> String {
        if self.way.openai {
            self.good()
                .replace("\"content\":\"text!\"", "\"content\":null,\"refusal\":\"I will not\"")
        } else {
            Self { finish: ["", "refusal"], ..self }.good()
        }
    }
}

fn stream(events: &[&str]) -> String {
    events.iter().map(|event| format!("data: {event}\n\n")).collect::<Vec<_>>().concat()
}
