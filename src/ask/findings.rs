//! What the steps of a plan found: as the prompt of a later step reads it, and as an answer shows it where nobody put it together.

use serde_json::json;

use super::Part;
use crate::document::{Returns, Tool};
use crate::plan::Library;
use crate::value::one_line;

/// A sentence that is longer is cut at its first comma, in bytes.
const LONGEST_TITLE: usize = 60;

/// What a step found.
pub(super) struct Finding<'a> {
    /// The step.
    pub(super) id: &'a str,
    by: By<'a>,
}

/// Who found it.
enum By<'a> {
    /// An agent, by its role.
    Agent(String),
    Tool(&'a Tool),
    /// Whatever has no more than a name.
    Other(String),
}

impl<'a> Finding<'a> {
    pub(super) fn of(library: &'a Library, part: &'a Part) -> Self {
        let by = match (&part.agent, &part.tool) {
            (Some(name), _) => {
                let role = library.agent(name).and_then(|agent| agent.role.as_deref());
                By::Agent(plain(role.unwrap_or(name.as_str())))
            }
            (None, Some(name)) => library
                .tool(name)
                .map_or_else(|| By::Other(plain(&format!("tool {name}"))), By::Tool),
            (None, None) => By::Other("arithmetic".to_owned()),
        };
        Self { id: &part.id, by }
    }

    pub(super) fn of_tool(tool: &'a Tool, id: &'a str) -> Self {
        Self { id, by: By::Tool(tool) }
    }

    /// It as a prompt tells it.
    pub(super) fn told(&self) -> String {
        let filter = if matches!(self.by, By::Agent(_)) { "" } else { " | tojson" };
        format!("Found by {}:\n{{{{ {}{filter} }}}}", self.named(), self.output())
    }

    /// The same, with words for the case that nothing was found.
    pub(super) fn told_or_missing(&self) -> String {
        format!(
            "\n\n{{% if {} is defined %}}{}{{% else %}}Missing: {} found nothing.{{% endif %}}",
            self.output(),
            self.told(),
            self.named()
        )
    }

    /// It as Markdown with a title: texts as they are, and all else as tables whose numbers are written in their units.
    pub(super) fn shown(&self) -> String {
        let (head, table) = match &self.by {
            By::Agent(role) => (format!("## {role}"), String::new()),
            By::Tool(tool) => (headed(tool), table(tool)),
            By::Other(_) => (format!("**{}**", self.id), " | table".to_owned()),
        };
        format!(
            "\n{head}\n\n{{% if {0} is defined %}}{{{{ {0}{table} }}}}{{% else %}}(not available){{% endif %}}",
            self.output()
        )
    }

    fn output(&self) -> String {
        format!("steps.{}.output", self.id)
    }

    fn named(&self) -> String {
        let by = match &self.by {
            By::Agent(role) => role.clone(),
            By::Tool(tool) => format!("tool {}", tool.name),
            By::Other(name) => name.clone(),
        };
        format!("`{}` ({by})", self.id)
    }
}

/// The title of what a tool gives, and what stands in it.
fn headed(tool: &Tool) -> String {
    let about = plain(&tool.description);
    let (title, rest) = titled(about.trim());
    match rest.trim() {
        "" => format!("**{title}**"),
        rest => format!("**{title}**\n\n{}", capitalized(rest)),
    }
}

/// The filter that makes a table of what a tool gives.
fn table(tool: &Tool) -> String {
    match tool.returns {
        Returns::Value => String::new(),
        Returns::Row | Returns::Rows if tool.units.is_empty() => " | table".to_owned(),
        Returns::Row | Returns::Rows => format!(" | table(units={})", json!(tool.units)),
    }
}

/// The first clause of a description names the table, the rest explains it.
fn titled(about: &str) -> (&str, &str) {
    let (sentence, rest) = about.split_once([':', '.', ';']).unwrap_or((about, ""));
    if sentence.len() <= LONGEST_TITLE {
        return (sentence, rest);
    }
    about
        .split_once(',')
        .filter(|(clause, _)| clause.len() < sentence.len())
        .unwrap_or((sentence, rest))
}

fn capitalized(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().into_iter().flat_map(char::to_uppercase).chain(chars).collect()
}

/// A text that is no template, whatever stands in it.
pub(super) fn plain(text: &str) -> String {
    one_line(text).replace("{{", "{ {").replace("{%", "{ %").replace("{#", "{ #")
}
