//! Plans that are made while a run is under way: documents of the same kind as those of `engine ask`, checked alike.

use std::path::PathBuf;
use std::sync::Arc;

use super::PLAN;
use super::Part;
use super::arriving::arrived;
use super::decision::{self, Parts};
use super::draft::{Refusal, draft, lexical_draft, text};
use super::held::Held;
use super::router::{self, Index, Month, Spoken, Values};
use crate::diagnostic::{Diagnostic, SourceFile};
use crate::document::{self, Workflow};
use crate::event::Fault;
use crate::id::AgentName;
use crate::plan::{self, Library, Plan, PlanStep};
use crate::run;
use crate::value::Value;

/// A month that no data ends before: a goal that names one by its year means that one.
const FAR: Month = Month::new(9999, 12);

/// The most agents that words alone name.
const MOST_AGENTS: usize = 3;

/// A document made for a question as a plan, checked like any file; or its faults in words for the model that planned it.
pub fn check(document: &Value, library: &Library) -> Result<Plan, String> {
    let text = text(document)?;
    let file = Arc::new(SourceFile { path: PathBuf::from(PLAN), text });
    let (read, mut faults) = document::read::<Workflow>(file);
    let plan = read.and_then(|document| {
        let (plan, found) = plan::compile(&document, library);
        faults.extend(found);
        plan
    });
    plan.ok_or_else(|| {
        let line = |fault: &Diagnostic| match &fault.help {
            Some(help) => format!("- {} ({help})", fault.message),
            None => format!("- {}", fault.message),
        };
        faults.iter().filter(|fault| fault.is_error()).map(line).collect::<Vec<_>>().join("\n")
    })
}

/// The document and the plan that parts come to; or all that is wrong with them, in words for the model.
pub(super) fn planned(
    held: &Held<'_>,
    question: &str,
    parts: &[Part],
) -> Result<(Value, Plan), String> {
    let invented = held.faults(parts).into_iter().map(|fault| format!("- {fault}"));
    let mut faults: Vec<String> = invented.collect();
    let document = draft(held.library, question, parts);
    let document = document.map_err(|Refusal(fault)| format!("- {fault}"));
    let checked = document.and_then(|document| {
        let plan = check(&document, held.library)?;
        Ok((document, plan))
    });
    match checked {
        Ok(made) if faults.is_empty() => Ok(made),
        Ok(_) => Err(faults.join("\n")),
        Err(others) => {
            faults.push(others);
            Err(faults.join("\n"))
        }
    }
}

/// A plan whose first step is what a part comes to, if that can begin whatever comes after the part: it asks an agent, needs
/// no other part, and is sound by itself. `before` are the parts before it, `most` how many a plan may have.
///
/// The plan that it is part of may still be refused. Then what began counts for nothing.
pub(super) fn early(
    held: &Held<'_>,
    question: &str,
    part: &Value,
    before: &[Value],
    most: u32,
) -> Option<Plan> {
    let has_room = usize::try_from(most).is_ok_and(|most| before.len() < most);
    let is_known = before.iter().any(|other| other.get("id") == part.get("id"));
    let part: Part = serde_json::from_value(part.clone()).ok()?;
    if !has_room || is_known || part.agent.is_none() || !part.needs.is_empty() {
        return None;
    }
    planned(held, question, &[part]).ok().map(|(_, plan)| plan)
}

/// Plans with the agents and tools of a project.
pub struct Planner {
    library: Arc<Library>,
    /// Its agents by their words.
    index: Index,
    /// Which values exist is not known while a run is under way.
    values: Values,
}

impl Planner {
    /// A planner for a project.
    pub fn new(library: Arc<Library>) -> Self {
        let agents = library.agents().map(|document| &document.value);
        let values = Values::new();
        let index = Index::new(std::iter::empty(), agents, &values, FAR);
        Self { library, index, values }
    }

    /// What a plan for a goal is held against.
    fn held(&self, goal: &str) -> Held<'_> {
        let said = Spoken::of(&self.index, goal);
        Held { library: &self.library, values: &self.values, said }
    }
}

impl run::Planner for Planner {
    fn inquiry(&self, wanted: &PlanStep) -> Result<Plan, Fault> {
        let document = decision::planning(&self.library, &wanted.agents, wanted.max_steps);
        check(&document, &self.library).map_err(|faults| bug("inquiry", &faults))
    }

    fn read(&self, wanted: &PlanStep, goal: &str, answer: &Value) -> Result<run::Made, String> {
        let Parts { parts } =
            serde_json::from_value(answer.clone()).map_err(|error| format!("- {error}"))?;
        if let Some(part) = parts
            .iter()
            .find(|part| part.agent.as_ref().is_some_and(|agent| !wanted.agents.contains(agent)))
        {
            let names: Vec<&str> = wanted.agents.iter().map(AgentName::as_str).collect();
            let names = names.join(", ");
            return Err(format!(
                "- part `{}` has an agent that takes no part; these do: {names}",
                part.id
            ));
        }
        let (document, plan) = planned(&self.held(goal), goal, &parts)?;
        Ok(run::Made { document: Arc::new(document), plan })
    }

    fn parts(&self, so_far: &str) -> Vec<Value> {
        arrived(so_far).parts
    }

    fn early(&self, wanted: &PlanStep, goal: &str, part: &Value, before: &[Value]) -> Option<Plan> {
        let agent = part.get("agent").and_then(Value::as_str)?;
        let takes_part = wanted.agents.iter().any(|name| name.as_str() == agent);
        takes_part.then(|| early(&self.held(goal), goal, part, before, wanted.max_steps)).flatten()
    }

    fn by_words(&self, wanted: &PlanStep, goal: &str) -> Result<run::Made, Fault> {
        let library = &self.library;
        let allowed = |name: &AgentName| wanted.agents.contains(name);
        let agents = library.agents().map(|document| &document.value);
        let agents = agents.filter(|agent| allowed(&agent.name));
        let index = Index::new(std::iter::empty(), agents, &self.values, FAR);
        let mut named = router::route(&index, goal).agents;
        if named.is_empty() {
            named = wanted.agents.iter().take(MOST_AGENTS).cloned().collect();
        }
        let document = lexical_draft(library, goal, &named)
            .map_err(|Refusal(fault)| bug("plan made for the goal", &fault))?;
        let plan = check(&document, library);
        let plan = plan.map_err(|faults| bug("plan made for the goal", &faults))?;
        Ok(run::Made { document: Arc::new(document), plan })
    }
}

/// A document of the engine's own that does not pass the check.
pub fn bug(what: &str, faults: &str) -> Fault {
    Fault::new("bug", format!("the {what} is at fault: {faults}"))
}
