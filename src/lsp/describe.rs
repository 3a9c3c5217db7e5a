//! What is told of steps, params, tools, agents and filters, as Markdown.

use crate::document::{Agent, Param, ParamType, Returns, Tool, ToolKind, Workflow};
use crate::expression::{FilterHelp, Type};
use crate::value::{Value, unquoted};

use super::knowledge::Knowledge;
use super::outline::Outline;

/// Kind of a step and what it is for, in few words.
pub(super) fn step_line(known: &Knowledge<'_>, id: &str) -> (String, Option<String>) {
    let number = known.outline.steps().find(|(_, word)| word.text == id).map(|(number, _)| number);
    let kind = number.and_then(|number| {
        ["agent", "tool", "workflow", "compute", "plan", "approval"].into_iter().find_map(|kind| {
            let entry = known.outline.at(&Outline::of_step(number, kind))?;
            Some(match &entry.value {
                Some(name) => format!("{kind} {}", name.text),
                None => kind.to_owned(),
            })
        })
    });
    let about = known.step(id).and_then(|step| step.description.clone());
    (kind.unwrap_or_else(|| "step".to_owned()), about)
}

/// A step, or what is at a path behind its id.
pub(super) fn step(known: &Knowledge<'_>, id: &str, path: &[String]) -> Option<String> {
    if !known.steps().iter().any(|step| step == id) {
        return None;
    }
    let (kind, about) = step_line(known, id);
    if path.first().is_some_and(|part| part == "status") {
        return Some(format!("How step `{id}` ended, as a text."));
    }
    let inside = path.get(1..).unwrap_or_default();
    let found = known.type_of(id).at(inside);
    let name = path.iter().fold(format!("steps.{id}"), |name, part| format!("{name}.{part}"));
    let mut parts = vec![format!("`{name}`: {}", kind_or_type(&kind, path, &found))];
    if path.len() < 2 {
        parts.extend(about);
    }
    if let ([field], Some(source)) = (inside, known.step(id).and_then(|s| s.compute.as_ref()))
        && let Some(source) = source.get(field)
    {
        parts.push(format!("Computed: `{}`", unquoted(source)));
    }
    parts.extend(shape(&found));
    parts.extend(for_example(&found));
    Some(parts.join("\n\n"))
}

/// The item of a step with `for_each`, or what is at a path below it.
pub(super) fn item(known: &Knowledge<'_>, step: usize, path: &[String]) -> Option<String> {
    let (name, _) = known.item_of_step(step)?;
    let found = known.type_of_item(step).at(path);
    let name = path.iter().fold(name.to_owned(), |name, part| format!("{name}.{part}"));
    let what = if path.is_empty() { "what the step is done for, " } else { "" };
    let mut parts = vec![format!("`{name}`: {what}{}", found.describe())];
    parts.extend(shape(&found));
    parts.extend(for_example(&found));
    Some(parts.join("\n\n"))
}

/// A workflow: what it answers, and its params.
pub(super) fn workflow(workflow: &Workflow) -> String {
    let mut parts = vec![format!("workflow `{}`", workflow.name)];
    parts.extend(workflow.description.clone());
    let params = workflow.params.iter();
    let lines: Vec<String> =
        params.map(|(name, is)| format!("- `{name}`: {}", type_of_param(is))).collect();
    if !lines.is_empty() {
        parts.push(lines.join("\n"));
    }
    parts.join("\n\n")
}

/// A made-up value, where anything is known of the type.
fn for_example(found: &Type) -> Option<String> {
    let told = *found != Type::Any;
    told.then(|| format!("For example:\n\n```json\n{:#}\n```", example(found, 0)))
}

fn kind_or_type(kind: &str, path: &[String], found: &Type) -> String {
    if path.is_empty() {
        format!("step, {kind}; gives {}", found.describe())
    } else {
        found.describe()
    }
}

/// The fields of a value, where it has any.
fn shape(found: &Type) -> Option<String> {
    let fields = match found {
        Type::Fields(fields) => fields,
        Type::List(items) => return shape(items).map(|inside| format!("Each item:\n\n{inside}")),
        Type::Words(words) => {
            let words: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
            return Some(format!("One of {}.", words.join(", ")));
        }
        Type::Any | Type::Null | Type::Text | Type::Boolean | Type::Number(_) => return None,
    };
    let lines: Vec<String> =
        fields.iter().map(|(name, field)| format!("- `{name}`: {}", field.describe())).collect();
    Some(lines.join("\n"))
}

/// A value of a type, made up.
fn example(found: &Type, depth: usize) -> Value {
    match found {
        Type::Null => Value::Null,
        Type::Any | Type::Text => "...".into(),
        Type::Words(words) => words.first().cloned().unwrap_or_default().into(),
        Type::Boolean => true.into(),
        Type::Number(unit) => match unit.as_ref().map(crate::expression::Unit::as_str) {
            Some("ratio") => 0.584.into(),
            Some("percent") => 58.4.into(),
            Some(_) | None => 1234.5.into(),
        },
        Type::List(_) | Type::Fields(_) if depth > 3 => "...".into(),
        Type::List(items) => vec![example(items, depth + 1)].into(),
        Type::Fields(fields) => Value::Object(
            fields.iter().map(|(name, field)| (name.clone(), example(field, depth + 1))).collect(),
        ),
    }
}

/// A param: type, meaning and what it is without a value.
pub(super) fn param(name: &str, param: &Param) -> String {
    let default = match &param.default {
        None => "required".to_owned(),
        Some(Value::Null) => "optional".to_owned(),
        Some(default) => format!("`{}` where absent", unquoted(default)),
    };
    let mut parts = vec![format!("`{name}`: {}, {default}", type_of_param(param))];
    parts.extend(param.description.clone());
    if !param.choices.is_empty() {
        let choices: Vec<String> =
            param.choices.iter().map(|choice| format!("`{}`", unquoted(choice))).collect();
        parts.push(format!("One of {}.", choices.join(", ")));
    }
    if let Some(values) = &param.values {
        parts.push(format!("One of the values that tool `{}` lists.", values.tool));
    }
    parts.join("\n\n")
}

pub(super) fn type_of_param(param: &Param) -> &'static str {
    match param.kind {
        ParamType::String => "string",
        ParamType::Number => "number",
        ParamType::Integer => "integer",
        ParamType::Boolean => "boolean",
        ParamType::Array => "array",
        ParamType::Object => "object",
    }
}

/// The params of a tool and what it gives.
pub(super) fn signature(tool: &Tool) -> String {
    let params: Vec<String> = tool
        .params
        .iter()
        .map(
            |(name, param)| {
                if param.default.is_none() { name.clone() } else { format!("{name}?") }
            },
        )
        .collect();
    let gives = match tool.returns {
        Returns::Rows => "rows",
        Returns::Row => "one row",
        Returns::Value => "one value",
    };
    format!("({}) gives {gives}", params.join(", "))
}

pub(super) fn tool(tool: &Tool) -> String {
    let mut parts = vec![format!("tool `{}` {}", tool.name, signature(tool))];
    parts.push(tool.description.clone());
    let params: Vec<String> = tool
        .params
        .iter()
        .map(|(name, param)| {
            let about = param.description.as_deref().unwrap_or_default();
            format!("- `{name}`: {} {about}", type_of_param(param)).trim_end().to_owned()
        })
        .collect();
    if !params.is_empty() {
        parts.push(params.join("\n"));
    }
    parts.push(match &tool.kind {
        ToolKind::Sql(sql) => format!("```sql\n{}\n```", sql.query.trim()),
        ToolKind::Http(http) => format!("```http\n{} {}\n```", http.method.name(), http.url),
        ToolKind::Mcp(mcp) => format!("`{}` of MCP server `{}`", mcp.tool, mcp.server),
    });
    parts.join("\n\n")
}

pub(super) fn agent(agent: &Agent) -> String {
    let role = agent.role.as_ref().map(|role| format!("agent `{}`: {role}", agent.name));
    let mut parts = vec![role.unwrap_or_else(|| format!("agent `{}`", agent.name))];
    parts.extend(agent.goal.clone());
    parts.extend(agent.covers.as_ref().map(|covers| format!("Covers: {covers}")));
    if !agent.tools.is_empty() {
        let tools: Vec<String> = agent.tools.iter().map(|tool| format!("`{tool}`")).collect();
        parts.push(format!("Tools: {}", tools.join(", ")));
    }
    parts.join("\n\n")
}

pub(super) fn filter(help: &FilterHelp) -> String {
    let FilterHelp { name, summary, example, result } = help;
    let result =
        serde_json::from_str(result).map_or((*result).to_owned(), |value| unquoted(&value));
    format!(
        "filter `{name}`: {summary}\n\n```jinja\n{{{{ {example} }}}}\n```\ngives\n```text\n{result}\n```"
    )
}
