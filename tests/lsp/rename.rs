//! Renaming steps, params, computed names and items.

use serde_json::{Value, json};

use crate::client::Editor;

const FILE: &str = "workflows/roi.yaml";

/// Every way in which a file can name a step or a param.
const WORKFLOW: &str = r#"name: styles
questions: ["Was {campaign_id} worth it, {campaign_id}?"]
params:
  campaign_id: {type: string, description: About params.campaign_id of metrics.}
steps:
  - id: "metrics"
    tool: campaign_metrics
    with: {campaign_id: "😀 \"{{ params.campaign_id }}\" {{ params . campaign_id }}"}
  - id: metrics_2
    compute:
      spend: steps.metrics.output.spend_usd + steps . metrics . output.spend_usd
      text: >-
        'steps.metrics' if steps.metrics.output.spend_usd
        else 'ü'
  - id: answer
    agent: {instructions: "Cite [[steps.metrics.output.spend_usd | usd]]."}
    needs: ['metrics', metrics_2]
    when: 'steps.metrics.output.spend_usd > 0'
    prompt: |
      The words steps.metrics are text. ü 😀 {{ steps.metrics_2.output.spend }}
      {% set m = steps.metrics.output %}{{ m.spend_usd }} {{ steps.metrics.output.spend_usd
        | usd }}
    figures: cite
    on_error: default
    default: 'It''s [[steps.metrics.output.spend_usd | usd]] for {{ params.campaign_id }}, {{ steps.metrics.output
      .spend_usd }}'
outputs:
  metrics: "{{ steps.metrics.output }}"
  list: ["{{ steps.answer.output | default(none) }}", {deep: "\u00fc {{ steps.metrics.output }}"}]
"#;

/// Renames what stands at `¦`, and gives the text that comes out.
#[track_caller]
fn renamed(editor: &mut Editor, marked: &str, new: &str) -> Result<String, String> {
    let text = marked.replacen('¦', "", 1);
    editor.change(FILE, &text);
    let position = Editor::position(marked);
    let params =
        json!({"textDocument": {"uri": editor.uri(FILE)}, "position": position, "newName": new});
    let prepared = editor.request("textDocument/prepareRename", &params);
    let answer = editor.request("textDocument/rename", &params);
    if let Some(error) = answer.get("error") {
        return Err(error["message"].as_str().expect("a message").to_owned());
    }
    assert!(prepared["result"]["placeholder"].is_string(), "{prepared}");
    let edits = answer["result"]["changes"][editor.uri(FILE)].as_array().expect("edits").clone();
    Ok(apply(&text, &edits))
}

fn apply(text: &str, edits: &[Value]) -> String {
    let mut lines: Vec<Vec<u16>> =
        text.split('\n').map(|line| line.encode_utf16().collect()).collect();
    for edit in edits.iter().rev() {
        let at = |end: &str, part: &str| {
            usize::try_from(edit["range"][end][part].as_u64().expect("a number")).expect("it fits")
        };
        assert_eq!(at("start", "line"), at("end", "line"));
        let new: Vec<u16> = edit["newText"].as_str().expect("a text").encode_utf16().collect();
        lines[at("start", "line")].splice(at("start", "character")..at("end", "character"), new);
    }
    let lines: Vec<String> =
        lines.iter().map(|line| String::from_utf16(line).expect("a text")).collect();
    lines.join("\n")
}

#[test]
fn a_step_is_renamed_wherever_it_is_named() {
    let mut editor = Editor::demo();
    editor.open(FILE, WORKFLOW);
    assert_eq!(editor.faults(FILE), [] as [Value; 0]);
    let marked = WORKFLOW.replacen("['metrics'", "['met¦rics'", 1);
    let text = renamed(&mut editor, &marked, "campaign").expect("a rename");
    editor.change(FILE, &text);
    assert_eq!(editor.faults(FILE), [] as [Value; 0], "{text}");
    let left: Vec<&str> = text.lines().filter(|line| line.contains("metrics")).collect();
    assert_eq!(left.len(), 7, "{left:#?}");
    assert!(text.contains("'steps.metrics' if steps.campaign.output"), "{text}");
    assert!(
        text.contains("The words steps.metrics are text. ü 😀 {{ steps.metrics_2.output"),
        "{text}"
    );
    assert!(text.contains("[[steps.campaign.output.spend_usd | usd]] for"), "{text}");
}

#[test]
fn a_param_is_renamed_wherever_it_is_named() {
    let mut editor = Editor::demo();
    editor.open(FILE, WORKFLOW);
    let marked = WORKFLOW.replacen("{{ params . camp", "{{ params.camp¦", 1);
    let text = renamed(&mut editor, &marked, "which").expect("a rename");
    editor.change(FILE, &text);
    assert_eq!(editor.faults(FILE), [] as [Value; 0], "{text}");
    assert!(text.contains("Was {which} worth it, {which}?"), "{text}");
    assert!(text.contains("About params.campaign_id of"), "{text}");
    assert!(text.contains("with: {campaign_id: "), "{text}");
}

#[test]
fn every_step_of_the_demo_can_be_renamed() {
    let mut editor = Editor::demo();
    let text = editor.text(FILE);
    editor.open(FILE, &text);
    for id in ["metrics", "margin", "campaign", "finance", "roi", "answer"] {
        let marked = text.replacen(&format!("- id: {id}"), &format!("- id: {id}¦"), 1);
        let renamed = renamed(&mut editor, &marked, "renamed_step").expect("a rename");
        editor.change(FILE, &renamed);
        assert_eq!(editor.faults(FILE), [] as [Value; 0], "{id}:\n{renamed}");
        let code = renamed.lines().filter(|line| !line.starts_with('#'));
        assert!(!code.collect::<String>().contains(&format!("steps.{id}.")), "{id}");
    }
}

#[test]
fn what_cannot_be_renamed_is_refused() {
    let mut editor = Editor::demo();
    editor.open(FILE, WORKFLOW);
    for (part, marked, new, wanted) in [
        ("['metrics'", "['met¦rics'", "answer", "there is a step `answer` already"),
        ("['metrics'", "['met¦rics'", "2nd", "`2nd` cannot be the name of a step"),
        ("['metrics'", "['met¦rics'", "ümläut", "cannot be the name of a step"),
        ("['metrics'", "['met¦rics'", "", "cannot be the name of a step"),
        ("agent: {instructions", "agent: {inst¦ructions", "x", "only steps, params, computed"),
        (
            "      spend: steps",
            "      sp¦end: steps",
            "text",
            "there is a computed name `text` already",
        ),
        (
            "      spend: steps",
            "      sp¦end: steps",
            "params",
            "`params` has a meaning of its own",
        ),
        ("['metrics'", "['met¦rics', [", "x", "the file has faults"),
    ] {
        let refused = renamed(&mut editor, &WORKFLOW.replacen(part, marked, 1), new);
        let message = refused.expect_err("a refusal");
        assert!(message.contains(wanted), "{message}");
    }
}

/// Computed names and items, in every style that can name them.
const REPEATED: &str = r#"name: styles
steps:
  - {id: campaigns, tool: list_campaigns}
  - id: metrics
    for_each: "{{ steps.campaigns.output }}"
    as: campaign
    when: campaign.campaign_id != 'campaign'
    tool: campaign_metrics
    with: {campaign_id: "campaign {{ campaign.campaign_id }}"}
  - {id: names, for_each: "{{ steps.campaigns.output }}", compute: {item_name: item.campaign_name}}
  - id: sums
    for_each: ["a", "b"]
    agent: {instructions: "Cite [[steps.total.output.spend | usd]]."}
    prompt: "item {{ item }} {% for metric in steps.metrics.output %}{{ metric.spend_usd }}{% endfor %}"
  - id: total
    compute:
      spend: steps.metrics.output | sum(attribute='spend_usd')
      text: >-
        'spend' if spend
        else 'steps.total.output.spend'
      per_campaign: spend / (steps.metrics.output | length)
    on_error: default
    default: {spend: 0, text: spend, per_campaign: null}
outputs:
  names: "{{ steps.names.output }}"
  spend: "{{ steps.total.output.spend | default(0) }} {{ steps.total.output.text | default('') }}"
  per_campaign: "{{ steps.total.output.per_campaign | default(none) }} {{ steps.sums.output }}"
"#;

#[test]
fn computed_names_and_items_are_renamed_wherever_they_are_named() {
    let mut editor = Editor::demo();
    editor.open(FILE, REPEATED);
    assert_eq!(editor.faults(FILE), [] as [Value; 0]);
    for (part, marked, new, changed) in [
        (
            "      spend: steps",
            "      sp¦end: steps",
            "cost",
            &[
                "      cost: steps.metrics",
                "'spend' if cost\n        else 'steps.total.output.spend'",
                "per_campaign: cost / ",
                "default: {cost: 0, text: spend,",
                "[[steps.total.output.cost | usd]]",
                "  spend: \"{{ steps.total.output.cost |",
            ][..],
        ),
        (
            "output.spend | default(0)",
            "output.sp¦end | default(0)",
            "cost",
            &["      cost: steps.metrics"],
        ),
        (
            "as: campaign",
            "as: camp¦aign",
            "row",
            &[
                "    as: row\n",
                "when: row.campaign_id != 'campaign'",
                "campaign {{ row.campaign_id }}",
            ],
        ),
        (
            "{ campaign.campaign_id",
            "{ ca¦mpaign.campaign_id",
            "row",
            &["    as: row\n", "when: row.campaign_id"],
        ),
        // An item that has no name yet is given one.
        (
            "item_name: item.",
            "item_name: it¦em.",
            "row",
            &["{id: names, as: row, for_each: ", "{item_name: row.campaign_name}"],
        ),
        (
            "{{ item }}",
            "{{ it¦em }}",
            "letter",
            &["    as: letter\n    for_each: [\"a\"", "\"item {{ letter }} {% for"],
        ),
    ] {
        let text = renamed(&mut editor, &REPEATED.replacen(part, marked, 1), new).expect(marked);
        editor.change(FILE, &text);
        assert_eq!(editor.faults(FILE), [] as [Value; 0], "{text}");
        for wanted in changed {
            assert!(text.contains(wanted), "{marked}: {wanted} in {text}");
        }
    }
    // A text that gives the name a meaning of its own, and one that reads it where no path tells.
    for (part, other) in [
        ("{{ item }}", "{% set item = item ~ '!' %}{{ it¦em }}"),
        ("{{ item }}", "{{ it¦em }}{% for letter in 'ab' %}{{ letter }}{% endfor %}"),
    ] {
        let text = REPEATED.replacen(part, other, 1);
        let message = renamed(&mut editor, &text, "letter").expect_err("a refusal");
        assert!(message.contains("renamed") || message.contains("only steps"), "{message}");
    }
}
