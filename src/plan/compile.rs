//! From a workflow document to a plan: names resolved, edges found, references checked.

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;

use crate::diagnostic::{self, Diagnostic, nearest, suggest};
use crate::document::{self, Document, OnError as WrittenOnError, Workflow};
use crate::expression::{Analysis, Root, Template, analyse_expression, analyse_template};
use crate::id::{StepId, ToolName};
use crate::value::{Value, each_text, pointer_segment};

use super::checks::{self, Checked};
use super::library::check_values;
use super::references::{Names, Place};
use super::types;
use super::{AgentStep, Graph, Kind, Library, Need, OnError, Output, Plan, Step, ToolStep, agents};

/// Makes the plan of a workflow. Faults are all those found; with an error among them there is no plan.
pub fn compile(
    document: &Document<Workflow>,
    library: &Library,
) -> (Option<Plan>, Vec<Diagnostic>) {
    let workflow = &document.value;
    let types = workflow
        .steps
        .iter()
        .map(|step| (step.id.as_str(), types::of_step(step, library)))
        .collect();
    let mut compiler = Compiler {
        document,
        library,
        names: Names { document, types },
        diagnostics: Vec::new(),
        tools: BTreeSet::new(),
        params_read: BTreeSet::new(),
    };
    compiler.check_ids();
    compiler.check_params();
    let steps: Vec<Step> =
        workflow.steps.iter().enumerate().filter_map(|(n, step)| compiler.step(n, step)).collect();
    let outputs = compiler.outputs(&steps);
    let tools = compiler
        .tools
        .iter()
        .filter_map(|name| Some((name.clone(), library.tool(name)?.clone())))
        .collect();
    let plan = Plan {
        workflow: workflow.name.clone(),
        description: workflow.description.clone(),
        params: workflow.params.clone(),
        steps,
        outputs,
        tools,
        limits: library
            .project
            .as_ref()
            .map(|project| project.value.limits.clone())
            .unwrap_or_default(),
    };
    let graph = Graph::of(&plan);
    if !compiler.diagnostics.iter().any(Diagnostic::is_error) {
        compiler.check_cycles(&plan, &graph);
    }
    let Compiler { mut diagnostics, names, params_read, .. } = compiler;
    // What is wrong already would only be told twice.
    if !diagnostics.iter().any(Diagnostic::is_error) {
        diagnostics.extend(checks::check(Checked {
            document,
            library,
            plan: &plan,
            graph: &graph,
            params_read: &params_read,
            types: names.types,
        }));
    }
    diagnostic::sort(&mut diagnostics);
    let usable = !diagnostics.iter().any(Diagnostic::is_error);
    (usable.then_some(plan), diagnostics)
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
}

/// What the texts of a step read of other steps.
#[derive(Default)]
struct Edges {
    /// By step: whether every read of it copes with it being undefined.
    reads: IndexMap<StepId, bool>,
    /// Steps that `when` copes with.
    when_guards: BTreeSet<StepId>,
}

impl Edges {
    fn add(&mut self, analysis: &Analysis) {
        for read in analysis.reads.iter().filter(|read| read.root == Root::Steps) {
            let Some(id) = read.path.first() else { continue };
            *self.reads.entry(StepId::from(id.as_str())).or_insert(true) &= read.guarded;
        }
    }

    fn add_all(&mut self, analyses: &[Analysis]) {
        for analysis in analyses {
            self.add(analysis);
        }
    }

    fn needs(self, written: &[StepId]) -> Vec<Need> {
        let mut needs: IndexMap<StepId, bool> = self.reads;
        for step in written {
            needs.insert(step.clone(), false);
        }
        needs
            .into_iter()
            .map(|(step, tolerant)| Need {
                tolerant: tolerant || self.when_guards.contains(&step),
                step,
            })
            .collect()
    }
}

impl Compiler<'_> {
    fn error(&mut self, code: &'static str, message: String, help: String, pointer: &str) {
        let span = self.document.span_of(pointer);
        self.diagnostics
            .push(Diagnostic::error(code, message).help(help).at(&self.document.file, span));
    }

    fn check_ids(&mut self) {
        let mut first: BTreeMap<&StepId, usize> = BTreeMap::new();
        for (number, step) in self.document.value.steps.iter().enumerate() {
            if let Some(earlier) = first.get(&step.id) {
                let span = self.document.span_of(&format!("/steps/{number}/id"));
                let before = self.document.span_of(&format!("/steps/{earlier}/id"));
                self.diagnostics.push(
                    Diagnostic::error("duplicate-step", format!("step `{}` exists twice", step.id))
                        .help("give each step an id of its own")
                        .at(&self.document.file, span)
                        .related("first here", &self.document.file, before),
                );
            } else {
                first.insert(&step.id, number);
            }
        }
    }

    fn check_params(&mut self) {
        for (name, param) in &self.document.value.params {
            let pointer = format!("/params/{}", pointer_segment(name));
            if let Some((diagnostic, place)) = check_values(self.library, param, &pointer) {
                self.diagnostics
                    .push(diagnostic.at(&self.document.file, self.document.span_of(&place)));
            } else if let Some(values) = &param.values {
                self.tools.insert(values.tool.clone());
            }
        }
    }

    fn step(&mut self, number: usize, step: &document::Step) -> Option<Step> {
        let pointer = format!("/steps/{number}");
        let mut edges = Edges::default();
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
                OnError::Default(Template::new(default))
            }
            (WrittenOnError::Skip, _) => OnError::Skip,
            (WrittenOnError::Fail | WrittenOnError::Default, _) => OnError::Fail,
        };
        for (index, need) in step.needs.iter().enumerate() {
            let place = format!("{pointer}/needs/{index}");
            if *need == step.id {
                self.error(
                    "needs-itself",
                    format!("step `{need}` needs itself"),
                    "remove it".to_owned(),
                    &place,
                );
            } else if !self.names.types.contains_key(need.as_str()) {
                let help = suggest(need.as_str(), self.names.types.keys().copied(), "steps");
                self.error("unknown-step", format!("unknown step `{need}`"), help, &place);
            }
        }
        Some(Step {
            id: step.id.clone(),
            description: step.description.clone(),
            needs: edges.needs(&step.needs),
            when: step.when.clone(),
            retry: step.retry.unwrap_or_default(),
            timeout: step.timeout,
            on_error,
            kind: kind?,
        })
    }

    fn kind(&mut self, step: &document::Step, pointer: &str, edges: &mut Edges) -> Option<Kind> {
        if let Some(compute) = &step.compute {
            return Some(self.compute(step, compute, pointer, edges));
        }
        if let Some(tool) = &step.tool {
            return self.tool(step, tool, pointer, edges);
        }
        self.agent(step, pointer, edges)
    }

    fn compute(
        &mut self,
        step: &document::Step,
        compute: &IndexMap<String, Value>,
        pointer: &str,
        edges: &mut Edges,
    ) -> Kind {
        let mut values = IndexMap::new();
        let mut before: Vec<&str> = Vec::new();
        for (name, value) in compute {
            let place = format!("{pointer}/compute/{}", pointer_segment(name));
            let template = if let Value::String(expression) = value {
                edges.add(&self.expression(expression, &place, Some(&step.id), &before));
                Template::Expression(expression.clone())
            } else {
                Template::Literal(value.clone())
            };
            values.insert(name.clone(), template);
            before.push(name);
        }
        Kind::Compute(values)
    }

    fn tool(
        &mut self,
        step: &document::Step,
        name: &ToolName,
        pointer: &str,
        edges: &mut Edges,
    ) -> Option<Kind> {
        let empty = IndexMap::new();
        let with = step.with.as_ref().unwrap_or(&empty);
        for (argument, value) in with {
            let place = format!("{pointer}/with/{}", pointer_segment(argument));
            let analyses = self.templates(value, &place, Some(&step.id), &[]);
            edges.add_all(&analyses);
        }
        let Some(tool) = self.library.tool(name) else {
            let help = suggest(name.as_str(), self.library.tool_names(), "tools");
            self.error(
                "unknown-tool",
                format!("unknown tool `{name}`"),
                help,
                &format!("{pointer}/tool"),
            );
            return None;
        };
        for argument in with.keys().filter(|argument| !tool.params.contains_key(*argument)) {
            let help = suggest(argument, tool.params.keys().map(String::as_str), "params");
            let span =
                self.document.key_span(&format!("{pointer}/with/{}", pointer_segment(argument)));
            self.diagnostics.push(
                Diagnostic::error(
                    "unknown-argument",
                    format!("tool `{name}` has no param `{argument}`"),
                )
                .help(help)
                .at(&self.document.file, span),
            );
        }
        for (param, _) in tool
            .params
            .iter()
            .filter(|(param, p)| p.default.is_none() && !with.contains_key(*param))
        {
            // An argument that is this one mistyped was told already.
            let unknown = with.keys().filter(|argument| !tool.params.contains_key(*argument));
            let names = || tool.params.keys().map(String::as_str);
            if unknown.into_iter().any(|written| nearest(written, names()) == Some(param.as_str()))
            {
                continue;
            }
            let help = format!("add `{param}:` below `with:`");
            self.error(
                "missing-argument",
                format!("tool `{name}` needs `{param}`"),
                help,
                &format!("{pointer}/tool"),
            );
        }
        self.tools.insert(name.clone());
        let with =
            with.iter().map(|(argument, value)| (argument.clone(), Template::new(value))).collect();
        Some(Kind::Tool(ToolStep { tool: name.clone(), with }))
    }

    fn agent(&mut self, step: &document::Step, pointer: &str, edges: &mut Edges) -> Option<Kind> {
        let place = format!("{pointer}/prompt");
        let prompt = step.prompt.as_deref().unwrap_or_default();
        let analysis = self.template(prompt, &place, Some(&step.id), &[]);
        edges.add(&analysis);
        let reference = step.agent.as_ref()?;
        let Some(agent) = agents::resolve(reference, self.library) else {
            if let document::AgentRef::Named(name) = reference {
                let help = suggest(name.as_str(), self.library.agent_names(), "agents");
                self.error(
                    "unknown-agent",
                    format!("unknown agent `{name}`"),
                    help,
                    &format!("{pointer}/agent"),
                );
            }
            return None;
        };
        let models = agents::models(step.model.as_ref(), agent.model.as_ref());
        let known: Vec<String> =
            self.library.model_names().into_iter().map(str::to_owned).collect();
        for name in models.iter().filter(|name| !known.iter().any(|k| k == name.as_str())) {
            let place = if step.model.is_some() { "model" } else { "agent" };
            let help = suggest(name.as_str(), known.iter().map(String::as_str), "models");
            self.error(
                "unknown-model",
                format!("unknown model `{name}`"),
                help,
                &format!("{pointer}/{place}"),
            );
        }
        let prompt = match Template::prompt(prompt) {
            Ok(prompt) => prompt,
            Err(problem) => {
                self.diagnostics.push(self.document.diagnostic(&problem, &place));
                return None;
            }
        };
        Some(Kind::Agent(Box::new(AgentStep {
            agent: agent.name,
            system: agent.system,
            prompt,
            models,
            max_tokens: step.max_tokens,
            schema: step.output.as_ref().map(|output| output.schema.clone()),
            figures: step.figures.unwrap_or_default(),
        })))
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
                    (step.id.to_string(), Output { value, needs: reads.clone(), reads })
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
                let needs = edges.needs(&[]);
                let reads = needs.iter().map(|need| need.step.clone()).collect();
                let needs =
                    needs.into_iter().filter(|need| !need.tolerant).map(|need| need.step).collect();
                (name.clone(), Output { value: Template::new(value), needs, reads })
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
        let place = Place { pointer, step: step.map(StepId::as_str), locals };
        self.diagnostics.extend(self.names.check(&analysis, place));
        let params = analysis.reads.iter().filter(|read| read.root == Root::Params);
        self.params_read.extend(params.filter_map(|read| read.path.first().cloned()));
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
            analyses.push(self.template(text, place, step, locals));
        });
        analyses
    }

    fn check_cycles(&mut self, plan: &Plan, graph: &Graph) {
        for cycle in graph.cycles() {
            let ids: Vec<&str> =
                cycle.iter().filter_map(|n| plan.steps.get(*n)).map(|s| s.id.as_str()).collect();
            // The path is drawn in the direction of waiting: each step waits for the next.
            let path: Vec<&str> = ids.iter().rev().copied().collect();
            let at = cycle.first().copied().unwrap_or_default();
            let message = format!("steps wait for one another: {}", path.join(" -> "));
            let help = "each waits for the next: remove one of these reads or `needs`".to_owned();
            self.error("cycle", message, help, &format!("/steps/{at}/id"));
        }
    }
}
