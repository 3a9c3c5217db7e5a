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
fn what_is_asked_back_is_answered_by_the_next_line() {
    let test = Test::demo();
    let said = "Can we afford 250 grand?\nmarketing\nAnd half of it?\nand 20% more\nAnd last quarter?\nexit\nNever asked?\n";
    let ran = test.also_given(["chat", "-s", "s", "--offline", "--json", "--quiet"], said).code(2);
    let ran = ran.says("does not say `category`").says("which takes no period");
    assert!(!ran.stderr.contains("Never asked"), "{}", ran.stderr);
    let answers = lines(&ran.stdout);
    let params: Vec<&Value> = answers.iter().map(|answer| &answer["route"]["params"]).collect();
    let spend = |spend: u32| json!({"spend": spend, "category": "marketing"});
    assert_eq!(
        json!(params),
        json!([{"spend": 250_000}, spend(250_000), spend(125_000), spend(150_000), {}])
    );
    assert_eq!(answers[1]["outputs"]["decision"], "conditional", "{}", answers[1]);
    assert_eq!(answers[4]["route"]["kind"], "clarify");

    // What is asked of something that is still to be named.
    let said = "Was the campaign profitable?\nfb holiday\nFacebook Holiday 25\n";
    let ran = test.also_given(["chat", "-s", "t", "--offline", "--json", "--quiet"], said).code(2);
    let ran =
        ran.says("several are like it; one of: facebook_holiday_2024, facebook_holiday_2025)");
    let last = &lines(&ran.stdout)[2];
    assert_eq!(last["route"]["params"], json!({"campaign_id": "facebook_holiday_2025"}), "{last}");
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

#[cfg(unix)]
#[test]
fn what_was_asked_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let test = Test::demo();
    // Whatever the shell lets others do.
    let openly = |arguments: &[&str]| {
        let engine = test.command();
        let ran = std::process::Command::new("/bin/sh")
            .args(["-c", "umask 0; exec \"$@\"", "sh"])
            .arg(engine.get_program())
            .args(arguments)
            .current_dir(test.path())
            .output()
            .expect("a shell");
        super::support::Ran::from(ran).code(0);
    };
    openly(&["ask", "What is our operating margin?", "--session", "review", "--offline"]);
    openly(&["run", "budget_check", "-p", "spend=1", "-p", "category=sales", "--offline"]);
    let mode =
        |path: &std::path::Path| path.metadata().expect("a file").permissions().mode() & 0o777;
    assert_eq!(mode(&test.path().join(".engine")), 0o700);
    let (mut folders, mut kept) = (vec![test.path().join(".engine")], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
            match entry.file_type().expect("a kind").is_dir() {
                true => {
                    assert_eq!(mode(&entry.path()), 0o700, "{}", entry.path().display());
                    folders.push(entry.path());
                }
                false if entry.file_name() == ".gitignore" => {}
                false => kept.push(entry.path()),
            }
        }
    }
    let named = |part: &str| kept.iter().any(|path| path.to_string_lossy().contains(part));
    assert!(named("journal.db") && named("review"), "the journal and the conversation: {kept:?}");
    for path in &kept {
        assert_eq!(mode(path), 0o600, "{}", path.display());
    }
}
