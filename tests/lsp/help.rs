//! Help while writing: completion, hover, definitions.

use serde_json::Value;

use crate::client::Editor;

const FILE: &str = "workflows/new.yaml";

/// A workflow that has no faults.
const WORKFLOW: &str = r#"name: new
params:
  campaign_id: {type: string, description: The campaign to judge.}
  grüße: {type: string, default: "😀"}
steps:
  - id: metrics
    description: What the campaign cost and brought.
    tool: campaign_metrics
    with: {campaign_id: "{{ params.campaign_id }}"}
  - id: roi
    compute:
      spend: steps.metrics.output.spend_usd
      net: steps.metrics.output.revenue_usd - spend
  - id: views
    agent: cro
    prompt: "😀 ü {{ steps.roi.output.net | usd }}"
    output:
      schema: {type: object, properties: {assessment: {type: string}, risks: {type: array, items: {type: string}}}}
  - id: answer
    agent: analyst
    needs: [roi]
    prompt: |
      Ärger? {{ steps.views.output.assessment }}
    figures: cite
    on_error: default
    default: "😀 [[steps.roi.output.net | usd]]"
outputs:
  answer: "{{ steps.answer.output }}"
"#;

fn editor() -> Editor {
    let mut editor = Editor::demo();
    editor.open(FILE, WORKFLOW);
    editor
}

/// The labels offered where `¦` stands in place of a part of the workflow.
#[track_caller]
fn offered(editor: &mut Editor, part: &str, marked: &str) -> Vec<String> {
    assert!(WORKFLOW.contains(part), "{part}");
    let text = WORKFLOW.replacen(part, marked, 1);
    let list = editor.ask("textDocument/completion", FILE, &text);
    let list = list.as_array().expect("a list");
    list.iter().map(|item| item["label"].as_str().expect("a label").to_owned()).collect()
}

#[test]
fn what_may_be_written_is_offered_at_every_place() {
    let mut editor = editor();
    let tools = ["campaign_metrics", "list_campaigns"];
    for (part, marked, wanted, unwanted) in [
        // Texts, most of them broken by what is being typed.
        ("output.net | usd }}\"", "output.¦", &["net", "spend"][..], &["usd"][..]),
        (
            "steps.roi.output.net | usd }}\"",
            "steps.¦ }}\"",
            &["metrics", "roi", "answer"],
            &["views"],
        ),
        ("steps.roi.output.net | usd }}\"", "steps.roi.¦ }}\"", &["output", "status"], &["net"]),
        ("output.net | usd }}\"", "output.net | ¦", &["usd", "table", "default"], &["steps"]),
        (
            "{{ steps.views.output.assessment }}",
            "{{ steps.views.output.ass¦",
            &["assessment", "risks"],
            &[],
        ),
        (
            "{{ steps.views.output.assessment }}",
            "{{ steps.views.output.risks.¦ }}",
            &["0"],
            &["risks"],
        ),
        ("{{ params.campaign_id }}", "{{ params.¦", &["campaign_id", "grüße"], &[]),
        ("{{ params.campaign_id }}", "{{ ¦ }}", &["params", "steps"], &["net"]),
        (
            "steps.metrics.output.spend_usd",
            "steps.metrics.output.¦",
            &["spend_usd", "revenue_usd"],
            &[],
        ),
        ("revenue_usd - spend", "revenue_usd - ¦", &["spend", "steps"], &["net"]),
        ("net | usd]]", "net | ¦", &["usd", "month"], &["table"]),
        ("[[steps.roi.output.net", "[[steps.roi.output.¦", &["net", "spend"], &[]),
        // Names.
        ("agent: cro", "agent: ¦", &["cro", "cfo"], &["campaign_metrics"]),
        ("tool: campaign_metrics", "tool:¦", &tools, &["cro"]),
        ("tool: campaign_metrics", "tool: cam¦", &tools, &["cro"]),
        ("needs: [roi]", "needs: [roi, ¦]", &["metrics", "views"], &["roi", "answer"]),
        ("needs: [roi]", "needs:\n      - ¦", &["metrics", "roi"], &["answer"]),
        ("agent: cro\n", "agent: cro\n    model: ¦\n", &["auto", "openai"], &[]),
        ("agent: cro\n", "agent: {tools: [¦\n", &tools, &["cro"]),
        ("description: The campaign to judge.", "values: {tool: ¦", &tools, &[]),
        ("figures: cite", "figures: ¦", &["cite", "check", "none"], &[]),
        // Keys.
        ("{campaign_id: \"{{ params.campaign_id }}\"}", "\n      ¦", &["campaign_id"], &["prompt"]),
        ("{campaign_id: \"{{ params.campaign_id }}\"}", "{¦", &["campaign_id"], &[]),
        (
            "tool: campaign_metrics\n",
            "tool: campaign_metrics\n    ¦\n",
            &["when", "retry"],
            &["id", "prompt", "agent"],
        ),
        (
            "    figures: cite",
            "    fi¦",
            &["figures", "model", "retry"],
            &["prompt", "tool", "with"],
        ),
        ("type: string, desc", "¦, desc", &["type", "default", "enum"], &["description"]),
        ("outputs:\n", "¦\noutputs:\n", &["questions", "description"], &["outputs", "steps"]),
    ] {
        let labels = offered(&mut editor, part, marked);
        for name in wanted {
            assert!(labels.iter().any(|label| label == name), "{marked}: {name} in {labels:?}");
        }
        for name in unwanted {
            assert!(!labels.iter().any(|label| label == name), "{marked}: {name} in {labels:?}");
        }
    }
    // Where a space is missing, it is added.
    let text = WORKFLOW.replacen("agent: cro", "agent:¦", 1);
    let list = editor.ask("textDocument/completion", FILE, &text);
    assert_eq!(list[0]["textEdit"]["newText"], " analyst");
    assert_eq!(list[0]["textEdit"]["range"]["start"]["character"], 10);
    // Files of the other kinds.
    editor.open("agents/cro.yaml", "");
    let list =
        editor.ask("textDocument/completion", "agents/cro.yaml", "name: cro\ntools:\n  - ¦\n");
    assert!(list.to_string().contains("\"list_campaigns\""), "{list}");
}

#[track_caller]
fn told(editor: &mut Editor, part: &str, marked: &str) -> String {
    assert!(WORKFLOW.contains(part), "{part}");
    let hover = editor.ask("textDocument/hover", FILE, &WORKFLOW.replacen(part, marked, 1));
    hover["contents"]["value"].as_str().unwrap_or_else(|| panic!("{marked}: {hover}")).to_owned()
}

#[test]
fn words_are_explained() {
    let mut editor = editor();
    for (part, marked, wanted) in [
        ("steps.roi.output.net | usd }}", "steps.r¦oi.output.net | usd }}", "step, compute"),
        ("steps.roi.output.net | usd }}", "steps.roi.output.n¦et | usd }}", "a number (usd)"),
        (
            "steps.metrics.output.spend_usd",
            "steps.metr¦ics.output.spend_usd",
            "What the campaign cost",
        ),
        (
            "steps.metrics.output.spend_usd",
            "steps.metrics.out¦put.spend_usd",
            "\"spend_usd\": 1234.5",
        ),
        ("params.campaign_id", "params.campaign¦_id", "string, required\n\nThe campaign to judge."),
        ("grüße:", "grü¦ße:", "`😀` where absent"),
        ("| usd }}", "| u¦sd }}", "$1,235"),
        ("agent: cro", "agent: c¦ro", "agent `cro`: "),
        ("tool: campaign_metrics", "tool: campaign¦_metrics", "select"),
        ("with: {campaign_id", "with: {camp¦aign_id", "string, required"),
        ("needs: [roi]", "needs: [r¦oi]", "step, compute"),
        ("figures: cite", "fig¦ures: cite", "figures of the answer"),
        ("[[steps.roi.output", "[[steps.r¦oi.output", "step, compute"),
    ] {
        let text = told(&mut editor, part, marked);
        assert!(text.contains(wanted), "{marked}: {wanted} in {text}");
    }
    let nothing = editor.ask("textDocument/hover", FILE, &format!("# ¦\n{WORKFLOW}"));
    assert_eq!(nothing, Value::Null);
}

#[test]
fn names_lead_to_what_they_name() {
    let mut editor = editor();
    for (part, marked, file, line) in [
        ("steps.roi.output.net | usd }}", "steps.r¦oi.output.net | usd }}", FILE, "id: roi"),
        ("steps.roi.output.net | usd }}", "steps.roi.output.n¦et | usd }}", FILE, "net: steps"),
        ("views.output.assessment", "views.output.assess¦ment", FILE, "schema: {type: object"),
        ("needs: [roi]", "needs: [ro¦i]", FILE, "id: roi"),
        ("[[steps.roi", "[[steps.¦roi", FILE, "id: roi"),
        ("params.campaign_id", "params.campa¦ign_id", FILE, "campaign_id: {type"),
        ("revenue_usd - spend", "revenue_usd - sp¦end", FILE, "spend: steps"),
        ("agent: cro", "agent: cr¦o", "agents/cro.yaml", "name: cro"),
        (
            "tool: campaign_metrics",
            "tool: ¦campaign_metrics",
            "tools/marketing.yaml",
            "name: campaign_metrics",
        ),
        ("with: {campaign_id", "with: {campa¦ign_id", "tools/marketing.yaml", "campaign_id:"),
    ] {
        let text = WORKFLOW.replacen(part, marked, 1);
        let place = editor.ask("textDocument/definition", FILE, &text);
        assert_eq!(place["uri"], editor.uri(file).as_str(), "{marked}: {place}");
        let whole = if file == FILE { WORKFLOW.to_owned() } else { editor.text(file) };
        let number = place["range"]["start"]["line"].as_u64().expect("a line");
        let found = whole.lines().nth(usize::try_from(number).expect("a line")).expect("a line");
        assert!(found.contains(line), "{marked}: {line} in {found}");
    }
}

/// Steps that are done for each row, and one that runs another workflow.
const REPEATED: &str = r#"name: new
steps:
  - {id: campaigns, tool: list_campaigns}
  - id: metrics
    for_each: "{{ steps.campaigns.output }}"
    as: campaign
    tool: campaign_metrics
    with: {campaign_id: "{{ campaign.campaign_id }}"}
  - id: names
    for_each: "{{ steps.campaigns.output }}"
    compute: {name: item.campaign_name}
  - id: inner
    workflow: roi_analysis
    with: {campaign_id: email_always_on}
"#;

#[test]
fn items_and_inner_workflows_are_known_as_steps_are() {
    let mut editor = Editor::demo();
    editor.open(FILE, REPEATED);
    for (part, marked, wanted) in [
        ("{{ campaign.campaign_id }}", "{{ ¦ }}", "campaign"),
        ("{{ campaign.campaign_id }}", "{{ campaign.¦ }}", "campaign_name"),
        ("item.campaign_name", "¦", "item"),
        ("item.campaign_name", "item.¦", "channel"),
        ("{campaign_id: email_always_on}", "{¦}", "campaign_id"),
    ] {
        let text = REPEATED.replacen(part, marked, 1);
        let list = editor.ask("textDocument/completion", FILE, &text);
        let labels: Vec<&str> =
            list.as_array().expect("a list").iter().filter_map(|i| i["label"].as_str()).collect();
        assert!(labels.contains(&wanted), "{marked}: {wanted} in {labels:?}");
    }
    for (part, marked, wanted) in [
        ("campaign.campaign_id }}", "camp¦aign.campaign_id }}", "what the step is done for, a map"),
        ("campaign.campaign_id }}", "campaign.campai¦gn_id }}", "`campaign.campaign_id`: a text"),
        ("item.campaign_name", "item.campaign¦_name", "a text"),
        ("workflow: roi_analysis", "workflow: roi_a¦nalysis", "Was a campaign profitable"),
        ("with: {campaign_id: email", "with: {camp¦aign_id: email", "string, required"),
    ] {
        let hover = editor.ask("textDocument/hover", FILE, &REPEATED.replacen(part, marked, 1));
        let told = hover["contents"]["value"].as_str().unwrap_or_default();
        assert!(told.contains(wanted), "{marked}: {wanted} in {hover}");
    }
    for (part, marked, file, line) in [
        ("campaign.campaign_id }}", "cam¦paign.campaign_id }}", FILE, 5),
        ("item.campaign_name", "it¦em.campaign_name", FILE, 9),
        ("workflow: roi_analysis", "workflow: roi_a¦nalysis", "workflows/roi.yaml", 15),
    ] {
        let text = REPEATED.replacen(part, marked, 1);
        let place = editor.ask("textDocument/definition", FILE, &text);
        assert_eq!(place["uri"], editor.uri(file).as_str(), "{marked}: {place}");
        assert_eq!(place["range"]["start"]["line"], line, "{marked}: {place}");
    }
}

#[test]
fn no_half_written_file_is_too_odd() {
    let mut editor = Editor::demo();
    let text = editor.text("workflows/roi.yaml");
    editor.open(FILE, "");
    for (count, (end, _)) in text.char_indices().enumerate() {
        if count % 211 != 0 {
            continue;
        }
        let (before, behind) = text.split_at(end);
        let typed = format!("{before}¦");
        let cut = format!("{before}¦{}", behind.trim_start_matches(|c| c != '\n'));
        for marked in [typed, cut] {
            for method in ["completion", "hover", "definition"] {
                editor.ask(&format!("textDocument/{method}"), FILE, &marked);
            }
        }
    }
}
