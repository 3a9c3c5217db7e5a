//! Steps of kind `agent`.

use std::collections::{BTreeMap, BTreeSet};

use super::{Compiler, Edges};
use crate::diagnostic::suggest;
use crate::document;
use crate::expression::Template;
use crate::id::ToolName;
use crate::plan::checks::template_in_agent;
use crate::plan::library::{self, OFFER_INSTEAD};
use crate::plan::{AgentStep, Kind, agents, most_turns};

impl Compiler<'_> {
    pub(super) fn agent(
        &mut self,
        step: &document::Step,
        pointer: &str,
        edges: &mut Edges,
    ) -> Option<Kind> {
        let place = format!("{pointer}/prompt");
        let prompt = step.prompt.as_deref().unwrap_or_default();
        let analysis = self.template(prompt, &place, Some(&step.id), &[]);
        edges.add(&analysis);
        let reference = step.agent.as_ref()?;
        let Some(agent) = agents::resolve(reference, self.library) else {
            if let document::AgentRef::Named(name) = reference {
                let help = self.library.agent_meant(name.as_str());
                self.error(
                    "unknown-agent",
                    format!("unknown agent `{name}`"),
                    help,
                    &format!("{pointer}/agent"),
                );
            }
            return None;
        };
        self.check_offers(step, pointer);
        let tools = step.tools.clone().unwrap_or(agent.tools);
        self.tools.extend(tools.iter().cloned());
        let models = agents::models(step.model.as_ref(), agent.model.as_ref());
        let known: Vec<String> =
            self.library.model_names().into_iter().map(str::to_owned).collect();
        let unknown = |name: &str| !known.iter().any(|k| k == name);
        for (index, name) in models.iter().enumerate().filter(|(_, name)| unknown(name.as_str())) {
            let place = match &step.model {
                Some(document::ModelList::Many(_)) => format!("model/{index}"),
                Some(document::ModelList::One(_)) => "model".to_owned(),
                None => "agent".to_owned(),
            };
            let help = self.library.model_meant(name.as_str());
            self.error(
                "unknown-model",
                format!("unknown model `{name}`"),
                help,
                &format!("{pointer}/{place}"),
            );
        }
        let prompt = match Template::prompt(prompt, &self.fenced()) {
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
            tools,
            consult: agent.consult,
            max_turns: step.max_turns.unwrap_or_else(most_turns),
        })))
    }

    /// The names whose values stand in fences: the item of the step, and params that anybody may write.
    fn fenced(&self) -> BTreeMap<String, BTreeSet<String>> {
        let params = self.document.value.params.iter().filter(|(_, param)| param.untrusted);
        let names = params.map(|(name, _)| (format!("params.{name}"), BTreeSet::new()));
        names.chain(self.data.clone()).collect()
    }

    /// Checks the tools and agents that a step names for its agent; those of a named agent are told in its own file.
    fn check_offers(&mut self, step: &document::Step, pointer: &str) {
        let own = step.tools.iter().flatten().enumerate();
        let mut tools: Vec<(&ToolName, String)> =
            own.map(|(index, name)| (name, format!("{pointer}/tools/{index}"))).collect();
        let mut agents = Vec::new();
        if let Some(document::AgentRef::Inline(agent)) = &step.agent {
            let inline = agent.tools.iter().enumerate();
            tools.extend(
                inline.map(|(index, name)| (name, format!("{pointer}/agent/tools/{index}"))),
            );
            agents.extend(agent.consult.iter().enumerate());
            let texts = [&agent.role, &agent.goal, &agent.instructions].map(Option::as_deref);
            let place = format!("{pointer}/agent");
            self.diagnostics.extend(template_in_agent::check(self.document, &place, texts));
        }
        for (name, place) in tools {
            match self.library.tool(name) {
                None => {
                    let help = suggest(name.as_str(), self.library.tool_names(), "tools");
                    self.error("unknown-tool", format!("unknown tool `{name}`"), help, &place);
                }
                Some(tool) if tool.writes() && !self.library.allow_write => {
                    let message = library::not_offered(name);
                    self.error("without-effect", message, OFFER_INSTEAD.to_owned(), &place);
                }
                Some(_) => {}
            }
        }
        for (index, name) in agents {
            if self.library.agent(name).is_none() {
                let help = self.library.agent_meant(name.as_str());
                let place = format!("{pointer}/agent/consult/{index}");
                self.error("unknown-agent", format!("unknown agent `{name}`"), help, &place);
            }
        }
    }
}
