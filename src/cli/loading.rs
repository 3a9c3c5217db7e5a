//! What the user sees while a large source is loaded: a bar where standard error can redraw lines, else a line now and then.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{DecimalBytes, ProgressBar, ProgressStyle};

use super::printer::Printer;
use crate::tool::{Loading, Watcher};

/// How often progress is told where it cannot be redrawn.
const TELL: Duration = Duration::from_secs(5);

/// Shows what becomes of sources; nothing where `quiet`.
pub(super) fn watcher(quiet: bool) -> Watcher {
    if quiet {
        return Arc::new(|_, _| {});
    }
    let shown =
        Mutex::new(Shown { printer: Printer::for_process(), bar: None, told: Instant::now() });
    Arc::new(move |source, loading| {
        shown.lock().unwrap_or_else(PoisonError::into_inner).take(source, loading);
    })
}

struct Shown {
    printer: Printer,
    bar: Option<ProgressBar>,
    told: Instant,
}

impl Shown {
    fn take(&mut self, source: &str, loading: &Loading) {
        match loading {
            Loading::Waiting => {
                self.say(&format!("another process loads source `{source}`; waiting for it"));
            }
            Loading::Began { bytes } => {
                let size = DecimalBytes(*bytes);
                self.say(&format!(
                    "loading source `{source}`: {size} of CSV files, once for all commands"
                ));
                self.told = Instant::now();
            }
            Loading::Read { bytes, of } => self.progress(source, "loaded", *bytes, *of),
            Loading::Compared { bytes, of } => self.progress(source, "compared", *bytes, *of),
            Loading::Indexing => self.say(&format!("source `{source}`: making its indexes")),
            Loading::Done { took } => {
                self.say(&format!("source `{source}` is loaded, in {:.1} s", took.as_secs_f64()));
            }
            Loading::Unkept { why } => {
                let text =
                    format!("warning: source `{source}` is loaded by every command anew: {why}");
                self.say(&text);
            }
        }
    }

    fn progress(&mut self, source: &str, what: &str, bytes: u64, of: u64) {
        if self.printer.is_terminal() {
            self.bar.get_or_insert_with(|| bar(of)).set_position(bytes);
            if bytes >= of
                && let Some(bar) = self.bar.take()
            {
                bar.finish_and_clear();
            }
        } else if self.told.elapsed() >= TELL {
            let percent = bytes * 100 / of.max(1);
            self.say(&format!("source `{source}`: {percent} % {what}"));
        }
    }

    fn say(&mut self, line: &str) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
        self.told = Instant::now();
        self.printer.err(&format!("{line}\n"));
    }
}

fn bar(of: u64) -> ProgressBar {
    let bar = ProgressBar::new(of);
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {bytes} of {total_bytes}, {eta} left")
    {
        bar.set_style(style);
    }
    bar
}
