//! A disk that is full while a run is under way. A limit on the length of files stands for it.

use std::process::Command;

use super::support::server::{ModelServer, Reply};
use super::support::{Ran, Test};

const STEPS: usize = 20;

/// Agents one after another, each of which is answered at length.
fn chain() -> String {
    let step = |n: usize| {
        let before = n.checked_sub(1).map_or_else(String::new, |before| {
            format!("{{{{ steps.s{before}.output | length }}}}")
        });
        format!(
            "  - {{id: s{n}, agent: {{instructions: Work.}}, prompt: \"{n} after {before}\", figures: none}}\n"
        )
    };
    let steps: String = (0..STEPS).map(step).collect();
    format!(
        "name: chain\nsteps:\n{steps}outputs: {{last: \"{{{{ steps.s{}.output | length }}}}\"}}\n",
        STEPS - 1
    )
}

/// Runs a command none of whose files can grow beyond so many blocks of 512 bytes.
fn limited(command: &Command, blocks: usize) -> Ran {
    let mut shell = Command::new("sh");
    shell
        .args(["-c", &format!("ulimit -f {blocks}; trap '' XFSZ; exec \"$@\""), "sh"])
        .arg(command.get_program())
        .args(command.get_args())
        .env_clear()
        .envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    shell.current_dir(command.get_current_dir().expect("a folder"));
    shell.output().expect("a shell").into()
}

#[test]
fn a_run_goes_on_once_the_disk_has_room_again_and_pays_for_no_answer_twice() {
    let long = "words".repeat(600);
    let server = ModelServer::start(move |_, _| Reply::text(&long));
    let mut stopped_at = Vec::new();
    for blocks in [350, 400, 450] {
        let test = Test::new().file("w.yaml", &chain()).openai(&server);
        let test = test.args(["run", "w.yaml", "--json", "--quiet"]);
        let before = server.seen().len();
        limited(&test.command(), blocks)
            .code(1)
            .says("the journal failed")
            .says("see that the disk has room, then `engine resume RUN` goes on");
        let asked = server.seen().len() - before;
        stopped_at.push(asked);
        let runs = test.also(["runs", "--json"]).code(0).json();
        assert_eq!(runs[0]["status"], "interrupted");
        let run = runs[0]["run_id"].as_str().expect("an id");
        let outcome = test.also(["resume", run, "--json", "--quiet"]).code(0).json();
        assert_eq!(outcome["outputs"]["last"], 3000);
        assert_eq!(outcome["usage"]["model_calls"], STEPS, "each answer counts once");
        let asked = server.seen().len() - before;
        assert!(
            asked <= STEPS + 2,
            "asked {asked} times: only what the disk did not take is asked for again"
        );
    }
    assert!(
        stopped_at.iter().all(|asked| (2..STEPS).contains(asked)),
        "in the middle of the run: {stopped_at:?}"
    );
}
