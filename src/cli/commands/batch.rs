//! `engine run --batch`: a run for each row of a file, in one process and one journal.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use tokio_util::sync::CancellationToken;

use crate::cli::allowance::Allowances;
use crate::cli::arguments::{Ending, Run};
use crate::cli::drive::{self, journal_failure, told};
use crate::cli::exit::{Exit, Failure};
use crate::cli::printer::Printer;
use crate::cli::rows::{Row, Rows};
use crate::cli::{commands::history, params, setup};
use crate::document::Limits;
use crate::event::{BatchRow, Fault, RunStatus};
use crate::id::{PlanHash, RunId};
use crate::journal::Journal;
use crate::plan::Plan;
use crate::report::{self, BatchReport};
use crate::run::{self, Context, Desk, FigureReport, Order, Outcome, Reuse, Timing, UsageReport};
use crate::value::{Object, hex};

/// How often progress is told where it cannot be redrawn.
const TELL: Duration = Duration::from_secs(10);

pub(in crate::cli) fn run(
    file: &Path,
    arguments: &Run,
    plan: Plan,
    given: &Object,
    context: &Arc<Context>,
    journal: &Path,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let plan = Arc::new(plan);
    let rows = Rows::read(file, &plan.params, given)?;
    let (hash, json) = plan.freeze().map_err(|e| Failure::machine("cannot freeze the plan", &e))?;
    let mut journal = setup::journal(journal)?;
    if let Some(usd) = arguments.batch.max_batch_cost_usd {
        context.pool.bound(usd);
    }
    let batch = Batch {
        allowances: Allowances::of(&plan, &mut journal, context)?,
        id: id(&plan, given, &rows)?,
        plan: Arc::clone(&plan),
        hash,
        json,
        context,
        journal: &RefCell::new(journal),
        cancel: CancellationToken::new(),
        arguments,
    };
    setup::runtime_of_many()?.block_on(async {
        let exit = batch.all(&rows, printer).await;
        context.tools.close().await;
        exit
    })
}

/// What a batch is made of, so that it is known again: the plan, the params given to all rows, and the file as it is. Limits do
/// not count: what a budget stopped is gone on with by a larger one.
fn id(plan: &Plan, given: &Object, rows: &Rows<'_>) -> Result<String, Failure> {
    let plan = Plan { limits: Limits::default(), ..plan.clone() };
    let (plan, _) = plan.freeze().map_err(|e| Failure::machine("cannot freeze the plan", &e))?;
    let mut hash = Sha256::new();
    hash.update(plan.as_str());
    hash.update(serde_json::to_vec(given).unwrap_or_default());
    hash.update(rows.text());
    Ok(hex(&hash.finalize()))
}

struct Batch<'b> {
    id: String,
    plan: Arc<Plan>,
    hash: PlanHash,
    json: String,
    context: &'b Arc<Context>,
    journal: &'b RefCell<Journal>,
    allowances: Allowances,
    cancel: CancellationToken,
    arguments: &'b Run,
}

/// How a row ended.
struct Ended {
    row: u64,
    line: String,
    exit: Exit,
    /// Whether an earlier command had ended it.
    before: bool,
    /// US dollars of its priced calls.
    cost_usd: f64,
    unpriced_calls: u64,
}

impl Ended {
    /// Whether whoever goes on with the batch can do it: it was cancelled, or a budget stopped it.
    fn is_left(&self) -> bool {
        matches!(self.exit, Exit::Interrupted | Exit::OverBudget)
    }
}

/// What an earlier batch made of a row.
enum Past {
    /// Its outcome.
    Whole(Box<Outcome>),
    /// The outcome of a run that this command has gone on with.
    Resumed(Box<Outcome>),
    /// Nothing that stands; the steps that its run made need not be done again.
    Lost(Option<Reuse>),
}

#[expect(
    clippy::future_not_send,
    reason = "the runs of a process share one journal and stay on its thread"
)]
impl Batch<'_> {
    async fn all(mut self, rows: &Rows<'_>, printer: &Printer) -> Result<Exit, Failure> {
        self.cancel = drive::interruptible();
        self.left(true)?;
        self.journal.borrow_mut().group();
        let done = if self.arguments.batch.goes_on {
            self.journal.borrow().runs_of(&self.id).map_err(|e| journal_failure(&e))?
        } else {
            BTreeMap::new()
        };
        if self.arguments.batch.goes_on && done.is_empty() {
            printer.err(&format!(
                "no earlier batch had this plan and these rows: all {} rows are done anew\n",
                rows.len()
            ));
        }
        let ending = self.arguments.ending;
        let mut progress = Progress::new(rows.len(), ending.quiet, printer);
        let mut report = BatchReport {
            batch: self.id.clone(),
            rows: rows.len() as u64,
            ..BatchReport::default()
        };
        let mut cost_usd = 0.0;
        let mut rows = rows.iter();
        let mut running = FuturesUnordered::new();
        let (mut worst, mut unread) = (Exit::Success, None);
        loop {
            while running.len() < self.arguments.batch.concurrency.get()
                && !self.cancel.is_cancelled()
                && unread.is_none()
                && let Some(row) = rows.next()
            {
                running.push(self.row(row, &done));
            }
            let Some(ended) = running.next().await else { break };
            let ended = ended?;
            if unread.is_none() && !(ended.before && self.arguments.batch.only_new) {
                // Without a reader no further row is begun; those under way are paid for, and end.
                unread = printer.try_out(&format!("{}\n", ended.line)).err();
            }
            progress.step(ended.row, ended.exit);
            report.left += u64::from(ended.is_left());
            report.succeeded += u64::from(ended.exit == Exit::Success);
            report.not_succeeded += u64::from(ended.exit != Exit::Success);
            report.unpriced_calls += ended.unpriced_calls;
            cost_usd += ended.cost_usd;
            if ended.before {
                report.from_before += 1;
                report.cost_before_usd += ended.cost_usd;
            }
            if ended.exit as u8 > worst as u8 {
                worst = ended.exit;
            }
        }
        let untouched = rows.count() as u64;
        report.left += untouched;
        report.cost_usd = (cost_usd > 0.0 || report.unpriced_calls == 0).then_some(cost_usd);
        report.wall_ms = progress.end();
        if report.left == 0 && unread.is_none() && !self.cancel.is_cancelled() {
            self.left(false)?;
        }
        if untouched > 0 || unread.is_some() {
            worst = Exit::Interrupted;
        }
        tell(&report, unread.as_ref(), ending, printer)?;
        Ok(worst)
    }

    /// Tells the journal whether rows are left.
    fn left(&self, left: bool) -> Result<(), Failure> {
        let noted = self.journal.borrow_mut().note_rows_left(&self.id, left);
        noted.map_err(|e| journal_failure(&e))
    }

    /// Runs a row, unless an earlier batch did.
    async fn row(&self, row: Row, done: &BTreeMap<u64, RunId>) -> Result<Ended, Failure> {
        let Row { number, params } = row;
        let params = match params {
            Ok(given) => params::check(&self.plan, &given, &self.context.tools).await,
            Err(faults) => Err(Failure::Usage(faults)),
        };
        let params = match params {
            Ok(params) => params,
            Err(Failure::Usage(faults)) => {
                return Ok(refused(number, &self.plan, &faults, Exit::Usage));
            }
            Err(other) => return Err(other),
        };
        let past = match done.get(&number) {
            Some(run) => self.past(run).await?,
            None => Past::Lost(None),
        };
        let before = matches!(past, Past::Whole(_));
        let outcome = match past {
            Past::Whole(outcome) | Past::Resumed(outcome) => *outcome,
            Past::Lost(_) if self.context.pool.is_spent() => {
                let fault =
                    Fault::new("over-budget", "the runs have spent what they may spend together")
                        .help("raise --max-batch-cost-usd");
                return Ok(refused(number, &self.plan, &[fault], Exit::OverBudget));
            }
            Past::Lost(reuse) => match self.anew(number, params, reuse).await {
                Err(Failure::OverBudget(fault)) => {
                    return Ok(refused(number, &self.plan, &[fault], Exit::OverBudget));
                }
                other => other?,
            },
        };
        let exit = Exit::of(&outcome, self.arguments.ending.strict);
        let outcome = told(outcome, self.arguments.ending);
        let line = line(number, &outcome)?;
        let (cost_usd, unpriced_calls) = (outcome.cost_usd, outcome.unpriced_calls);
        Ok(Ended { row: number, line, exit, before, cost_usd, unpriced_calls })
    }

    /// Runs a row from its beginning. What an earlier run of it made is taken over.
    async fn anew(
        &self,
        row: u64,
        params: Object,
        reuse: Option<Reuse>,
    ) -> Result<Outcome, Failure> {
        self.journal.borrow_mut().put_plan(&self.hash, &self.json);
        let order = Order {
            run_id: RunId::from(uuid::Uuid::now_v7().to_string()),
            plan: self.allowances.bound(&self.plan)?,
            hash: self.hash.clone(),
            params,
            reuse,
            plan_reader: None,
            ahead: Arc::default(),
            listener: None,
            session: None,
            batch: Some(BatchRow { batch: self.id.clone(), row }),
        };
        let desk = Desk { journal: self.journal, observer: &mut |_| {}, cancel: &self.cancel };
        run::run(order, self.context, desk).await.map_err(|e| journal_failure(&e))
    }

    /// What an earlier batch made of a row. One that was interrupted is gone on with, and so is one that waited for a
    /// person: the time for an answer may be over.
    async fn past(&self, run: &RunId) -> Result<Past, Failure> {
        let past = history::past_in(&self.journal.borrow(), run.as_str())?;
        match past.outcome {
            None | Some(Outcome { status: RunStatus::Waiting, .. }) => {}
            Some(lost) if is_lost(&lost) => {
                return Ok(Past::Lost(Some(Reuse::of(run.clone(), &past.events, BTreeSet::new()))));
            }
            Some(whole) => return Ok(Past::Whole(Box::new(whole))),
        }
        let past = drive::claim(self.journal, run)?;
        let (plan, records) = (Arc::clone(past.state.plan()), past.events);
        let past = run::Past { run_id: run.clone(), plan, records, reuse: None };
        let desk = Desk { journal: self.journal, observer: &mut |_| {}, cancel: &self.cancel };
        let outcome = run::resume(past, Vec::new(), self.context, desk).await;
        outcome.map(|outcome| Past::Resumed(Box::new(outcome))).map_err(|e| journal_failure(&e))
    }
}

/// Whether a row is to be done again. With a larger budget more can be made of one that its budget stopped.
fn is_lost(outcome: &Outcome) -> bool {
    matches!(outcome.status, RunStatus::Failed | RunStatus::Cancelled)
        || Exit::of(outcome, false) == Exit::OverBudget
}

/// An outcome with the number of its row.
fn line(row: u64, outcome: &Outcome) -> Result<String, Failure> {
    let json = serde_json::to_string(outcome)
        .map_err(|e| Failure::machine("cannot write the outcome", &e))?;
    Ok(format!("{{\"row\":{row},{}", json.strip_prefix('{').unwrap_or_default()))
}

/// A row whose params are at fault, or for which no budget is left.
fn refused(row: u64, plan: &Plan, faults: &[Fault], exit: Exit) -> Ended {
    let messages: Vec<&str> = faults.iter().map(|fault| fault.message.as_str()).collect();
    let help = faults.iter().find_map(|fault| fault.help.clone());
    let kind = if exit == Exit::OverBudget { "over-budget" } else { "bad-param" };
    let line = json!({
        "row": row, "run_id": null, "workflow": plan.workflow, "status": "failed",
        "degraded": false, "outputs": {}, "steps": [], "usage": UsageReport::default(),
        "cost_usd": 0.0, "unpriced_calls": 0, "timing": Timing::default(),
        "figures": FigureReport::default(), "warnings": [],
        "error": {"kind": kind, "message": messages.join("; "), "help": help},
    });
    let (before, cost_usd, unpriced_calls) = (false, 0.0, 0);
    Ended { row, line: line.to_string(), exit, before, cost_usd, unpriced_calls }
}

/// Tells what became of the batch, and how to go on with what is left of it.
fn tell(
    report: &BatchReport,
    unread: Option<&std::io::Error>,
    ending: Ending,
    printer: &Printer,
) -> Result<(), Failure> {
    let rows = |count: u64| match count {
        1 => "1 row is".to_owned(),
        count => format!("{count} rows are"),
    };
    if let Some(error) = unread {
        printer.err(&format!("warning: standard output cannot be written ({error}), so no further row was begun\n  help: the same command with --continue prints all rows, and runs the {} left\n", report.left));
    } else if report.left > 0 {
        let rows = rows(report.left);
        printer.err(&format!("{rows} left: the same command with --continue does what is left\n"));
    }
    if ending.quiet {
        return Ok(());
    }
    if ending.json {
        let json = serde_json::to_string(report)
            .map_err(|e| Failure::machine("cannot write the summary", &e))?;
        printer.err(&format!("{json}\n"));
    } else {
        printer.err(&report::batch(report));
    }
    Ok(())
}

/// How far the batch is: rate, and the time that is left.
struct Progress<'p> {
    bar: ProgressBar,
    printer: Option<&'p Printer>,
    total: usize,
    failed: usize,
    done: usize,
    began: Instant,
    told: Instant,
}

impl<'p> Progress<'p> {
    fn new(total: usize, quiet: bool, printer: &'p Printer) -> Self {
        let bar = if quiet || !printer.is_terminal() {
            ProgressBar::hidden()
        } else {
            ProgressBar::new(u64::try_from(total).unwrap_or(u64::MAX))
        };
        let template = "{bar:30} {pos} of {len}, {per_sec}, {eta} left {msg}";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        let printer = (!quiet && !printer.is_terminal()).then_some(printer);
        let now = Instant::now();
        Self { bar, printer, total, failed: 0, done: 0, began: now, told: now }
    }

    fn step(&mut self, row: u64, exit: Exit) {
        self.done += 1;
        if exit != Exit::Success {
            self.failed += 1;
            self.bar.set_message(format!("({} not whole, the last is row {row})", self.failed));
        }
        self.bar.inc(1);
        if self.told.elapsed() >= TELL {
            self.told = Instant::now();
            self.tell();
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "no batch has 2^52 rows")]
    fn tell(&self) {
        let Some(printer) = self.printer else { return };
        let seconds = self.began.elapsed().as_secs_f64().max(1e-9);
        let rate = self.done as f64 / seconds;
        let left = (self.total - self.done) as f64 / rate.max(1e-9);
        printer.err(&format!(
            "{} of {}, {rate:.1} a second, {left:.0} s left, {} not whole\n",
            self.done, self.total, self.failed
        ));
    }

    /// Takes the bar away; gives the milliseconds since the beginning.
    fn end(&self) -> f64 {
        self.bar.finish_and_clear();
        self.began.elapsed().as_secs_f64() * 1000.0
    }
}
