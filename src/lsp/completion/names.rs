//! Names and values that the schema wants at a place: agents, tools, models, steps, the words of a choice.

use lsp_types::CompletionItemKind;

use crate::lsp::describe;
use crate::lsp::knowledge::Knowledge;
use crate::lsp::outline::{Outline, Segment};
use crate::lsp::schema;
use crate::lsp::subject::step_of;
use crate::value::Value;

use super::Item;

/// What may stand at a place as a value.
pub(super) fn at(known: &Knowledge<'_>, path: &[Segment]) -> Vec<Item> {
    // A file, a step and a tool have names of their own.
    let own = matches!(path.last(), Some(Segment::Key(key)) if key == "id" || key == "name");
    let guide = schema::at(known.kind, path);
    let wants = |name: &str| !own && guide.names.contains(&name);
    let mut items: Vec<Item> = guide
        .values()
        .iter()
        .map(|value| Item::of(value, CompletionItemKind::ENUM_MEMBER))
        .collect();
    if wants("AgentName") {
        items.extend(agents(known));
    }
    if wants("ToolName") {
        items.extend(tools(known));
    }
    if wants("WorkflowName") {
        items.extend(workflows(known));
    }
    if wants("ModelName") {
        items.extend(models(known));
    }
    if wants("SourceName") {
        items.extend(sources(known));
    }
    if wants("StepId") {
        items.extend(steps(known, path));
    }
    items.extend(arguments(known, path));
    // What a list holds already is not offered again.
    if let Some((Segment::Item(own), list)) = path.split_last() {
        let taken: Vec<&str> = known
            .outline
            .below(list)
            .filter(|entry| entry.path.last() != Some(&Segment::Item(*own)))
            .filter_map(|entry| Some(entry.value.as_ref()?.text.as_str()))
            .collect();
        items.retain(|item| !taken.contains(&item.label.as_str()));
    }
    items
}

fn agents(known: &Knowledge<'_>) -> Vec<Item> {
    let agents = known.surroundings.library.agents();
    agents
        .map(|document| {
            let agent = &document.value;
            Item::new(agent.name.as_str(), CompletionItemKind::CLASS)
                .detail(agent.role.clone().unwrap_or_default())
                .about(Some(describe::agent(agent)))
        })
        .collect()
}

fn tools(known: &Knowledge<'_>) -> Vec<Item> {
    let tools = known.surroundings.library.tools();
    tools
        .map(|tool| {
            Item::new(tool.name.as_str(), CompletionItemKind::FUNCTION)
                .detail(describe::signature(tool))
                .about(Some(tool.description.as_str()))
        })
        .collect()
}

fn workflows(known: &Knowledge<'_>) -> Vec<Item> {
    let library = &known.surroundings.library;
    let names = library.workflow_names();
    let own = known.outline.scalar(&[Segment::Key("name".to_owned())]).map(|name| &name.text);
    names
        .filter(|name| own.is_none_or(|own| own != name))
        .map(|name| {
            let found = library.workflow(&name.into());
            let about = found.and_then(|document| document.value.description.clone());
            Item::new(name, CompletionItemKind::MODULE).about(about)
        })
        .collect()
}

fn models(known: &Knowledge<'_>) -> Vec<Item> {
    let library = &known.surroundings.library;
    let project = library.project.as_ref().map(|project| &project.value);
    library
        .model_names()
        .into_iter()
        .map(|name| {
            let model = project.and_then(|project| project.models.get(name));
            let detail = model.map_or("the project's default", |model| model.model.as_str());
            Item::new(name, CompletionItemKind::CONSTANT).detail(detail)
        })
        .collect()
}

fn sources(known: &Knowledge<'_>) -> Vec<Item> {
    let project = known.surroundings.library.project.as_ref();
    let names = project.into_iter().flat_map(|project| project.value.sources.keys());
    names.map(|name| Item::new(name.as_str(), CompletionItemKind::CONSTANT)).collect()
}

fn steps(known: &Knowledge<'_>, path: &[Segment]) -> Vec<Item> {
    let own = step_of(path).and_then(|step| known.outline.scalar(&Outline::of_step(step, "id")));
    known
        .steps()
        .into_iter()
        .filter(|id| own.is_none_or(|own| own.text != *id))
        .map(|id| {
            let (kind, about) = describe::step_line(known, &id);
            Item::new(id, CompletionItemKind::VARIABLE).detail(kind).about(about)
        })
        .collect()
}

/// The values of a param that has few.
fn arguments(known: &Knowledge<'_>, path: &[Segment]) -> Vec<Item> {
    let param = match path {
        [Segment::Key(_), Segment::Item(step), Segment::Key(with), Segment::Key(param)]
            if with == "with" =>
        {
            known.params_of_call(*step).and_then(|params| params.get(param))
        }
        _ => None,
    };
    let choices = param.into_iter().flat_map(|param| &param.choices);
    choices
        .map(|choice| {
            let label = match choice {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            Item::new(label, CompletionItemKind::ENUM_MEMBER)
        })
        .collect()
}
