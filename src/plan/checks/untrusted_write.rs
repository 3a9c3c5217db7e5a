//! `untrusted-write`: words of strangers that a workflow sends to what it changes, and that nobody was shown.

use std::collections::BTreeSet;

use crate::diagnostic::Diagnostic;
use crate::document::{Document, Step as WrittenStep, ToolKind, Workflow};
use crate::expression::{Read, Root, analyse_expression, analyse_template};
use crate::plan::{Kind, Library, Plan, Step, consents, types};
use crate::value::{Value, each_text, pointer_segment};

use super::Checked;

pub(super) fn check(checked: &Checked<'_>) -> Vec<Diagnostic> {
    let Checked { document, library, plan, .. } = checked;
    let mut found = Vec::new();
    let flow = Flow { document, library, plan };
    for Sent { number, pointer, read } in flow.sent() {
        if checked.unsound.contains(&number) {
            continue;
        }
        if let Some(whose) = flow.untrusted(&read) {
            let name = named(&read);
            let message = format!("`{name}` is written out, and comes from {whose}");
            let help = format!(
                "show it to whom you ask: an `approval` whose `message` reads `{name}`, and whose refusal stops the step"
            );
            found
                .push(checked.at(Diagnostic::new("untrusted-write", message).help(help), &pointer));
        }
    }
    found
}

/// A name as a text reads it.
fn named(read: &Read) -> String {
    let root = match &read.root {
        Root::Params => "params",
        Root::Steps => "steps",
        Root::Local(name) => name.as_str(),
    };
    std::iter::once(root).chain(read.path.iter().map(String::as_str)).collect::<Vec<_>>().join(".")
}

/// What of a workflow is sent out, and where in its file that stands.
struct Sent {
    /// The number of the step that sends it.
    number: usize,
    pointer: String,
    read: Read,
}

/// How values flow through one workflow.
struct Flow<'f> {
    document: &'f Document<Workflow>,
    library: &'f Library,
    plan: &'f Plan,
}

impl<'f> Flow<'f> {
    /// What its writing steps send that no approval shows, those of the workflows that it runs among them.
    fn sent(&self) -> Vec<Sent> {
        let mut found = Vec::new();
        for (number, step) in self.plan.steps.iter().enumerate() {
            let Some(written) = self.document.value.steps.get(number) else { continue };
            let inner = self.inner(step).map(|flow| flow.exposed());
            if self.plan.written_to(step).is_none() && inner.as_ref().is_none_or(BTreeSet::is_empty)
            {
                continue;
            }
            let shown = self.shown(step);
            for (name, value) in written.with.iter().flatten() {
                if inner.as_ref().is_some_and(|exposed| !exposed.contains(name)) {
                    continue;
                }
                let pointer = format!("/steps/{number}/with/{}", pointer_segment(name));
                let mut reads = Vec::new();
                for read in reads_of(value) {
                    self.expand(read, written, &shown, &mut reads, 0);
                }
                found.extend(reads.into_iter().map(|read| Sent {
                    number,
                    pointer: pointer.clone(),
                    read,
                }));
            }
        }
        found
    }

    /// The params of a workflow whose values it sends without showing them.
    fn exposed(&self) -> BTreeSet<String> {
        let params = self.sent().into_iter().filter(|sent| sent.read.root == Root::Params);
        params.filter_map(|sent| sent.read.path.first().cloned()).collect()
    }

    /// The workflow that a step runs.
    fn inner(&self, step: &Step) -> Option<Self> {
        let Kind::Workflow(call) = &step.kind else { return None };
        let plan = self.plan.workflows.get(&call.workflow)?;
        Some(Self { document: self.library.workflow(&call.workflow)?, library: self.library, plan })
    }

    /// What the approvals show that a step depends on.
    fn shown(&self, step: &Step) -> Vec<Read> {
        let consents = consents(self.plan, step);
        let steps = self.document.value.steps.iter().filter(|step| consents.contains(&&step.id));
        let messages = steps.filter_map(|step| Some(&step.approval.as_ref()?.message));
        messages.flat_map(|message| analyse_template(message).reads).collect()
    }

    /// The reads behind a read, as far as nobody was shown them: an item stands for its list, what was computed for
    /// what it was computed from.
    fn expand(
        &self,
        read: Read,
        step: &WrittenStep,
        shown: &[Read],
        found: &mut Vec<Read>,
        depth: usize,
    ) {
        let is_shown =
            shown.iter().any(|one| one.root == read.root && read.path.starts_with(&one.path));
        if is_shown || found.contains(&read) {
            return;
        }
        // Each step lies before the one that reads it, so no path is longer.
        let deepest = depth > self.plan.steps.len();
        let behind = match &read.root {
            Root::Local(name) if name == types::item_name(step) => {
                step.for_each.as_ref().map(|items| (step, reads_of(items)))
            }
            Root::Steps => self.computed(&read),
            Root::Local(_) | Root::Params => None,
        };
        match behind {
            Some((step, reads)) if !deepest => {
                for read in reads {
                    self.expand(read, step, shown, found, depth + 1);
                }
            }
            Some(_) | None => found.push(read),
        }
    }

    /// What a computed value was computed from.
    fn computed(&self, read: &Read) -> Option<(&'f WrittenStep, Vec<Read>)> {
        let step = self.step(read)?;
        let values = step.compute.as_ref()?.values();
        let expressions =
            values.filter_map(Value::as_str).flat_map(|text| analyse_expression(text).reads);
        let names = |read: &Read| !matches!(&read.root, Root::Local(name) if step.compute.as_ref().is_some_and(|c| c.contains_key(name)));
        Some((step, expressions.filter(names).collect()))
    }

    fn step(&self, read: &Read) -> Option<&'f WrittenStep> {
        let id = read.path.first()?;
        self.document.value.steps.iter().find(|step| step.id.as_str() == id)
    }

    /// Whose words a read gives, where they are not the project's own.
    fn untrusted(&self, read: &Read) -> Option<&'static str> {
        match &read.root {
            Root::Params => {
                let name = read.path.first();
                let mut params = self.document.value.params.iter();
                let open =
                    params.any(|(param, is)| is.untrusted && name.is_none_or(|n| n == param));
                return open.then_some("whoever asks");
            }
            Root::Local(_) => return None,
            Root::Steps => {}
        }
        let step = self.step(read)?;
        let number = self.document.value.steps.iter().position(|other| other.id == step.id)?;
        self.plan.steps.get(number).and_then(|step| stranger(self.plan, step, &self.plan.workflows))
    }
}

/// Whose words the output of a step may hold.
fn stranger(plan: &Plan, step: &Step, workflows: &Workflows) -> Option<&'static str> {
    match &step.kind {
        Kind::Agent(_) | Kind::Plan(_) => Some("a model"),
        Kind::Tool(call) => match plan.tools.get(&call.tool)?.kind {
            ToolKind::Http(_) | ToolKind::Mcp(_) => Some("a server's answer"),
            ToolKind::Sql(_) => None,
        },
        Kind::Workflow(call) => {
            let inner = workflows.get(&call.workflow)?;
            inner.steps.iter().find_map(|step| stranger(inner, step, workflows))
        }
        Kind::Compute(_) | Kind::Approval(_) => None,
    }
}

type Workflows = indexmap::IndexMap<crate::id::WorkflowName, std::sync::Arc<Plan>>;

/// What the texts of a value read.
fn reads_of(value: &Value) -> Vec<Read> {
    let mut reads = Vec::new();
    each_text(value, "", &mut |text, _| reads.extend(analyse_template(text).reads));
    reads
}
