//! The command line as clap reads it.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueHint};

use super::evaluating::Eval;
use crate::report::{CostsBy, DiagnosticFormat, GraphFormat};
use crate::value::HumanDuration;

const EXIT_CODES: &str = "Exit codes: 0 success, 1 the run failed, 2 bad usage, bad file or bad param, \
3 partial or waiting for an approval, 4 budget exceeded, 5 --strict and a figure could not be traced, \
6 the question is outside what the agents cover, 130 interrupted";

/// Answers business questions with several specialist agents, from YAML files that anyone can edit.
#[derive(Debug, Parser)]
#[command(name = "engine", version, after_help = EXIT_CODES, max_term_width = 100)]
pub(super) struct Arguments {
    #[command(flatten)]
    pub(super) global: Global,
    #[command(subcommand)]
    pub(super) command: Command,
}

/// Options of every command.
#[derive(Clone, Debug, Args)]
pub(super) struct Global {
    /// The project's folder; found by walking up to engine.yaml where absent
    #[arg(long, global = true, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(super) project: Option<PathBuf>,
    /// The journal's file; .engine/journal.db in the project where absent
    #[arg(long, global = true, value_name = "PATH", value_hint = ValueHint::FilePath)]
    pub(super) journal: Option<PathBuf>,
    /// A file of NAME=value lines, read as if they were in the environment, which goes before them
    #[arg(long, global = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) env_file: Option<PathBuf>,
    /// Whether the command has a `--quiet`, and it is set
    #[arg(skip)]
    pub(super) quiet: bool,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Run a workflow
    Run(Run),
    /// Answer a question: find the workflow or the agents for it, or make a plan, and run it
    Ask(Ask),
    /// Ask questions one after the other, as a conversation
    Chat(Chat),
    /// Check files before anything is run
    Validate(Validate),
    /// Run cases with expected answers, and tell which hold
    Eval(Box<Eval>),
    /// Explain a rule that `validate` checks
    Explain(Explain),
    /// Show what would run, in which order; calls nothing
    Plan(Plan),
    /// Draw a workflow's graph
    Graph(Graph),
    /// List what agents and steps can call
    Tools(Tools),
    /// List the runs of the journal, newest first, or delete old ones
    Runs(Runs),
    /// Show a run: its steps, when they ran, its answer and what it took
    Show(Show),
    /// Go on with a run that was interrupted; nothing that was paid for is paid for again
    Resume(Resume),
    /// Run again what a changed param touches, and compare
    Rerun(Rerun),
    /// Answer an approval that a run waits for, and go on
    Approve(Approve),
    /// End a run
    Cancel(Cancel),
    /// Show what was spent on models, on what
    Costs(Costs),
    /// List, show or forget conversations
    Sessions(Sessions),
    /// Bring data to where tools read it
    #[command(subcommand)]
    Data(Data),
    /// Print the JSON Schemas of the files
    Schema(Schema),
    /// Write a complete example project
    Init(Init),
    /// Serve an editor: faults, completion and more as you type
    Lsp,
    /// Print a completion script for a shell
    Completions(Completions),
}

impl Command {
    /// Whether nothing but the result is to be shown.
    pub(super) fn is_quiet(&self) -> bool {
        match self {
            Self::Run(Run { ending, .. })
            | Self::Ask(Ask { ending, .. })
            | Self::Chat(Chat { ending, .. })
            | Self::Resume(Resume { ending, .. })
            | Self::Rerun(Rerun { ending, .. })
            | Self::Approve(Approve { ending, .. }) => ending.quiet,
            Self::Eval(eval) => eval.quiet,
            _ => false,
        }
    }
}

/// Values for params, as commands take them.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct Params {
    /// A param's value; of each param one
    #[arg(short = 'p', long = "param", value_name = "NAME=VALUE")]
    pub(super) params: Vec<String>,
    /// A YAML or JSON file of params; `--param` wins over it
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) params_file: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(super) struct Run {
    /// A workflow's file or name
    #[arg(value_hint = ValueHint::FilePath)]
    pub(super) workflow: String,
    #[command(flatten)]
    pub(super) params: Params,
    /// Steps that run at the same time; engine.yaml's limit or 16 where absent
    #[arg(long, value_name = "N")]
    pub(super) max_parallel: Option<NonZeroUsize>,
    /// Ask no model: agents take their defaults
    #[arg(long)]
    pub(super) offline: bool,
    /// The most that the run may spend on models; with --batch, each of its runs
    #[arg(long, value_name = "USD", value_parser = positive)]
    pub(super) max_cost_usd: Option<f64>,
    #[command(flatten)]
    pub(super) writing: Writing,
    #[command(flatten)]
    pub(super) batch: Batch,
    #[command(flatten)]
    pub(super) ending: Ending,
    #[command(flatten)]
    pub(super) taping: Taping,
}

#[derive(Clone, Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(super) struct Ask {
    /// The question, in your own words
    pub(super) question: String,
    /// The conversation that it belongs to, new or not; it may then refer to the question before
    #[arg(long, short, value_name = "NAME")]
    pub(super) session: Option<String>,
    /// Show what would run, and run nothing
    #[arg(long)]
    pub(super) plan_only: bool,
    /// Keep a plan made for this question as a workflow, a file with the ending .yaml; in workflows/ of the project it is found again
    #[arg(long, value_name = "PATH", value_hint = ValueHint::FilePath)]
    pub(super) save: Option<PathBuf>,
    /// Tell why the question goes where it goes
    #[arg(long)]
    pub(super) explain: bool,
    /// Ask no model: show what the agents look at
    #[arg(long)]
    pub(super) offline: bool,
    /// The most that the answer may cost in models
    #[arg(long, value_name = "USD", value_parser = positive)]
    pub(super) max_cost_usd: Option<f64>,
    #[command(flatten)]
    pub(super) ending: Ending,
    #[command(flatten)]
    pub(super) taping: Taping,
}

#[derive(Debug, Args)]
pub(super) struct Chat {
    /// The conversation to go on with, or the name of a new one
    #[arg(long, short, value_name = "NAME")]
    pub(super) session: Option<String>,
    /// Tell why each question goes where it goes
    #[arg(long)]
    pub(super) explain: bool,
    /// Ask no model: show what the agents look at
    #[arg(long)]
    pub(super) offline: bool,
    /// The most that each answer may cost in models
    #[arg(long, value_name = "USD", value_parser = positive)]
    pub(super) max_cost_usd: Option<f64>,
    #[command(flatten)]
    pub(super) ending: Ending,
    #[command(flatten)]
    pub(super) taping: Taping,
}

/// Exchanges with models, kept in files or taken from them.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct Taping {
    /// Keep what models are asked and answer, a file each, in this folder
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, conflicts_with_all = ["replay", "offline"])]
    pub(super) record: Option<PathBuf>,
    /// Take the answers of models from this folder: nobody is asked, and no key is needed
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, conflicts_with = "offline")]
    pub(super) replay: Option<PathBuf>,
}

/// Whether tools may change things.
#[derive(Clone, Copy, Debug, Default, Args)]
pub(super) struct Writing {
    /// Let tools with `effect: write` run where no approval stands before them
    #[arg(long)]
    pub(super) allow_write: bool,
}

/// How a run is shown, and what it ends with.
#[derive(Clone, Copy, Debug, Default, Args)]
pub(super) struct Ending {
    /// Print the outcome as one JSON object
    #[arg(long)]
    pub(super) json: bool,
    /// Show no progress and no summary; what went wrong is told all the same
    #[arg(long, short)]
    pub(super) quiet: bool,
    /// Exit with 5 where a figure could not be traced
    #[arg(long)]
    pub(super) strict: bool,
    /// Tell where every figure comes from: value, step, formula, tool and query
    #[arg(long)]
    pub(super) figures: bool,
}

/// One run for each row of a file.
#[derive(Clone, Debug, Args)]
pub(super) struct Batch {
    /// Run once for each row of a .jsonl or .csv file, whose columns are params that the command does
    /// not give; prints an outcome a line
    #[arg(long = "batch", value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) rows: Option<PathBuf>,
    /// With --batch: runs at the same time
    #[arg(long, value_name = "N", requires = "rows", default_value = "8")]
    pub(super) concurrency: NonZeroUsize,
    /// With --batch: the most that its runs may spend on models together, as far as this command runs them
    #[arg(long, value_name = "USD", requires = "rows", value_parser = positive)]
    pub(super) max_batch_cost_usd: Option<f64>,
    /// With --batch: run only the rows that an earlier batch of the same file left; the outcomes of the others are printed
    /// again, so that the output is whole
    #[arg(long = "continue", requires = "rows")]
    pub(super) goes_on: bool,
    /// With --continue: print no row that is not run anew, for output that is added to a file
    #[arg(long, requires = "goes_on")]
    pub(super) only_new: bool,
}

#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(super) struct Resume {
    /// A run's id, or the beginning of it
    pub(super) run: String,
    #[command(flatten)]
    pub(super) ending: Ending,
}

#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(super) struct Rerun {
    /// A run's id, or the beginning of it
    pub(super) run: String,
    /// A param's new value; the others stay as they were
    #[arg(short = 'p', long = "param", value_name = "NAME=VALUE")]
    pub(super) params: Vec<String>,
    /// Do this step again, and all that depend on it, whatever they are made of
    #[arg(long, value_name = "STEP")]
    pub(super) from: Option<String>,
    /// The most that the new run may spend on models, whatever bounded the other
    #[arg(long, value_name = "USD", value_parser = positive)]
    pub(super) max_cost_usd: Option<f64>,
    #[command(flatten)]
    pub(super) writing: Writing,
    #[command(flatten)]
    pub(super) ending: Ending,
}

#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(super) struct Approve {
    /// A run's id, or the beginning of it
    pub(super) run: String,
    /// The step that asks; may be left out where only one does
    pub(super) step: Option<String>,
    /// The answer; the step's first choice where absent
    #[arg(long, value_name = "CHOICE")]
    pub(super) choice: Option<String>,
    /// Who answers; the user of this machine where absent
    #[arg(long, value_name = "NAME")]
    pub(super) by: Option<String>,
    /// What is to be kept with the answer
    #[arg(long, value_name = "TEXT")]
    pub(super) comment: Option<String>,
    #[command(flatten)]
    pub(super) ending: Ending,
}

#[derive(Debug, Args)]
pub(super) struct Cancel {
    /// A run's id, or the beginning of it
    pub(super) run: String,
}

pub(super) fn positive(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(usd) if usd.is_finite() && usd >= 0.0 => Ok(usd),
        _ => Err("a number of zero or more is needed, such as 0.05".to_owned()),
    }
}

#[derive(Debug, Args)]
pub(super) struct Validate {
    /// Files and folders; the whole project where absent
    #[arg(value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub(super) paths: Vec<PathBuf>,
    /// How faults are written
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: DiagnosticFormat,
    /// Count warnings as errors
    #[arg(long)]
    pub(super) deny_warnings: bool,
    #[command(flatten)]
    pub(super) writing: Writing,
    /// Ask the servers that tools name, too: whether they offer what the files say, and take the queries
    #[arg(long)]
    pub(super) online: bool,
    /// Check again whenever a file changes, until interrupted
    #[arg(long)]
    pub(super) watch: bool,
}

#[derive(Debug, Subcommand)]
pub(super) enum Data {
    /// Copy a folder of CSV files into a PostgreSQL source, one table a file, all of them or none
    Load(LoadData),
}

#[derive(Debug, Args)]
pub(super) struct LoadData {
    /// The folder
    #[arg(value_hint = ValueHint::DirPath)]
    pub(super) folder: PathBuf,
    /// The source, a name in engine.yaml
    #[arg(long, value_name = "SOURCE")]
    pub(super) into: String,
    /// Put the new tables in the place of those that are there
    #[arg(long)]
    pub(super) replace: bool,
    /// Write the tables as JSON
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
pub(super) struct Tools {
    /// Ask the MCP servers what they offer
    #[arg(long)]
    pub(super) online: bool,
    /// Print one JSON object
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
pub(super) struct Explain {
    /// A code, as in `error[unknown-step]`; all rules where absent
    pub(super) code: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct Plan {
    /// A workflow's file or name
    #[arg(value_hint = ValueHint::FilePath)]
    pub(super) workflow: String,
    #[command(flatten)]
    pub(super) params: Params,
    /// Print the plan as one JSON object
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
pub(super) struct Graph {
    /// A workflow's file or name; with --run, that of the run where absent
    #[arg(value_hint = ValueHint::FilePath, required_unless_present = "run")]
    pub(super) workflow: Option<String>,
    /// How the graph is written
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: GraphFormat,
    /// Lay a run's times and costs over it
    #[arg(long, value_name = "RUN")]
    pub(super) run: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct Runs {
    /// Only runs of this workflow
    #[arg(long, value_name = "NAME")]
    pub(super) workflow: Option<String>,
    /// Only runs of this status
    #[arg(long, value_name = "S", value_parser = STATUSES)]
    pub(super) status: Option<String>,
    /// Only so many, the newest
    #[arg(long, value_name = "N", conflicts_with = "prune")]
    pub(super) limit: Option<usize>,
    /// Delete runs that ended, with their events; what they cost stays known to budgets and `engine costs`. Runs that go on or
    /// wait stay, and rows of batches that are not all done
    #[arg(long)]
    pub(super) prune: bool,
    /// Which runs `--prune` deletes: those that ended so long ago
    #[arg(long, value_name = "TIME", default_value = "31d", value_parser = HumanDuration::parse, requires = "prune")]
    pub(super) older_than: HumanDuration,
    /// Which runs `--prune` deletes: all but so many, the newest
    #[arg(long, value_name = "N", requires = "prune", conflicts_with = "older_than")]
    pub(super) keep: Option<usize>,
    /// Delete also rows of batches that were left: `engine run --batch --continue` would do them again
    #[arg(long, requires = "prune")]
    pub(super) unfinished: bool,
    /// Delete also the outputs of deleted runs that steps with `cache` kept for later runs
    #[arg(long, requires = "prune")]
    pub(super) cached: bool,
    /// Delete nothing, and say what `--prune` would delete
    #[arg(long, requires = "prune")]
    pub(super) dry_run: bool,
    /// Print a JSON array; with `--prune`, an object
    #[arg(long)]
    pub(super) json: bool,
}

/// What `engine runs` says of a run.
const STATUSES: [&str; 7] =
    ["succeeded", "partial", "failed", "waiting", "cancelled", "running", "interrupted"];

#[derive(Debug, Args)]
pub(super) struct Show {
    /// A run's id, or the beginning of it
    pub(super) run: String,
    /// Only this step, with its events
    #[arg(long, value_name = "ID")]
    pub(super) step: Option<String>,
    /// Show all items of long lists, not only the faulty and the slowest
    #[arg(long)]
    pub(super) all: bool,
    /// Show what models were asked and what they answered
    #[arg(long)]
    pub(super) prompts: bool,
    /// Only the answer, and where every figure comes from: value, step, formula, tool and query
    #[arg(long, conflicts_with_all = ["step", "prompts", "all"])]
    pub(super) figures: bool,
    /// Print the outcome and the events as one JSON object
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
pub(super) struct Costs {
    /// What the rows stand for
    #[arg(long, value_enum, default_value_t)]
    pub(super) by: CostsBy,
    /// Only what was spent since: a day (2026-11-01), how long ago (7d, 24h), `today` or `month`; days are UTC
    #[arg(long, value_name = "D", allow_hyphen_values = true)]
    pub(super) since: Option<String>,
    /// Print one JSON object
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
pub(super) struct Sessions {
    #[command(subcommand)]
    pub(super) command: Option<SessionCommand>,
    /// Print JSON
    #[arg(long, global = true)]
    pub(super) json: bool,
}

#[derive(Debug, Subcommand)]
pub(super) enum SessionCommand {
    /// List the names
    List,
    /// Show the questions and answers of one
    Show {
        /// Its name
        name: String,
    },
    /// Find earlier questions of the project by what they and their answers speak of
    Search {
        /// What they speak of; all where absent
        #[arg(default_value = "")]
        text: String,
        /// The most that are shown
        #[arg(long, default_value_t = 10)]
        limit: usize,
    },
    /// Forget one; its runs stay in the journal
    Delete {
        /// Its name
        name: String,
    },
}

#[derive(Debug, Args)]
pub(super) struct Schema {
    /// The kind of file; all where absent
    pub(super) kind: Option<String>,
    /// Write the schemas into the folder `schemas` instead of printing them
    #[arg(long)]
    pub(super) write: bool,
}

#[derive(Debug, Args)]
pub(super) struct Init {
    /// The folder; it is made where it does not exist
    #[arg(value_hint = ValueHint::DirPath)]
    pub(super) dir: PathBuf,
}

#[derive(Debug, Args)]
pub(super) struct Completions {
    /// The shell
    #[arg(value_enum)]
    pub(super) shell: clap_complete::Shell,
}
