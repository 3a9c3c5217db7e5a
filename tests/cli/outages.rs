//! What a model's server can do wrong, one row of docs/faults.md each: how the step fails, after how many requests, and
//! with which exit code. The page is the table, so it cannot tell anything but what happens.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::support::Test;

const PAGE: &str = include_str!("../../docs/faults.md");

/// Bytes of a whole answer, and whether the connection stays open without another word.
type Answer = (Vec<u8>, bool);

#[test]
fn faults_of_chat_completions_end_as_the_page_says() {
    check("openai");
}

#[test]
fn faults_of_messages_end_as_the_page_says() {
    check("anthropic");
}

/// Meets every fault of the page, and tells all that end otherwise.
#[track_caller]
fn check(provider: &str) {
    let rows: Vec<Vec<&str>> = PAGE
        .lines()
        .filter(|line| line.starts_with("| ") && !line.starts_with("| fault"))
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
        .collect();
    assert!(rows.len() >= 30, "the table of docs/faults.md holds all faults");
    let wrong: Vec<String> = rows
        .iter()
        .filter_map(|row| {
            let (kind, requests, code) = meet(provider, row[0]);
            let found = format!("| {} | {kind} | {requests} | {code} |", row[0]);
            (found != format!("| {} | {} | {} | {} |", row[0], row[1], row[2], row[3]))
                .then_some(found)
        })
        .collect();
    assert!(wrong.is_empty(), "docs/faults.md says otherwise; {provider}:\n{}", wrong.join("\n"));
}

/// Runs one step against a server with this fault: kind of the error, requests, exit code.
fn meet(provider: &str, fault: &str) -> (String, usize, i32) {
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
            let (count, answer) = (Arc::clone(&count), answer(provider, other));
            std::thread::spawn(move || {
                for stream in listener.incoming().flatten() {
                    let (count, answer) = (Arc::clone(&count), answer.clone());
                    // A connection that ends early is the client's choice.
                    std::thread::spawn(move || drop(serve(stream, &count, &answer)));
                }
            });
        }
    }
    let project =
        format!("models:\n  m: {{provider: {provider}, model: x, base_url: \"{base}\"}}\n");
    // Only a server that hangs is waited for by a short limit, so that a slow machine changes nothing.
    let timeout = if fault.starts_with("hangs") { "400ms" } else { "60s" };
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
fn answer(provider: &str, fault: &str) -> Answer {
    let openai = provider == "openai";
    let good = completion(openai, "stop", "end_turn");
    let whole = |status: u16, header: &str, body: &[u8]| {
        let head = format!(
            "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n{header}\r\n",
            body.len()
        );
        ([head.as_bytes(), body].concat(), false)
    };
    let sized = |length: usize, hangs| {
        let head =
            format!("HTTP/1.1 200 X\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n");
        ([head.as_bytes(), good.as_bytes()].concat(), hangs)
    };
    let error = br#"{"error": {"type": "error", "message": "no"}}"#;
    if let Some(status) = fault.strip_prefix("status ").and_then(|status| status.parse().ok()) {
        return whole(status, "", error);
    }
    match fault {
        "429, Retry-After in seconds" => whole(429, "retry-after: 1\r\n", error),
        "429, Retry-After as a date" => {
            whole(429, "retry-after: Wed, 21 Oct 2015 07:28:00 GMT\r\n", error)
        }
        "429, Retry-After of an hour" => whole(429, "retry-after: 3600\r\n", error),
        "hangs before the answer" => (Vec::new(), true),
        "hangs inside the answer" => sized(good.len() + 10, true),
        "answer cut off" | "content-length too large" => sized(good.len() + 10, false),
        "content-length too small" => sized(good.len() - 10, false),
        "bad UTF-8" => whole(
            200,
            "",
            &good
                .replace("text!", "\u{1}")
                .into_bytes()
                .iter()
                .map(|b| if *b == 1 { 0xff } else { *b })
                .collect::<Vec<_>>(),
        ),
        "HTML for JSON" => whole(200, "", b"<html>hello</html>"),
        "empty body" => whole(200, "", b""),
        "huge body" => whole(200, "", &vec![b' '; (32 << 20) + 1]),
        "another schema" => whole(200, "", br#"{"answer": 42}"#),
        "refusal" if openai => whole(
            200,
            "",
            good.replace("\"content\":\"text!\"", "\"content\":null,\"refusal\":\"I will not\"")
                .as_bytes(),
        ),
        "refusal" | "content filter" => {
            whole(200, "", completion(openai, "content_filter", "refusal").as_bytes())
        }
        "cut at its greatest length, no word of it" => {
            whole(200, "", completion(openai, "length", "max_tokens").replace("text!", "").as_bytes())
        }
        "question longer than the model reads" => whole(
            400,
            "",
            br#"{"error": {"type": "invalid_request_error", "message": "prompt is too long: 9 tokens > 8 maximum"}}"#,
        ),
        "name not found" | "TLS failure" => (Vec::new(), false),
        other => panic!("docs/faults.md names a fault that is not tested: {other}"),
    }
}

fn completion(openai: bool, finish: &str, stop: &str) -> String {
    if openai {
        format!(
            r#"{{"choices":[{{"index":0,"finish_reason":"{finish}","message":{{"role":"assistant","content":"text!"}}}}],"usage":{{"prompt_tokens":1,"completion_tokens":1}}}}"#
        )
    } else {
        format!(
            r#"{{"type":"message","role":"assistant","stop_reason":"{stop}","content":[{{"type":"text","text":"text!"}}],"usage":{{"input_tokens":1,"output_tokens":1}}}}"#
        )
    }
}
