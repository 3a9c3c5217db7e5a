//! `engine explain`: a rule in full.

use crate::cli::arguments::Explain;
use crate::cli::exit::{Exit, Failure};
use crate::cli::printer::Printer;
use crate::diagnostic;

pub(in crate::cli) fn run(arguments: &Explain, printer: &Printer) -> Result<Exit, Failure> {
    let Some(code) = &arguments.code else {
        printer.out(&list());
        return Ok(Exit::Success);
    };
    if let Some(rule) = diagnostic::rule(code) {
        printer.out(&rule.page);
        return Ok(Exit::Success);
    }
    let rules = diagnostic::rules();
    let help = match diagnostic::nearest(code, rules.iter().map(|rule| rule.code.as_str())) {
        Some(near) => format!("did you mean `{near}`? `engine explain` lists all of them"),
        None => "`engine explain` lists all of them".to_owned(),
    };
    Err(Failure::usage(format!("there is no rule `{code}`"), help))
}

/// All rules, a line each.
fn list() -> String {
    let rules = diagnostic::rules();
    let width = rules.iter().map(|rule| rule.code.len()).max().unwrap_or_default();
    let lines = rules.iter().map(|rule| {
        format!("{:width$}  {:7}  {}\n", rule.code, rule.severity.name(), rule.summary)
    });
    lines.collect()
}
