//! `engine eval`: cases with expected answers, and which of them hold.

use std::cell::{Cell, RefCell};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use crate::cli::arguments::Global;
use crate::cli::asking::catalog;
use crate::cli::drive::{self, MAX_PARALLEL};
use crate::cli::environment::environment;
use crate::cli::evaluating::{
    Bench, Eval, EvalCommand, File, Judges, Queries, Rowing, Setting, check, find, read,
};
use crate::cli::exit::{Exit, Failure};
use crate::cli::load::{Loaded, Place};
use crate::cli::printer::Printer;
use crate::cli::setup::{self, Mode};
use crate::diagnostic::suggest;
use crate::eval::{
    self, Attempt, Bounds, Case, FileReport, Judging, Limits, Replayed, Report, Routing, Selecting,
    Source, Totals,
};
use crate::id::ModelName;
use crate::journal::Journal;
use crate::model::{Models, Tape};
use crate::plan::{self, Library};
use crate::report;
use crate::run::Context;

pub(in crate::cli) fn run(
    arguments: &Eval,
    global: &Global,
    printer: &Printer,
) -> Result<Exit, Failure> {
    if let Some(EvalCommand::Judge(judge)) = &arguments.other {
        return super::judge::run(judge, global, printer);
    }
    let place = place(&arguments.paths, global)?;
    let before = arguments.baseline.as_deref().map(baseline).transpose()?;
    let paths = find(&arguments.paths, &place)?;
    let mut loaded = Loaded::library(&place, |_| true);
    let documents = loaded.workflows(&place, &place.files_in("workflows"));
    let mut files = read(&mut loaded, &place, &paths);
    check(&mut loaded, &files);
    if loaded.has_errors() {
        return Err(loaded.failure());
    }
    let Loaded { library, toolbox, .. } = loaded;
    let library = Arc::new(library);
    keep_recorded(arguments, &mut files)?;
    let tape = setup::tape(&arguments.recording.taping(&place))?;
    let report = setup::to_the_end(&toolbox, async {
        let catalog = catalog(&library, &documents, &toolbox).await?;
        let rows = Rowing::new(&place, &library, &toolbox, &files);
        let cases = cases(arguments, &rows, &files).await?;
        let queries = Queries::of_cases(&place, &library, &cases);
        queries.try_each(&cases).await.map_err(Failure::Usage)?;
        let settings = settings(arguments, &place, &library, tape.as_ref()).await?;
        let plans = documents.iter().filter_map(|document| {
            let plan = plan::compile(document, &library).0?;
            Some((document.value.name.clone(), Arc::new(plan)))
        });
        let models: Vec<String> = settings.iter().map(|setting| setting.model.clone()).collect();
        let progress = Progress::new(arguments, cases.len() * models.len(), printer);
        let cancel = drive::interruptible();
        let journal = RefCell::new(journal(global)?);
        let judges = Judges::new(
            &files,
            &library,
            own(arguments.offline, &place, &library, tape.clone()),
            arguments.max_cost_usd,
            (&journal, cancel.clone(), printer),
        )?;
        let bench = Bench {
            catalog: &catalog,
            plans: plans.collect(),
            queries,
            judges,
            recorded: files.iter().map(|file| file.document.value.recorded).collect(),
            tape: tape.clone(),
            settings,
            journal: &journal,
            cancel: cancel.clone(),
            printer,
            max_cost_usd: arguments.max_cost_usd,
            progress: &|case, attempt| progress.step(&files, case, attempt),
        };
        let began = Instant::now();
        let started_at = jiff::Timestamp::from_microsecond(setup::now_us())
            .map_or_else(|_| String::new(), |at| at.to_string());
        let names: Vec<String> = files.iter().map(|file| file.name.clone()).collect();
        let limits = Limits {
            models,
            repeat: arguments.repeat.get(),
            concurrency: arguments.concurrency.get(),
        };
        let done = eval::run(&cases, &names, &limits, &bench).await;
        for setting in &bench.settings {
            setting.context.tools.close().await;
        }
        if cancel.is_cancelled() {
            return Err(Failure::Interrupted);
        }
        let mut files: Vec<FileReport> = files
            .iter()
            .map(|file| FileReport::of(&file.name, &file.document.value, &done))
            .collect();
        files.retain(|file| file.passed + file.failed + file.undecided > 0);
        Ok(Report {
            passed: files.iter().all(|file| file.holds),
            started_at,
            duration_ms: began.elapsed().as_secs_f64() * 1000.0,
            replayed: tape
                .as_ref()
                .filter(|tape| tape.replays())
                .map(|tape| Replayed { made_by: tape.makers().into_iter().collect() }),
            models: limits.models.iter().map(|model| Totals::of(model, &done)).collect(),
            files,
            routing: Routing::of(&done),
            selection: Selecting::of(&done),
            judging: Judging::of(&done),
            baseline: None,
            cases: done,
        })
    })??;
    if let Some(tape) = tape.as_ref().filter(|_| arguments.is_whole()) {
        unused(tape, printer);
    }
    let exit = tell(arguments, &against(report, before, arguments)?, printer)?;
    Ok(setup::replayed(exit, tape.map_or(0, |tape| tape.misses()), printer))
}

/// Where the project is whose evals are asked for.
pub(in crate::cli) fn place(paths: &[PathBuf], global: &Global) -> Result<Place, Failure> {
    let place = Place::find(global, paths.first().map_or(Path::new(""), PathBuf::as_path))?;
    if place.root.is_none() {
        let help = "go to a project's folder, or name it with --project";
        return Err(Failure::usage("there is no project here whose workflows could be run", help));
    }
    Ok(place)
}

/// Where neither files nor a folder of recordings are named, it is about the evals whose recordings the project keeps.
fn keep_recorded(arguments: &Eval, files: &mut Vec<File>) -> Result<(), Failure> {
    if !arguments.recording.is_own() || !arguments.paths.is_empty() {
        return Ok(());
    }
    files.retain(|file| file.document.value.recorded);
    if files.is_empty() {
        let help =
            "set `recorded: true` in the evals that are about answers of models, or name files";
        return Err(Failure::usage("no eval here says that it is recorded", help));
    }
    Ok(())
}

/// Tells of recordings that no question of any case takes any more. A question that is missing takes others with it, so
/// nothing is said then.
fn unused(tape: &Tape, printer: &Printer) {
    let names: Vec<String> = tape
        .unused()
        .iter()
        .filter_map(|path| Some(path.file_name()?.to_string_lossy().into_owned()))
        .collect();
    if !names.is_empty() && tape.misses() == 0 {
        printer.err(&format!("warning: no question takes the recorded {}\n", names.join(", ")));
    }
}

/// Puts the comparison with an earlier report into a report.
fn against(
    mut report: Report,
    before: Option<Report>,
    arguments: &Eval,
) -> Result<Report, Failure> {
    let Some(before) = before else { return Ok(report) };
    let bounds = Bounds { cost: arguments.cost_bound, p95: arguments.p95_bound };
    let comparison = eval::compare(&report, &before, bounds);
    if comparison.common == 0 {
        let help =
            "take one of the same cases with the same models, as `engine eval --json` prints it";
        return Err(Failure::usage("the baseline has none of these cases", help));
    }
    report.passed &= comparison.regressions.is_empty();
    report.baseline = Some(comparison);
    Ok(report)
}

/// Prints and writes a report, and gives the exit code that tells it.
fn tell(arguments: &Eval, report: &Report, printer: &Printer) -> Result<Exit, Failure> {
    for (path, text) in [
        (&arguments.junit, report::eval_junit as fn(&Report) -> String),
        (&arguments.markdown, report::eval_markdown),
        (&arguments.html, report::eval_html),
    ] {
        let Some(path) = path else { continue };
        std::fs::write(path, text(report))
            .map_err(|e| Failure::machine(&format!("cannot write {}", path.display()), &e))?;
    }
    if arguments.json {
        printer.json("the report", report)?;
    } else {
        printer.out(&report::eval(report));
    }
    Ok(if report.passed { Exit::Success } else { Exit::Failed })
}

/// The cases that were asked for.
#[expect(clippy::future_not_send, reason = "cases run on one thread")]
async fn cases(arguments: &Eval, rows: &Rowing<'_>, files: &[File]) -> Result<Vec<Case>, Failure> {
    let sources: Vec<Source<'_>> =
        files.iter().map(|file| Source { name: &file.name, eval: &file.document.value }).collect();
    let all = eval::expand(&sources, rows).await;
    let mut cases = all.map_err(Failure::Usage)?;
    let text = arguments.filter.as_deref().unwrap_or_default().to_lowercase();
    let named = |case: &Case| {
        let file = files.get(case.file).map_or("", |file| file.name.as_str());
        format!("{file}/{}", case.name).to_lowercase().contains(&text)
    };
    let tagged = |case: &Case| {
        arguments.tags.is_empty() || arguments.tags.iter().any(|tag| case.tags.contains(tag))
    };
    let tags: std::collections::BTreeSet<String> =
        cases.iter().flat_map(|case| case.tags.iter().cloned()).collect();
    if let Some(unknown) = arguments.tags.iter().find(|tag| !tags.contains(*tag)) {
        let help = suggest(unknown, tags.iter().map(String::as_str), "tags");
        return Err(Failure::usage(format!("no case has the tag `{unknown}`"), help));
    }
    cases.retain(|case| named(case) && tagged(case));
    if cases.is_empty() {
        return Err(Failure::usage("no case is left to be run", "loosen --filter and --tag"));
    }
    Ok(cases)
}

/// What the cases run with: one setting for each model that was named, else one for the project's own.
async fn settings(
    arguments: &Eval,
    place: &Place,
    library: &Arc<Library>,
    tape: Option<&Arc<Tape>>,
) -> Result<Vec<Setting>, Failure> {
    if arguments.models.is_empty() {
        let context = own(arguments.offline, place, library, tape.cloned());
        let found =
            context.models.resolve(&[]).await.ok().and_then(|found| found.into_iter().next());
        let found = found.filter(|_| !arguments.offline);
        let has_model = found.is_some();
        if !has_model && arguments.recording.records() {
            can_be_recorded(&context).await?;
        }
        let model = found.map_or_else(|| "offline".to_owned(), |model| model.name().to_string());
        return Ok(vec![Setting { model, context, has_model }]);
    }
    let environment = environment();
    let project = library.project.as_ref().map(|document| &document.value);
    let mut settings = Vec::new();
    for name in &arguments.models {
        let mut project = project.cloned().unwrap_or_default();
        let known = ModelName::from(name.as_str());
        if !project.models.contains_key(&known) {
            let help = suggest(name, project.models.keys().map(ModelName::as_str), "models");
            return Err(Failure::usage(format!("unknown model `{name}`"), help));
        }
        project.default_model = Some(known.clone());
        let models = Models::taped(&project, &environment, tape.cloned());
        // A matrix with a column of nothing but errors helps nobody.
        models.get(&known).map_err(|error| {
            let help = error.help.clone().unwrap_or_default();
            Failure::usage(error.to_string(), help)
        })?;
        let context = context(models, false, place, library);
        settings.push(Setting { model: name.clone(), context, has_model: true });
    }
    Ok(settings)
}

/// Refuses to record where no model of the project is there to answer: that would leave nothing, and look as if all went well.
pub(in crate::cli) async fn can_be_recorded(context: &Context) -> Result<(), Failure> {
    match context.models.any().await {
        Ok(Some(_)) => Ok(()),
        Ok(None) => {
            let help = "set the key of one, such as OPENAI_API_KEY, or leave --record out";
            Err(Failure::usage("no model is there to be recorded", help))
        }
        Err(error) => {
            let help = error.help.clone().unwrap_or_default();
            Err(Failure::usage(error.to_string(), help))
        }
    }
}

/// A context with the project's models as they are.
pub(in crate::cli) fn own(
    offline: bool,
    place: &Place,
    library: &Arc<Library>,
    tape: Option<Arc<Tape>>,
) -> Arc<Context> {
    context(setup::models(library, &environment(), tape), offline, place, library)
}

fn context(models: Models, offline: bool, place: &Place, library: &Arc<Library>) -> Arc<Context> {
    let project = library.project.as_ref().map(|document| &document.value);
    let limit = project.and_then(|project| project.limits.max_parallel);
    let limit = limit.map_or(MAX_PARALLEL, usize::from);
    let tools = setup::tools(place, library, library.tools().cloned());
    let mode = Mode { offline, allow_write: false };
    setup::context(models, tools, limit, mode, library)
}

/// The journal of the runs: gone with the process, unless a file is named for it. The project's own is never touched.
pub(in crate::cli) fn journal(global: &Global) -> Result<Journal, Failure> {
    let mut journal = match &global.journal {
        Some(path) => setup::journal(path)?,
        None => Journal::in_memory().map_err(|e| drive::journal_failure(&e))?,
    };
    journal.group();
    Ok(journal)
}

fn baseline(path: &Path) -> Result<Report, Failure> {
    let shown = path.display();
    let text = std::fs::read_to_string(path).map_err(|e| {
        Failure::usage(
            format!("cannot read {shown}: {e}"),
            "keep one with `engine eval --json > FILE`",
        )
    })?;
    serde_json::from_str(&text).map_err(|e| {
        let message = format!("{shown} is no report: {e}");
        Failure::usage(message, "keep one with `engine eval --json > FILE`")
    })
}

/// Tells of each case that fails, as soon as it does.
struct Progress<'p> {
    printer: Option<&'p Printer>,
    bar: indicatif::ProgressBar,
    failed: Cell<usize>,
}

impl<'p> Progress<'p> {
    fn new(arguments: &Eval, attempts: usize, printer: &'p Printer) -> Self {
        let all = u64::try_from(attempts * arguments.repeat.get()).unwrap_or(u64::MAX);
        let bar = if arguments.quiet || !printer.is_terminal() {
            indicatif::ProgressBar::hidden()
        } else {
            indicatif::ProgressBar::new(all)
        };
        if let Ok(style) = indicatif::ProgressStyle::with_template("{bar:30} {pos} of {len} {msg}")
        {
            bar.set_style(style);
        }
        let printer = (!arguments.quiet).then_some(printer);
        Self { printer, bar, failed: Cell::new(0) }
    }

    fn step(&self, files: &[File], case: &Case, attempt: &Attempt) {
        self.bar.inc(1);
        if attempt.status != eval::Status::Failed {
            return;
        }
        self.failed.set(self.failed.get() + 1);
        self.bar.set_message(format!("({} failed)", self.failed.get()));
        if let Some(printer) = self.printer {
            let file = files.get(case.file).map_or("", |file| file.name.as_str());
            self.bar.suspend(|| printer.err(&format!("failed: {file}/{}\n", case.name)));
        }
    }
}

impl Drop for Progress<'_> {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
