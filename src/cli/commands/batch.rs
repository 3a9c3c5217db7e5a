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
use crate::cli::arguments::Run;
use crate::cli::drive::{self, journal_failure, told};
use crate::cli::exit::{Exit, Failure};
use crate::cli::printer::Printer;
use crate::cli::rows::{Row, Rows};
use crate::cli::{commands::history, params, setup};
use crate::event::{BatchRow, Fault, RunStatus};
use crate::id::{PlanHash, RunId};
use crate::journal::Journal;
use crate::plan::Plan;
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
    let journal = setup::journal(journal)?;
    let batch = Batch {
        allowances: Allowances::of(&plan, &journal, context)?,
        id: id(&hash, &rows),
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

/// What a batch is made of, so that it is known again.
fn id(plan: &PlanHash, rows: &Rows<'_>) -> String {
    let mut hash = Sha256::new();
    hash.update(plan.as_str());
    for row in rows.iter() {
        hash.update([0]);
        if let Ok(params) = row.params {
            hash.update(serde_json::to_vec(&params).unwrap_or_default());
        }
    }
    hex(&hash.finalize())
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
    /// Whether whoever goes on with the batch can do it: it was not begun, or cancelled.
    left: bool,
}

/// What an earlier batch made of a row.
enum Past {
    /// Its outcome.
    Whole(Box<Outcome>),
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
        let mut progress = Progress::new(rows.len(), self.arguments.ending.quiet, printer);
        let mut rows = rows.iter();
        let mut running = FuturesUnordered::new();
        let (mut worst, mut unfinished) = (Exit::Success, 0);
        loop {
            while running.len() < self.arguments.batch.concurrency.get()
                && !self.cancel.is_cancelled()
                && let Some(row) = rows.next()
            {
                running.push(self.row(row, &done));
            }
            let Some(ended) = running.next().await else { break };
            let Ended { row, line, exit, left } = ended?;
            unfinished += usize::from(left);
            printer.out(&format!("{line}\n"));
            progress.step(row, exit);
            if exit as u8 > worst as u8 {
                worst = exit;
            }
        }
        progress.end();
        let untouched = rows.count();
        let left = untouched + unfinished;
        if left > 0 {
            let rows = if left == 1 { "1 row is".to_owned() } else { format!("{left} rows are") };
            printer
                .err(&format!("{rows} left: the same command with --continue does what is left\n"));
        } else if !self.cancel.is_cancelled() {
            self.left(false)?;
        }
        if untouched > 0 {
            worst = Exit::Interrupted;
        }
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
        let outcome = match past {
            Past::Whole(outcome) => *outcome,
            Past::Lost(reuse) => match self.anew(number, params, reuse).await {
                Err(Failure::OverBudget(fault)) => {
                    return Ok(refused(number, &self.plan, &[fault], Exit::OverBudget));
                }
                other => other?,
            },
        };
        let exit = Exit::of(&outcome, self.arguments.ending.strict);
        let left = outcome.status == RunStatus::Cancelled;
        let outcome = told(outcome, self.arguments.ending);
        let line = line(number, &outcome)?;
        Ok(Ended { row: number, line, exit, left })
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
            Some(Outcome { status: RunStatus::Failed | RunStatus::Cancelled, .. }) => {
                return Ok(Past::Lost(Some(Reuse::of(run.clone(), &past.events, BTreeSet::new()))));
            }
            Some(whole) => return Ok(Past::Whole(Box::new(whole))),
        }
        let past = drive::claim(self.journal, run)?;
        let (plan, records) = (Arc::clone(past.state.plan()), past.events);
        let past = run::Past { run_id: run.clone(), plan, records, reuse: None };
        let desk = Desk { journal: self.journal, observer: &mut |_| {}, cancel: &self.cancel };
        let outcome = run::resume(past, Vec::new(), self.context, desk).await;
        outcome.map(|outcome| Past::Whole(Box::new(outcome))).map_err(|e| journal_failure(&e))
    }
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
    Ended { row, line: line.to_string(), exit, left: exit == Exit::OverBudget }
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

    fn end(&self) {
        self.bar.finish_and_clear();
        self.tell();
    }
}
