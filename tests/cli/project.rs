//! Commands around a project: init, schema, plan, graph, completions.

use super::support::Test;
use super::support::server::{ModelServer, Reply};

#[test]
fn init_writes_a_project_that_validates_and_runs() {
    let test = Test::new().args(["init", "mine"]);
    test.run().code(0).says("roi_analysis");
    let test = test.args(["--project", "mine", "validate"]);
    test.run().code(0);
    let test = test.args([
        "--project",
        "mine",
        "run",
        "roi_analysis",
        "-p",
        "campaign_id=facebook_holiday_2025",
    ]);
    test.run().code(0).prints("Facebook Holiday 2025");
    // Named as a folder, the project is the same: what it holds besides is read by others.
    test.also(["validate", "mine"]).code(0);
    test.args(["init", "mine"]).run().code(2).says("already");
}

#[test]
fn init_writes_the_checks_that_the_docs_show() {
    let test = Test::new().args(["init", "mine"]);
    test.run().code(0);
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let docs = std::fs::read_to_string(root.join("docs/ci.md")).expect("docs/ci.md");
    for (file, keys, command) in [
        (".github/workflows/validate.yml", ["on", "jobs"], "engine validate"),
        (".github/workflows/eval.yml", ["on", "jobs"], "engine eval"),
        (".pre-commit-config.yaml", ["repos", "repos"], "engine validate"),
    ] {
        let written = std::fs::read_to_string(test.path().join("mine").join(file)).expect(file);
        assert!(
            docs.contains(&format!("```yaml\n{written}```")),
            "docs/ci.md shows another {file}"
        );
        let value: serde_json::Value = serde_saphyr::from_str(&written).expect(file);
        assert!(keys.iter().all(|key| value.get(key).is_some()), "{file}: {value:#}");
        assert!(value.to_string().contains(command), "{file} does not run `{command}`");
        // Actions are pinned by the hash of their commit.
        for line in written.lines().filter(|line| line.contains("uses:")) {
            let hash = line.split_once('@').expect("a version").1.split(' ').next();
            let hex = |hash: &str| hash.len() == 40 && hash.bytes().all(|b| b.is_ascii_hexdigit());
            assert!(hash.is_some_and(hex), "{file}: {line}");
        }
    }
}

#[test]
fn adding_an_agent_and_a_workflow_is_adding_two_files() {
    Test::demo()
        .file("agents/cto.yaml", "name: cto\nrole: Chief Technology Officer\ninstructions: Be brief.\n")
        .file(
            "workflows/tech.yaml",
            "name: tech\nsteps:\n  - {id: a, agent: cto, prompt: 'Well?', on_error: default, default: Fine.}\noutputs: {answer: '{{ steps.a.output }}'}\n",
        )
        .args(["run", "tech", "--offline"])
        .run()
        .code(0)
        .prints("Fine.");
}

#[test]
fn a_plan_tells_order_and_width_and_calls_nothing() {
    let test = Test::demo().args(["plan", "roi_analysis", "--json"]);
    let plan = test.run().code(0).json();
    assert_eq!(plan["workflow"], "roi_analysis");
    assert!(plan["width"].as_u64() >= Some(2), "{plan:#}");
    assert!(
        plan["critical_path"]
            .as_array()
            .is_some_and(|path| path.last().is_some_and(|id| id == "answer"))
    );
    assert!(!test.path().join(".engine").exists(), "a plan leaves no trace");
    for (params, says) in [
        (&["campain=nope"][..], "unknown param `campain`"),
        (&["campaign_id=nope"], "param `campaign_id`: there is no `nope`"),
        (
            &["campaign_id=facebook_holiday_2025", "campaign_id=nope"],
            "param `campaign_id` is given twice",
        ),
    ] {
        for command in ["plan", "run"] {
            let given = params.iter().flat_map(|param| ["-p", param]);
            test.also([command, "roi_analysis"].into_iter().chain(given)).code(2).says(says);
        }
    }
    test.args(["plan", "roi_analysis"]).run().code(0).prints("longest chain");
}

#[test]
fn a_graph_is_drawn_in_each_format() {
    let test = Test::demo();
    for (format, word) in
        [("mermaid", "flowchart LR"), ("dot", "digraph"), ("json", "\"edges\""), ("svg", "<svg")]
    {
        Test::demo().args(["graph", "roi_analysis", "--format", format]).run().code(0).prints(word);
    }
    let test = test.args([
        "run",
        "roi_analysis",
        "-p",
        "campaign_id=facebook_holiday_2025",
        "--offline",
        "--json",
    ]);
    let outcome = test.run().code(0).json();
    let id = outcome["run_id"].as_str().expect("an id").to_owned();
    for drawn in [&["graph", "roi_analysis", "--run", &id][..], &["graph", "--run", &id]] {
        test.also(drawn.iter().copied()).code(0).prints("ms");
    }
    let test = test.file("w.yaml", "name: w\nsteps: [{id: a, compute: {x: 1}}]\n");
    let other = test.also(["graph", "w.yaml", "--run", &id]).code(2);
    let other = other.says(&format!("run {id} is of workflow `roi_analysis`, not of `w`"));
    other.says(&format!("write `engine graph --run {id}`"));
    test.also(["graph"]).code(2).says("<WORKFLOW>");
}

#[test]
fn the_schemas_of_the_repository_are_those_of_the_code() {
    let test = Test::new().args(["schema", "--write"]);
    test.run().code(0);
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas");
    let mut names: Vec<_> = std::fs::read_dir(&folder)
        .expect("schemas/")
        .map(|e| e.expect("an entry").file_name())
        .collect();
    names.sort();
    assert!(names.len() >= 5, "{names:?}");
    for name in names {
        let kept = std::fs::read_to_string(folder.join(&name)).expect("a schema");
        let made = std::fs::read_to_string(test.path().join("schemas").join(&name))
            .expect("a schema of the code");
        assert!(
            kept == made,
            "{} is out of date: run `cargo run -- schema --write`",
            name.display()
        );
    }
}

#[test]
fn completions_are_printed_for_each_shell() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        Test::new().args(["completions", shell]).run().code(0).prints("validate");
    }
}

#[test]
fn help_tells_the_exit_codes() {
    Test::new().args(["--help"]).run().code(0).prints("130 interrupted");
    Test::new().args(["run", "--help"]).run().code(0).prints("--param");
    Test::new().args(["--version"]).run().code(0).prints(env!("CARGO_PKG_VERSION"));
}

#[test]
fn looking_back_where_nothing_happened_leaves_no_trace() {
    let test = Test::demo().args(["runs", "--json"]);
    assert_eq!(test.run().code(0).json(), serde_json::json!([]));
    assert!(!test.path().join(".engine").exists());
    test.args(["show", "0123"]).run().code(2).says("engine runs");
}

#[test]
fn variables_of_a_file_are_read_where_it_is_asked_for_and_stand_behind_the_environment() {
    let server = ModelServer::start(|_, _| Reply::text("good tea"));
    let test = Test::new()
        .file("w.yaml", "name: w\nsteps: [{id: a, agent: {instructions: x}, prompt: y}]\n")
        .file(
            ".env",
            &format!(
                "# of the team\nexport OPENAI_BASE_URL={}/v1\nOPENAI_API_KEY='sk-of the file'\n",
                server.url()
            ),
        )
        .file("faulty.env", "A=1\nsk-secret-without-a-name\n");
    let run = ["run", "w.yaml", "--json", "--quiet"];
    assert_eq!(
        test.also(run).code(1).json()["usage"]["model_calls"],
        0,
        "it is not read by itself"
    );
    let asked = ["run", "w.yaml", "--json", "--quiet", "--env-file", ".env"];
    assert_eq!(test.also(asked).code(0).json()["outputs"]["a"], "good tea");
    assert!(server.seen()[0].has_header("authorization: Bearer sk-of the file"));
    let test = test.env("OPENAI_API_KEY", "sk-of-the-process");
    test.also(asked).code(0);
    assert!(server.seen()[1].has_header("authorization: Bearer sk-of-the-process"));
    let faulty = test.also(["runs", "--env-file", "faulty.env"]).code(2);
    let faulty = faulty.says("faulty.env: what follows `A` is no variable");
    assert!(!faulty.stderr.contains("sk-secret"), "{}", faulty.stderr);
    test.also(["runs", "--env-file", "none.env"]).code(2).says("cannot read none.env");
}

const COUNT: &str =
    "name: NAME\nsteps:\n  - {id: a, compute: {b: 1}}\noutputs: {b: \"{{ steps.a.output.b }}\"}\n";

#[test]
fn files_are_found_in_the_folders_within_a_projects_folders() {
    let test = Test::demo()
        .file("workflows/finance/2026/count.yaml", &COUNT.replace("NAME", "count"))
        .file("workflows/UPPER.YAML", &COUNT.replace("NAME", "upper"))
        .file("workflows/.draft.yaml", "nmae: draft\n")
        .file("agents/board/chair.yaml", "name: chair\nrole: Chair\ninstructions: Answer.\n");
    test.also(["run", "count", "--json"]).code(0).prints("\"b\":1");
    test.also(["run", "upper", "--json"]).code(0).prints("\"b\":1");
    let checked = test.also(["validate", "--format", "json"]).code(0).json();
    assert_eq!(
        checked["diagnostics"][0]["file"], "agents/board/chair.yaml",
        "nobody asks the chair"
    );
    let test = test.file("workflows/finance/2026/count.yaml", "nmae: count\n");
    test.also(["validate"]).code(2).says("[workflows/finance/2026/count.yaml:1:1]");
    let test = test.file("agents/board/chair.yaml", "name: chair\nrole: Chair\ngaol: Lead.\n");
    test.also(["validate", "agents/board/chair.yaml"]).code(2).says("did you mean `goal`?");
}

#[test]
fn a_name_that_two_files_have_is_not_run_before_one_is_chosen() {
    let test = Test::demo()
        .file("workflows/one.yaml", &COUNT.replace("NAME", "count"))
        .file("workflows/more/two.yaml", &COUNT.replace("NAME", "count"));
    test.also(["run", "count"])
        .code(2)
        .says("two files are workflow `count`: workflows/more/two.yaml and workflows/one.yaml")
        .says("name the file that is meant");
    test.also(["run", "workflows/one.yaml", "--json"]).code(0).prints("\"b\":1");
    test.also(["run", "workflows/noe.yaml"])
        .code(2)
        .says("there is no file workflows/noe.yaml")
        .says("did you mean `workflows/one.yaml`?");
}

#[test]
fn pull_requests_are_told_of_files_from_the_repository_on() {
    let test = Test::new()
        .file(".git/HEAD", "ref: refs/heads/main\n")
        .file(
            "flows/engine.yaml",
            "models: {fast: {provider: openai, model: gpt-4o-mini}}\ndefaults: {model: fast}\n",
        )
        .file("flows/workflows/count.yaml", "nmae: count\n");
    let folder = test.path().join("flows");
    let check = |format: &str| {
        let mut command = test.command();
        command.current_dir(&folder).args(["validate", "--format", format]);
        crate::support::Ran::from(command.output().expect("the engine"))
    };
    check("github").code(2).prints("file=flows/workflows/count.yaml,line=1");
    check("sarif").code(2).prints("\"uri\":\"flows/workflows/count.yaml\"");
    check("text").code(2).says("[workflows/count.yaml:1:1]");
}
