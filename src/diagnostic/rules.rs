//! The rules behind the codes: a page of docs/rules each, from which `engine explain`, the listing in the docs and
//! the descriptions in SARIF are made.

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
