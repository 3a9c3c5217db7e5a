//! `JUnit` XML, which every CI server draws: a file is a test case, its faults are the reason of its failure.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use crate::diagnostic::Diagnostic;

use super::Manner;

/// A report of one suite. Warnings alone fail no case, unless they are denied; they are its output.
pub(super) fn write(found: &[Diagnostic], files: &[PathBuf], manner: &Manner) -> String {
    let mut by_file: BTreeMap<&Path, Vec<&Diagnostic>> = BTreeMap::new();
    for diagnostic in found {
        let path = diagnostic.file.as_ref().map_or_else(|| Path::new(""), |file| &file.path);
        by_file.entry(path).or_default().push(diagnostic);
    }
    let mut suite = TestSuite::new("engine validate");
    for path in files {
        let faults = by_file.remove(path.as_path()).unwrap_or_default();
        suite.add_test_case(case(&super::uri(path), &faults, manner));
    }
    for (path, faults) in by_file {
        suite.add_test_case(case(&super::uri(path), &faults, manner));
    }
    let mut report = Report::new("engine validate");
    report.add_test_suite(suite);
    // Texts are valid XML by construction, and a string takes everything.
    report.to_string().unwrap_or_default()
}

fn case(name: &str, faults: &[&Diagnostic], manner: &Manner) -> TestCase {
    let errors: Vec<&&Diagnostic> = faults.iter().filter(|fault| manner.fails(fault)).collect();
    let status = match errors.first() {
        None => TestCaseStatus::success(),
        Some(first) => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            status.set_type(first.code);
            status.set_message(first.message.as_str());
            status.set_description(lines(&errors));
            status
        }
    };
    let mut case = TestCase::new(name, status);
    case.set_classname("engine.validate");
    let warnings: Vec<&&Diagnostic> = faults.iter().filter(|fault| !manner.fails(fault)).collect();
    if !warnings.is_empty() {
        case.set_system_out(lines(&warnings));
    }
    case
}

fn lines(faults: &[&&Diagnostic]) -> String {
    let mut out = String::new();
    for fault in faults {
        if let Some(span) = fault.span {
            // Writing to a string cannot fail.
            let _ = write!(out, "{}:{}: ", span.line, span.column);
        }
        let severity = fault.severity().name();
        let _ = writeln!(out, "{severity}[{}]: {}", fault.code, super::message(fault));
    }
    out
}
