//! A plan made for one question as a workflow for all questions of its kind: what the question names becomes params, and
//! comments say where the file comes from and what its parts do.

use std::fmt::Write as _;
use std::ops::Range;

use serde_json::json;

use super::findings::plain;
use super::router::{self, Named, Said, Target};
use super::{By, Catalog, QUESTION};
use crate::document::Param;
use crate::id::ToolName;
use crate::plan::Library;
use crate::run::figures::{Kind, figures};
use crate::value::{Object, Value, one_line, unquoted};

/// A longer comment is cut.
const LONGEST_COMMENT: usize = 110;

/// Where a plan comes from.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'o> {
    /// The question that it was made for.
    pub question: &'o str,
    /// Who chose its agents.
    pub by: By,
    /// The day, as people write it.
    pub day: &'o str,
}

/// A plan as the text of a workflow of this name. The document itself is given back as well, to be checked.
pub fn keep(
    catalog: &Catalog,
    document: &Value,
    name: &str,
    origin: &Origin<'_>,
) -> Result<(Value, String), String> {
    let lifted = lift(catalog, origin.question, document);
    let mut kept = document.as_object().cloned().unwrap_or_default();
    let asked = spoken(origin.question, &lifted, Lifted::template);
    let example = spoken(origin.question, &lifted, Lifted::slots);
    let steps = kept.get("steps").and_then(Value::as_array).cloned().unwrap_or_default();
    let steps: Vec<Value> = steps.iter().map(|step| with_params(step, &asked, &lifted)).collect();
    let mut params = Object::new();
    for one in &lifted {
        params.extend(one.params.iter().cloned());
    }
    if json!(steps).to_string().contains(&format!("params.{QUESTION}"))
        && let Some(question) = document.pointer(&format!("/params/{QUESTION}"))
    {
        params.insert(QUESTION.to_owned(), question.clone());
    }
    kept.insert("name".to_owned(), name.into());
    kept.insert("description".to_owned(), format!("Answers questions such as: {example}").into());
    kept.insert("questions".to_owned(), json!([example]));
    let synonyms = synonyms(catalog, &lifted);
    if !synonyms.is_empty() {
        // Behind the questions, with which they are read.
        let place = kept.keys().position(|key| key == "questions").map_or(0, |at| at + 1);
        kept.shift_insert(place, "synonyms".to_owned(), synonyms.into());
    }
    kept.insert("params".to_owned(), params.into());
    kept.insert("steps".to_owned(), steps.into());
    let text = text(&kept, &catalog.library, &lifted, origin)?;
    Ok((kept.into(), text))
}

/// Something that the question names, as one param or two.
struct Lifted {
    named: Named,
    /// How the question says it.
    said: String,
    /// The word behind it.
    counted: Option<String>,
    /// The params with what is declared of them.
    params: Vec<(String, Value)>,
}

/// What people say for the values that a question may name instead, as the files that know the values have it.
fn synonyms(catalog: &Catalog, lifted: &[Lifted]) -> Object {
    let mut kept = Object::new();
    for one in lifted {
        let Said::Value { target, param, .. } = &one.named.what else { continue };
        let known = match target {
            Target::Workflow(name) => catalog.workflow(name).map(|workflow| &workflow.synonyms),
            Target::Agent(name) => catalog.library.agent(name).map(|agent| &agent.synonyms),
        };
        let named = known
            .into_iter()
            .flatten()
            .filter(|(word, _)| catalog.index.names_values(target, param, word));
        kept.extend(named.map(|(word, others)| (word.clone(), json!(others))));
    }
    kept
}

/// The word that a text begins with.
fn next_word(text: &str) -> Option<&str> {
    let word = text.trim_start().split(|c: char| !c.is_alphanumeric()).next();
    word.filter(|word| !word.is_empty())
}

/// Whether two words are one, in the singular or the plural.
fn alike(one: &str, other: &str) -> bool {
    let stem = |word: &str| word.trim_end_matches('s').to_lowercase();
    stem(one) == stem(other)
}

fn lift(catalog: &Catalog, question: &str, document: &Value) -> Vec<Lifted> {
    let named = router::said(&catalog.index, question);
    let periods = named.iter().filter(|one| matches!(one.what, Said::Period(_))).count();
    let mut taken: Vec<String> = vec![QUESTION.to_owned()];
    let mut lifted = Vec::new();
    for one in named {
        let said = question.get(one.range.clone()).unwrap_or_default();
        let mut free = |wanted: &str| {
            let numbered = (2..).map(|number| format!("{wanted}_{number}"));
            let mut choices = std::iter::once(wanted.to_owned()).chain(numbered);
            let name = choices.find(|name| !taken.contains(name)).unwrap_or_default();
            taken.push(name.clone());
            name
        };
        let params = match &one.what {
            Said::Value { target, param, .. } => {
                let Some(spec) = catalog.param_of(target, param) else { continue };
                let spec = Param { default: None, ..spec.clone() };
                vec![(free(param), json!(spec))]
            }
            Said::Money(value) => {
                let name = argument(document, value).unwrap_or("amount");
                let about = format!("An amount in US dollars; the question said {said}.");
                let least = value.as_f64().is_some_and(|value| value >= 0.0);
                let mut spec = json!({"type": "number", "description": plain(&about)});
                if let (true, Some(spec)) = (least, spec.as_object_mut()) {
                    spec.insert("minimum".to_owned(), 0.into());
                }
                vec![(free(name), spec)]
            }
            Said::Count(value) => {
                let name = argument(document, value).unwrap_or("count");
                let about = format!("How many; the question said {said}.");
                vec![(
                    free(name),
                    json!({"type": "integer", "description": plain(&about), "minimum": 0}),
                )]
            }
            Said::Period(period) => {
                let (Some(from), 1) = (period.from, periods) else { continue };
                let month = |which: &str, default: String| {
                    let about =
                        format!("{which} month, YYYY-MM, included; the question said {said}.");
                    json!({"type": "string", "description": plain(&about),
                        "pattern": "^[0-9]{4}-(0[1-9]|1[0-2])$", "default": default})
                };
                vec![
                    (free("from"), month("First", from.to_string())),
                    (free("to"), month("Last", period.to.to_string())),
                ]
            }
        };
        let counted = question.get(one.range.end..).and_then(next_word).map(str::to_owned);
        lifted.push(Lifted { said: said.to_owned(), counted, named: one, params });
    }
    lifted
}

/// The name by which a step of the plan hands a value to a tool.
fn argument<'d>(document: &'d Value, value: &Value) -> Option<&'d str> {
    let steps = document.get("steps")?.as_array()?.iter();
    let mut arguments = steps.filter_map(|step| step.get("with")?.as_object()).flatten();
    arguments.find(|(_, given)| equal(given, value)).map(|(name, _)| name.as_str())
}

fn equal(one: &Value, other: &Value) -> bool {
    one == other
        || matches!((one.as_f64(), other.as_f64()), (Some(a), Some(b)) if a.total_cmp(&b).is_eq())
}

impl Lifted {
    fn names(&self) -> (&str, Option<&str>) {
        let mut names = self.params.iter().map(|(name, _)| name.as_str());
        (names.next().unwrap_or_default(), names.next())
    }

    /// It as a text of the workflow writes it.
    fn template(&self) -> String {
        match (self.names(), &self.named.what) {
            ((from, Some(to)), _) => {
                format!("from {{{{ params.{from} }}}} to {{{{ params.{to} }}}}")
            }
            ((name, None), Said::Money(_)) => format!("{{{{ params.{name} | usd }}}}"),
            ((name, None), _) => format!("{{{{ params.{name} }}}}"),
        }
    }

    /// It as an example question leaves it open.
    fn slots(&self) -> String {
        match self.names() {
            // Another period is understood in its place as well.
            (_, Some(_)) => self.said.clone(),
            (name, None) => format!("{{{name}}}"),
        }
    }

    /// The param that holds exactly this value, if one does.
    fn holds(&self, value: &Value) -> Option<&str> {
        let (name, second) = self.names();
        match &self.named.what {
            Said::Value { known, .. } => equal(&known.value, value).then_some(name),
            Said::Money(own) | Said::Count(own) => equal(own, value).then_some(name),
            Said::Period(period) => {
                let text = value.as_str()?;
                let from = period.from.is_some_and(|from| from.to_string() == text);
                if from { Some(name) } else { second.filter(|_| period.to.to_string() == text) }
            }
        }
    }
}

/// The question with what it names written in another way.
fn spoken(question: &str, lifted: &[Lifted], write: impl Fn(&Lifted) -> String) -> String {
    let mut out = String::new();
    let mut from = 0;
    let text =
        |span: Range<usize>| plain(&question.get(span).unwrap_or_default().replace(['{', '}'], ""));
    for one in lifted {
        let between = question.get(from..one.named.range.start).unwrap_or_default();
        out.push_str(&spaced(between, &text(from..one.named.range.start)));
        out.push_str(&write(one));
        from = one.named.range.end;
    }
    out.push_str(&spaced(question.get(from..).unwrap_or_default(), &text(from..question.len())));
    out.trim().to_owned()
}

/// One line, with the spaces at its ends as they were.
fn spaced(written: &str, line: &str) -> String {
    let space = |is: bool| if is { " " } else { "" };
    if line.is_empty() {
        return space(!written.is_empty()).to_owned();
    }
    let (before, after) =
        (written.starts_with(char::is_whitespace), written.ends_with(char::is_whitespace));
    format!("{}{}{}", space(before), line.trim(), space(after))
}

/// A step with params where it held what the question names.
fn with_params(step: &Value, asked: &str, lifted: &[Lifted]) -> Value {
    let Some(step) = step.as_object() else { return step.clone() };
    // `needs` without steps says nothing, `tools` without any says that there are none.
    let written = step.iter().filter(|(key, value)| *key != "needs" || **value != json!([]));
    let rewritten = written.map(|(key, value)| {
        let value = match (key.as_str(), value) {
            ("prompt", Value::String(text)) => in_text(text, asked, lifted).into(),
            ("with", Value::Object(arguments)) => {
                let given = arguments
                    .iter()
                    .map(|(name, value)| (name.clone(), in_argument(value, lifted)));
                Value::Object(given.collect())
            }
            ("compute", Value::Object(values)) => {
                let made =
                    values.iter().map(|(name, value)| (name.clone(), in_expression(value, lifted)));
                Value::Object(made.collect())
            }
            (_, value) => value.clone(),
        };
        (key.clone(), value)
    });
    Value::Object(rewritten.collect())
}

fn in_argument(value: &Value, lifted: &[Lifted]) -> Value {
    let held = lifted.iter().find_map(|one| one.holds(value));
    held.map_or_else(|| value.clone(), |name| format!("{{{{ params.{name} }}}}").into())
}

/// An expression whose amounts are params.
fn in_expression(value: &Value, lifted: &[Lifted]) -> Value {
    let number = |text: &str| text.parse::<f64>().ok().map(Value::from);
    let held = |value: Value| lifted.iter().find_map(|one| one.holds(&value));
    let Some(text) = value.as_str() else {
        let name = value.is_number().then(|| held(value.clone())).flatten();
        return name.map_or_else(|| value.clone(), |name| format!("params.{name}").into());
    };
    let mut out = String::new();
    let mut rest = text;
    while !rest.is_empty() {
        let part_of_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.');
        let length = rest.find(|c| !part_of_word(c)).unwrap_or(rest.len());
        let (word, behind) = rest.split_at(length);
        match number(word).and_then(held) {
            Some(name) => {
                let _ = write!(out, "params.{name}");
            }
            None => out.push_str(word),
        }
        let other = behind.find(part_of_word).unwrap_or(behind.len());
        let (marks, next) = behind.split_at(other);
        out.push_str(marks);
        rest = next;
    }
    out.into()
}

/// A prompt whose words hold what the question names, outside its templates.
fn in_text(text: &str, asked: &str, lifted: &[Lifted]) -> String {
    let text = text.replace(&format!("{{{{ params.{QUESTION} }}}}"), asked);
    let mut out = String::new();
    let mut rest = text.as_str();
    while let Some(open) = rest.find(['{']) {
        let (words, template) = rest.split_at(open);
        out.push_str(&in_words(words, lifted));
        let close = match template.get(..2) {
            Some("{{") => template.find("}}"),
            Some("{%") => template.find("%}"),
            _ => None,
        };
        let (template, behind) = template.split_at(close.map_or(1, |at| at + 2));
        out.push_str(template);
        rest = behind;
    }
    out + &in_words(rest, lifted)
}

fn in_words(words: &str, lifted: &[Lifted]) -> String {
    let mut spans: Vec<(Range<usize>, String)> = Vec::new();
    for one in lifted {
        let mut add = |span: Range<usize>| {
            if spans.iter().all(|(taken, _)| taken.end <= span.start || span.end <= taken.start) {
                spans.push((span, one.template()));
            }
        };
        match &one.named.what {
            Said::Money(value) => {
                let is = |kind, amount: f64| {
                    matches!(kind, Kind::Money(_) | Kind::Plain) && equal(&amount.into(), value)
                };
                let found = figures(words).into_iter().filter(|found| is(found.kind, found.value));
                found.for_each(|found| add(found.range));
            }
            Said::Value { known, .. } => {
                let names = [Some(unquoted(&known.value)), known.label.clone()];
                names.iter().flatten().flat_map(|name| whole_words(words, name)).for_each(add);
            }
            // A small number may count anything, unless it stands before the same word as in the question.
            Said::Count(value) => {
                let forms = [unquoted(value), one.said.clone()];
                let found = forms.iter().flat_map(|form| whole_words(words, form));
                let same = |span: &Range<usize>| {
                    let behind = words.get(span.end..).and_then(next_word);
                    behind.is_some_and(|word| {
                        one.counted.as_deref().is_some_and(|it| alike(it, word))
                    })
                };
                found.filter(same).for_each(add);
            }
            // Months are written in many ways.
            Said::Period(_) => {}
        }
    }
    spans.sort_by_key(|(span, _)| span.start);
    let (mut out, mut from) = (String::new(), 0);
    for (span, template) in spans {
        out.push_str(words.get(from..span.start).unwrap_or_default());
        out.push_str(&template);
        from = span.end;
    }
    out + words.get(from..).unwrap_or_default()
}

/// Where a text holds these words, not as a part of others.
fn whole_words(text: &str, words: &str) -> Vec<Range<usize>> {
    let inside = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    let found = text.match_indices(words).map(|(at, found)| at..at + found.len());
    let alone = |span: &Range<usize>| {
        !words.is_empty()
            && !inside(text.get(..span.start).and_then(|before| before.chars().next_back()))
            && !inside(text.get(span.end..).and_then(|after| after.chars().next()))
    };
    found.filter(alone).collect()
}

/// The file, with its comments.
fn text(
    document: &Object,
    library: &Library,
    lifted: &[Lifted],
    origin: &Origin<'_>,
) -> Result<String, String> {
    let by = match origin.by {
        By::Model => "planned by a model",
        By::Lexical | By::Session => "made of the agents that the words name",
    };
    let mut out = format!(
        "# yaml-language-server: $schema=../schemas/workflow.schema.json\n\n\
         # Kept by `engine ask --save` on {}, {by}, for the question\n#\n#   {}\n",
        origin.day,
        one_line(origin.question)
    );
    if !lifted.is_empty() {
        out.push_str(
            "#\n# What the question names became params, so that it can be asked of others:\n#\n",
        );
    }
    for one in lifted {
        let said = origin.question.get(one.named.range.clone()).unwrap_or_default();
        let names: Vec<&str> = one.params.iter().map(|(name, _)| name.as_str()).collect();
        // Writing to a string cannot fail.
        let _ = writeln!(out, "#   {}: `{}`", names.join(", "), one_line(said));
    }
    for (key, value) in document {
        out.push('\n');
        match (key.as_str(), value) {
            ("steps", Value::Array(steps)) => {
                out.push_str("steps:\n");
                for step in steps {
                    let _ = writeln!(out, "  # {}", cut(&one_line(&about(step, library))));
                    out.push_str(&indented(&yaml(&json!([step]))?));
                }
            }
            _ => out.push_str(&yaml(&json!({ key: value }))?),
        }
    }
    Ok(out)
}

/// What a step does, in a line.
fn about(step: &Value, library: &Library) -> String {
    let text = |key: &str| step.get(key).and_then(Value::as_str);
    let task = text("prompt").and_then(|prompt| prompt.split_once("Your part of it: "));
    let task = task.and_then(|(_, task)| task.lines().next());
    let role = text("agent").and_then(|name| library.agent(&name.into())?.role.clone());
    let tool = text("tool").and_then(|name| library.tool(&ToolName::from(name)));
    match (role.or(text("agent").map(str::to_owned)), tool, task) {
        (Some(role), _, Some(task)) => format!("{role}: {task}"),
        (_, Some(tool), _) => format!("Reads `{}`: {}", tool.name, tool.description),
        _ if step.get("compute").is_some() => "Arithmetic on what was found.".to_owned(),
        (role, ..) => {
            let what = text("description").unwrap_or("Answers the question.");
            role.map_or_else(|| what.to_owned(), |role| format!("{role}: {what}"))
        }
    }
}

fn cut(line: &str) -> String {
    match line.char_indices().nth(LONGEST_COMMENT) {
        Some((at, _)) => format!("{}...", line.get(..at).unwrap_or_default().trim_end()),
        None => line.to_owned(),
    }
}

fn yaml(value: &Value) -> Result<String, String> {
    // A question is one line as long as that can be read.
    let options = serde_saphyr::ser_options! { folded_wrap_chars: 120 };
    serde_saphyr::to_string_with_options(value, options).map_err(|error| error.to_string())
}

fn indented(yaml: &str) -> String {
    let line =
        |line: &str| if line.trim().is_empty() { "\n".to_owned() } else { format!("  {line}\n") };
    yaml.lines().map(line).collect()
}
