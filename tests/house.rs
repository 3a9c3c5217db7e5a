//! The rules of the house, held by tests so that nobody has to remember them. Each test gathers
//! every fault it finds; the rules themselves are in `rules/`, each tested on text that breaks it.

#[cfg(test)]
#[path = "rules/floors.rs"]
mod floors;
#[cfg(test)]
#[path = "rules/source.rs"]
mod source;
#[cfg(test)]
#[path = "rules/text.rs"]
mod text;

#[cfg(test)]
mod house {
    use std::fs;
    use std::path::{Path, PathBuf};

    use crate::{floors, text};

    /// What is made, not written (`.git` is a file in a linked work tree).
    const MADE: &[&str] = &[".git", ".engine", "target", "node_modules", "__pycache__", ".venv"];

    #[test]
    fn modules_import_only_from_floors_below() {
        hold("a module imports only from floors below its own", &library(floors::imports));
    }

    #[test]
    fn the_core_stays_pure() {
        hold("floors 0 and 1 and the scheduler do no I/O", &library(floors::purity));
    }

    #[test]
    fn only_the_command_line_prints() {
        hold("what is said is an event or a value until cli prints it", &library(floors::printing));
    }

    #[test]
    fn files_are_short() {
        let sizes: Vec<(String, usize)> =
            files("src", "rs").map(|(name, text)| (name, text.lines().count())).collect();
        assert!(!sizes.is_empty(), "src/ holds no source, so no rule here held anything");
        hold("a file is read in one sitting", &text::sizes(&sizes));
    }

    #[test]
    fn a_check_is_named_for_its_rule() {
        let rules: Vec<String> = files("docs/rules", "md")
            .filter_map(|(name, _)| Some(Path::new(&name).file_stem()?.to_str()?.to_owned()))
            .collect();
        let checks: Vec<(String, String)> =
            files("src/plan/checks", "rs").filter(|(name, _)| !name.ends_with("/mod.rs")).collect();
        assert!(checks.len() > 15, "{} checks: the folder has moved", checks.len());
        let faults = checks.iter().flat_map(|(name, text)| text::other_rules(name, text, &rules));
        hold("one file of src/plan/checks, one rule", &faults.collect::<Vec<_>>());
    }

    #[test]
    fn nothing_is_left_unfinished() {
        let written = files("src", "").chain(files("tests", ""));
        let faults = written.flat_map(|(name, text)| text::leftovers(&name, &text));
        hold("finish it, or file it where work is planned", &faults.collect::<Vec<_>>());
    }

    #[test]
    fn no_file_names_a_place_of_one_machine() {
        let faults = files("", "").flat_map(|(name, text)| text::machine_paths(&name, &text));
        hold("a clone works wherever it lies", &faults.collect::<Vec<_>>());
    }

    #[test]
    fn the_changelog_has_this_version() {
        let versions = text::manifest_values(&read("Cargo.toml"), &["[package]"], "version");
        let version = versions.first().expect("Cargo.toml has a version");
        let faults = if text::has_section(&read("CHANGELOG.md"), version) {
            Vec::new()
        } else {
            vec![format!("CHANGELOG.md: neither `## Unreleased` nor `## {version}`")]
        };
        hold("users read what changed", &faults);
    }

    #[test]
    fn declared_test_files_exist() {
        let paths = text::manifest_values(&read("Cargo.toml"), &["[[test]]", "[[bench]]"], "path");
        let missing = paths.into_iter().filter(|path| !root().join(path).is_file());
        hold("Cargo.toml names files that exist", &missing.collect::<Vec<_>>());
    }

    #[test]
    fn every_promise_names_its_tests() {
        let page = read("SECURITY.md");
        let promises: Vec<&str> = page.lines().filter(|line| line.starts_with("| **")).collect();
        assert!(promises.len() >= 9, "SECURITY.md has a table of promises");
        let tests = |line: &str| {
            let cell = line.trim_end_matches([' ', '|']).rsplit(" | ").next();
            text::literals(cell.unwrap_or_default()).len()
        };
        let bare = promises.iter().filter(|line| tests(line) == 0).map(|line| (*line).to_owned());
        let names = page.lines().flat_map(text::literals);
        let names = names.filter(|name| name.starts_with("tests/") || name.contains("::"));
        let missing = names.filter(|name| !is_test(name)).map(|name| format!("no test `{name}`"));
        hold("a promise is held by tests", &bare.chain(missing).collect::<Vec<_>>());
    }

    /// Whether a script, a module's test (`module::name`) or a module with tests (`module::*`) is there.
    fn is_test(name: &str) -> bool {
        let Some((module, test)) = name.rsplit_once("::") else {
            return root().join(name).exists();
        };
        let module = module.replace("::", "/");
        let mark = if test == "*" { "#[test]".to_owned() } else { format!("fn {test}(") };
        ["tests/cli/", "src/"].iter().any(|folder| {
            let source = fs::read_to_string(root().join(format!("{folder}{module}.rs")));
            source.is_ok_and(|source| source.contains(&mark))
        })
    }

    #[test]
    fn links_lead_somewhere() {
        let mut faults = Vec::new();
        for (name, markdown) in files("", "md") {
            let folder = root().join(&name).parent().map(Path::to_path_buf).unwrap_or_default();
            let links = text::relative_links(&markdown).into_iter();
            let dead = links.filter(|link| !folder.join(link).exists());
            faults.extend(dead.map(|link| format!("{name}: `{link}`")));
        }
        hold("a relative link names a file that exists", &faults);
    }

    /// Fails with the rule and every fault, one a line.
    #[track_caller]
    fn hold(rule: &str, faults: &[String]) {
        assert!(faults.is_empty(), "{rule}:\n  {}\n", faults.join("\n  "));
    }

    /// The faults of all files of the library, by a rule that takes a file's name within `src/`.
    fn library(rule: fn(&str, &str) -> Vec<String>) -> Vec<String> {
        files("src", "rs")
            .flat_map(|(name, text)| rule(name.trim_start_matches("src/"), &text))
            .collect()
    }

    /// Name, relative to the root, and text of every text file of a folder, by name.
    fn files(folder: &str, extension: &str) -> impl Iterator<Item = (String, String)> {
        let mut found = Vec::new();
        let mut folders = vec![root().join(folder)];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).expect("the folder is readable") {
                let path = entry.expect("the folder is readable").path();
                let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
                if MADE.contains(&name) {
                    continue;
                }
                if path.is_dir() {
                    folders.push(path);
                } else if name.ends_with(extension) {
                    found.push(path);
                }
            }
        }
        found.sort();
        // What is not UTF-8 is no text, so no rule here is about it.
        found.into_iter().filter_map(|path| {
            let text = fs::read_to_string(&path).ok()?;
            let name = path.strip_prefix(root()).unwrap_or(&path);
            Some((name.to_string_lossy().replace('\\', "/"), text))
        })
    }

    fn read(name: &str) -> String {
        fs::read_to_string(root().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    fn root() -> PathBuf {
        PathBuf::from(env!("CARGO_MANIFEST_DIR"))
    }
}
