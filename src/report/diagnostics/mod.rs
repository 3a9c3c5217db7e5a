//! Diagnostics for people, programs, pull requests and test reports: one format a file.

mod github;
mod json;
mod junit;
mod sarif;
mod text;

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use crate::diagnostic::{Diagnostic, SourceFile, Span};
use crate::document::{masked, masked_file};

/// How diagnostics are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For people: excerpt, carets and help.
    #[default]
    Text,
    /// One JSON object.
    Json,
    /// Commands of GitHub Actions: annotations on the lines of a pull request.
    Github,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// `JUnit` XML: a test case a file.
    Junit,
}

/// How diagnostics are judged and drawn.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Manner {
    /// Whether texts for people are coloured.
    pub colour: bool,
    /// Whether warnings are faults like errors.
    pub deny_warnings: bool,
    /// What pull requests and code scanning name files from; none where there is no repository.
    pub checkout: Option<Checkout>,
}

/// A repository that is checked out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkout {
    /// Its folder.
    pub root: PathBuf,
    /// The folder that paths of diagnostics are relative to.
    pub here: PathBuf,
}

impl Checkout {
    /// A path from the repository's folder on; one that is outside of it stays as it is.
    fn path(&self, path: &Path) -> PathBuf {
        let mut whole = PathBuf::new();
        for part in self.here.join(path).components() {
            match part {
                Component::CurDir => {}
                Component::ParentDir => drop(whole.pop()),
                Component::Prefix(_) | Component::RootDir | Component::Normal(_) => {
                    whole.push(part);
                }
            }
        }
        whole.strip_prefix(&self.root).unwrap_or(path).to_owned()
    }
}

impl Manner {
    /// A file as pull requests and code scanning name it.
    fn uri(&self, path: &Path) -> String {
        match &self.checkout {
            Some(checkout) => uri(&checkout.path(path)),
            None => uri(path),
        }
    }

    /// Whether a check with this diagnostic has failed.
    pub fn fails(&self, found: &Diagnostic) -> bool {
        self.deny_warnings || found.is_error()
    }
}

/// Writes diagnostics about the files that were checked.
pub fn diagnostics(
    found: &[Diagnostic],
    files: &[PathBuf],
    format: Format,
    manner: &Manner,
) -> String {
    let shown = without_secrets(found);
    let found = shown.as_slice();
    match format {
        Format::Text => text::write(found, files.len(), manner),
        Format::Json => json::write(found, files.len()),
        Format::Github => github::write(found, manner),
        Format::Sarif => sarif::write(found, manner),
        Format::Junit => junit::write(found, files, manner),
    }
}

/// Diagnostics whose texts and files hold no secret that is known.
fn without_secrets(found: &[Diagnostic]) -> Vec<Diagnostic> {
    let mut places: BTreeMap<&Path, Vec<Span>> = BTreeMap::new();
    for secret in found.iter().filter(|found| found.code == "literal-secret") {
        if let (Some(file), Some(span)) = (&secret.file, secret.span) {
            places.entry(&file.path).or_default().push(span);
        }
    }
    let mut files: BTreeMap<&Path, Masked<'_>> = BTreeMap::new();
    for diagnostic in found {
        let related = diagnostic.related.iter().map(|related| &related.file);
        for file in diagnostic.file.iter().chain(related) {
            files.entry(&file.path).or_insert_with(|| {
                Masked::of(file, places.get(file.path.as_path()).map_or(&[][..], Vec::as_slice))
            });
        }
    }
    let masked_of = |file: &Arc<SourceFile>| files.get(file.path.as_path());
    let shown_of = |file: &Arc<SourceFile>| masked_of(file).map(|masked| Arc::clone(&masked.file));
    let without = |found: &Diagnostic| {
        let mut shown = found.clone();
        // Helps write out what stands in the line, mended.
        let near = found.file.as_ref().and_then(masked_of).zip(found.span);
        let hidden = near.map_or_else(Vec::new, |(masked, span)| masked.hidden_near(span));
        let masked = |text: &str| {
            hidden.iter().fold(masked(text), |text, word| text.replace(word, "******"))
        };
        shown.message = masked(&shown.message);
        shown.help = shown.help.as_deref().map(masked);
        shown.file = shown.file.as_ref().and_then(shown_of);
        for related in &mut shown.related {
            related.message = masked(&related.message);
            related.file = shown_of(&related.file).unwrap_or_else(|| Arc::clone(&related.file));
        }
        shown
    };
    found.iter().map(without).collect()
}

/// A file without its secrets, made once however many faults it has.
struct Masked<'f> {
    file: Arc<SourceFile>,
    /// The words that are stars in it, by the number of their line.
    hidden: BTreeMap<usize, Vec<&'f str>>,
}

impl<'f> Masked<'f> {
    fn of(file: &'f SourceFile, places: &[Span]) -> Self {
        let text = masked_file(&file.text, places);
        let lines = file.text.lines().zip(text.lines()).enumerate();
        let changed = lines.filter(|(_, (line, masked))| line != masked);
        let hidden =
            changed.map(|(at, (line, masked))| (at + 1, hidden_words(line, masked))).collect();
        Self { file: Arc::new(SourceFile { path: file.path.clone(), text }), hidden }
    }

    /// The words that are hidden on the lines of a span and beside them, the longest first.
    fn hidden_near(&self, span: Span) -> Vec<&'f str> {
        let (first, last) = (span.line.saturating_sub(1), span.end_line.max(span.line) + 1);
        let mut words: Vec<&str> =
            self.hidden.range(first..=last).flat_map(|(_, words)| words).copied().collect();
        words.sort_by_key(|word| std::cmp::Reverse(word.len()));
        words
    }
}

/// The words of a line that are stars in the masked one; shorter ones stand in other words by chance.
fn hidden_words<'l>(line: &'l str, masked: &str) -> Vec<&'l str> {
    const LEAST: usize = 4;
    // Stars stand for characters one by one, and blanks stay.
    let mut stars = masked.chars();
    let mut parts = Vec::new();
    let mut from = None;
    for (at, c) in line.char_indices() {
        let hidden = stars.next() == Some('*') && c != '*';
        match (hidden, from) {
            (true, None) => from = Some(at),
            (false, Some(begin)) => {
                parts.extend(line.get(begin..at));
                from = None;
            }
            _ => {}
        }
    }
    parts.extend(from.and_then(|begin| line.get(begin..)));
    let marks =
        |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ',' | '{' | '}' | '[' | ']');
    let words = parts.into_iter().flat_map(|part| part.split(marks));
    words.filter(|word| word.chars().count() >= LEAST).collect()
}

/// Errors and warnings.
fn counts(found: &[Diagnostic]) -> (usize, usize) {
    let errors = found.iter().filter(|d| d.is_error()).count();
    (errors, found.len() - errors)
}

/// What is wrong and how to mend it, in one text.
fn message(diagnostic: &Diagnostic) -> String {
    match &diagnostic.help {
        Some(help) => format!("{}\nhelp: {help}", diagnostic.message),
        None => diagnostic.message.clone(),
    }
}

/// A path as programs write it, with slashes.
fn uri(path: &Path) -> String {
    path.components()
        .map(|part| part.as_os_str().to_string_lossy().into_owned())
        .collect::<Vec<_>>()
        .join("/")
        .replacen("//", "/", 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found() -> Vec<Diagnostic> {
        let file = |path: &str| {
            Arc::new(SourceFile {
                path: PathBuf::from(path),
                text: "name: a\nstep: 1\n".to_owned(),
            })
        };
        let (one, two) = (file("workflows/a, b.yaml"), file("agents/cfo.yaml"));
        vec![
            Diagnostic::new("unknown-key", "unknown key `step`: 100% wrong")
                .help("did you mean `steps`?")
                .at(&one, Span::on_line(2, 1, 4))
                .related("named here", &two, Span::on_line(1, 7, 1)),
            Diagnostic::new("unused-agent", "nobody <asks> \"a\"").in_file(&two),
        ]
    }

    fn files() -> Vec<PathBuf> {
        ["engine.yaml", "workflows/a, b.yaml", "agents/cfo.yaml"].map(PathBuf::from).to_vec()
    }

    #[test]
    fn github_draws_annotations_with_everything_escaped() {
        let expected = "::error file=workflows/a%2C b.yaml,line=2,col=1,endLine=2,endColumn=5,title=unknown-key::\
                        unknown key `step`: 100%25 wrong%0Ahelp: did you mean `steps`?\n\
                        ::warning file=agents/cfo.yaml,title=unused-agent::nobody <asks> \"a\"\n";
        assert_eq!(diagnostics(&found(), &files(), Format::Github, &Manner::default()), expected);
    }

    #[test]
    fn sarif_names_rules_and_places() {
        let text = diagnostics(&found(), &files(), Format::Sarif, &Manner::default());
        let log: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(log["version"], "2.1.0");
        let run = &log["runs"][0];
        assert_eq!(run["tool"]["driver"]["name"], "engine");
        let rules: Vec<&str> = run["tool"]["driver"]["rules"]
            .as_array()
            .unwrap()
            .iter()
            .map(|rule| rule["id"].as_str().unwrap())
            .collect();
        assert_eq!(rules, ["unknown-key", "unused-agent"]);
        let result = &run["results"][0];
        assert_eq!((&result["ruleId"], &result["level"]), (&"unknown-key".into(), &"error".into()));
        assert_eq!(result["ruleIndex"], 0);
        let place = &result["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], "workflows/a,%20b.yaml");
        assert_eq!(
            place["region"],
            serde_json::json!({"startLine": 2, "startColumn": 1, "endLine": 2, "endColumn": 5})
        );
        assert_eq!(result["relatedLocations"][0]["message"]["text"], "named here");
        assert_eq!(run["results"][1]["level"], "warning");
    }

    #[test]
    fn pull_requests_name_files_from_the_repository_on() {
        let checkout = |here: &str| Checkout { root: "/repo".into(), here: here.into() };
        for (here, path, expected) in [
            ("/repo", "flows/a.yaml", "flows/a.yaml"),
            ("/repo/sub", "flows/a.yaml", "sub/flows/a.yaml"),
            ("/repo/sub", "../other/a.yaml", "other/a.yaml"),
            ("/repo/sub", "/repo/a.yaml", "a.yaml"),
            ("/repo/sub", "../../away/a.yaml", "../../away/a.yaml"),
        ] {
            assert_eq!(checkout(here).path(Path::new(path)), Path::new(expected));
        }
        let manner = Manner { checkout: Some(checkout("/repo/sub")), ..Manner::default() };
        for format in [Format::Github, Format::Sarif] {
            let text = diagnostics(&found(), &files(), format, &manner);
            assert!(
                text.contains("sub/workflows/a") && text.contains("sub/agents/cfo.yaml"),
                "{text}"
            );
        }
        let text = diagnostics(&found(), &files(), Format::Text, &manner);
        assert!(!text.contains("sub/"), "{text}");
    }

    #[test]
    fn junit_has_a_case_for_every_file() {
        let text = diagnostics(&found(), &files(), Format::Junit, &Manner::default());
        assert!(text.contains("tests=\"3\" skipped=\"0\" failures=\"1\""), "{text}");
        assert!(text.contains("<testcase name=\"engine.yaml\""), "{text}");
        assert!(text.contains("type=\"unknown-key\""), "{text}");
        assert!(text.contains("2:1: error[unknown-key]: unknown key `step`"), "{text}");
        assert!(text.contains("warning[unused-agent]: nobody &lt;asks&gt;"), "{text}");
    }

    #[test]
    fn no_format_shows_what_is_secret() {
        let text = "one: {password: \"hunter2pass\"}\ntwo: {a: s3cret, b: s4cret}\n".to_owned();
        let file = Arc::new(SourceFile { path: "agents/a.yaml".into(), text });
        let found = [Span::on_line(2, 10, 6), Span::on_line(2, 21, 6)]
            .map(|span| Diagnostic::new("literal-secret", "a secret").at(&file, span));
        for format in [Format::Text, Format::Json, Format::Github, Format::Sarif, Format::Junit] {
            let text = diagnostics(&found, &files(), format, &Manner::default());
            for secret in ["hunter2pass", "s3cret", "s4cret"] {
                assert!(!text.contains(secret), "{text}");
            }
        }
        let text = diagnostics(&found, &files(), Format::Text, &Manner::default());
        assert!(text.contains("two: {a: ******, b: ******}"), "{text}");
    }

    #[test]
    fn no_help_writes_out_what_its_line_hides() {
        let text = "models:\n  password: @hunter2pass\n  secret:s3cret99 x\n  token: {opened99\n";
        let file = Arc::new(SourceFile { path: "engine.yaml".into(), text: text.to_owned() });
        let quoted = Diagnostic::new("yaml-syntax", "a value cannot begin with `@` (@hunter2pass)")
            .help("put quotes around it: \"@hunter2pass\"")
            .at(&file, Span::on_line(2, 13, 1));
        let joined = Diagnostic::new("yaml-syntax", "`secret:s3cret99` has no blank")
            .at(&file, Span::on_line(3, 3, 3));
        let open = Diagnostic::new("yaml-syntax", "`{opened99` does not end")
            .at(&file, Span::on_line(4, 10, 1));
        let found = [quoted, joined, open];
        for format in [Format::Text, Format::Json, Format::Github, Format::Sarif, Format::Junit] {
            let text = diagnostics(&found, &files(), format, &Manner::default());
            for secret in ["hunter2", "s3cret99", "opened99"] {
                assert!(!text.contains(secret), "{text}");
            }
        }
    }

    #[test]
    fn what_is_too_wide_to_draw_is_told_in_a_line() {
        let text = format!("{}: 1\n", "a".repeat(100_000));
        let file = Arc::new(SourceFile { path: "agents/a.yaml".into(), text });
        let long = format!("unknown key `{}`", "a".repeat(100_000));
        let found = Diagnostic::new("unknown-key", long).at(&file, Span::on_line(1, 1, 100_000));
        let text = diagnostics(&[found], &files(), Format::Text, &Manner::default());
        assert!(text.starts_with("agents/a.yaml:1:1: unknown key `aaa"), "{text}");
        assert!(text.contains("aaa... [unknown-key]\n") && text.len() < 2_000, "{text}");
    }
}
