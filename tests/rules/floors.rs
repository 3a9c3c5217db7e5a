//! The house: which module stands on which floor, and what a floor may name.

use crate::source::{self, Token, is_word, text};

/// Every top-level module of the library with its floor. A module imports only from floors below
/// its own; modules of one floor do not import one another.
const FLOORS: &[(&str, u8)] = &[
    ("main", 6),
    ("cli", 6),
    ("server", 6),
    ("worker", 6),
    ("lsp", 6),
    ("report", 5),
    ("ask", 4),
    ("eval", 4),
    ("run", 3),
    ("wire", 2),
    ("model", 2),
    ("tool", 2),
    ("journal", 2),
    ("plan", 1),
    ("document", 0),
    ("expression", 0),
    ("event", 0),
    ("diagnostic", 0),
    ("value", 0),
    ("id", 0),
];

/// On the ground floor a module may import those that stand before it here.
const GROUND: &[&str] = &["id", "value", "diagnostic", "event", "expression", "document"];

/// On the second floor the others may import what they have in common.
const COMMON: &str = "wire";

/// Where everything is put together: these may import any module.
const WIRING: &[&str] = &["main", "cli"];

/// What the pure floors must not name: the world outside, and whoever would wait for it.
const IMPURE_WORDS: &[&str] =
    &["tokio", "reqwest", "rusqlite", "SystemTime", "Instant", "async", "await"];
const IMPURE_STD: &[&str] = &["fs", "env", "net", "process", "thread"];

/// Faults of one file of the library against the floors. `file` is relative to `src/`.
pub(crate) fn imports(file: &str, source: &str) -> Vec<String> {
    let module = modules(file);
    let Some(top) = module.first() else {
        return Vec::new(); // lib.rs names every module, that is its work
    };
    let Some(floor) = floor(top) else {
        return vec![format!("src/{file}: module `{top}` has no floor; {}", known())];
    };
    let mut faults = Vec::new();
    for (target, line) in references(&module, source) {
        if target == *top {
            continue;
        }
        let place = format!("src/{file}:{line}");
        match self::floor(&target) {
            None => faults.push(format!(
                "{place}: `{target}` is no top-level module with a floor; {}",
                known()
            )),
            Some(below) if !may_import(top, floor, &target, below) => faults.push(format!(
                "{place}: `{top}` (floor {floor}) imports `{target}` (floor {below}); {}",
                if floor == 0 && below == 0 {
                    format!("on floor 0 the order is {}", GROUND.join(", "))
                } else {
                    "a module imports only from floors below its own".to_owned()
                }
            )),
            Some(_) => {}
        }
    }
    faults
}

/// Faults of one file against purity: floors 0 and 1 and the scheduler reach no disk, no network,
/// no clock, no environment, and wait for nothing. Test code may read its fixtures.
pub(crate) fn purity(file: &str, source: &str) -> Vec<String> {
    let module = modules(file);
    let pure = module.first().and_then(|top| floor(top)).is_some_and(|floor| floor <= 1)
        || module.starts_with(&["run".to_owned(), "scheduler".to_owned()]);
    if !pure || module.last().is_some_and(|name| name == "tests") {
        return Vec::new();
    }
    let tokens = source::without_test_modules(&source::tokens(source));
    let words = tokens
        .iter()
        .filter(|token| IMPURE_WORDS.contains(&token.text.as_str()))
        .map(|token| (token.text.clone(), token.line));
    let std = source::paths(&tokens, &["std"]).into_iter().filter_map(|path| {
        let part = path.segments.get(1).filter(|part| IMPURE_STD.contains(&part.as_str()))?;
        Some((format!("std::{part}"), path.line))
    });
    words
        .chain(std)
        .map(|(name, line)| format!("src/{file}:{line}: `{name}` in a module that must stay pure"))
        .collect()
}

/// Faults of one file against printing: only the command line writes to the terminal.
pub(crate) fn printing(file: &str, source: &str) -> Vec<String> {
    let module = modules(file);
    if module.first().is_some_and(|top| WIRING.contains(&top.as_str())) {
        return Vec::new();
    }
    let tokens = source::tokens(source);
    let prints = |at: usize, token: &Token| {
        matches!(token.text.as_str(), "print" | "println" | "eprint" | "eprintln")
            && text(&tokens, at + 1) == "!"
    };
    tokens
        .iter()
        .enumerate()
        .filter(|(at, token)| prints(*at, token))
        .map(|(_, token)| {
            format!(
                "src/{file}:{}: `{}!` outside cli; return a value or send an event",
                token.line, token.text
            )
        })
        .collect()
}

fn may_import(from: &str, floor: u8, target: &str, below: u8) -> bool {
    let rank = |name: &str| GROUND.iter().position(|ground| *ground == name);
    WIRING.contains(&from)
        || below < floor
        || (floor == 0 && below == 0 && rank(target) < rank(from))
        || (floor == below && target == COMMON)
}

/// The top-level modules a file names, by `crate::` or by `super` out of its own module.
fn references(module: &[String], source: &str) -> Vec<(String, usize)> {
    let mut found: Vec<(String, usize)> = Vec::new();
    for path in source::paths(&source::tokens(source), &["crate", "super", "self"]) {
        let mut segments = path.segments.as_slice();
        if segments.first().is_some_and(|first| first == "self") {
            segments = &segments[1..];
        }
        let ups = segments.iter().take_while(|segment| *segment == "super").count();
        let from_root = segments.first().is_some_and(|first| first == "crate");
        let depth = module.len() + path.inside.len();
        let target = match (from_root, ups) {
            (true, _) => segments.get(1),
            (false, 0) => None,
            (false, ups) if ups == depth => segments.get(ups),
            (false, _) => None,
        };
        found.extend(target.map(|target| (target.clone(), path.line)));
    }
    // A group gives a path for each of its names, but is one import.
    found.dedup();
    found
}

/// The module path of a file: `plan/check.rs` is `plan::check`, `plan/mod.rs` is `plan`.
fn modules(file: &str) -> Vec<String> {
    let stem = file.trim_end_matches(".rs");
    let mut parts: Vec<String> = stem.split('/').map(str::to_owned).collect();
    if matches!(parts.last().map(String::as_str), Some("mod" | "lib")) {
        parts.pop();
    }
    debug_assert!(parts.iter().all(|part| part.chars().all(is_word)), "odd file name {file}");
    parts
}

fn floor(module: &str) -> Option<u8> {
    FLOORS.iter().find(|(name, _)| *name == module).map(|(_, floor)| *floor)
}

fn known() -> String {
    let names: Vec<_> = FLOORS.iter().map(|(name, _)| *name).collect();
    format!("known are {}", names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn refused(file: &str, source: &str, part: &str) {
        let faults = imports(file, source);
        assert_eq!(faults.len(), 1, "{source}: {faults:?}");
        assert!(faults[0].contains(part), "{source}: {faults:?}");
    }

    #[track_caller]
    fn accepted(file: &str, source: &str) {
        assert_eq!(imports(file, source), Vec::<String>::new(), "{source}");
    }

    #[test]
    fn only_lower_floors_are_imported() {
        accepted("run/executor.rs", "use crate::{plan::Plan, model, event::Event};");
        accepted("cli/run.rs", "use crate::server::listen;");
        accepted("plan/mod.rs", "use crate::document::Workflow; use crate::plan::graph;");
        refused(
            "plan/graph.rs",
            "\nuse crate::run::Runner;",
            "src/plan/graph.rs:2: `plan` (floor 1)",
        );
        refused("event.rs", "fn f() -> crate::plan::Plan {}", "`plan` (floor 1)");
        refused("report/mod.rs", "use {std::fmt, crate::{run, cli::{a, b}}};", "`cli`");
    }

    #[test]
    fn neighbours_do_not_import_one_another() {
        accepted("tool/http/mod.rs", "use crate::wire::Http;");
        refused("wire/client.rs", "use crate::model::Endpoint;", "`model` (floor 2)");
        refused("model/openai.rs", "use crate::tool::Tool;", "`tool` (floor 2)");
        refused("tool/sql.rs", "use crate::{journal, value};", "`journal` (floor 2)");
        refused("journal/sqlite.rs", "use crate::model;", "`model` (floor 2)");
        refused("ask/mod.rs", "use crate::eval;", "`eval` (floor 4)");
        refused("server/mod.rs", "use crate::cli;", "`cli` (floor 6)");
    }

    #[test]
    fn the_ground_floor_has_an_order() {
        accepted("document/mod.rs", "use crate::{id, value, diagnostic, event, expression};");
        accepted("value.rs", "use crate::id::StepId;");
        refused("id.rs", "use crate::value::Value;", "the order is id, value");
        refused("expression/mod.rs", "use crate::document::Spec;", "the order is");
    }

    #[test]
    fn super_out_of_a_module_counts() {
        accepted("plan/graph.rs", "use super::check; mod tests { use super::*; }");
        refused("plan/graph.rs", "use super::super::run::Runner;", "`run`");
        refused("plan/graph.rs", "use self::super::super::run;", "`run`");
        refused("plan/mod.rs", "use super::{document, report};", "`report`");
        refused("plan/mod.rs", "mod tests { use super::super::report::Line; }", "`report`");
        refused("value.rs", "use super::{super::x, plan};", "`plan`");
    }

    #[test]
    fn unknown_modules_and_the_root_are_refused() {
        refused("helpers.rs", "", "module `helpers` has no floor");
        refused("run/mod.rs", "use crate::utils::x;", "`utils`");
        refused("run/mod.rs", "use crate::*;", "`*`");
        refused("run/mod.rs", "crate::bail!();", "`bail`");
        refused("run/mod.rs", "use super::*;", "`*`");
        accepted("lib.rs", "pub mod helpers; pub use crate::run::Runner;");
    }

    #[test]
    fn comments_and_strings_import_nothing() {
        accepted("plan/mod.rs", "/// See [`crate::run`].\nfn f() { \"crate::run::x\" }");
        accepted("plan/mod.rs", "pub(crate) fn f() {} pub(in crate::plan) fn g() {}");
    }

    #[test]
    fn pure_modules_name_no_world() {
        for source in [
            "use tokio::sync::mpsc;",
            "use std::{fmt, fs};",
            "fn f() { std::env::var(\"A\") }",
            "use std::time::SystemTime;",
            "fn f(e: rusqlite::Error) {}",
            "fn f() -> reqwest::Client {}",
            "async fn f() {}",
        ] {
            assert_eq!(purity("plan/mod.rs", source).len(), 1, "{source}");
            assert_eq!(purity("document/read.rs", source).len(), 1, "{source}");
            assert_eq!(purity("run/scheduler.rs", source).len(), 1, "{source}");
            assert_eq!(purity("run/executor.rs", source), Vec::<String>::new(), "{source}");
        }
        let harmless =
            "use std::fmt; env!(\"A\"); // std::fs\n#[cfg(test)] mod tests { use std::fs; }";
        assert_eq!(purity("plan/mod.rs", harmless), Vec::<String>::new());
        assert_eq!(purity("plan/tests.rs", "use std::fs;"), Vec::<String>::new());
    }

    #[test]
    fn only_the_command_line_prints() {
        for name in ["print", "println", "eprint", "eprintln"] {
            let source = format!("fn f() {{ {name}!(\"x\") }}");
            assert_eq!(printing("run/mod.rs", &source).len(), 1, "{source}");
            assert_eq!(printing("cli/run.rs", &source), Vec::<String>::new());
            assert_eq!(printing("main.rs", &source), Vec::<String>::new());
        }
        assert_eq!(
            printing("run/mod.rs", "// println!(\"x\")\nfn println() {}"),
            Vec::<String>::new()
        );
    }
}
