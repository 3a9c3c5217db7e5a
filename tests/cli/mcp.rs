//! Tools of MCP servers: a server is started when it is needed, and nothing that it says or does reaches further.

use std::process::Command;
use std::time::Duration;

use serde_json::json;

use super::support::{Test, step};

/// A server as a shell script: it keeps a line for each start and each call beside it.
const SERVER: &str = r#"
echo start >> "$LOG"
while IFS= read -r line; do
  id=$(printf '%s' "$line" | sed -n 's/.*"id":\([0-9][0-9]*\).*/\1/p')
  say() { printf '{"jsonrpc":"2.0","id":%s,"result":%s}\n' "$id" "$1"; }
  text() { say "{\"content\":[{\"type\":\"text\",\"text\":\"$1\"}]}"; }
  tool() { printf '{"name":"%s","inputSchema":{"type":"object","properties":{"name":{"type":"string"}}}%s}' "$1" "$2"; }
  child() { (n=0; while [ ! -e over ] && [ $n -lt 600 ]; do sleep 0.1; n=$((n+1)); done; echo >> outlived) </dev/null >/dev/null 2>&1 & }
  case "$line" in
    *'"method":"initialize"'*)
      say '{"protocolVersion":"2025-06-18","capabilities":{"tools":{}},"serverInfo":{"name":"crm","version":"1"}}' ;;
    *'"method":"tools/list"'*)
      say "{\"tools\":[$(tool search),$(tool note),$(tool env),$(tool broken),$(tool die),$(tool hang),$(tool huge),$(tool echo ",\"description\":\"opens with $CRM_TOKEN\""),$(tool refuse),$(tool fault),$(tool wail),$(tool drop ',"annotations":{"destructiveHint":true}')]}" ;;
    *'"method":"tools/call"'*)
      echo "$line" >> "$LOG"
      case "$line" in
        *'"name":"search"'*) say '{"content":[],"structuredContent":{"customer":"Acme","revenue_usd":1250}}' ;;
        *'"name":"note"'*) text '[{\"id\":7},{\"id\":8}]' ;;
        *'"name":"env"'*) text "$(env | cut -d= -f1 | sort | tr '\n' ' ')" ;;
        *'"name":"broken"'*) say '{"isError":true,"content":[{"type":"text","text":"no such customer"}]}' ;;
        *'"name":"die"'*) echo "out of memory" >&2; if [ "$(grep -c start "$LOG")" = 1 ]; then exit 3; fi; text alive ;;
        *'"name":"hang"'*) child; sleep 60 ;;
        *'"name":"refuse"'*) say "{\"isError\":true,\"content\":[{\"type\":\"text\",\"text\":\"$(printf '%0290d' 0)$CRM_TOKEN\"}]}" ;;
        *'"name":"fault"'*) printf '{"jsonrpc":"2.0","id":%s,"error":{"code":-32603,"message":"no entry with %s"}}\n' "$id" "$CRM_TOKEN" ;;
        *'"name":"wail"'*) printf 'gr\374n %s%s\n' "$(printf '%0280d' 0)" "$CRM_TOKEN" >&2; sleep 0.2; echo again >&2
          if [ "$(grep -c start "$LOG")" = 1 ]; then exit 3; fi; child; text alive ;;
        *'"name":"huge"'*) head -c 9000000 /dev/zero | tr '\0' 'x'; echo ;;
        *'"name":"echo"'*) text "the token is $CRM_TOKEN" ;;
        *) text done ;;
      esac ;;
  esac
done
echo end >> "$LOG"
"#;

/// A project with that server, and a workflow of one step that calls a tool of it.
fn project(tool: &str, more: &str) -> Test {
    let engine = "mcp:\n  crm:\n    command: [sh, crm.sh]\n    env: {CRM_TOKEN: {env: CRM_TOKEN}, LOG: log, MODE: test}\n    timeout: 3s\n";
    let tools = format!(
        "tools:\n  - name: crm\n    description: Customers.\n    params: {{name: {{type: string, default: null}}}}\n    mcp: {{server: crm, tool: {tool}}}\n{more}"
    );
    let workflow = "name: w\nsteps:\n  - id: look\n    tool: crm\n    with: {name: Acme}\n    retry: {max_attempts: 2, delay: 1ms}\n\
                    outputs: {found: \"{{ steps.look.output }}\"}\n";
    let test = Test::new().file("engine.yaml", engine).file("crm.sh", SERVER);
    let test = test.file("tools/crm.yaml", &tools).file("workflows/w.yaml", workflow);
    test.env("CRM_TOKEN", "sesame-open-up")
        .env("OTHER_SECRET", "never")
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .args(["run", "w", "--json", "--quiet"])
}

fn log(test: &Test) -> String {
    std::fs::read_to_string(test.path().join("log")).unwrap_or_default()
}

#[test]
fn a_tool_gives_what_the_server_gives() {
    let test = project("search", "");
    let outcome = test.run().code(0).json();
    assert_eq!(outcome["outputs"]["found"], json!({"customer": "Acme", "revenue_usd": 1250}));
    assert!(log(&test).contains(r#""arguments":{"name":"Acme"}"#), "{}", log(&test));
    let outcome = project("note", "    returns: rows\n").run().code(0).json();
    assert_eq!(outcome["outputs"]["found"], json!([{"id": 7}, {"id": 8}]), "text that is JSON");
    let outcome = project("note", "    returns: row\n").run().code(1).json();
    assert!(step(&outcome, "look")["error"]["message"].to_string().contains("a map was wanted"));
}

#[test]
fn a_server_gets_no_more_environment_than_it_is_given() {
    let outcome = project("env", "").run().code(0).json();
    let names = outcome["outputs"]["found"].as_str().expect("names").to_owned();
    assert!(names.contains("CRM_TOKEN") && names.contains("MODE"), "{names}");
    assert!(!names.contains("OTHER_SECRET"), "{names}");
}

#[test]
fn a_secret_that_a_server_tells_is_shown_nowhere() {
    // In a result, in a refusal that is cut, in a fault of the protocol, in the last words of who dies.
    for (tool, code, said) in [
        ("echo", 0, "the token is [secret]"),
        ("refuse", 1, "0[secret]"),
        ("fault", 1, "no entry with [secret]"),
        ("wail", 1, "0[secret]"),
    ] {
        let test =
            project(tool, "").change("workflows/w.yaml", "max_attempts: 2", "max_attempts: 1");
        let ran = test.run().code(code);
        assert!(ran.stdout.contains(said), "{tool}: {}", ran.stdout);
        assert!(!format!("{}{}", ran.stdout, ran.stderr).contains("sesame"), "{}", ran.stdout);
        for kept in std::fs::read_dir(test.path().join(".engine")).expect("a journal").flatten() {
            let bytes = std::fs::read(kept.path()).unwrap_or_default();
            let found = bytes.windows(6).any(|window| window == b"sesame");
            assert!(!found, "{tool}: the secret stands in {}", kept.path().display());
        }
    }
    let test = project("echo", "");
    for command in [&["tools", "--online"][..], &["tools", "--online", "--json"]] {
        let ran = test.also(command.iter().copied()).code(0).prints("opens with [secret]");
        assert!(!ran.stdout.contains("sesame"), "{}", ran.stdout);
    }
}

#[test]
fn a_server_ends_with_what_it_started() {
    let outlives = |test: &Test| {
        std::fs::write(test.path().join("over"), "").expect("a file");
        std::thread::sleep(Duration::from_secs(1));
        test.path().join("outlived").exists()
    };
    // It writes what is no UTF-8 to its standard error, and lives.
    let test = project("wail", "");
    let outcome = test.run().code(0).json();
    assert_eq!(outcome["outputs"]["found"], "alive");
    assert!(!outlives(&test), "after a run");
    let test = project("hang", "").change("engine.yaml", "timeout: 3s", "timeout: 60s");
    let running = test.command().spawn().expect("the engine starts");
    let asked = || log(&test).contains("tools/call");
    for _ in 0..500 {
        if asked() {
            break;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(asked(), "the server is asked");
    let interrupt = ["-INT", &running.id().to_string()].map(str::to_owned);
    Command::new("kill").args(interrupt).status().expect("kill");
    assert_eq!(running.wait_with_output().expect("it ends").status.code(), Some(130));
    assert!(!outlives(&test), "after an interrupt");
}

#[test]
fn a_server_may_put_its_things_in_order_before_it_ends() {
    let ends = |test: &Test| {
        let log = log(test);
        (log.matches("start").count(), log.matches("end").count())
    };
    let test = project("search", "");
    test.run().code(0);
    assert_eq!(ends(&test), (1, 1), "after a run");
    let eval = "cases:\n  - workflow: w\n    assert: [{contains: Acme}]\n  - workflow: w\n";
    let test = project("search", "").file("evals/e.yaml", eval);
    test.also(["eval"]).code(0);
    assert_eq!(ends(&test), (1, 1), "after an eval of two cases");
}

#[test]
fn what_goes_wrong_is_told_and_bounded() {
    let fault = |tool: &str| {
        let test = project(tool, "");
        let outcome = test.run().code(1).json();
        (step(&outcome, "look")["error"].clone(), log(&test))
    };
    let (error, log) = fault("broken");
    assert_eq!(error["kind"], "tool-error");
    assert!(error["message"].to_string().contains("no such customer"), "{error}");
    assert_eq!(log.matches("tools/call").count(), 1, "what the tool refuses is not asked again");
    let (error, _) = fault("serch");
    assert!(error["help"].to_string().contains("did you mean `search`"), "{error}");
    let (error, _) = fault("huge");
    assert_eq!(error["kind"], "connection", "{error}");
    let (error, log) = fault("hang");
    assert_eq!(error["kind"], "timeout", "{error}");
    assert_eq!(log.matches("start").count(), 2, "a server that hangs is started anew");
}

#[test]
fn a_server_that_speaks_something_else_is_told_by_what_it_prints() {
    // Only a server that hangs is waited for by a limit, which a slow machine keeps as well.
    let fault = |script: &str, limit: &str| {
        let test = project("search", "")
            .file("crm.sh", script)
            .change("workflows/w.yaml", "max_attempts: 2", "max_attempts: 1")
            .change("engine.yaml", "timeout: 3s", &format!("timeout: {limit}"));
        let ran = test.run().code(1);
        assert!(!ran.stdout.contains("sesame") && !ran.stdout.contains('\u{1b}'), "{}", ran.stdout);
        step(&ran.json(), "look")["error"].clone()
    };
    let error = fault(
        "printf 'Usage: \\033[31mcrm\\n'; echo \"key $CRM_TOKEN\"; echo no licence >&2; exit 3",
        "60s",
    );
    assert_eq!(
        error["message"],
        "tool `crm`: the server did not begin to speak MCP: it ended with exit code 3; it printed: Usage: [31mcrm / key [secret]; it said: no licence"
    );
    assert!(error["help"].to_string().contains("log to standard error"), "{error}");
    let error = fault("echo '{\"ready\": true}'; exec sleep 60", "10s");
    assert_eq!(error["kind"], "timeout");
    assert_eq!(
        error["message"],
        "tool `crm`: the server did not begin to speak MCP within 10s; it printed: {\"ready\": true}"
    );
    let error = fault("exit 7", "60s");
    assert!(error["message"].to_string().ends_with("it ended with exit code 7\""), "{error}");
    assert!(error["help"].to_string().contains("check `command`"), "{error}");
}

#[test]
fn a_server_that_dies_is_started_again() {
    let test = project("die", "");
    let outcome = test.run().code(0).json();
    assert_eq!(outcome["outputs"]["found"], "alive");
    assert_eq!(step(&outcome, "look")["attempts"], 2);
    assert_eq!(log(&test).matches("start").count(), 2);
    // What may have been done is not done twice.
    let write = project("die", "    effect: write\n").args([
        "run",
        "w",
        "--json",
        "--quiet",
        "--allow-write",
    ]);
    let outcome = write.run().code(1).json();
    let error = &step(&outcome, "look")["error"];
    assert!(error["message"].to_string().contains("it said: out of memory"), "{error}");
    assert_eq!(log(&write).matches("tools/call").count(), 1);
}

#[test]
fn what_changes_something_needs_consent() {
    let test = project("drop", "    effect: write\n");
    test.run().code(2).says("write-without-approval");
    let allowed = test.args(["run", "w", "--json", "--quiet", "--allow-write"]);
    allowed.run().code(0);
    assert!(log(&allowed).contains(r#""idempotencyKey":""#), "{}", log(&allowed));
    // What the server says of itself is heeded where the file says nothing.
    let outcome = project("drop", "").run().code(1).json();
    let error = &step(&outcome, "look")["error"];
    assert_eq!(error["kind"], "not-allowed", "{error}");
    assert!(error["help"].to_string().contains("effect: write"), "{error}");
    project("drop", "    effect: read\n").run().code(0);
}

#[test]
fn what_servers_offer_is_listed_and_held_against_the_files() {
    let test = project("search", "");
    test.also(["tools"]).code(0).prints("crm([name]) mcp");
    assert_eq!(log(&test), "", "nothing is started");
    test.also(["tools", "--online"])
        .code(0)
        .prints("called by `crm`")
        .prints("drop not declared, changes something");
    let listed = test.also(["tools", "--online", "--json"]).code(0).json();
    assert_eq!(listed["offers"].as_array().map(Vec::len), Some(12));
    test.also(["validate", "--online"]).code(0);
    let test = project("serch", "");
    test.also(["validate"]).code(0);
    test.also(["validate", "--online"]).code(2).says("did you mean `search`");
    project("drop", "")
        .also(["validate", "--online"])
        .code(2)
        .says("says that `drop` changes something");
    let typed = project("search", "").change("tools/crm.yaml", "type: string", "type: integer");
    typed
        .also(["validate", "--online"])
        .code(2)
        .says("wants string for `name`")
        .says("type-mismatch");
    let gone = project("search", "").file("crm.sh", "echo no licence >&2; exit 1\n");
    gone.also(["validate", "--online"]).code(2).says("source-unavailable").says("no licence");
    gone.also(["tools", "--online"]).code(1).says("server `crm`");
}

#[test]
fn servers_are_checked_before_any_is_started() {
    let test = project("search", "");
    test.also(["validate"]).code(0);
    assert_eq!(log(&test), "", "nothing is started");
    for (text, said) in [
        ("mcp:\n  crn: {command: [sh]}\n", "did you mean `crn`"),
        ("mcp:\n  crm: {command: [sh], url: https://x.example}\n", "a `command` and a `url`"),
        ("mcp:\n  crm: {}\n", "neither `command` nor `url`"),
        (
            "mcp:\n  crm: {command: [sh], token_env: X}\n",
            "means nothing for a server with a `command`",
        ),
        ("mcp:\n  crm: {command: [sh], env: {CRM_TOKEN: abc}}\n", "never stands in a file"),
    ] {
        let test = project("search", "").file("engine.yaml", text);
        test.also(["validate"]).code(2).says(said);
    }
}
