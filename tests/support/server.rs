//! A model server on loopback that answers by a script and keeps what it was asked.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// A request as the server saw it.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) path: String,
    /// Header lines in lower case, `name: value`.
    pub(crate) headers: Vec<String>,
    pub(crate) body: Value,
    pub(crate) started: Instant,
    pub(crate) ended: Instant,
    /// Requests under way when this one came, itself included.
    pub(crate) in_flight: usize,
}

impl Seen {
    /// A message of a chat completion, by role; the last of that role.
    pub(crate) fn message(&self, role: &str) -> &str {
        self.messages()
            .iter()
            .rev()
            .find(|m| m["role"] == role)
            .and_then(|m| m["content"].as_str())
            .unwrap_or_default()
    }

    /// Its messages.
    pub(crate) fn messages(&self) -> &[Value] {
        self.body["messages"].as_array().map_or(&[][..], Vec::as_slice)
    }

    /// The results of tools in a chat completion, as `(id, content)`.
    pub(crate) fn results(&self) -> Vec<(&str, &str)> {
        let tools = self.messages().iter().filter(|message| message["role"] == "tool");
        tools
            .map(|message| {
                let (id, content) = (&message["tool_call_id"], &message["content"]);
                (id.as_str().unwrap_or_default(), content.as_str().unwrap_or_default())
            })
            .collect()
    }

    /// The names of the tools that a chat completion offers.
    pub(crate) fn offered(&self) -> Vec<&str> {
        let tools = self.body["tools"].as_array().map_or(&[][..], Vec::as_slice);
        tools.iter().filter_map(|tool| tool["function"]["name"].as_str()).collect()
    }

    /// Whether the request has this header line.
    pub(crate) fn has_header(&self, line: &str) -> bool {
        self.headers.iter().any(|header| header == line)
    }
}

/// What the server answers.
pub(crate) struct Reply {
    status: u16,
    kind: &'static str,
    headers: String,
    body: String,
    delay: Duration,
    /// How much of the body is sent before the connection is cut.
    cut: Option<usize>,
    /// How much of the body is sent before the rest, and what is waited for in between.
    held: Option<(usize, Wait)>,
}

type Wait = Box<dyn Fn() + Send>;

impl Reply {
    /// A chat completion with this text; 100 tokens in, 20 of them cached, 10 out.
    pub(crate) fn text(text: &str) -> Self {
        let body = json!({
            "id": "x", "object": "chat.completion", "model": "scripted",
            "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}],
            "usage": {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110,
                      "prompt_tokens_details": {"cached_tokens": 20}},
        });
        Self::raw(200, &body.to_string())
    }

    /// The tokens that it says it took.
    pub(crate) fn usage(mut self, input: u64, output: u64) -> Self {
        let mut body: Value = serde_json::from_str(&self.body).expect("an answer is JSON");
        body["usage"] = json!({"prompt_tokens": input, "completion_tokens": output});
        self.body = body.to_string();
        self
    }

    /// A chat completion whose text is cut at its greatest length.
    pub(crate) fn cut_text(text: &str) -> Self {
        let mut reply = Self::text(text);
        reply.body = reply.body.replace(r#""finish_reason":"stop""#, r#""finish_reason":"length""#);
        reply
    }

    /// A chat completion that asks for tools, each as `(id, name, arguments)`.
    pub(crate) fn calls(calls: &[(&str, &str, Value)]) -> Self {
        let calls: Vec<Value> = calls
            .iter()
            .map(|(id, name, arguments)| json!({"id": id, "type": "function", "function": {"name": name, "arguments": arguments.to_string()}}))
            .collect();
        let message = json!({"role": "assistant", "content": null, "tool_calls": calls});
        let body = json!({
            "id": "x", "object": "chat.completion", "model": "scripted",
            "choices": [{"index": 0, "finish_reason": "tool_calls", "message": message}],
            "usage": {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110},
        });
        Self::raw(200, &body.to_string())
    }

    /// A message of the other protocol that asks for tools.
    pub(crate) fn anthropic_calls(calls: &[(&str, &str, Value)]) -> Self {
        let content: Vec<Value> = calls
            .iter()
            .map(|(id, name, input)| json!({"type": "tool_use", "id": id, "name": name, "input": input}))
            .collect();
        let body = json!({
            "id": "x", "type": "message", "role": "assistant", "model": "scripted", "stop_reason": "tool_use",
            "content": content, "usage": {"input_tokens": 80, "output_tokens": 10},
        });
        Self::raw(200, &body.to_string())
    }

    /// A message of the other protocol with this text.
    pub(crate) fn anthropic(text: &str) -> Self {
        let body = json!({
            "id": "x", "type": "message", "role": "assistant", "model": "scripted", "stop_reason": "end_turn",
            "content": [{"type": "text", "text": text}],
            "usage": {"input_tokens": 80, "cache_read_input_tokens": 20, "output_tokens": 10},
        });
        Self::raw(200, &body.to_string())
    }

    /// Any status and body.
    pub(crate) fn raw(status: u16, body: &str) -> Self {
        Self {
            status,
            kind: "application/json",
            headers: String::new(),
            body: body.to_owned(),
            delay: Duration::ZERO,
            cut: None,
            held: None,
        }
    }

    /// An error as OpenAI words it.
    pub(crate) fn error(status: u16, message: &str) -> Self {
        Self::raw(
            status,
            &json!({"error": {"message": message, "type": "error", "code": null}}).to_string(),
        )
    }

    /// The same answer in pieces: server-sent events of its protocol, a text of a few characters in each.
    pub(crate) fn in_pieces(mut self) -> Self {
        let whole: Value = serde_json::from_str(&self.body).expect("an answer is JSON");
        let events = if whole["choices"].is_array() { chunks(&whole) } else { parts(&whole) };
        let events: Vec<String> = events.iter().map(|event| format!("data: {event}\n\n")).collect();
        self.body = events.concat();
        if whole["choices"].is_array() {
            self.body.push_str("data: [DONE]\n\n");
        }
        self.kind = "text/event-stream";
        self
    }

    /// The same chat completion in pieces, of which those after so many characters come when `wait` returns.
    pub(crate) fn held_after(self, characters: usize, wait: impl Fn() + Send + 'static) -> Self {
        let mut reply = self.in_pieces();
        let pieces = characters.div_ceil(PIECE) + 1;
        let starts = reply.body.match_indices("data: ").map(|(at, _)| at);
        let at = starts.skip(1).nth(pieces.saturating_sub(1)).expect("a piece after it");
        reply.held = Some((at, Box::new(wait)));
        reply
    }

    pub(crate) fn header(mut self, line: &str) -> Self {
        self.headers.push_str(line);
        self.headers.push_str("\r\n");
        self
    }

    pub(crate) fn after(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    pub(crate) fn cut_at(mut self, bytes: usize) -> Self {
        self.cut = Some(bytes);
        self
    }
}

/// Characters of a piece.
const PIECE: usize = 5;

/// Pieces of a text, none of them longer than a few characters.
fn pieces(text: &Value) -> Vec<String> {
    let text: Vec<char> = text.as_str().unwrap_or_default().chars().collect();
    text.chunks(PIECE).map(|piece| piece.iter().collect()).collect()
}

/// The chunks of a chat completion.
fn chunks(whole: &Value) -> Vec<Value> {
    let choice = &whole["choices"][0];
    let message = &choice["message"];
    let mut deltas = vec![json!({"role": "assistant", "content": ""})];
    deltas.extend(pieces(&message["content"]).into_iter().map(|piece| json!({"content": piece})));
    for (index, call) in message["tool_calls"].as_array().into_iter().flatten().enumerate() {
        let mut first = call.clone();
        first["index"] = json!(index);
        first["function"]["arguments"] = json!("");
        deltas.push(json!({"tool_calls": [first]}));
        deltas.extend(pieces(&call["function"]["arguments"]).into_iter().map(
            |piece| json!({"tool_calls": [{"index": index, "function": {"arguments": piece}}]}),
        ));
    }
    let chunk = |delta: Value, finish: &Value| json!({"object": "chat.completion.chunk", "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]});
    let mut events: Vec<Value> =
        deltas.into_iter().map(|delta| chunk(delta, &Value::Null)).collect();
    events.push(chunk(json!({}), &choice["finish_reason"]));
    events.push(json!({"choices": [], "usage": whole["usage"]}));
    events
}

/// The events of a message of the other protocol.
fn parts(whole: &Value) -> Vec<Value> {
    let mut usage = whole["usage"].clone();
    usage["output_tokens"] = json!(1);
    let mut events = vec![json!({"type": "message_start", "message": {"usage": usage}})];
    for (index, block) in whole["content"].as_array().into_iter().flatten().enumerate() {
        let mut first = block.clone();
        let deltas: Vec<Value> = if block["type"] == "text" {
            first["text"] = json!("");
            let texts = pieces(&block["text"]).into_iter();
            texts.map(|piece| json!({"type": "text_delta", "text": piece})).collect()
        } else {
            first["input"] = json!({});
            let parts = pieces(&json!(block["input"].to_string())).into_iter();
            parts.map(|piece| json!({"type": "input_json_delta", "partial_json": piece})).collect()
        };
        events.push(json!({"type": "content_block_start", "index": index, "content_block": first}));
        events.extend(
            deltas.into_iter().map(
                |delta| json!({"type": "content_block_delta", "index": index, "delta": delta}),
            ),
        );
        events.push(json!({"type": "content_block_stop", "index": index}));
    }
    let output = &whole["usage"]["output_tokens"];
    events.push(json!({"type": "message_delta", "delta": {"stop_reason": whole["stop_reason"]}, "usage": {"output_tokens": output}}));
    events.push(json!({"type": "message_stop"}));
    events
}

/// A server on a free port; it ends with the test's process.
pub(crate) struct ModelServer {
    port: u16,
    seen: Arc<Mutex<Vec<Seen>>>,
}

type Script = dyn Fn(&Seen, usize) -> Reply + Send + Sync;

impl ModelServer {
    /// Answers each request by the script, which is told how many requests came before.
    pub(crate) fn start(script: impl Fn(&Seen, usize) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let script: Arc<Script> = Arc::new(script);
        let in_flight = Arc::new(AtomicUsize::new(0));
        let count = Arc::new(AtomicUsize::new(0));
        let kept = Arc::clone(&seen);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (script, kept) = (Arc::clone(&script), Arc::clone(&kept));
                let (in_flight, count) = (Arc::clone(&in_flight), Arc::clone(&count));
                std::thread::spawn(move || {
                    // A connection that ends early is the client's choice.
                    drop(serve(stream, &*script, &kept, &in_flight, &count));
                });
            }
        });
        Self { port, seen }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// What was asked so far, in the order of the requests' arrival.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        let mut seen = self.seen.lock().expect("no test thread panicked").clone();
        seen.sort_by_key(|seen| seen.started);
        seen
    }
}

fn serve(
    stream: TcpStream,
    script: &Script,
    kept: &Mutex<Vec<Seen>>,
    in_flight: &AtomicUsize,
    count: &AtomicUsize,
) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut writer = stream;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let path = line.split_whitespace().nth(1).unwrap_or_default().to_owned();
        let mut headers = Vec::new();
        loop {
            let mut header = String::new();
            reader.read_line(&mut header)?;
            let header = header.trim_end();
            if header.is_empty() {
                break;
            }
            let (name, value) = header.split_once(':').unwrap_or((header, ""));
            headers.push(format!("{}: {}", name.to_lowercase(), value.trim()));
        }
        let length = headers
            .iter()
            .find_map(|h| h.strip_prefix("content-length: ")?.parse().ok())
            .unwrap_or(0);
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        let started = Instant::now();
        let in_flight_now = in_flight.fetch_add(1, Ordering::SeqCst) + 1;
        let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
        let mut seen =
            Seen { path, headers, body, started, ended: started, in_flight: in_flight_now };
        let reply = script(&seen, count.fetch_add(1, Ordering::SeqCst));
        std::thread::sleep(reply.delay);
        seen.ended = Instant::now();
        in_flight.fetch_sub(1, Ordering::SeqCst);
        kept.lock().expect("no test thread panicked").push(seen);
        let head = format!(
            "HTTP/1.1 {} X\r\ncontent-type: {}\r\ncontent-length: {}\r\n{}\r\n",
            reply.status,
            reply.kind,
            reply.body.len(),
            reply.headers
        );
        writer.write_all(head.as_bytes())?;
        let end = reply.cut.unwrap_or(reply.body.len()).min(reply.body.len());
        let (before, wait) = match reply.held {
            Some((at, wait)) => (at, Some(wait)),
            None => (0, None),
        };
        writer.write_all(&reply.body.as_bytes()[..before])?;
        writer.flush()?;
        if let Some(wait) = wait {
            wait();
        }
        writer.write_all(&reply.body.as_bytes()[before..end])?;
        writer.flush()?;
        if reply.cut.is_some() {
            return Ok(());
        }
    }
}
