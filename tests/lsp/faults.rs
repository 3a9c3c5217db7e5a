//! Faults as you type.

use serde_json::{Value, json};

use crate::client::Editor;

const ROI: &str = "workflows/roi.yaml";

fn codes(faults: &[Value]) -> Vec<&str> {
    faults.iter().map(|fault| fault["code"].as_str().expect("a code")).collect()
}

#[test]
fn a_buffer_is_broken_and_mended() {
    let mut editor = Editor::demo();
    let good = editor.text(ROI);
    editor.open(ROI, &good);
    assert_eq!(editor.faults(ROI), [] as [Value; 0]);

    editor.change(ROI, &good.replacen("tool: campaign_metrics", "tool: campain_metrics", 1));
    let faults = editor.faults(ROI);
    assert_eq!(codes(&faults), ["unknown-tool"]);
    assert_eq!(faults[0]["severity"], 1);
    assert_eq!(faults[0]["source"], "engine");
    let message = faults[0]["message"].as_str().expect("a message");
    assert!(message.contains("help: did you mean `campaign_metrics`?"), "{message}");

    // One line is typed, in two changes at once.
    let line = good.lines().position(|line| line.ends_with("tool: campaign_metrics"));
    let at = |character: usize| json!({"line": line, "character": character});
    editor.change_by(
        ROI,
        &json!([
            {"text": "xx", "range": {"start": at(10), "end": at(10)}},
            {"text": "", "range": {"start": at(10), "end": at(12)}},
            {"text": "g", "range": {"start": at(16), "end": at(16)}},
        ]),
    );
    assert_eq!(editor.faults(ROI), [] as [Value; 0]);

    editor.change(ROI, "steps: [");
    assert_eq!(codes(&editor.faults(ROI)), ["yaml-syntax"]);
    editor.close(ROI);
    assert_eq!(editor.faults(ROI), [] as [Value; 0]);
}

#[test]
fn an_eval_is_held_against_its_project() {
    const EVAL: &str = "evals/mine.yaml";
    let mut editor = Editor::demo();
    let good = "cases:\n  - workflow: roi_analysis\n    params: {campaign_id: email_always_on}\n    assert:\n      - agents: [cfo]\n";
    editor.open(EVAL, good);
    assert_eq!(editor.faults(EVAL), [] as [Value; 0]);
    editor.change(EVAL, &good.replace("roi_analysis", "roi_analisis").replace("[cfo]", "[cfoo]"));
    assert_eq!(codes(&editor.faults(EVAL)), ["unknown-workflow", "unknown-agent"]);
    editor.change(EVAL, &good.replace("agents:", "agent:"));
    assert_eq!(codes(&editor.faults(EVAL)), ["unknown-key"]);
}

#[test]
fn an_unsaved_agent_or_tool_counts_in_open_workflows() {
    let mut editor = Editor::demo();
    let (workflow, agent) = (editor.text(ROI), editor.text("agents/cro.yaml"));
    editor.open(ROI, &workflow);
    assert_eq!(editor.faults(ROI), [] as [Value; 0]);
    editor.open("agents/cro.yaml", &agent.replacen("name: cro", "name: chief", 1));
    let version =
        editor.wait(|m| m["params"]["uri"].as_str().is_some_and(|u| u.ends_with("roi.yaml")));
    assert_eq!(version["params"]["diagnostics"][0]["code"], "unknown-agent");
    // A second agent of the name is told with the place of the first.
    editor.open("agents/zz.yaml", "name: cfo\nrole: Another one\n");
    let faults = editor.faults("agents/zz.yaml");
    assert_eq!(faults[0]["code"], "duplicate-agent");
    let related = &faults[0]["relatedInformation"][0];
    assert_eq!(related["location"]["uri"], editor.uri("agents/cfo.yaml").as_str());
    assert_eq!(related["message"], "first here");
}

#[test]
fn columns_count_what_was_agreed_on() {
    let text = "name: w\nparams:\n  size: {type: string, default: 'x'}\nsteps:\n  - id: a\n    agent: {instructions: Ja.}\n    prompt: \"Ä 😀😀 {{ params.size }} {{ params.nope }}\"\n";
    for (encoding, start) in [("utf-16", 41), ("utf-8", 46)] {
        let mut editor = Editor::ungreeted(&[]);
        editor.greet(&json!({"general": {"positionEncodings": [encoding]}}));
        editor.open("w.yaml", text);
        let faults = editor.faults("w.yaml");
        assert_eq!(codes(&faults), ["unknown-param"]);
        let line = json!({"line": 6, "character": start});
        let end = json!({"line": 6, "character": start + 11});
        assert_eq!(faults[0]["range"], json!({"start": line, "end": end}), "{encoding}");
    }
}

#[test]
fn a_name_that_another_workflow_has_is_told_while_it_is_typed() {
    const NEW: &str = "workflows/zoo.yaml";
    let mut editor = Editor::demo();
    let own = "name: zoo\nsteps: [{id: a, tool: cash_position}]\noutputs: {a: '{{ steps.a.output | tojson }}'}\n";
    let twin = own.replace("zoo", "roi_analysis");
    editor.open(NEW, own);
    assert_eq!(editor.faults(NEW), [] as [Value; 0]);
    editor.change(NEW, &twin);
    let faults = editor.faults(NEW);
    assert_eq!(codes(&faults), ["duplicate-workflow"]);
    let related = &faults[0]["relatedInformation"][0]["location"]["uri"];
    assert_eq!(*related, editor.uri(ROI), "it leads to the other one");
    // The other one is given another name, and nothing is saved.
    let roi = editor.text(ROI);
    editor.open(ROI, &roi.replacen("name: roi_analysis", "name: roi_other", 1));
    editor.change(NEW, &twin);
    assert_eq!(editor.faults(NEW), [] as [Value; 0]);
    editor.close(ROI);
    editor.change(NEW, &twin);
    assert_eq!(codes(&editor.faults(NEW)), ["duplicate-workflow"]);
}

#[test]
fn an_editor_is_answered_while_a_large_source_is_loaded() {
    const TOOLS: &str = "tools/finance.yaml";
    let mut editor = Editor::demo();
    // Somebody else loads the source, for as long as this test wants.
    let folder = editor.path(".engine/sources");
    std::fs::create_dir_all(&folder).expect("a folder");
    let lock = std::fs::File::create(folder.join("company.lock")).expect("a file");
    lock.lock().expect("a lock");
    let row = format!("1,{}\n", "x".repeat(1000));
    std::fs::write(editor.path("data/large.csv"), format!("id,note\n{}", row.repeat(17 << 10)))
        .expect("a file");

    let wrong = editor.text(TOOLS).replacen("min(month)", "min(moonth)", 1);
    editor.open(TOOLS, &wrong);
    let marked = editor.text(ROI).replacen("tool: campaign_metrics", "tool: ¦campaign_metrics", 1);
    editor.open(ROI, &marked.replacen('¦', "", 1));
    let hover = editor.ask("textDocument/hover", ROI, &marked);
    assert!(hover.to_string().contains("campaign"), "{hover}");
    editor.change(TOOLS, &wrong.replacen("tools:", "toolz:", 1));
    assert_eq!(codes(&editor.faults(TOOLS))[0], "unknown-key", "what the file alone tells is told");
    editor.change(TOOLS, &wrong);
    assert_eq!(editor.faults(TOOLS), [] as [Value; 0], "of queries nothing is known yet");

    // What is left to be loaded takes no time.
    std::fs::write(editor.path("data/large.csv"), "id,note\n1,x\n").expect("a file");
    drop(lock);
    assert_eq!(codes(&editor.faults(TOOLS)), ["unknown-column"]);
}
