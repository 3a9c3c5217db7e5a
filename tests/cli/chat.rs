//! Conversations: each line a question of one session.

use serde_json::{Value, json};

use super::support::Test;

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).expect("one object a line")).collect()
}

#[test]
fn each_line_is_a_question_of_one_session() {
    let test = Test::demo();
    let said = "Was Facebook Holiday 2025 profitable?\n\nWhat about Instagram?\nAnd in 2024?\n";
    let ran = test.also_given(["chat", "-s", "review", "--json", "--quiet"], said).code(0);
    let answers = lines(&ran.stdout);
    let campaigns: Vec<&Value> =
        answers.iter().map(|answer| &answer["route"]["params"]["campaign_id"]).collect();
    assert_eq!(
        campaigns,
        ["facebook_holiday_2025", "instagram_holiday_2025", "instagram_holiday_2024"]
    );
    let turns = test.also(["sessions", "show", "review", "--json"]).code(0).json();
    assert_eq!(turns.as_array().map(Vec::len), Some(3));
    // Another conversation goes on with it.
    let ran = test.also_given(["chat", "-s", "review", "--json", "--quiet"], "and TikTok?\n");
    assert_eq!(
        lines(&ran.code(0).stdout)[0]["route"]["params"],
        json!({"campaign_id": "tiktok_holiday_2024"})
    );
}

#[test]
fn what_cannot_be_answered_does_not_end_the_conversation() {
    let test = Test::demo();
    let said = "What is the weather in Paris?\n/what\n/plan Which channel should we invest in?\n/help\n\
                Which channel should we invest in?\n/exit\nNever asked?\n";
    let ran = test.also_given(["chat", "--offline"], said).code(6);
    let ran =
        ran.says("nobody here can answer").says("there is no /what").says("Ctrl-C stops an answer");
    assert!(!ran.stderr.contains("Never asked"), "{}", ran.stderr);
    let sessions = test.also(["sessions", "--json"]).code(0).json();
    let name = sessions[0].as_str().expect("a name");
    assert!(name.starts_with("chat-20"), "{name}");
    let turns = test.also(["sessions", "show", name, "--json"]).code(0).json();
    assert_eq!(turns.as_array().map(Vec::len), Some(2), "the plan and the answer: {turns}");
}
