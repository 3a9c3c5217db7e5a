//! The rules behind the codes: a page of docs/rules each, from which `engine explain`, the listing in the docs, the
//! descriptions in SARIF and the weight of every diagnostic are made.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use super::Severity;
use crate::value::one_line;

#[derive(rust_embed::RustEmbed)]
#[folder = "docs/rules"]
#[include = "*.md"]
#[exclude = "README.md"]
struct Pages;

/// A rule that files are checked by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Its stable name, as diagnostics give it.
    pub code: String,
    /// How much it weighs.
    pub severity: Severity,
    /// What is wrong, in a sentence.
    pub summary: String,
    /// The whole page, as Markdown.
    pub page: String,
}

/// A rule by its code.
pub fn rule(code: &str) -> Option<Rule> {
    let file = Pages::get(&format!("{code}.md"))?;
    let page = String::from_utf8_lossy(&file.data).into_owned();
    // `# code`, the severity and the summary, a blank line between each two.
    let mut paragraphs = page.split("\n\n").skip(1);
    let severity = match paragraphs.next()?.trim() {
        "warning" => Severity::Warning,
        _ => Severity::Error,
    };
    let summary = one_line(paragraphs.next()?);
    Some(Rule { code: code.to_owned(), severity, summary, page })
}

/// How much a rule weighs. A code without a page would be a bug; what it tells is no less an error.
pub(super) fn severity(code: &str) -> Severity {
    static WARNINGS: LazyLock<BTreeSet<String>> = LazyLock::new(|| {
        let all = rules().into_iter();
        all.filter(|rule| rule.severity == Severity::Warning).map(|rule| rule.code).collect()
    });
    if WARNINGS.contains(code) { Severity::Warning } else { Severity::Error }
}

/// All rules, by code.
pub fn rules() -> Vec<Rule> {
    let mut codes: Vec<String> =
        Pages::iter().filter_map(|name| Some(name.strip_suffix(".md")?.to_owned())).collect();
    codes.sort();
    codes.iter().filter_map(|code| rule(code)).collect()
}

/// The listing of all rules, as Markdown: docs/rules/README.md.
pub fn listing() -> String {
    let mut out = "# Rules\n\nWhat `engine validate` checks. `engine explain CODE` prints a page.\n\n| code | | what is wrong |\n| --- | --- | --- |\n".to_owned();
    for Rule { code, severity, summary, .. } in rules() {
        out.push_str(
            &["| [", &code, "](", &code, ".md) | ", severity.name(), " | ", &summary, " |\n"]
                .concat(),
        );
    }
    out
}
