//! Checks the names that an eval takes from the rest of its project.

use crate::diagnostic::{Diagnostic, nearest, suggest};
use crate::document::{Assertion, Case, Check, Document, Eval, RouteTo, WantedRoute, Workflow};
use crate::expression::{analyse_expression, analyse_template, is_template};
use crate::id::SourceName;
use crate::value::{Value, each_text, pointer_segment};

use super::Library;
use super::checks::unknown_value::unlisted;

/// The names of an eval that do not exist, and what its workflows need and do not get.
pub fn check_eval(library: &Library, document: &Document<Eval>) -> Vec<Diagnostic> {
    let mut checker = Checker { library, document, found: Vec::new() };
    checker.judge();
    checker.assertions(&document.value.assert, None, "");
    for (number, case) in document.value.cases.iter().enumerate() {
        checker.case(case, &format!("/cases/{number}"));
    }
    checker.found
}

struct Checker<'c> {
    library: &'c Library,
    document: &'c Document<Eval>,
    found: Vec<Diagnostic>,
}

impl Checker<'_> {
    fn fault(&mut self, code: &'static str, message: String, help: String, pointer: &str) {
        let span = self.document.span_of(pointer);
        self.found.push(Diagnostic::new(code, message).help(help).at(&self.document.file, span));
    }

    fn judge(&mut self) {
        let Some(name) = &self.document.value.judge else { return };
        if !self.library.model_names().contains(&name.as_str()) {
            let help = self.library.model_meant(name.as_str());
            self.fault("unknown-model", format!("unknown model `{name}`"), help, "/judge");
        }
    }

    fn case(&mut self, case: &Case, pointer: &str) {
        let workflow = case.workflow.as_ref().filter(|name| !is_template(name.as_str()));
        let named = workflow.and_then(|name| self.library.workflow(name)).map(|one| &one.value);
        if let (Some(name), None) = (workflow, named) {
            let help = suggest(name.as_str(), self.library.workflow_names(), "workflows");
            let message = format!("unknown workflow `{name}`");
            self.fault("unknown-workflow", message, help, &format!("{pointer}/workflow"));
        }
        if let Some(workflow) = named {
            self.params(case, workflow, pointer);
        }
        self.assertions(&case.assert, named, pointer);
        for (number, turn) in case.conversation.iter().enumerate() {
            self.assertions(&turn.assert, None, &format!("{pointer}/conversation/{number}"));
        }
        if case.for_each.is_some() {
            self.rows(case, pointer);
        }
    }

    fn params(&mut self, case: &Case, workflow: &Workflow, pointer: &str) {
        for name in case.params.keys().filter(|name| !workflow.params.contains_key(*name)) {
            let help = suggest(name, workflow.params.keys().map(String::as_str), "params");
            let message = format!("workflow `{}` has no param `{name}`", workflow.name);
            let place = format!("{pointer}/params/{}", pointer_segment(name));
            let span = self.document.key_span(&place);
            self.found.push(
                Diagnostic::new("unknown-argument", message)
                    .help(help)
                    .at(&self.document.file, span),
            );
        }
        // A case about what is refused names what is not there on purpose.
        let about_refusal = case.assert.iter().any(|one| matches!(one.check, Check::Exit(_)));
        for (name, value) in case.params.iter().filter(|_| !about_refusal) {
            let param = workflow.params.get(name);
            let found = param.and_then(|param| unlisted(self.library, name, param, value));
            let span =
                self.document.span_of(&format!("{pointer}/params/{}", pointer_segment(name)));
            self.found.extend(found.map(|found| found.at(&self.document.file, span)));
        }
        let required = workflow.params.iter().filter(|(_, param)| param.default.is_none());
        let missing =
            required.map(|(name, _)| name).filter(|name| !case.params.contains_key(*name));
        for name in missing {
            // A name that is like it is told itself.
            let unknown = case.params.keys().filter(|key| !workflow.params.contains_key(*key));
            if nearest(name, unknown.map(String::as_str)).is_some() {
                continue;
            }
            let message = format!("workflow `{}` needs `{name}`", workflow.name);
            let help = format!("add `{name}` below `params:`");
            self.fault("missing-argument", message, help, &format!("{pointer}/workflow"));
        }
    }

    fn assertions(&mut self, all: &[Assertion], workflow: Option<&Workflow>, pointer: &str) {
        for (number, assertion) in all.iter().enumerate() {
            let place = format!("{pointer}/assert/{number}/{}", assertion.key());
            match &assertion.check {
                Check::Agents(agents) => {
                    let known = self.library;
                    for (below, name) in agents.places() {
                        if known.agent(name).is_none() && !is_template(name.as_str()) {
                            let help = known.agent_meant(name.as_str());
                            let message = format!("unknown agent `{name}`");
                            self.fault("unknown-agent", message, help, &format!("{place}{below}"));
                        }
                    }
                }
                Check::Route(wanted) => self.routes(wanted, &place),
                Check::Figure(figure) => {
                    if let Some(sql) = &figure.sql {
                        self.source(&sql.source, &format!("{place}/sql/source"));
                    }
                }
                Check::StepsInParallel(steps) => {
                    let Some(workflow) = workflow else { continue };
                    for (number, id) in steps.iter().enumerate() {
                        if !workflow.steps.iter().any(|step| step.id == *id) {
                            let ids = workflow.steps.iter().map(|step| step.id.as_str());
                            let help = suggest(id.as_str(), ids, "steps");
                            let message =
                                format!("workflow `{}` has no step `{id}`", workflow.name);
                            self.fault("unknown-step", message, help, &format!("{place}/{number}"));
                        }
                    }
                }
                Check::Regex(pattern) => {
                    let valid = jsonschema::validator_for(&serde_json::json!({"pattern": pattern}));
                    if valid.is_err() {
                        let message = format!("`{pattern}` is no regular expression");
                        let help = "close its brackets, and write `\\` before a sign that stands for itself";
                        self.fault("invalid-value", message, help.to_owned(), &place);
                    }
                }
                Check::Equals(_)
                | Check::Contains(_)
                | Check::Icontains(_)
                | Check::Similar(_)
                | Check::LlmRubric(_)
                | Check::IsJson(_)
                | Check::JsonSchema(_)
                | Check::Cost(_)
                | Check::Latency(_)
                | Check::Params(_)
                | Check::Decision(_)
                | Check::NoUnverifiedFigures(_)
                | Check::Status(_)
                | Check::Exit(_) => {}
            }
        }
    }

    fn routes(&mut self, wanted: &WantedRoute, place: &str) {
        let routes: Vec<(RouteTo, String)> = match wanted {
            WantedRoute::One(text) => vec![(RouteTo::of(text), place.to_owned())],
            WantedRoute::Any(texts) => (0..)
                .zip(texts)
                .map(|(number, text): (usize, _)| (RouteTo::of(text), format!("{place}/{number}")))
                .collect(),
            WantedRoute::To(to) => vec![(to.clone(), format!("{place}/workflow"))],
        };
        for (to, place) in routes {
            let Some(name) = to.workflow.filter(|name| !is_template(name)) else { continue };
            if self.library.workflow(&name.as_str().into()).is_none() {
                let kinds = ["workflow", "agent", "plan", "clarify", "out_of_scope"];
                let known = kinds.into_iter().chain(self.library.workflow_names());
                let help = suggest(&name, known, "routes");
                self.fault("unknown-workflow", format!("unknown route `{name}`"), help, &place);
            }
        }
    }

    fn source(&mut self, name: &SourceName, pointer: &str) {
        let sources = self.library.project.as_ref().map(|project| &project.value.sources);
        if sources.is_some_and(|sources| sources.contains_key(name)) {
            return;
        }
        let help = self.library.source_meant(name.as_str());
        self.fault("unknown-source", format!("unknown source `{name}`"), help, pointer);
    }

    /// Where rows come from, and the texts that they fill.
    fn rows(&mut self, case: &Case, pointer: &str) {
        let rows = case.for_each.clone().unwrap_or_default();
        let known = self.library;
        if let Some(name) = &rows.tool
            && known.tool(name).is_none()
        {
            let help = suggest(name.as_str(), known.tool_names(), "tools");
            self.fault(
                "unknown-tool",
                format!("unknown tool `{name}`"),
                help,
                &format!("{pointer}/for_each/tool"),
            );
        }
        if let Some(sql) = &rows.sql {
            self.source(&sql.source, &format!("{pointer}/for_each/sql/source"));
        }
        if let Some(when) = &case.when {
            for problem in analyse_expression(when).problems {
                self.found.push(self.document.diagnostic(&problem, &format!("{pointer}/when")));
            }
        }
        let plain = Case { for_each: None, when: None, ..case.clone() };
        let value = serde_json::to_value(&plain).unwrap_or(Value::Null);
        each_text(&value, pointer, &mut |text, place| {
            if is_template(text) {
                for problem in analyse_template(text).problems {
                    self.found.push(self.document.diagnostic(&problem, place));
                }
            }
        });
    }
}
