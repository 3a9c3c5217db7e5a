//! `JUnit` XML, which every CI server draws: a file is a suite, a case with a model is a test case.

use std::time::Duration;

use quick_junit::{NonSuccessKind, Report as Junit, TestCase, TestCaseStatus, TestSuite};

use super::telling;
use crate::eval::{CaseReport, FileReport, Report, Status};

/// Writes a report. Where a file may have so many failures as it has, its failed cases are skipped ones to the CI
/// server, which would fail otherwise.
pub fn write(report: &Report) -> String {
    let mut junit = Junit::new("engine eval");
    for file in &report.files {
        let mut suite = TestSuite::new(file.name.as_str());
        for case in report.cases.iter().filter(|case| case.file == file.name) {
            suite.add_test_case(one(case, file));
        }
        junit.add_test_suite(suite);
    }
    if let Some(comparison) = &report.baseline {
        let mut suite = TestSuite::new("baseline");
        let mut status = TestCaseStatus::success();
        if !comparison.regressions.is_empty() {
            status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            status.set_message(comparison.regressions.join("; "));
        }
        suite.add_test_case(TestCase::new("nothing got worse", status));
        junit.add_test_suite(suite);
    }
    // Texts are valid XML by construction, and a string takes everything.
    junit.to_string().unwrap_or_default()
}

fn one(case: &CaseReport, file: &FileReport) -> TestCase {
    let attempt = telling(case);
    let lines: Vec<String> = attempt
        .into_iter()
        .flat_map(|attempt| &attempt.asserts)
        .filter(|judged| judged.status != Status::Passed)
        .map(|judged| format!("{}: {}", judged.assert, judged.found))
        .collect();
    let mut status = match case.status {
        Status::Passed => TestCaseStatus::success(),
        Status::Undecided => TestCaseStatus::skipped(),
        Status::Failed if file.holds => TestCaseStatus::skipped(),
        Status::Failed => TestCaseStatus::non_success(NonSuccessKind::Failure),
    };
    if case.status != Status::Passed {
        status.set_message(lines.first().cloned().unwrap_or_default());
        status.set_description(lines.join("\n"));
    }
    let mut test = TestCase::new(format!("{} [{}]", case.name, case.model), status);
    test.set_classname(format!("eval.{}", case.file));
    let ms: f64 = case.attempts.iter().map(|attempt| attempt.duration_ms).sum();
    test.set_time(Duration::try_from_secs_f64(ms / 1000.0).unwrap_or_default());
    if let Some(attempt) = attempt.filter(|_| case.status == Status::Failed) {
        test.set_system_out(attempt.answer.as_str());
    }
    test
}
