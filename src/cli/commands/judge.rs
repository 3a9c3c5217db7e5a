//! `engine eval judge`: how far the judge of `llm-rubric` agrees with people.

use std::cell::RefCell;
use std::sync::Arc;
use std::time::Instant;

use futures_util::{StreamExt as _, stream};

use super::eval::{can_be_recorded, journal, own, place};
use crate::cli::arguments::Global;
use crate::cli::drive;
use crate::cli::evaluating::{Judge, Judges, check, find, read};
use crate::cli::exit::{Exit, Failure};
use crate::cli::load::Loaded;
use crate::cli::printer::Printer;
use crate::cli::setup;
use crate::eval::{AgreementReport, Inquiry, JudgedExample};
use crate::report;

pub(in crate::cli) fn run(
    arguments: &Judge,
    global: &Global,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let place = place(&arguments.paths, global)?;
    let paths = find(&arguments.paths, &place)?;
    let mut loaded = Loaded::library(&place, |_| true);
    loaded.workflows(&place, &place.files_in("workflows"));
    let mut files = read(&mut loaded, &place, &paths);
    check(&mut loaded, &files);
    if loaded.has_errors() {
        return Err(loaded.failure());
    }
    files.retain(|file| !file.document.value.examples.is_empty());
    if files.is_empty() {
        let help = "write answers that people judged below `examples:`; docs/eval.md tells how";
        return Err(Failure::usage("no eval here has examples", help));
    }
    let library = Arc::new(loaded.library);
    let tape = setup::tape(&arguments.recording.taping(&place))?;
    let report = setup::runtime()?.block_on(async {
        let cancel = drive::interruptible();
        let journal = RefCell::new(journal(global)?);
        let context = own(false, &place, &library, tape.clone());
        if arguments.recording.records() {
            can_be_recorded(&context).await?;
        }
        let judges = Judges::new(
            &files,
            &library,
            context,
            arguments.max_cost_usd,
            (&journal, cancel.clone(), printer),
        )?;
        let began = Instant::now();
        let examples = files.iter().enumerate().flat_map(|(number, file)| {
            file.document.value.examples.iter().map(move |example| (number, file, example))
        });
        let done: Vec<JudgedExample> =
            stream::iter(examples.take_while(|_| !cancel.is_cancelled()))
                .map(|(number, file, example)| {
                    let judges = &judges;
                    async move {
                        let inquiry = Inquiry {
                            question: example.question.as_deref().unwrap_or("(not told)"),
                            answer: &example.answer,
                            rubric: &example.rubric,
                        };
                        JudgedExample::of(&file.name, example, judges.judge(number, inquiry).await)
                    }
                })
                .buffered(arguments.concurrency.get())
                .collect()
                .await;
        if cancel.is_cancelled() {
            return Err(Failure::Interrupted);
        }
        let mut report = AgreementReport::of(done, arguments.at_least);
        report.duration_ms = began.elapsed().as_secs_f64() * 1000.0;
        Ok(report)
    })?;
    if arguments.json {
        printer.json("the report", &report)?;
    } else {
        printer.out(&report::eval_agreement(&report));
    }
    let exit = if report.passed { Exit::Success } else { Exit::Failed };
    Ok(setup::replayed(exit, tape.map_or(0, |tape| tape.misses()), printer))
}
