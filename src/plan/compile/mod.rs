//! From a workflow document to a plan: names resolved, edges found, references checked.

mod agent;
mod approval;
mod call;
mod compute;
mod edges;
mod planning;
mod repeat;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use indexmap::IndexMap;

use crate::diagnostic::{self, Diagnostic, Span, suggest};
use crate::document::{
    self, Cache, Document, Needs, OnError as WrittenOnError, Workflow, is_unnamed,
};
use crate::expression::{
    Analysis, Read, Root, Template, Type, analyse_expression, analyse_template,
};
use crate::id::{StepId, ToolName, WorkflowName};
use crate::value::{Value, each_text, pointer_segment};

use self::edges::Edges;
use super::checks::{self, Checked};
use super::library::check_values;
use super::references::{Names, Place};
use super::{Graph, Kind, Library, OnError, Output, Plan, Step};
use super::{agents, params, types, units};

/// Makes the plan of a workflow. Faults are all those found; with an error among them, or among those of a document that is not
/// whole, there is no plan.
pub fn compile(
    document: &Document<Workflow>,
    library: &Library,
) -> (Option<Plan>, Vec<Diagnostic>) {
    compile_within(document, library, Vec::new()).usable()
}

/// What the texts of a workflow may read, as far as it can be told, whatever is wrong with it.
#[derive(Debug, Default)]
pub struct Known {
    /// The type of every step's output, by id.
    pub outputs: BTreeMap<String, Type>,
    /// The type of an item, by the id of the step that is done for each.
    pub items: BTreeMap<String, Type>,
}

/// Tells what the texts of a workflow may read.
pub fn known(document: &Document<Workflow>, library: &Library) -> Known {
    compile_within(document, library, Vec::new()).known
}

/// What became of a workflow.
struct Compiled {
    /// Its plan, as far as it goes.
    plan: Plan,
    known: Known,
    diagnostics: Vec<Diagnostic>,
    /// Whether the document is whole, and nothing is wrong with it.
    is_sound: bool,
}

impl Compiled {
    fn usable(self) -> (Option<Plan>, Vec<Diagnostic>) {
        let usable = self.is_sound;
        (usable.then_some(self.plan), self.diagnostics)
    }
}

/// Makes the plan of a workflow that those `above` run, the nearest last.
fn compile_within(
    document: &Document<Workflow>,
    library: &Library,
    above: Vec<WorkflowName>,
) -> Compiled {
    let workflow = &document.value;
    let mut types = BTreeMap::new();
    let mut open: BTreeSet<&str> = BTreeSet::new();
    for (number, step) in workflow.steps.iter().enumerate() {
        let id = step.id.as_str();
        // Of two steps with one id nobody can tell which is read.
        if types.contains_key(id) || types::is_open(document, number) {
            open.insert(id);
        }
        if !is_unnamed(id) {
            let of_step = || types::of_step(step, library);
            types.insert(id, if open.contains(id) { Type::Any } else { of_step() });
        }
    }
    let mut compiler = Compiler {
        document,
        library,
        names: Names { document, types },
        diagnostics: Vec::new(),
        tools: BTreeSet::new(),
        params_read: BTreeSet::new(),
        data: BTreeMap::new(),
        above,
        workflows: IndexMap::new(),
    };
    compiler.diagnostics.extend(checks::check_ids(document));
    compiler.check_params();
    let steps: Vec<Step> =
        workflow.steps.iter().enumerate().map(|(n, step)| compiler.step(n, step)).collect();
    let outputs = compiler.outputs(&steps);
    let agents = agents::consulted(&steps, library);
    compiler.tools.extend(agents.values().flat_map(|agent| agent.tools.iter().cloned()));
    let tools = compiler
        .tools
        .iter()
        .filter_map(|name| Some((name.clone(), library.tool(name)?.clone())))
        .collect();
    let mut plan = Plan {
        workflow: workflow.name.clone(),
        description: workflow.description.clone(),
        params: workflow.params.clone(),
        steps,
        outputs,
        tools,
        agents,
        workflows: std::mem::take(&mut compiler.workflows),
        units: IndexMap::new(),
        limits: library
            .project
            .as_ref()
            .map(|project| project.value.limits.clone())
            .unwrap_or_default(),
    };
    let graph = Graph::of(&plan);
    let Compiler { mut diagnostics, names, params_read, .. } = compiler;
    diagnostics.extend(checks::check_cycles(document, &plan, &graph));
    let types = names.types;
    let mut checked = Checked {
        document,
        library,
        plan: &plan,
        graph: &graph,
        params_read: &params_read,
        types,
        items: BTreeMap::new(),
        params: units::of_params(workflow),
        outputs: Type::Any,
        open,
        unsound: BTreeSet::new(),
    };
    // A place where something is wrong already is not told of again.
    let before = document.told().iter().copied().map(Some);
    diagnostics.retain(|found| !document.told().iter().any(|told| Some(*told) == found.span));
    let told: BTreeSet<Option<Span>> =
        diagnostics.iter().map(|known| known.span).chain(before).collect();
    let of_texts = checks::check_texts(&mut checked);
    diagnostics.extend(of_texts.into_iter().filter(|found| !told.contains(&found.span)));
    checked.find_unsound(&diagnostics);
    diagnostics.extend(checks::check_steps(&checked));
    if document.is_whole() && !diagnostics.iter().any(Diagnostic::is_error) {
        diagnostics.extend(checks::check_whole(&checked));
    }
    let is_sound = document.is_whole() && !diagnostics.iter().any(Diagnostic::is_error);
    diagnostic::sort(&mut diagnostics);
    let owned = |types: BTreeMap<&str, Type>| {
        types.into_iter().map(|(id, found)| (id.to_owned(), found)).collect()
    };
    let Checked { types, items, params, outputs, .. } = checked;
    let units = units::units(workflow, params, |id| types.get(id), &outputs);
    let known = Known { outputs: owned(types), items: owned(items) };
    plan.units = units;
    Compiled { plan, known, diagnostics, is_sound }
}

struct Compiler<'w> {
    document: &'w Document<Workflow>,
    library: &'w Library,
    names: Names<'w>,
    diagnostics: Vec<Diagnostic>,
    /// Tools that the plan takes along.
    tools: BTreeSet<ToolName>,
    /// Params that some text reads.
    params_read: BTreeSet<String>,
    /// The name of the item that the texts of the step at hand may read, with the steps whose data it may hold.
    data: BTreeMap<String, BTreeSet<String>>,
    /// The workflows that run this one, the nearest last.
    above: Vec<WorkflowName>,
    /// The plans of the workflows that the steps run.
    workflows: IndexMap<WorkflowName, Arc<Plan>>,
}

impl Compiler<'_> {
    fn error(&mut self, code: &'static str, message: String, help: String, pointer: &str) {
        let span = self.document.span_of(pointer);
        self.diagnostics
            .push(Diagnostic::new(code, message).help(help).at(&self.document.file, span));
    }

    fn check_params(&mut self) {
        let found = params::check_questions(self.document);
        self.diagnostics.extend(found);
        for (name, param) in &self.document.value.params {
            let pointer = format!("/params/{}", pointer_segment(name));
            let is_open = self.document.lacks(&format!("{pointer}/type"));
            let found = params::check(name, param, &pointer).into_iter().filter(|_| !is_open);
            for (diagnostic, place) in found {
                let span = self.document.span_of(&place);
                self.diagnostics.push(diagnostic.at(&self.document.file, span));
            }
            if let Some((diagnostic, place)) = check_values(self.library, param, &pointer) {
                self.diagnostics
                    .push(diagnostic.at(&self.document.file, self.document.span_of(&place)));
            } else if let Some(values) = &param.values {
                self.tools.insert(values.tool.clone());
            }
        }
    }

    /// A step with its names resolved. One whose kind cannot be told computes nothing, in a plan that nobody gets.
    fn step(&mut self, number: usize, step: &document::Step) -> Step {
        let pointer = format!("/steps/{number}");
        let mut edges = Edges::default();
        let for_each = self.for_each(step, &pointer, &mut edges);
        self.check_effect(step, &pointer);
        let kind = self.kind(step, &pointer, &mut edges);
        if let Some(when) = &step.when {
            let analysis = self.expression(when, &format!("{pointer}/when"), Some(&step.id), &[]);
            edges.add(&analysis);
            edges.when_guards = analysis
                .reads
                .iter()
                .filter(|read| read.root == Root::Steps && read.guarded)
                .filter_map(|read| read.path.first().map(|id| StepId::from(id.as_str())))
                .collect();
        }
        let on_error = match (step.on_error.unwrap_or_default(), &step.default) {
            (WrittenOnError::Default, Some(default)) => {
                let analyses =
                    self.templates(default, &format!("{pointer}/default"), Some(&step.id), &[]);
                edges.add_all(&analyses);
                OnError::Default(Template::citing(default))
            }
            (WrittenOnError::Skip, _) => OnError::Skip,
            (WrittenOnError::Fail | WrittenOnError::Default, _) => OnError::Fail,
        };
        self.data.clear();
        for (place, need, _) in step.needs.iter() {
            let place = format!("{pointer}/needs{place}");
            if *need == step.id {
                self.error(
                    "needs-itself",
                    format!("step `{need}` needs itself"),
                    "remove it".to_owned(),
                    &place,
                );
            } else if !self.names.types.contains_key(need.as_str()) && !self.names.lacks_steps() {
                let others = self.names.types.keys().copied().filter(|id| *id != step.id.as_str());
                let help = suggest(need.as_str(), others, "steps");
                self.error("unknown-step", format!("unknown step `{need}`"), help, &place);
            }
        }
        Step {
            id: step.id.clone(),
            description: step.description.clone(),
            needs: edges.needs(&step.needs),
            when: step.when.clone(),
            for_each,
            cache: step.cache.filter(|cache| *cache != Cache::Switch(false)),
            retry: step.retry.unwrap_or_default(),
            timeout: step.timeout,
            on_error,
            kind: kind.unwrap_or_else(|| Kind::Compute(IndexMap::new())),
        }
    }

    fn kind(&mut self, step: &document::Step, pointer: &str, edges: &mut Edges) -> Option<Kind> {
        if let Some(compute) = &step.compute {
            return Some(self.compute(step, compute, pointer, edges));
        }
        if let Some(tool) = &step.tool {
            return self.tool(step, tool, pointer, edges);
        }
        if let Some(workflow) = &step.workflow {
            return self.workflow(step, workflow, pointer, edges);
        }
        if let Some(planning) = &step.plan {
            return self.planning(step, planning, pointer, edges);
        }
        if let Some(approval) = &step.approval {
            return Some(self.approval(step, approval, pointer, edges));
        }
        self.agent(step, pointer, edges)
    }

    /// The outputs written, or, where none are, the output of every step that no other waits for.
    fn outputs(&mut self, steps: &[Step]) -> IndexMap<String, Output> {
        let written = &self.document.value.outputs;
        if written.is_empty() {
            let waited_for: BTreeSet<&StepId> =
                steps.iter().flat_map(|s| s.needs.iter().map(|n| &n.step)).collect();
            return steps
                .iter()
                .filter(|step| !waited_for.contains(&step.id))
                .map(|step| {
                    let value = Template::Expression(format!("steps.{}.output", step.id));
                    let reads = vec![step.id.clone()];
                    (
                        step.id.to_string(),
                        Output { value, needs: reads.clone(), reads, told: step.is_told() },
                    )
                })
                .collect();
        }
        written
            .iter()
            .map(|(name, value)| {
                let analyses = self.templates(
                    value,
                    &format!("/outputs/{}", pointer_segment(name)),
                    None,
                    &[],
                );
                let mut edges = Edges::default();
                edges.add_all(&analyses);
                let needs = edges.needs(&Needs::default());
                let reads = needs.iter().map(|need| need.step.clone()).collect();
                let needs =
                    needs.into_iter().filter(|need| !need.tolerant).map(|need| need.step).collect();
                let told = self.told(&analyses);
                (name.clone(), Output { value: Template::new(value), needs, reads, told })
            })
            .collect()
    }

    fn expression(
        &mut self,
        source: &str,
        pointer: &str,
        step: Option<&StepId>,
        locals: &[&str],
    ) -> Analysis {
        self.checked(analyse_expression(source), pointer, step, locals)
    }

    fn template(
        &mut self,
        source: &str,
        pointer: &str,
        step: Option<&StepId>,
        locals: &[&str],
    ) -> Analysis {
        self.checked(analyse_template(source), pointer, step, locals)
    }

    fn checked(
        &mut self,
        analysis: Analysis,
        pointer: &str,
        step: Option<&StepId>,
        locals: &[&str],
    ) -> Analysis {
        let item = self.data.keys().map(String::as_str);
        let locals: Vec<&str> = locals.iter().copied().chain(item).collect();
        let place = Place { pointer, step: step.map(StepId::as_str), locals: &locals };
        self.diagnostics.extend(self.names.check(&analysis, place));
        let params = analysis.reads.iter().filter(|read| read.root == Root::Params);
        for read in params {
            match read.path.first() {
                Some(name) => drop(self.params_read.insert(name.clone())),
                None => self.params_read.extend(self.document.value.params.keys().cloned()),
            }
        }
        analysis
    }

    /// All texts inside a value.
    fn templates(
        &mut self,
        value: &Value,
        pointer: &str,
        step: Option<&StepId>,
        locals: &[&str],
    ) -> Vec<Analysis> {
        let mut analyses = Vec::new();
        each_text(value, pointer, &mut |text, place| {
            self.diagnostics.extend(self.names.check_bare(text, place));
            analyses.push(self.template(text, place, step, locals));
        });
        analyses
    }

    /// Whether texts read what only a model wrote: an answer, or an output of a workflow that is one.
    fn told(&self, analyses: &[Analysis]) -> bool {
        let told_by = |read: &Read| match &read.root {
            Root::Steps => self.is_told(&read.path),
            Root::Local(name) => self.data.get(name).is_some_and(|sources| {
                sources
                    .iter()
                    .filter_map(|s| s.strip_prefix("steps."))
                    .any(|id| self.is_told(&[id.to_owned()]))
            }),
            Root::Params => false,
        };
        analyses.iter().flat_map(|analysis| &analysis.reads).any(told_by)
    }

    fn is_told(&self, path: &[String]) -> bool {
        let id = path.first().map(String::as_str);
        let steps = &self.document.value.steps;
        let Some(step) = steps.iter().find(|step| id == Some(step.id.as_str())) else {
            return false;
        };
        let Some(name) = &step.workflow else { return step.agent.is_some() || step.plan.is_some() };
        let Some(plan) = self.workflows.get(name) else { return false };
        match path.get(2).and_then(|output| plan.outputs.get(output)) {
            Some(output) => output.told,
            None => plan.outputs.values().any(|output| output.told),
        }
    }
}
