//! Checks what the texts of a workflow read: params, steps and the fields of their outputs.

use std::collections::BTreeMap;

use crate::diagnostic::{Diagnostic, nearest, suggest};
use crate::document::{Document, ParamType, Workflow, is_unnamed};
use crate::expression::{Analysis, Read, Root, Type, is_template};
use crate::value::pointer_segment;

/// What the texts of a workflow may read.
pub(super) struct Names<'w> {
    pub(super) document: &'w Document<Workflow>,
    /// The type of every step's output, by id.
    pub(super) types: BTreeMap<&'w str, Type>,
}

/// Where a text stands, and what only texts there may read.
#[derive(Clone, Copy)]
pub(super) struct Place<'p> {
    /// JSON pointer of the text in the workflow's file.
    pub(super) pointer: &'p str,
    /// The step it belongs to; none for outputs.
    pub(super) step: Option<&'p str>,
    /// Names computed before it.
    pub(super) locals: &'p [&'p str],
}

impl Names<'_> {
    /// The faults of one text, with their places in the file.
    pub(super) fn check(&self, analysis: &Analysis, place: Place<'_>) -> Vec<Diagnostic> {
        let file = &self.document.file;
        let problems = analysis
            .problems
            .iter()
            .map(|problem| self.document.diagnostic(problem, place.pointer));
        let reads = analysis.reads.iter().filter_map(|read| {
            let span = self.document.place(place.pointer, read.line, read.column, read.width);
            Some(self.check_read(read, place)?.at(file, span))
        });
        problems.chain(reads).collect()
    }

    /// A text that is no template, but names a value and nothing else.
    pub(super) fn check_bare(&self, text: &str, pointer: &str) -> Option<Diagnostic> {
        let written = text.trim();
        let actions = written.strip_prefix("${{").and_then(|text| text.strip_suffix("}}"));
        let actions = actions.filter(|_| pointer.contains("/with/"));
        if actions.is_none() && is_template(text) {
            return None;
        }
        let one = written.strip_prefix('{').and_then(|text| text.strip_suffix('}'));
        let name = actions.or(one).unwrap_or(written).trim();
        let mut segments = name.split('.');
        let known = match (segments.next(), segments.next()) {
            (Some("params"), Some(param)) => self.document.value.params.contains_key(param),
            (Some("steps"), Some(step)) => self.types.contains_key(step),
            _ => false,
        };
        let plain = name.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '_' | '-'));
        if actions.is_none() && !(known && plain) {
            return None;
        }
        let column = text.chars().take_while(|c| c.is_whitespace()).count() + 1;
        let span = self.document.place(pointer, 1, column, written.chars().count());
        Some(
            Diagnostic::new("braces", "this is a text: a value is read inside two braces")
                .help(format!("write \"{{{{ {name} }}}}\""))
                .at(&self.document.file, span),
        )
    }

    /// Whether some step is there that nobody knows the name of.
    pub(super) fn lacks_steps(&self) -> bool {
        let steps = &self.document.value.steps;
        !self.document.is_whole()
            && (self.document.lost("/steps")
                || steps.iter().any(|step| is_unnamed(step.id.as_str())))
    }

    /// Ids that are no names: `steps.my-step` reads `step` as a name of its own.
    fn misnamed(&self) -> impl Iterator<Item = &str> {
        let steps = self.document.value.steps.iter().filter(|_| !self.document.is_whole());
        let is_name = |id: &&str| id.chars().all(|c| c.is_alphanumeric() || c == '_');
        steps.map(|step| step.id.as_str()).filter(move |id| !is_name(id))
    }

    /// Whether a text may read a name that is missing from its step for being at fault.
    fn lacks_names(&self, place: Place<'_>) -> bool {
        if self.document.is_whole() {
            return false;
        }
        let step = step_of(place.pointer);
        ["for_each", "as", "compute"]
            .iter()
            .any(|key| self.document.lacks(&format!("{step}/{key}")))
    }

    fn check_read(&self, read: &Read, place: Place<'_>) -> Option<Diagnostic> {
        match &read.root {
            Root::Params => self.check_param(&read.path),
            Root::Steps => self.check_step(&read.path, place),
            Root::Local(name) if place.locals.contains(&name.as_str()) => None,
            Root::Local(_) if self.lacks_names(place) => None,
            Root::Local(name)
                if self.misnamed().any(|id| id.split(['-', ' ', '.']).any(|part| part == name)) =>
            {
                None
            }
            Root::Local(name) => Some(self.unknown_name(name, place)),
        }
    }

    fn check_param(&self, path: &[String]) -> Option<Diagnostic> {
        let params = &self.document.value.params;
        let name = path.first()?;
        let Some(param) = params.get(name) else {
            if self.document.lost(&format!("/params/{}", pointer_segment(name))) {
                return None;
            }
            let help = suggest(name, params.keys().map(String::as_str), "params");
            return Some(
                Diagnostic::new("unknown-param", format!("unknown param `{name}`")).help(help),
            );
        };
        if self.document.lacks(&format!("/params/{}", pointer_segment(name))) {
            return None;
        }
        let enterable = matches!(param.kind, ParamType::Object | ParamType::Array);
        let field = path.get(1).filter(|_| !enterable)?;
        Some(
            Diagnostic::new(
                "unknown-field",
                format!("param `{name}` is a single value, it has no `{field}`"),
            )
            .help(format!("read `params.{name}`")),
        )
    }

    fn check_step(&self, path: &[String], place: Place<'_>) -> Option<Diagnostic> {
        let Some(id) = path.first() else {
            return Some(
                Diagnostic::new("bare-steps", "`steps` alone hides which steps are read")
                    .help("write `steps.ID.output`"),
            );
        };
        if place.step == Some(id) && self.document.lost(step_of(place.pointer)) {
            // It may be two steps in one.
            return None;
        }
        if place.step == Some(id) {
            return Some(
                Diagnostic::new("reads-itself", format!("step `{id}` reads its own output"))
                    .help("read the output of an earlier step"),
            );
        }
        let Some(found) = self.types.get(id.as_str()) else {
            if self.lacks_steps() || self.misnamed().any(|other| other.starts_with(id)) {
                return None;
            }
            let others = self.types.keys().copied().filter(|id| place.step != Some(*id));
            let help = suggest(id, others, "steps");
            return Some(
                Diagnostic::new("unknown-step", format!("unknown step `{id}`")).help(help),
            );
        };
        match path.get(1).map(String::as_str) {
            Some("output") => self.check_field(id, found, path.get(2..).unwrap_or_default()),
            Some("status") => path.get(2).map(|field| {
                Diagnostic::new("unknown-field", format!("`steps.{id}.status` has no `{field}`"))
                    .help(format!("it is a text: write `steps.{id}.status == 'succeeded'`"))
            }),
            Some(other) => {
                let rest = path.get(1..).unwrap_or_default();
                let named = found.missing(rest).is_none() && *found != Type::Any;
                let stands_for = ["outputs", "result", "results", "value", "response", "outcome"];
                let misspelt = nearest(other, ["output"]).is_some();
                let rest = if (stands_for.contains(&other) || misspelt) && !named {
                    path.get(2..).unwrap_or_default()
                } else {
                    rest
                };
                let meant =
                    rest.iter().fold(format!("steps.{id}.output"), |at, s| format!("{at}.{s}"));
                Some(
                    Diagnostic::new(
                        "unknown-field",
                        format!("a step has `output` and `status`, not `{other}`"),
                    )
                    .help(format!("write `{meant}`")),
                )
            }
            None => Some(
                Diagnostic::new("unknown-field", format!("`steps.{id}` alone is not a value"))
                    .help(format!("write `steps.{id}.output`")),
            ),
        }
    }

    fn check_field(&self, id: &str, found: &Type, path: &[String]) -> Option<Diagnostic> {
        let (index, inside) = found.missing(path)?;
        let field = path.get(index)?;
        let place = path
            .get(..index)
            .unwrap_or_default()
            .iter()
            .fold(format!("steps.{id}.output"), |place, s| format!("{place}.{s}"));
        let diagnostic = Diagnostic::new("unknown-field", format!("`{place}` has no `{field}`"));
        Some(match inside {
            Type::Fields(fields) => {
                diagnostic.help(suggest(field, fields.keys().map(String::as_str), "fields"))
            }
            Type::List(_) => {
                diagnostic.help("it is a list: enter it by index (`.0`), a filter or a loop")
            }
            other if index == 0 && *other == Type::Text && self.is_agent(id) => diagnostic.help(
                format!("step `{id}` answers with text; give it an `output.schema` to have fields"),
            ),
            Type::Any
            | Type::Null
            | Type::Text
            | Type::Words(_)
            | Type::Boolean
            | Type::Number(_) => diagnostic.help(format!("it is {}", inside.describe())),
        })
    }

    fn is_agent(&self, id: &str) -> bool {
        let steps = &self.document.value.steps;
        steps.iter().any(|step| step.id.as_str() == id && step.agent.is_some())
    }

    /// What a name that means nothing here means elsewhere.
    fn elsewhere(&self, name: &str, place: Place<'_>) -> Option<String> {
        let fixed = match name {
            "null" | "nil" | "undefined" | "NULL" | "NONE" => Some("write `none`"),
            "TRUE" => Some("write `true`"),
            "FALSE" => Some("write `false`"),
            "inputs" | "input" | "args" | "vars" | "parameters" => Some("write `params.NAME`"),
            "outputs" | "output" | "tasks" | "jobs" | "nodes" => Some("write `steps.ID.output`"),
            _ => None,
        };
        if let Some(fixed) = fixed {
            return Some(fixed.to_owned());
        }
        let mut computing =
            self.document.value.steps.iter().filter(|step| {
                step.compute.as_ref().is_some_and(|compute| compute.contains_key(name))
            });
        let step = computing.next()?;
        Some(if place.step == Some(step.id.as_str()) {
            format!("`{name}` is computed below: move it up")
        } else {
            format!("write `steps.{}.output.{name}`", step.id)
        })
    }

    fn unknown_name(&self, name: &str, place: Place<'_>) -> Diagnostic {
        let params = &self.document.value.params;
        let diagnostic = Diagnostic::new("unknown-name", format!("unknown name `{name}`"));
        if params.contains_key(name) {
            return diagnostic.help(format!("write `params.{name}`"));
        }
        if self.types.contains_key(name) {
            return diagnostic.help(format!("write `steps.{name}.output`"));
        }
        if let Some(help) = self.elsewhere(name, place) {
            return diagnostic.help(help);
        }
        let locals = place.locals.iter().copied().chain(["params", "steps"]);
        diagnostic.help(suggest(name, locals, "names"))
    }
}

/// The pointer of the step that a text belongs to, given its own.
fn step_of(pointer: &str) -> &str {
    let end = pointer.match_indices('/').nth(2).map(|(end, _)| end);
    end.and_then(|end| pointer.get(..end)).unwrap_or(pointer)
}
