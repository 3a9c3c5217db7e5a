//! Rules about text files: words that must not be committed, sizes, and what the papers promise.

use crate::source::is_word;

/// Notes to oneself: words of their own, in code and comments alike. Built from parts, so that
/// this file holds none of them.
const NOTES: &[&str] = &[concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X")];

/// Unfinished or switched-off code.
const STUBS: &[&str] = &[
    concat!("to", "do!"),
    concat!("unimple", "mented!"),
    concat!("db", "g!"),
    concat!("#[", "ignore"),
];

/// Places of one machine, which mean nothing on another.
const MACHINE_PATHS: &[&str] = &[concat!("/wo", "rk/"), concat!("/ro", "ot/")];

/// No file is longer than this; half of them are at most `MEDIAN`.
const LONGEST: usize = 600;
const MEDIAN: usize = 150;

/// Notes and stubs left in a file.
pub(crate) fn leftovers(file: &str, text: &str) -> Vec<String> {
    named(file, text, |line| {
        let notes = NOTES.iter().filter(|note| has_word(line, note));
        let stubs = STUBS.iter().filter(|stub| has_word_start(line, stub));
        notes.chain(stubs).copied().collect()
    })
}

/// Paths of one machine in a file.
pub(crate) fn machine_paths(file: &str, text: &str) -> Vec<String> {
    named(file, text, |line| {
        MACHINE_PATHS.iter().filter(|path| line.contains(**path)).copied().collect()
    })
}

/// Files that are too long, and a median that is: `sizes` is file and lines.
pub(crate) fn sizes(sizes: &[(String, usize)]) -> Vec<String> {
    let mut faults: Vec<String> = sizes
        .iter()
        .filter(|(_, lines)| *lines > LONGEST)
        .map(|(file, lines)| format!("{file}: {lines} lines; at most {LONGEST}, so take it apart"))
        .collect();
    let mut lines: Vec<usize> = sizes.iter().map(|(_, lines)| *lines).collect();
    lines.sort_unstable();
    let median = lines.get(lines.len() / 2).copied().unwrap_or_default();
    if median >= MEDIAN {
        faults.push(format!(
            "half of the files have {median} lines or more; under {MEDIAN} is the rule"
        ));
    }
    faults
}

/// Rules that a file of checks tells, and that it is not named for: `unused_step.rs` tells `unused-step`.
pub(crate) fn other_rules(file: &str, text: &str, rules: &[String]) -> Vec<String> {
    let name = file.rsplit('/').next().unwrap_or(file).trim_end_matches(".rs").replace('_', "-");
    let told = rules.iter().filter(|rule| text.contains(&format!("\"{rule}\"")));
    told.filter(|rule| **rule != name).map(|rule| format!("{file} tells `{rule}`")).collect()
}

/// Whether a changelog has a section for `version` or for what is not released.
pub(crate) fn has_section(changelog: &str, version: &str) -> bool {
    changelog.lines().filter_map(|line| line.strip_prefix("## ")).any(|title| {
        let name = title.trim_start_matches('[').split([']', ' ']).next().unwrap_or_default();
        name.eq_ignore_ascii_case("unreleased") || name.trim_start_matches('v') == version
    })
}

/// The value of a plain `key = "value"` line, for every such line of the sections asked for.
pub(crate) fn manifest_values(manifest: &str, sections: &[&str], key: &str) -> Vec<String> {
    let mut section = "";
    let mut values = Vec::new();
    for line in manifest.lines().map(str::trim) {
        if line.starts_with('[') {
            section = line;
        } else if let Some((name, value)) = line.split_once('=')
            && name.trim() == key
            && sections.contains(&section)
        {
            values.extend(value.split('"').nth(1).map(str::to_owned));
        }
    }
    values
}

/// What stands between backticks in a line of Markdown.
pub(crate) fn literals(line: &str) -> Vec<&str> {
    line.split('`').skip(1).step_by(2).collect()
}

/// The relative links of a Markdown text, without anchors; fenced code holds no links.
pub(crate) fn relative_links(markdown: &str) -> Vec<String> {
    let mut links = Vec::new();
    let mut fenced = false;
    for line in markdown.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        }
        if fenced {
            continue;
        }
        let marks = [("](", ')'), ("src=\"", '"'), ("href=\"", '"')];
        for (open, close) in marks {
            for rest in line.split(open).skip(1) {
                let target = rest.split([close, ' ', '#']).next().unwrap_or_default();
                if !target.is_empty() && !target.contains(':') {
                    links.push(target.to_owned());
                }
            }
        }
    }
    links
}

fn named<'a>(file: &str, text: &str, find: impl Fn(&str) -> Vec<&'a str>) -> Vec<String> {
    let mut faults = Vec::new();
    for (n, line) in text.lines().enumerate() {
        faults.extend(find(line).iter().map(|found| format!("{file}:{}: `{found}`", n + 1)));
    }
    faults
}

/// Whether `word` stands in the line with no letter, digit or underscore beside it.
fn has_word(line: &str, word: &str) -> bool {
    around(line, word)
        .any(|(before, after)| !before.is_some_and(is_word) && !after.is_some_and(is_word))
}

/// The same where only what stands before matters, as for the name of a macro.
fn has_word_start(line: &str, word: &str) -> bool {
    around(line, word).any(|(before, _)| !before.is_some_and(is_word))
}

/// What stands directly before and after each place of `word`.
fn around(line: &str, word: &str) -> impl Iterator<Item = (Option<char>, Option<char>)> {
    line.match_indices(word).map(move |(at, _)| {
        let before = line.get(..at).and_then(|text| text.chars().next_back());
        let after = line.get(at + word.len()..).and_then(|text| text.chars().next());
        (before, after)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_tells_its_own_rule_only() {
        let rules = ["unused-step".to_owned(), "cycle".to_owned()];
        let text = "Diagnostic::new(\"unused-step\", ..) // cycle";
        assert!(other_rules("src/plan/checks/unused_step.rs", text, &rules).is_empty());
        let told = other_rules("src/plan/checks/cycle.rs", text, &rules);
        assert_eq!(told, ["src/plan/checks/cycle.rs tells `unused-step`"]);
    }

    #[test]
    fn leftovers_are_found_with_their_line() {
        for word in NOTES.iter().chain(STUBS) {
            let faults = leftovers("a.rs", &format!("fine\n    {word}(\"x\")"));
            assert_eq!(faults, [format!("a.rs:2: `{word}`")]);
        }
    }

    #[test]
    fn longer_words_are_no_leftovers() {
        let note = NOTES[2];
        let stub = STUBS[0];
        let text = format!("mktemp a.{note}{note}\nmy_{stub}\n{}S", NOTES[0]);
        assert_eq!(leftovers("a.rs", &text), Vec::<String>::new());
    }

    #[test]
    fn machine_paths_are_found() {
        for path in MACHINE_PATHS {
            let faults = machine_paths("a.md", &format!("see {path}main"));
            assert_eq!(faults, [format!("a.md:1: `{path}`")]);
        }
        assert_eq!(machine_paths("a.md", "see workflows/roi.yaml"), Vec::<String>::new());
    }

    #[test]
    fn long_files_and_a_long_median_are_found() {
        let of = |lines: &[usize]| {
            let files: Vec<_> = lines.iter().map(|lines| (format!("{lines}.rs"), *lines)).collect();
            sizes(&files)
        };
        assert_eq!(of(&[10, 600, 20]), Vec::<String>::new());
        assert_eq!(of(&[]), Vec::<String>::new());
        assert!(of(&[10, 601, 20])[0].starts_with("601.rs: 601 lines"));
        assert!(of(&[10, 150, 160])[0].starts_with("half of the files"));
    }

    #[test]
    fn the_changelog_needs_a_section() {
        assert!(has_section("# Changelog\n\n## Unreleased\n", "0.1.0"));
        assert!(has_section("## [Unreleased]\n", "0.1.0"));
        assert!(has_section("## 0.1.0 - a day\n", "0.1.0"));
        assert!(has_section("## [v0.1.0] - a day\n", "0.1.0"));
        assert!(!has_section("## 0.0.9\nUnreleased\n", "0.1.0"));
    }

    #[test]
    fn manifest_values_come_from_their_section() {
        let manifest = "[package]\nversion = \"1.2.3\"\n[[test]]\npath = \"tests/a.rs\"\n[[bench]]\npath = \"b.rs\"\n[bin]\npath = \"c.rs\"";
        assert_eq!(manifest_values(manifest, &["[package]"], "version"), ["1.2.3"]);
        assert_eq!(
            manifest_values(manifest, &["[[test]]", "[[bench]]"], "path"),
            ["tests/a.rs", "b.rs"]
        );
    }

    #[test]
    fn literals_stand_between_backticks() {
        assert_eq!(literals("a `b` and `c::d`, e"), ["b", "c::d"]);
        assert_eq!(literals("none"), Vec::<&str>::new());
    }

    #[test]
    fn links_are_read_outside_code() {
        let text = "[a](b.md#c) [d](https://e) [f](#g) ![h](i.svg \"t\") <img src=\"j.png\">\n```\n[k](l)\n```\n[m](n/)";
        assert_eq!(relative_links(text), ["b.md", "i.svg", "j.png", "n/"]);
    }
}
