//! Tools that send requests: what arrives at the server, what comes back, and where nothing is sent.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::server::{ModelServer, Reply, Seen};
use crate::support::{Ran, Test, step};

const WORKFLOW: &str = "
name: w
params: {x: {type: string, default: a}}
steps:
  - {id: ask, tool: ask, with: {x: '{{ params.x }}'}}
outputs: {answer: '{{ steps.ask.output }}'}
";

/// A project with one tool `ask` of one param `x`; the keys of its request are given, with HOST for the server.
fn project(server: &ModelServer, http: &str, more: &str) -> Test {
    let http = http.replace("HOST", server.url().trim_start_matches("http://"));
    let tool = format!(
        "tools:\n  - name: ask\n    description: Asks.\n    params: {{x: {{type: string}}}}\n    http: {{{http}}}\n{more}"
    );
    Test::new()
        .file("engine.yaml", "default_model: auto\n")
        .file("tools/web.yaml", &tool)
        .file("w.yaml", WORKFLOW)
        .args(["run", "w.yaml", "--json", "--param", "x=a b/../c?d=e&f#g"])
}

/// Runs the workflow of such a project against a script.
fn ran(
    http: &str,
    more: &str,
    script: impl Fn(&Seen, usize) -> Reply + Send + Sync + 'static,
) -> (Ran, Vec<Seen>) {
    let server = ModelServer::start(script);
    let ran = project(&server, http, more).run();
    (ran, server.seen())
}

/// The fault of the step, which is to fail.
#[track_caller]
fn fault(ran: &Ran) -> Value {
    assert_ne!(ran.code, 0, "{}", ran.stdout);
    step(&ran.json(), "ask")["error"].clone()
}

#[track_caller]
fn says(fault: &Value, kind: &str, words: &str) {
    assert_eq!(fault["kind"], kind, "{fault}");
    assert!(fault.to_string().contains(words), "`{words}` is missing in {fault}");
}

const OPEN: &str = "url: 'http://HOST/items/{{ params.x }}', allow_private: true";
const ROW: &str = "    returns: row\n";

#[test]
fn arguments_stay_in_their_place_and_the_answer_is_picked() {
    let (ran, seen) = ran(
        "url: 'http://HOST/items/{{ params.x }}/all?q={{ params.x }}', allow_private: true, select: /data/items, \
         query: {x: '{{ params.x }}', n: 3, none: null, many: [a, b]}, headers: {X-Question: 'is it {{ 1 + 1 }}'}",
        "",
        |_, _| Reply::raw(200, r#"{"data": {"items": [{"n": 1}, {"n": 2}]}}"#),
    );
    assert_eq!(ran.code(0).json()["outputs"]["answer"], json!([{"n": 1}, {"n": 2}]));
    let encoded = "a%20b%2F..%2Fc%3Fd%3De%26f%23g";
    let query = "x=a+b%2F..%2Fc%3Fd%3De%26f%23g&n=3&many=a&many=b";
    assert_eq!(seen[0].path, format!("/items/{encoded}/all?q={encoded}&{query}"));
    assert!(seen[0].has_header("x-question: is it 2"));
    assert!(seen[0].has_header("accept: application/json"));
    assert!(
        !seen[0].headers.iter().any(|header| header.starts_with("idempotency-key")),
        "it reads"
    );
}

#[test]
fn a_body_is_json_whatever_the_argument_says() {
    let server = ModelServer::start(|_, _| Reply::raw(200, r#"{"ok": true}"#));
    let http = "method: POST, url: 'http://HOST/search', allow_private: true, body: {text: '{{ params.x }}', deep: [{n: '{{ 1 + 1 }}'}]}";
    let test = project(&server, http, "    returns: row\n    effect: read\n");
    let hostile = r#"x=", "admin": true, "y": "{{ params.x }}"#;
    let again = test.also(["run", "w.yaml", "--json", "--param", hostile]).code(0).json();
    assert_eq!(again["outputs"]["answer"], json!({"ok": true}));
    let value = hostile.trim_start_matches("x=");
    assert_eq!(server.seen()[0].body, json!({"text": value, "deep": [{"n": 2}]}));
}

#[test]
fn a_secret_is_sent_to_its_server_alone_and_never_shown() {
    let secret = "s3cr\"et/value";
    let other =
        ModelServer::start(|seen, _| Reply::raw(200, &json!({"seen": seen.headers}).to_string()));
    let elsewhere = format!("location: {}/there", other.url());
    let server = ModelServer::start(move |seen, _| match seen.path.as_str() {
        "/items/moved" => Reply::raw(302, "").header(&elsewhere),
        "/items/refused" => {
            Reply::raw(400, &json!({"error": {"message": seen.headers}}).to_string())
        }
        _ => Reply::raw(200, &json!({"seen": seen.headers, secret: 1}).to_string()),
    });
    let host = other.url().trim_start_matches("http://").to_owned();
    let http = format!(
        "{OPEN}, allow_hosts: ['{host}'], headers: {{Authorization: {{env: API_TOKEN, prefix: 'Bearer '}}}}"
    );
    let test = project(&server, &http, ROW).env("API_TOKEN", secret);
    let ask = |x: &str| test.also(["run", "w.yaml", "--json", "--param", &format!("x={x}")]);

    let echoed = ask("echo").code(0);
    assert!(server.seen()[0].has_header(&format!("authorization: Bearer {secret}")), "it arrived");
    assert!(echoed.stdout.contains("authorization: Bearer [secret]"), "{}", echoed.stdout);
    assert_eq!(echoed.json()["outputs"]["answer"]["[secret]"], 1, "nor as a name");
    let refused = ask("refused");
    says(&fault(&refused), "bad-request", "400");
    let moved = ask("moved").code(0);
    assert!(!other.seen()[0].headers.iter().any(|header| header.contains("authorization")));
    let journal = std::fs::read(test.path().join(".engine/journal.db")).expect("a journal");
    let shown = test.also(["show", moved.json()["run_id"].as_str().expect("an id"), "--json"]);
    for text in [echoed.stdout, echoed.stderr, refused.stdout, refused.stderr, shown.stdout] {
        assert!(!text.contains("s3cr"), "{text}");
    }
    assert!(!String::from_utf8_lossy(&journal).contains("s3cr"), "not in the journal");
}

#[test]
fn without_its_secret_nothing_is_sent() {
    let (ran, seen) =
        ran(&format!("{OPEN}, headers: {{X-Api-Key: {{env: NOT_SET}}}}"), ROW, |_, _| {
            Reply::raw(200, "{}")
        });
    says(&fault(&ran), "missing-secret", "NOT_SET is not set");
    assert!(seen.is_empty());
}

#[test]
fn addresses_inside_are_refused() {
    let server = ModelServer::start(|_, _| Reply::raw(200, "{}"));
    let port = server.url().rsplit(':').next().expect("a port").to_owned();
    for (url, private, why) in [
        (format!("http://127.0.0.1:{port}/"), false, "127.0.0.1 is a loopback address"),
        (format!("http://2130706433:{port}/"), false, "127.0.0.1 is a loopback address"),
        (format!("http://localhost:{port}/"), false, "`localhost` stands for"),
        (format!("http://[::ffff:7f00:1]:{port}/"), false, "a loopback address"),
        (format!("http://0177.0.0.1:{port}/"), false, "127.0.0.1 is a loopback address"),
        (format!("http://0x7f000001:{port}/"), false, "127.0.0.1 is a loopback address"),
        (format!("http://[64:ff9b::7f00:1]:{port}/"), false, "a loopback address"),
        (format!("http://0.0.0.0:{port}/"), true, "0.0.0.0 is a reserved address"),
        ("http://[fd12::1]/".to_owned(), false, "fd12::1 is a private address"),
        ("http://[::ffff:169.254.169.254]/".to_owned(), true, "a link-local address"),
        ("http://10.0.0.1/".to_owned(), false, "10.0.0.1 is a private address"),
        (
            "http://169.254.169.254/latest/meta-data".to_owned(),
            true,
            "169.254.169.254 is a link-local address",
        ),
        ("http://168.63.129.16/".to_owned(), true, "a metadata service"),
    ] {
        let http = format!("url: '{url}{{{{ params.x }}}}', allow_private: {private}");
        let ran = project(&server, &http, ROW).run();
        says(&fault(&ran), "not-allowed", why);
    }
    assert!(server.seen().is_empty(), "nothing was sent");
    let http = format!("url: 'http://localhost:{port}/{{{{ params.x }}}}', allow_private: true");
    project(&server, &http, ROW).run().code(0);
}

#[test]
fn redirects_are_followed_as_far_as_the_tool_allows() {
    let (first, seen) =
        ran(&OPEN.replace("{{ params.x }}", "0?x={{ params.x }}"), ROW, |seen, _| {
            match seen.path.split('?').next().unwrap_or_default() {
                "/items/3" => Reply::raw(200, r#"{"at": 3}"#),
                path => {
                    let number: u32 = path.trim_start_matches("/items/").parse().expect("a number");
                    Reply::raw(302, "").header(&format!("location: {}", number + 1))
                }
            }
        });
    assert_eq!(first.code(0).json()["outputs"]["answer"], json!({"at": 3}));
    assert_eq!(seen.len(), 4, "three redirects are followed");

    let to = |location: &'static str, http: &str| {
        let (ran, seen) = ran(http, ROW, move |_, _| {
            Reply::raw(307, "").header(&format!("location: {location}"))
        });
        (fault(&ran), seen.len())
    };
    let (endless, sent) = to("/items/x", OPEN);
    says(&endless, "redirected", "more than 3 times");
    assert_eq!(sent, 4);
    let (inside, _) = to("http://169.254.169.254/latest/meta-data/", OPEN);
    says(
        &inside,
        "not-allowed",
        "http://169.254.169.254/latest/meta-data/ is none of the tool's hosts",
    );
    let named = format!("{OPEN}, allow_hosts: [169.254.169.254]");
    let (inside, _) = to("http://169.254.169.254/latest/meta-data/", &named);
    says(&inside, "not-allowed", "169.254.169.254 is a link-local address");
    // However an address is written, and though the tool may ask this machine.
    for (location, host, why) in [
        ("http://0xa9fea9fe/", "169.254.169.254", "a link-local address"),
        ("http://[::ffff:a9fe:a9fe]/", "'[::ffff:a9fe:a9fe]'", "a link-local address"),
        ("http://0.0.0.0/", "0.0.0.0", "a reserved address"),
        ("http://[fd00:ec2::254]/", "'[fd00:ec2::254]'", "a metadata service"),
    ] {
        let (inside, sent) = to(location, &format!("{OPEN}, allow_hosts: [{host}]"));
        says(&inside, "not-allowed", why);
        assert_eq!(sent, 1);
    }
    let (file, _) = to("file:///etc/passwd", OPEN);
    says(&file, "not-allowed", "none of the tool's hosts");
    let post = format!("method: POST, {OPEN}");
    let (ran, seen) = ran(&post, "    returns: row\n    effect: read\n", |_, _| {
        Reply::raw(307, "").header("location: /elsewhere")
    });
    says(&fault(&ran), "redirected", "only a GET follows redirects");
    assert_eq!(seen.len(), 1);
}

#[test]
fn size_and_time_are_bounded() {
    let long = format!("{{\"a\": \"{}\"}}", "x".repeat(5000));
    let answer = long.clone();
    let (large, seen) =
        ran(&format!("{OPEN}, max_bytes: 5000"), ROW, move |_, _| Reply::raw(200, &answer));
    says(&fault(&large), "too-large", "longer than 5000 bytes");
    assert_eq!(seen.len(), 1, "it would be as long again");
    let (enough, _) =
        ran(&format!("{OPEN}, max_bytes: 6000"), ROW, move |_, _| Reply::raw(200, &long));
    enough.code(0);
    // What is packed is not unpacked, however large it would become.
    let (packed, _) = ran(OPEN, ROW, |_, _| Reply::raw(200, "{}").header("content-encoding: gzip"));
    says(&fault(&packed), "not-json", "packed (gzip)");
    let (slow, _) = ran(&format!("{OPEN}, timeout: 200ms"), ROW, |_, _| {
        Reply::raw(200, "{}").after(Duration::from_secs(2))
    });
    says(&fault(&slow), "timeout", "did not answer within 200ms");
}

#[test]
fn answers_that_are_not_what_was_asked_for_are_told() {
    let asked = |http: &str, more: &str, answer: &'static str| {
        let (ran, _) = ran(&format!("{OPEN}{http}"), more, move |_, _| Reply::raw(200, answer));
        fault(&ran)
    };
    says(
        &asked(", select: /data/items", ROW, r#"{"data": {"rows": [], "n": 1}}"#),
        "no-value",
        "it has a map of rows, n /data",
    );
    let schema = ", schema: {type: object, required: [n], properties: {n: {type: integer}}}";
    says(&asked(schema, ROW, r#"{"n": "three"}"#), "breaks-schema", "/n: ");
    says(&asked("", ROW, "<html><title>Sign in</title>"), "not-json", "titled `Sign in`");
    says(&asked("", ROW, "[1]"), "wrong-shape", "select: /data/0");
    says(&asked("", "", "[1]"), "wrong-shape", "returns: value");
    let (text, _) = ran(OPEN, "    returns: value\n", |_, _| {
        Reply::raw(200, "plain").header("content-type: text/plain")
    });
    says(&fault(&text), "not-json", "no JSON");
}

#[test]
fn what_may_pass_is_tried_again() {
    let (passed, seen) = ran(OPEN, ROW, |_, n| match n {
        0 => Reply::error(503, "busy").header("retry-after-ms: 20"),
        1 => Reply::error(429, "slowly").header("retry-after-ms: 20"),
        _ => Reply::raw(200, r#"{"ok": 1}"#),
    });
    assert_eq!(passed.code(0).json()["outputs"]["answer"], json!({"ok": 1}));
    assert_eq!(seen.len(), 3);
    let (lost, seen) = ran(OPEN, ROW, |_, _| Reply::error(404, "no such item"));
    says(&fault(&lost), "not-found", "404 Not Found: no such item");
    assert_eq!(seen.len(), 1);
}

#[test]
fn a_bad_tool_is_told_before_anything_is_sent() {
    let find = |http: &str, more: &str| {
        let server = ModelServer::start(|_, _| Reply::raw(200, "{}"));
        let ran = project(&server, http, more).also(["validate", "--format", "json"]);
        let found = ran.json()["diagnostics"].as_array().expect("diagnostics").clone();
        assert!(server.seen().is_empty());
        found
            .iter()
            .filter(|d| d["severity"] == "error")
            .map(|d| format!("{} {} {}", d["code"], d["message"], d["help"]).replace('"', ""))
            .collect::<Vec<String>>()
            .join("\n")
    };
    let x = "query: {x: '{{ params.x }}'}";
    for (http, more, words) in [
        (
            "url: 'https://example.com/{{ params.y }}', query: {x: '{{ params.x }}'}",
            "",
            "unknown-param the tool has no param `y`",
        ),
        (
            "url: 'https://example.com/{{ x }}'",
            "",
            "unknown-name `x` means nothing here write `params.x`",
        ),
        (
            "url: 'https://example.com/{{ steps.a.output }}'",
            "",
            "unknown-name a tool knows no steps",
        ),
        ("url: 'https://{{ params.x }}/'", "", "bad-url a param decides the host"),
        ("url: 'ftp://example.com/{{ params.x }}'", "", "bad-url `url` begins with neither"),
        (
            "url: 'http://example.com/{{ params.x }}', headers: {Authorization: {env: TOKEN}}",
            "",
            "bad-url a secret would be sent without encryption",
        ),
        (x, "", "missing-key key `url` is missing"),
        (
            "url: 'https://example.com/{{ params.x }}', headers: {Authorization: Bearer abc}",
            "",
            "literal-secret `Authorization` carries a secret",
        ),
        (
            "url: 'https://example.com/{{ params.x }}', headers: {Host: example.org}",
            "",
            "misplaced-key `Host` is written by the engine",
        ),
        (
            "url: 'https://example.com/{{ params.x }}', body: {a: 1}",
            "",
            "misplaced-key a GET has no body",
        ),
        (
            "url: 'https://example.com/{{ params.x }}', schema: {type: nothing}",
            "",
            "invalid-schema",
        ),
        (
            "url: 'https://example.com/{{ params.x }}', method: DELETE",
            "    effect: read\n",
            "invalid-value a DELETE changes something",
        ),
        (
            "url: 'https://example.com/{{ params.x }}'",
            "    sql: {source: a, query: select 1}\n",
            "wrong-kind the tool is of kind `http` and `sql`",
        ),
        (
            "uri: 'https://example.com/{{ params.x }}'",
            "",
            "foreign-key unknown key `uri` write `url`",
        ),
    ] {
        let found = find(http, more);
        assert!(found.contains(words), "`{words}` is missing in:\n{found}");
        assert_eq!(found.lines().count(), 1, "one mistake, one message:\n{found}");
    }
}
