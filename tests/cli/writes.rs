//! Tools that change something: who consents, what is sent, and that it is sent once.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

use crate::lasting::{cut, events};
use crate::support::server::{ModelServer, Reply, Seen};
use crate::support::{Test, step, waits_until};

const TOOLS: &str = r#"
tools:
  - name: note
    description: Writes a note.
    params: {text: {type: string}, urgent: {type: boolean, default: false}}
    http:
      method: POST
      url: "http://HOST/notes"
      allow_private: true
      body: {text: "{{ params.text }}", urgent: "{{ params.urgent }}"}
    returns: value
  - name: pages
    description: Pages of a site.
    http: {url: "http://HOST/pages", allow_private: true}
  - name: shops
    description: All shops.
    sql: {source: company, query: select shop from shops order by shop}
"#;

const APPROVED: &str = "
name: w
params: {text: {type: string, default: hello}}
steps:
  - {id: ok, approval: {message: 'Write {{ params.text }}?'}}
  - {id: write, tool: note, with: {text: '{{ params.text }}'}, when: steps.ok.output.choice == 'approve'}
outputs: {note: '{{ steps.write.output | default(none) }}'}
";

const BARE: &str = "
name: w
steps: [{id: write, tool: note, with: {text: hello}}]
outputs: {note: '{{ steps.write.output }}'}
";

fn project(server: &ModelServer, workflow: &str) -> Test {
    let tools = TOOLS.replace("HOST", server.url().trim_start_matches("http://"));
    Test::new()
        .file("engine.yaml", "default_model: auto\nsources: {company: {csv: data}}\n")
        .file("data/shops.csv", "shop\nnorth\nsouth\n")
        .file("tools/web.yaml", &tools)
        .file("w.yaml", workflow)
        .args(["run", "w.yaml", "--json"])
        .openai(server)
}

/// A server of notes and models.
fn server() -> ModelServer {
    ModelServer::start(|seen, _| match seen.path.as_str() {
        "/notes" => Reply::raw(201, r#"{"id": 7}"#),
        _ => Reply::text("done"),
    })
}

fn notes(server: &ModelServer) -> Vec<Seen> {
    server.seen().into_iter().filter(|seen| seen.path == "/notes").collect()
}

fn key(seen: &Seen) -> &str {
    let keys = seen.headers.iter().find_map(|header| header.strip_prefix("idempotency-key: "));
    keys.expect("a key")
}

fn id(outcome: &Value) -> &str {
    outcome["run_id"].as_str().expect("an id")
}

#[test]
fn a_write_waits_for_consent_and_is_journaled() {
    let server = server();
    let test = project(&server, APPROVED);
    let waiting = test.run().code(3).json();
    assert!(notes(&server).is_empty(), "nothing is written before");
    let outcome = test.also(["approve", id(&waiting), "ok", "--json"]).code(0).json();
    assert_eq!(outcome["outputs"]["note"], json!({"id": 7}));
    let written = notes(&server);
    assert_eq!(written.len(), 1);
    assert_eq!(written[0].body, json!({"text": "hello", "urgent": false}));
    assert_eq!(key(&written[0]).len(), 32);
    let shown = test.also(["show", id(&waiting), "--json"]).code(0).json();
    let events = shown["events"].as_array().expect("events");
    let call = events.iter().find(|r| r["event"]["type"] == "tool_called").expect("a call");
    assert_eq!(call["event"]["call"]["arguments"], json!({"text": "hello"}));

    let waiting = test.run().code(3).json();
    let rejected =
        test.also(["approve", id(&waiting), "--choice", "reject", "--json"]).code(0).json();
    assert_eq!(step(&rejected, "write")["status"], "skipped");
    assert_eq!(notes(&server).len(), 1, "a refusal stops it");
}

#[test]
fn without_consent_a_write_runs_only_where_the_user_lets_it() {
    let server = server();
    let test = project(&server, BARE);
    test.run().code(2).says("write-without-approval").says("nobody consents to it");
    assert!(notes(&server).is_empty());
    let outcome = test.also(["run", "w.yaml", "--json", "--allow-write"]).code(0).json();
    assert_eq!(outcome["outputs"]["note"], json!({"id": 7}));
    test.also(["validate", "w.yaml", "--allow-write"]).code(0);
    let again = test.also(["rerun", id(&outcome), "--json"]).json();
    let error = &step(&again, "write")["error"];
    assert_eq!(error["kind"], "write-without-approval", "the run refuses it as well: {error}");
    assert_eq!(notes(&server).len(), 1);
    test.also(["rerun", id(&outcome), "--json", "--allow-write"]).code(0);
    let written = notes(&server);
    assert_ne!(key(&written[0]), key(&written[1]), "another run writes anew");
}

#[test]
fn a_write_is_sent_again_only_where_nothing_was_sent_before() {
    for reply in [503, 429, 500] {
        let server = ModelServer::start(move |_, _| Reply::error(reply, "busy"));
        let test = project(&server, BARE);
        let outcome = test.also(["run", "w.yaml", "--json", "--allow-write"]).json();
        assert_eq!(step(&outcome, "write")["status"], "failed");
        assert_eq!(notes(&server).len(), 1, "{reply}: it may have been done");
    }
}

#[test]
fn a_write_that_failed_is_not_sent_again_when_the_run_goes_on() {
    let server = ModelServer::start(|_, _| Reply::error(500, "broken"));
    let test = project(&server, BARE);
    test.also(["run", "w.yaml", "--json", "--allow-write"]).code(1);
    let (run, all) = events(test.path());
    let called = all.iter().position(|record| record["event"]["type"] == "tool_called");
    let called = called.expect("a call");
    cut(test.path(), &run, &all[..=called]);
    let outcome = test.also(["resume", &run, "--json"]).code(1).json();
    assert_eq!(step(&outcome, "write")["error"]["kind"], "server-error");
    assert_eq!(notes(&server).len(), 1, "its failure is known");
    cut(test.path(), &run, &all[..called]);
    test.also(["resume", &run, "--json"]).code(1);
    let written = notes(&server);
    assert_eq!(written.len(), 2, "nobody knows what became of it");
    assert_eq!(key(&written[0]), key(&written[1]));
}

#[test]
fn a_run_that_was_killed_writes_under_the_same_key() {
    let keys: Arc<Mutex<Vec<String>>> = Arc::default();
    let arrived = Arc::clone(&keys);
    let server = ModelServer::start(move |seen, n| {
        arrived.lock().expect("the keys").push(key(seen).to_owned());
        let wait = if n == 0 { Duration::from_mins(10) } else { Duration::ZERO };
        Reply::raw(201, r#"{"id": 7}"#).after(wait)
    });
    let keys = || keys.lock().expect("the keys").clone();
    let test = project(&server, BARE).args(["run", "w.yaml", "--json", "--allow-write"]);
    let mut child = test.command().spawn().expect("the engine starts");
    waits_until("the write has arrived", || keys().len() == 1);
    child.kill().expect("a kill");
    child.wait().expect("an end");
    let runs = test.also(["runs", "--json"]).code(0).json();
    let run = runs[0]["run_id"].as_str().expect("a run").to_owned();
    let outcome = test.also(["resume", &run, "--json"]).code(0).json();
    assert_eq!(outcome["outputs"]["note"], json!({"id": 7}));
    let keys = keys();
    assert_eq!(keys.len(), 2);
    assert_eq!(keys[0], keys[1], "the server can tell that it is one call");
}

#[test]
fn a_model_is_offered_no_tool_that_writes() {
    let workflow = "
name: w
steps:
  - {id: answer, agent: {instructions: Help., tools: [note, shops]}, prompt: Note it., figures: none}
outputs: {answer: '{{ steps.answer.output }}'}
";
    let server = ModelServer::start(|seen, _| match (seen.path.as_str(), seen.results().len()) {
        ("/notes", _) => Reply::raw(201, "{}"),
        (_, 0) => Reply::calls(&[("c", "note", json!({"text": "from a model"}))]),
        _ => Reply::text("done"),
    });
    let test = project(&server, workflow);
    test.run().code(0);
    assert_eq!(server.seen()[0].offered(), ["shops"]);
    assert!(server.seen()[1].results()[0].1.contains("there is no tool `note`"));
    assert!(notes(&server).is_empty());
    test.also(["run", "w.yaml", "--json", "--allow-write"]).code(0);
    assert_eq!(server.seen()[2].offered(), ["note", "shops"]);
    assert_eq!(notes(&server)[0].body["text"], "from a model");
}

/// The codes of the errors in a workflow of these steps.
fn faults(steps: &str) -> Vec<String> {
    let workflow =
        format!("name: w\nparams: {{text: {{type: string, default: hello}}}}\nsteps:\n{steps}\n");
    let test = project(&server(), &workflow);
    let found = test.also(["validate", "w.yaml", "--format", "json"]).json();
    let found = found["diagnostics"].as_array().expect("diagnostics").clone();
    let errors = found.iter().filter(|found| found["severity"] == "error");
    errors.map(|found| found["code"].as_str().expect("a code").to_owned()).collect()
}

#[test]
fn consent_is_what_a_refusal_stops() {
    let ask = "  - {id: ok, approval: {message: Write?}}\n";
    let write =
        |more: &str| format!("{ask}  - {{id: write, tool: note, with: {{text: hello}}{more}}}");
    for (steps, sound) in [
        (write(", when: steps.ok.output.choice == 'approve'"), true),
        (write(", when: steps.ok.output.choice == 'approve' and params.text != ''"), true),
        (write(", when: steps.ok.output.choice != 'reject'"), true),
        (write(""), false),
        (write(", needs: [ok]"), false),
        (write(", needs: [ok], when: params.text == 'x'"), false),
        (write(", when: steps.ok.output.choice"), false),
        (write(", when: steps.ok.output.choice == 'approve' or params.text == 'x'"), false),
        (write(", when: steps.ok.output.choice | default('approve') == 'approve'"), false),
        (write(", when: steps.ok.output.comment == 'yes'"), false),
        (write(", needs: {optional: [ok]}, when: steps.ok.output.choice == 'approve'"), false),
        // Through a step in between.
        (format!("{ask}  - {{id: go, compute: {{x: 1}}, when: steps.ok.output.choice == 'approve'}}\n  - {{id: write, tool: note, with: {{text: 'n {{{{ steps.go.output.x }}}}'}}}}"), true),
        (format!("{ask}  - {{id: go, compute: {{x: 1}}, when: steps.ok.output.choice == 'approve'}}\n  - {{id: write, tool: note, with: {{text: 'n {{{{ steps.go.output.x | default(0) }}}}'}}}}"), false),
        // Nobody's answer is no consent.
        (write(", when: steps.ok.output.choice == 'approve'").replace("message: Write?", "message: Write?, timeout: 1h, on_timeout: approve"), false),
        (write(", when: steps.ok.output.choice == 'approve'").replace("message: Write?", "message: Write?, timeout: 1h, on_timeout: reject"), true),
        (write(", needs: [ok]").replace("message: Write?", "message: Write?, choices: [yes]"), true),
        (write(", when: steps.ok.output.choice == 'approve'").replace("approval: {message: Write?}", "approval: {message: Write?, timeout: 1h}, on_error: default, default: {choice: approve}"), false),
    ] {
        let found = faults(&steps);
        let wanted: &[&str] = if sound { &[] } else { &["write-without-approval"] };
        assert_eq!(found, wanted, "{steps}");
    }
}

#[test]
fn words_of_strangers_are_shown_before_they_are_written_out() {
    let case = |before: &str, message: &str, text: &str| {
        faults(&format!(
            "{before}\n  - {{id: ok, approval: {{message: '{message}'}}}}\n  - {{id: write, tool: note, with: {{text: '{text}'}}, when: steps.ok.output.choice == 'approve'}}"
        ))
    };
    let agent = "  - {id: draft, agent: {instructions: Write.}, prompt: Write., figures: none}";
    let shape = "  - {id: draft, agent: {instructions: Write.}, prompt: Write., output: {schema: {type: object, required: [a, b], properties: {a: {type: string}, b: {type: string}}}}}";
    let pages = "  - {id: pages, tool: pages}";
    let computed = format!("{agent}\n  - {{id: c, compute: {{x: steps.draft.output | upper}}}}");
    for (before, message, text, sound) in [
        (agent, "Write?", "{{ steps.draft.output }}", false),
        (agent, "Write {{ steps.draft.output }}?", "{{ steps.draft.output }}", true),
        (agent, "Write?", "{{ params.text }}", true),
        (shape, "Write {{ steps.draft.output.a }}?", "{{ steps.draft.output.b }}", false),
        (shape, "Write {{ steps.draft.output | tojson }}?", "{{ steps.draft.output.b }}", true),
        (pages, "Write?", "{{ steps.pages.output | tojson }}", false),
        ("  - {id: shops, tool: shops}", "Write?", "{{ steps.shops.output | tojson }}", true),
        (&computed, "Write?", "{{ steps.c.output.x }}", false),
        (&computed, "Write {{ steps.draft.output }}?", "{{ steps.c.output.x }}", true),
    ] {
        let found = case(before, message, text);
        let wanted: &[&str] = if sound { &[] } else { &["untrusted-write"] };
        assert_eq!(found, wanted, "{message} {text}");
    }
    let items = |message: &str| {
        faults(&format!(
            "{pages}\n  - {{id: ok, approval: {{message: '{message}'}}}}\n  - {{id: write, tool: note, for_each: '{{{{ steps.pages.output }}}}', with: {{text: '{{{{ item.title }}}}'}}, when: steps.ok.output.choice == 'approve'}}"
        ))
    };
    assert_eq!(items("Write?"), ["untrusted-write"]);
    assert_eq!(items("Write {{ steps.pages.output | tojson }}?"), [] as [&str; 0]);
}

#[test]
fn what_a_workflow_writes_out_counts_where_it_is_run() {
    let inner = "
name: inner
params: {text: {type: string}}
steps:
  - {id: ok, approval: {message: 'Write?'}}
  - {id: write, tool: note, with: {text: '{{ params.text }}'}, when: steps.ok.output.choice == 'approve'}
";
    let outer = "
name: w
steps:
  - {id: draft, agent: {instructions: Write.}, prompt: Write., figures: none}
  - {id: inner, workflow: inner, with: {text: '{{ steps.draft.output }}'}}
";
    let check = |inner: &str| {
        let test = project(&server(), outer).file("workflows/inner.yaml", inner);
        test.also(["validate", "w.yaml"])
    };
    check(inner)
        .code(2)
        .says("untrusted-write")
        .says("`steps.draft.output` is written out, and comes from a model");
    check(&inner.replace("Write?", "Write {{ params.text }}?")).code(0);
}

#[test]
fn a_write_that_fails_is_no_success_whatever_else_was_made() {
    let refusing = ModelServer::start(|seen, _| match seen.path.as_str() {
        "/notes" => Reply::raw(400, r#"{"error": "no"}"#),
        _ => Reply::text("done"),
    });
    let beside = "
name: w
params: {title: {type: string, default: hello}}
steps:
  - {id: ok, approval: {message: 'Write {{ params.title }}?'}}
  - {id: write, tool: note, with: {text: '{{ params.title }}'}, when: steps.ok.output.choice == 'approve'}
outputs: {title: '{{ params.title }}'}
";
    let test = project(&refusing, beside);
    test.also(["validate", "w.yaml", "--deny-warnings"]).code(0);
    let outcome = test.also(["run", "w.yaml", "--json"]).code(3).json();
    let outcome =
        test.also(["approve", id(&outcome), "--choice", "approve", "--json"]).code(3).json();
    assert_eq!(outcome["status"], "partial", "{outcome:#}");
    assert_eq!(step(&outcome, "write")["status"], "failed");
    let server = server();
    let test = project(
        &server,
        &beside
            .replace("'Write {{ params.title }}?'", "'Write?\\u001b[2K{{ params.title }}'")
            .replace('\'', "\""),
    );
    let ran = test.also(["run", "w.yaml", "-p", "title=a\u{1b}[1Ab"]);
    assert!(
        !ran.stderr.contains("\u{1b}[2K") && !ran.stderr.contains("\u{1b}[1A"),
        "{}",
        ran.stderr
    );
}
