//! The text of an open file, as the editor has it.

use std::path::{Path, PathBuf};

use lsp_types::TextDocumentContentChangeEvent;

use super::position::{Encoding, Lines};
use crate::document::{Kind, is_yaml};

/// A file that is open in the editor.
#[derive(Debug)]
pub(super) struct Buffer {
    /// Its URI, to the letter.
    pub(super) uri: String,
    pub(super) path: PathBuf,
    /// The project around it.
    pub(super) root: Option<PathBuf>,
    pub(super) version: i32,
    pub(super) text: String,
}

impl Buffer {
    /// Takes over what was typed.
    pub(super) fn change(&mut self, change: &TextDocumentContentChangeEvent, encoding: Encoding) {
        let Some(range) = change.range else {
            self.text.clone_from(&change.text);
            return;
        };
        let lines = Lines::of(&self.text, encoding);
        let start = lines.offset(lines.place(range.start));
        let end = lines.offset(lines.place(range.end)).max(start);
        self.text.replace_range(start..end, &change.text);
    }

    /// What kind of file it is; none where it is none of a project's.
    pub(super) fn kind(&self) -> Option<Kind> {
        kind_of(&self.path, self.root.as_deref(), &self.text)
    }
}

/// The kind of a file, by where it stands. Outside the folders of a project only what looks like a workflow is one.
pub(super) fn kind_of(path: &Path, root: Option<&Path>, text: &str) -> Option<Kind> {
    if !is_yaml(path) {
        return None;
    }
    let folder = path.parent();
    if path.file_name().is_some_and(|name| name == "engine.yaml") {
        return Some(Kind::Project);
    }
    if let Some(root) = root {
        let stands_in =
            |name: &str| folder.is_some_and(|folder| folder.starts_with(root.join(name)));
        match () {
            () if stands_in("agents") => return Some(Kind::Agent),
            () if stands_in("tools") => return Some(Kind::Tools),
            // Files of rows for evals stand beside them; they assert nothing, and nobody judged them.
            () if stands_in("evals")
                && ["assert:", "rubric:"].iter().any(|key| text.contains(key)) =>
            {
                return Some(Kind::Eval);
            }
            () if stands_in("workflows") => return Some(Kind::Workflow),
            () => {}
        }
    }
    let has = |key: &str| text.lines().any(|line| line.starts_with(key));
    let named = text.lines().take(3).any(|line| line.contains("workflow.schema.json"));
    (named || has("steps:") && has("name:")).then_some(Kind::Workflow)
}

#[cfg(test)]
mod tests {
    use super::*;
    use lsp_types::{Position, Range};

    #[test]
    fn rows_beside_evals_are_no_evals() {
        let kind = |text| kind_of(Path::new("p/evals/a.yaml"), Some(Path::new("p")), text);
        assert_eq!(kind("cases:\n  - {question: Why?, assert: []}\n"), Some(Kind::Eval));
        assert_eq!(kind("examples:\n  - {answer: Yes., rubric: Says yes.}\n"), Some(Kind::Eval));
        assert_eq!(kind("cases:\n  - {question: Why?, expect: agent}\n"), None);
    }

    #[test]
    fn changes_are_taken_over_whatever_their_range() {
        let mut buffer = Buffer {
            uri: String::new(),
            path: PathBuf::new(),
            root: None,
            version: 0,
            text: "a: ü😀\nb: 2\n".to_owned(),
        };
        let mut change = |start: (u32, u32), end: (u32, u32), text: &str| {
            let at = |(line, character)| Position { line, character };
            let range = Some(Range { start: at(start), end: at(end) });
            let change =
                TextDocumentContentChangeEvent { range, range_length: None, text: text.to_owned() };
            buffer.change(&change, Encoding::Utf16);
            buffer.text.clone()
        };
        assert_eq!(change((0, 4), (0, 6), "!"), "a: ü!\nb: 2\n");
        assert_eq!(change((1, 99), (2, 99), ""), "a: ü!\nb: 2");
        assert_eq!(change((1, 1), (0, 0), "x"), "a: ü!\nbx: 2");
        assert_eq!(change((9, 0), (9, 9), "\n😀"), "a: ü!\nbx: 2\n😀");
    }
}
