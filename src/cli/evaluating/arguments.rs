//! The command line of `engine eval`.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueHint};

use crate::cli::arguments::{Taping, positive};
use crate::cli::load::Place;

const EVAL_EXIT_CODES: &str = "Exit codes: 0 everything holds, 1 a case failed or the baseline was better, \
2 bad usage or bad file, 130 interrupted\n\nThe runs are kept in memory alone, unless --journal names a file for them.";

#[derive(Debug, Args)]
#[command(after_help = EVAL_EXIT_CODES)]
#[command(args_conflicts_with_subcommands = true)]
pub(in crate::cli) struct Eval {
    #[command(subcommand)]
    pub(in crate::cli) other: Option<EvalCommand>,
    /// Files and folders; evals/ of the project where absent
    #[arg(value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub(in crate::cli) paths: Vec<PathBuf>,
    /// Only cases whose name or file holds this text, whatever the case of its letters
    #[arg(long, value_name = "TEXT")]
    pub(in crate::cli) filter: Option<String>,
    /// Only cases with this tag; several add up
    #[arg(long = "tag", value_name = "TAG")]
    pub(in crate::cli) tags: Vec<String>,
    /// Do each case so often, and tell its pass rate
    #[arg(long, value_name = "N", default_value = "1")]
    pub(in crate::cli) repeat: NonZeroUsize,
    /// Do every case with each of these models: `auto` then stands for it
    #[arg(long, value_name = "A,B", value_delimiter = ',', conflicts_with = "offline")]
    pub(in crate::cli) models: Vec<String>,
    /// Cases at the same time
    #[arg(long, value_name = "N", default_value = "8")]
    pub(in crate::cli) concurrency: NonZeroUsize,
    /// Ask no model: agents take their defaults
    #[arg(long, conflicts_with_all = ["record", "replay"])]
    pub(in crate::cli) offline: bool,
    /// The most that each run, and each question to a judge, may spend on models
    #[arg(long, value_name = "USD", value_parser = positive)]
    pub(in crate::cli) max_cost_usd: Option<f64>,
    /// Print the report as one JSON object
    #[arg(long)]
    pub(in crate::cli) json: bool,
    /// Show no progress
    #[arg(long, short)]
    pub(in crate::cli) quiet: bool,
    /// Write the report as the XML that CI servers draw, too
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(in crate::cli) junit: Option<PathBuf>,
    /// Write the report as Markdown as well
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(in crate::cli) markdown: Option<PathBuf>,
    /// Write the report as one page of HTML as well
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(in crate::cli) html: Option<PathBuf>,
    /// Hold it against an earlier report, kept with `--json`: worse is a failure
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(in crate::cli) baseline: Option<PathBuf>,
    /// With --baseline: the greatest cost of a case, as a multiple of what it was
    #[arg(long, value_name = "X", value_parser = positive, default_value = "1.2", requires = "baseline")]
    pub(in crate::cli) cost_bound: f64,
    /// With --baseline: the greatest 95th percentile of time, as a multiple of what it was
    #[arg(long, value_name = "X", value_parser = positive, default_value = "1.5", requires = "baseline")]
    pub(in crate::cli) p95_bound: f64,
    #[command(flatten)]
    pub(in crate::cli) recording: Recording,
}

impl Eval {
    /// Whether every case is done that the project's own recordings are for.
    pub(in crate::cli) fn is_whole(&self) -> bool {
        self.recording.is_own()
            && self.paths.is_empty()
            && self.filter.is_none()
            && self.tags.is_empty()
    }
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum EvalCommand {
    /// Tell how far the judge of `llm-rubric` agrees with people, by examples that they judged
    Judge(Judge),
}

#[derive(Debug, Args)]
#[command(after_help = EVAL_EXIT_CODES)]
pub(in crate::cli) struct Judge {
    /// Files and folders with `examples`; evals/ of the project where absent
    #[arg(value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub(in crate::cli) paths: Vec<PathBuf>,
    /// Examples at the same time
    #[arg(long, value_name = "N", default_value = "8")]
    pub(in crate::cli) concurrency: NonZeroUsize,
    /// The most that each question to the judge may spend
    #[arg(long, value_name = "USD", value_parser = positive)]
    pub(in crate::cli) max_cost_usd: Option<f64>,
    /// Fail where Cohen's kappa is below this
    #[arg(long, value_name = "KAPPA", value_parser = kappa)]
    pub(in crate::cli) at_least: Option<f64>,
    /// Print the report as one JSON object
    #[arg(long)]
    pub(in crate::cli) json: bool,
    #[command(flatten)]
    pub(in crate::cli) recording: Recording,
}

fn kappa(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(kappa) if (-1.0..=1.0).contains(&kappa) => Ok(kappa),
        _ => Err("kappa is at most 1 and at least -1: a number such as 0.6 is needed".to_owned()),
    }
}

/// Where exchanges with models are kept, or where answers come from.
#[derive(Debug, Args)]
pub(in crate::cli) struct Recording {
    /// Keep what models are asked and answer, a file each, in this folder; without one in recordings/, and of evals without
    /// PATH only of those that say `recorded: true`
    #[arg(long, value_name = "DIR", num_args = 0..=1, default_missing_value = OWN, value_hint = ValueHint::DirPath, conflicts_with = "replay")]
    record: Option<String>,
    /// Take the answers of models from this folder: nobody is asked, and no key is needed. Without one from recordings/, and
    /// of evals without PATH only those that say `recorded: true`
    #[arg(long, value_name = "DIR", num_args = 0..=1, default_missing_value = OWN, value_hint = ValueHint::DirPath)]
    replay: Option<String>,
}

/// What stands for the project's own recordings where no folder is named.
const OWN: &str = "";

/// The folder of a project's own recordings.
const RECORDINGS: &str = "recordings";

impl Recording {
    /// The folders; where none is named, the project's own.
    pub(in crate::cli) fn taping(&self, place: &Place) -> Taping {
        let folder = |given: &str| match given {
            OWN => place.root.as_deref().unwrap_or(&place.here).join(RECORDINGS),
            named => PathBuf::from(named),
        };
        Taping {
            record: self.record.as_deref().map(folder),
            replay: self.replay.as_deref().map(folder),
        }
    }

    /// Whether exchanges are kept.
    pub(in crate::cli) fn records(&self) -> bool {
        self.record.is_some()
    }

    /// Whether the project's own recordings are written or read.
    pub(in crate::cli) fn is_own(&self) -> bool {
        [&self.record, &self.replay].into_iter().any(|given| given.as_deref() == Some(OWN))
    }
}
