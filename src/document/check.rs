//! Faults of a document against its JSON Schema, in words: one fault, one diagnostic.

use std::sync::Arc;

use jsonschema::ValidationError;
use jsonschema::error::{TypeKind, ValidationErrorKind};

use super::read::Kind;
use super::remains::Faulty;
use super::schema;
use super::tree::Node;
use super::{foreign, helps};
use crate::diagnostic::{Diagnostic, SourceFile, Span, nearest, suggest};
use crate::value::{Object, Value, pointer_segment, type_name, unquoted};

/// Faults of a kind that are told of one file; whoever mends these sees the others.
pub(super) const MOST: usize = 200;

/// All faults of a document, and where they are.
pub(super) fn check(
    kind: Kind,
    value: &Value,
    tree: &Node,
    file: &Arc<SourceFile>,
) -> (Vec<Diagnostic>, Faulty) {
    let Some(validator) = schema::validator(kind) else { return Default::default() };
    let mut checker = Checker {
        kind,
        root: value,
        schema: None,
        tree,
        file,
        found: Vec::new(),
        empty: Vec::new(),
        faulty: Faulty::default(),
    };
    if !value.is_object() {
        checker.report(
            "wrong-type",
            format!("the file is {}, not a map of keys", article(value)),
            Some(format!("`engine schema {}` prints the keys that it may have", kind.name())),
            tree.span,
        );
        return (checker.found, checker.faulty);
    }
    if !validator.is_valid(value) {
        checker.schema = Some(schema::of(kind));
        for error in validator.iter_errors(value).take(MOST) {
            checker.fault(&error);
        }
        checker.empty_keys();
    }
    match kind {
        Kind::Workflow => {
            checker.steps(value);
            checker.outputs(value);
        }
        Kind::Tools => checker.tools(value),
        Kind::Eval => checker.evals(value),
        Kind::Project => {
            checker.models(value);
            checker.servers(value);
        }
        Kind::Agent => {}
    }
    (checker.found, checker.faulty)
}

/// A path of serde as a JSON pointer.
pub(super) fn pointer_of(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    path.iter()
        .map(|segment| match segment {
            Segment::Seq { index } => format!("/{index}"),
            Segment::Map { key } => format!("/{}", pointer_segment(key)),
            Segment::Enum { .. } | Segment::Unknown => String::new(),
        })
        .collect()
}

pub(super) struct Checker<'c> {
    kind: Kind,
    root: &'c Value,
    schema: Option<Value>,
    pub(super) tree: &'c Node,
    pub(super) file: &'c Arc<SourceFile>,
    found: Vec<Diagnostic>,
    /// Keys that hold nothing, by name.
    empty: Vec<(String, Diagnostic)>,
    pub(super) faulty: Faulty,
}

impl Checker<'_> {
    pub(super) fn report(
        &mut self,
        code: &'static str,
        message: String,
        help: Option<String>,
        span: Span,
    ) {
        let mut diagnostic = Diagnostic::new(code, message).at(self.file, span);
        diagnostic.help = help;
        if !self.found.contains(&diagnostic) {
            self.found.push(diagnostic);
        }
    }

    /// How many faults were told.
    pub(super) fn told(&self) -> usize {
        self.found.len()
    }

    pub(super) fn value_span(&self, pointer: &str) -> Span {
        self.tree.at(pointer).0.span
    }

    pub(super) fn key_span(&self, pointer: &str) -> Span {
        let (node, key) = self.tree.at(pointer);
        key.unwrap_or(node.span)
    }

    fn fault(&mut self, error: &ValidationError<'_>) {
        let pointer = error.instance_path().as_str().to_owned();
        let instance = error.instance();
        let span = self.value_span(&pointer);
        match error.kind() {
            ValidationErrorKind::AdditionalProperties { unexpected } => {
                for key in unexpected.iter().take(MOST) {
                    self.unknown_key(&pointer, key, error.schema_path().as_str());
                }
            }
            ValidationErrorKind::Required { property } => {
                self.missing_key(&pointer, property, error.schema_path().as_str());
            }
            ValidationErrorKind::AnyOf { context }
            | ValidationErrorKind::OneOfNotValid { context } => {
                let path = error.schema_path().as_str();
                let has_kinds = is_step(&pointer, self.kind) || is_tool(&pointer, self.kind);
                if !has_kinds || !is_kinds(path) {
                    self.branches(context, instance, &pointer);
                }
            }
            ValidationErrorKind::Type { kind } => {
                self.faulty.cut(&pointer);
                self.wrong_type(instance, kind, &pointer, span);
            }
            ValidationErrorKind::Enum { options } => {
                self.faulty.cut(&pointer);
                let options: Vec<&Value> = options.as_array().into_iter().flatten().collect();
                self.no_choice(instance, &options, &pointer, span);
            }
            ValidationErrorKind::Pattern { pattern } => {
                // By a name that cannot be one things are called all the same.
                if !pattern.starts_with("^[A-Za-z_]") {
                    self.faulty.cut(&pointer);
                }
                self.pattern(instance, pattern, &pointer, span);
            }
            ValidationErrorKind::MinItems { .. } | ValidationErrorKind::MinProperties { .. } => {
                self.faulty.doubt(&pointer);
                self.report(
                    "empty",
                    format!("`{}` is empty", last(&pointer)),
                    Some("at least one is needed".to_owned()),
                    span,
                );
            }
            // What is told of `type` mends the keys beside it as well.
            ValidationErrorKind::MaxProperties { .. }
                if self.typed_assertion(&pointer).is_some() => {}
            ValidationErrorKind::MaxProperties { .. } => {
                let message = format!("{} keys stand where one belongs", counted_keys(instance));
                let help = "make each an item of its own, behind `- `".to_owned();
                self.report("wrong-kind", message, Some(help), span);
            }
            ValidationErrorKind::MinLength { .. } => {
                let message = format!("an empty text stands at `{}`", last(&pointer));
                self.report("empty", message, Some("write it out, or remove it".to_owned()), span);
            }
            ValidationErrorKind::UniqueItems => self.twice(instance, &pointer),
            ValidationErrorKind::Minimum { limit }
            | ValidationErrorKind::ExclusiveMinimum { limit } => {
                self.report(
                    "invalid-value",
                    format!("`{}` is {instance}, at least {limit} is needed", last(&pointer)),
                    Some(format!("give {limit} or more")),
                    span,
                );
            }
            ValidationErrorKind::Maximum { limit }
            | ValidationErrorKind::ExclusiveMaximum { limit } => {
                self.report(
                    "invalid-value",
                    format!("`{}` is {instance}, at most {limit} is allowed", last(&pointer)),
                    Some(format!("give {limit} or less")),
                    span,
                );
            }
            // Which kind a step is, and which keys go with it, is told by `steps`.
            ValidationErrorKind::OneOfMultipleValid { .. } | ValidationErrorKind::FalseSchema => {}
            _ => {
                let help =
                    format!("`engine schema {}` prints what may stand here", self.kind.name());
                self.report("invalid-value", error.to_string(), Some(help), span);
            }
        }
    }

    fn unknown_key(&mut self, pointer: &str, key: &str, schema_path: &str) {
        let at = format!("{pointer}/{}", pointer_segment(key));
        let span = self.key_span(&at);
        let place = place_of(pointer, self.kind);
        self.faulty.cut(&at);
        if let Some(found) = self.typed_assertion(pointer) {
            if key == "type" {
                self.report(found.code, found.message, Some(found.help), span);
            }
            return;
        }
        let known = self.known_keys(schema_path);
        if self.empty_before(pointer, key, &known).is_none()
            && let Some(found) = foreign::key(place, key, self.root.pointer(pointer))
        {
            let meant = foreign::stands_for(place, key).unwrap_or_default();
            self.faulty.doubt(&format!("{pointer}/{meant}"));
            self.report(found.code, found.message, Some(found.help), span);
            return;
        }
        let owner = || {
            let value = self.root.get(key).filter(|_| pointer.is_empty())?;
            helps::owner_of(value).filter(|owner| known.iter().any(|key| key == owner))
        };
        let owner = self.empty_before(pointer, key, &known).or_else(owner).map(str::to_owned);
        let meant = owner.as_deref().or_else(|| nearest(key, known.iter().map(String::as_str)));
        if let Some(meant) = meant {
            self.faulty.doubt(&format!("{pointer}/{meant}"));
        }
        let help = owner
            .as_deref()
            .map(below)
            .or_else(|| helps::of_part_by_name(place, key, self.root.pointer(pointer)))
            .or_else(|| helps::of_key(place, key).map(str::to_owned))
            .unwrap_or_else(|| {
                let fits = known.iter().map(String::as_str).filter(|name| self.fits(pointer, name));
                suggest(key, fits, "keys")
            });
        self.report("unknown-key", format!("unknown key `{key}`"), Some(help), span);
    }

    /// Whether a key may stand in the object at a pointer beside what stands there: a step of one kind has no keys of another.
    fn fits(&self, pointer: &str, key: &str) -> bool {
        let object = self.root.pointer(pointer).and_then(Value::as_object);
        let step = object.filter(|_| is_step(pointer, self.kind));
        let own = step.and_then(schema::kind_of_step);
        own.is_none_or(|own| schema::may_have(own, key))
    }

    /// What is to be said of an assertion that names its kind by `type`.
    fn typed_assertion(&self, pointer: &str) -> Option<foreign::Found> {
        let is_one = place_of(pointer, self.kind) == foreign::Place::Assertion;
        foreign::typed(self.root.pointer(pointer).filter(|_| is_one)?)
    }

    /// The empty key right above an unknown one that this one was to stand below.
    fn empty_before(&self, pointer: &str, key: &str, known: &[String]) -> Option<&str> {
        let object = self.root.pointer(pointer)?.as_object()?;
        let above: Vec<_> = object.iter().take_while(|(name, _)| *name != key).collect();
        let (owner, value) = above.into_iter().rev().find(|(name, _)| known.contains(name))?;
        (value.is_null() && TAKE_KEYS.contains(&owner.as_str())).then_some(owner)
    }

    /// The keys that the schema at the parent of a path knows.
    fn known_keys(&self, schema_path: &str) -> Vec<String> {
        let Some(schema) = &self.schema else { return Vec::new() };
        let parent = schema_path.rsplit_once('/').map_or("", |(parent, _)| parent);
        let properties = resolve(schema, parent)
            .and_then(|found| found.get("properties"))
            .and_then(Value::as_object);
        properties.into_iter().flat_map(|properties| properties.keys().cloned()).collect()
    }

    /// The keys that a part (`Step`, `Tool`) knows, where some key of the document is at fault.
    pub(super) fn keys_of(&self, part: &str) -> Vec<String> {
        let place = format!("/$defs/{part}/properties");
        let properties = self.schema.as_ref().and_then(|schema| schema.pointer(&place));
        properties
            .and_then(Value::as_object)
            .into_iter()
            .flat_map(|properties| properties.keys().cloned())
            .collect()
    }

    fn missing_key(&mut self, pointer: &str, property: &Value, schema_path: &str) {
        let name = property.as_str().unwrap_or_default();
        // The one key of a source is told where another stands.
        let other_key = pointer.starts_with("/sources/") && self.kind == Kind::Project;
        if other_key
            && self.root.pointer(pointer).and_then(Value::as_object).is_some_and(|o| !o.is_empty())
        {
            return;
        }
        // What a kind of step lacks or has too much of is told by `steps`.
        if schema_path.contains("/dependent")
            || schema_path.contains("/then/")
            || is_kinds(schema_path)
        {
            return;
        }
        // Keys that were to stand below it are told themselves.
        if place_of(pointer, self.kind) == foreign::Place::Output
            && self.root.pointer(pointer).is_some_and(|o| counted_keys(o) > 0)
        {
            return;
        }
        let foreign = self.root.pointer(pointer).and_then(Value::as_object).is_some_and(|object| {
            object
                .keys()
                .any(|key| foreign::stands_for(place_of(pointer, self.kind), key) == Some(name))
        });
        let known = self.known_keys(schema_path);
        let misspelt = self
            .root
            .pointer(pointer)
            .and_then(Value::as_object)
            .is_some_and(|object| is_misspelt(object, name, &known));
        if !foreign && !misspelt {
            let span = self.value_span(pointer);
            let help = format!("add `{name}:`");
            self.report("missing-key", format!("key `{name}` is missing"), Some(help), span);
        }
    }

    /// The items of a list that stand in it before.
    fn twice(&mut self, list: &Value, pointer: &str) {
        let items = list.as_array().map(Vec::as_slice).unwrap_or_default();
        for (number, item) in items.iter().enumerate() {
            if items.iter().take(number).any(|earlier| earlier == item) {
                let message = format!("`{}` stands twice in `{}`", unquoted(item), last(pointer));
                let span = self.value_span(&format!("{pointer}/{number}"));
                self.report("invalid-value", message, Some("remove one of them".to_owned()), span);
            }
        }
    }

    fn no_choice(&mut self, instance: &Value, choices: &[&Value], pointer: &str, span: Span) {
        let written = unquoted(instance);
        let help = helps::of_value(&last(pointer), &written).map_or_else(
            || suggest(&written, choices.iter().filter_map(|choice| choice.as_str()), "values"),
            str::to_owned,
        );
        let message = format!("`{written}` is no value of `{}`", last(pointer));
        self.report("invalid-value", message, Some(help), span);
    }

    fn wrong_type(&mut self, instance: &Value, kind: &TypeKind, pointer: &str, span: Span) {
        let wanted = match kind {
            TypeKind::Single(kind) => kind.to_string(),
            TypeKind::Multiple(kinds) => kinds
                .iter()
                .map(|kind| kind.to_string())
                .filter(|kind| kind != "null")
                .collect::<Vec<_>>()
                .join(" or "),
        };
        let help = match (wanted.as_str(), instance) {
            (_, Value::String(_)) if place_of(pointer, self.kind) == foreign::Place::Output => {
                Some("remove it: later steps read `steps.ID.output`; `output: {schema: ...}` gives an answer a shape".to_owned())
            }
            ("object", Value::String(word)) if is_param(pointer, self.kind) => {
                Some(helps::of_param(&last(pointer), word))
            }
            _ if let Some(help) = helps::of_type(&last(pointer), instance) => Some(help),
            ("string", Value::Number(_) | Value::Bool(_)) => {
                Some(format!("put quotes around it: \"{instance}\""))
            }
            ("array", _) => Some("write a list: [a, b], or one item a line behind `- `".to_owned()),
            ("object", _) => Some("write a map: `key: value` below it, indented".to_owned()),
            ("string", Value::Object(_)) => {
                Some("put quotes around a text that holds `: `".to_owned())
            }
            ("string", Value::Array(_)) => {
                Some("write one text; several lines go below `|`".to_owned())
            }
            ("boolean", Value::String(word)) => Some(match helps::switch(word) {
                Some(meant) => format!("write `{meant}`"),
                None => "write `true` or `false`".to_owned(),
            }),
            ("number" | "integer", Value::String(_)) => {
                Some("write the number without quotes".to_owned())
            }
            (_, Value::Null) => Some("write it behind the colon, or remove the key".to_owned()),
            (wanted, _) => Some(format!("give {}", with_article(wanted))),
        };
        let message = match instance {
            Value::Null => format!("a value of type {wanted} is missing here"),
            other => format!("{} stands where {} is needed", article(other), with_article(&wanted)),
        };
        if instance.is_null() {
            let fault = Diagnostic { help, ..Diagnostic::new("wrong-type", message) };
            self.empty.push((last(pointer), fault.at(self.file, span)));
        } else {
            self.report("wrong-type", message, help, span);
        }
    }

    /// Keys that hold nothing, but for those beside which stands what belongs below them: that is told.
    fn empty_keys(&mut self) {
        for (name, fault) in std::mem::take(&mut self.empty) {
            let below = Some(below(&name));
            if !self.found.iter().any(|known| known.help == below) {
                self.found.push(fault);
            }
        }
    }

    fn pattern(&mut self, instance: &Value, pattern: &str, pointer: &str, span: Span) {
        let text = instance.as_str().unwrap_or_default();
        // What stands where a variable's name belongs may be the secret itself.
        let variable = pattern.starts_with("^[A-Z_]") || last(pointer) == "env";
        let help = match pattern {
            p if p.contains("ms|s|m|h|d") => helps::duration(&last(pointer), text),
            _ if variable => {
                "name the environment variable that holds the secret, in capitals; the secret itself never stands in a file".to_owned()
            }
            p if p.starts_with("^https?") => "write the whole address, such as http://127.0.0.1:11434/v1".to_owned(),
            p if p.starts_with("^[0-9]{4}-") => "write a day: 2026-11-01".to_owned(),
            "^(/|$)" => format!("write a JSON pointer: `/{}`", text.trim_start_matches(['$', '.']).replace('.', "/")),
            p if p.starts_with(r"^(\*\.)?") => {
                "write the host alone: `api.example.com`, `*.example.com`, `example.com:8443`".to_owned()
            }
            p if p.starts_with("^[A-Za-z_]") => helps::name(text),
            other => format!("it must match {other}"),
        };
        let shown = if variable { " what stands here".to_owned() } else { format!(" `{text}`") };
        self.report(
            "invalid-value",
            format!("`{}` cannot be{shown}", last(pointer)),
            Some(help),
            span,
        );
    }

    /// Of several forms, reports the faults of the one that is meant: the one whose type fits, told by having no
    /// fault of type at the value itself; among several, the one with the fewest faults.
    fn branches(
        &mut self,
        context: &[Vec<ValidationError<'static>>],
        instance: &Value,
        pointer: &str,
    ) {
        // Words that are explained one by one are forms of a single value each.
        let words: Option<Vec<&Value>> = context
            .iter()
            .map(|branch| match branch.first().map(ValidationError::kind) {
                Some(ValidationErrorKind::Constant { expected_value }) => {
                    Some(expected_value.as_ref())
                }
                _ => None,
            })
            .collect();
        if let Some(words) = words.filter(|_| instance.is_string()) {
            self.faulty.cut(pointer);
            let span = self.value_span(pointer);
            self.no_choice(instance, &words, pointer, span);
            return;
        }
        let type_fault = |error: &ValidationError<'_>| {
            error.instance_path().as_str() == pointer
                && matches!(error.kind(), ValidationErrorKind::Type { .. })
        };
        let meant = context
            .iter()
            .filter(|branch| !branch.iter().any(type_fault))
            .min_by_key(|branch| branch.len());
        if let Some(branch) = meant {
            for error in branch {
                self.fault(error);
            }
        } else {
            self.faulty.cut(pointer);
            let span = self.value_span(pointer);
            let help = helps::of_type(&last(pointer), instance)
                .or_else(|| helps::of_part(place_of(pointer, self.kind), instance))
                .unwrap_or_else(|| {
                    format!("`engine schema {}` prints what may stand here", self.kind.name())
                });
            let message = format!("{} cannot stand at `{}`", article(instance), last(pointer));
            self.report("wrong-type", message, Some(help), span);
        }
    }
}

/// The help for a key that stands beside the one that it belongs to.
fn below(owner: &str) -> String {
    format!("indent it: it belongs below `{owner}:`")
}

fn counted_keys(value: &Value) -> usize {
    value.as_object().map_or(0, Object::len)
}

/// Keys that hold a map.
const TAKE_KEYS: &[&str] = &[
    "with", "compute", "retry", "output", "schema", "sql", "params", "units", "values", "price",
    "rate", "limits", "budget", "models", "sources", "outputs",
];

/// Whether an unknown key of a map is a known name mistyped: then that is the fault, and nothing is missing.
pub(super) fn is_misspelt(object: &Object, name: &str, known: &[String]) -> bool {
    object
        .keys()
        .filter(|key| !known.contains(key))
        .any(|key| nearest(key, known.iter().map(String::as_str)) == Some(name))
}

/// Follows a path through a schema, `$ref`s included.
fn resolve<'s>(root: &'s Value, path: &str) -> Option<&'s Value> {
    let mut at = root;
    for segment in path.split('/').skip(1) {
        if segment == "$ref" {
            let target = at.get("$ref")?.as_str()?.strip_prefix('#')?;
            at = root.pointer(target)?;
        } else {
            at = match at {
                Value::Array(items) => items.get(segment.parse::<usize>().ok()?)?,
                other => other.get(segment.replace("~1", "/").replace("~0", "~"))?,
            };
        }
    }
    Some(at)
}

/// The part of a document that a pointer leads into, as `foreign` calls it.
fn place_of(pointer: &str, kind: Kind) -> foreign::Place {
    let depth = pointer.matches('/').count();
    match kind {
        Kind::Workflow if depth == 0 => foreign::Place::Workflow,
        _ if is_step(pointer, kind) => foreign::Place::Step,
        Kind::Agent if depth == 0 => foreign::Place::Agent,
        Kind::Workflow if pointer.ends_with("/agent") => foreign::Place::Agent,
        _ if is_tool(pointer, kind) => foreign::Place::Tool,
        Kind::Tools if depth == 3 && pointer.ends_with("/sql") => foreign::Place::Sql,
        Kind::Tools if depth == 3 && pointer.ends_with("/http") => foreign::Place::Http,
        Kind::Project if pointer.starts_with("/models/") => foreign::Place::Model,
        Kind::Project if pointer == "/limits" => foreign::Place::Limits,
        Kind::Project if pointer.starts_with("/sources/") => foreign::Place::Source,
        Kind::Project if depth == 2 && pointer.starts_with("/mcp/") => foreign::Place::Server,
        Kind::Workflow if depth == 3 && pointer.ends_with("/output") => foreign::Place::Output,
        Kind::Eval if depth == 0 => foreign::Place::Eval,
        Kind::Eval if depth == 2 && pointer.starts_with("/cases/") => foreign::Place::Case,
        Kind::Eval if pointer.rsplit('/').nth(1) == Some("assert") => foreign::Place::Assertion,
        _ => foreign::Place::Other,
    }
}

fn is_step(pointer: &str, kind: Kind) -> bool {
    kind == Kind::Workflow && pointer.starts_with("/steps/") && pointer.matches('/').count() == 2
}

fn is_tool(pointer: &str, kind: Kind) -> bool {
    kind == Kind::Tools && pointer.starts_with("/tools/") && pointer.matches('/').count() == 2
}

fn is_param(pointer: &str, kind: Kind) -> bool {
    matches!(kind, Kind::Workflow | Kind::Tools)
        && pointer.rsplit('/').nth(1) == Some("params")
        && !pointer.contains("/with/")
}

fn is_kinds(schema_path: &str) -> bool {
    schema_path.ends_with("/Step/oneOf")
        || schema_path.ends_with("/Tool/oneOf")
        || schema_path.contains("/Step/oneOf/")
        || schema_path.contains("/$ref/oneOf")
        || schema_path.contains("/dependentSchemas")
}

/// The name of what stands at a pointer: its nearest key.
pub(super) fn last(pointer: &str) -> String {
    let named = pointer.rsplit('/').find(|segment| segment.parse::<usize>().is_err());
    named.unwrap_or_default().replace("~1", "/").replace("~0", "~")
}

fn article(value: &Value) -> String {
    with_article(type_name(value))
}

fn with_article(name: &str) -> String {
    match name {
        "null" => "nothing".to_owned(),
        name if name.starts_with(['a', 'i', 'o']) => format!("an {name}"),
        name => format!("a {name}"),
    }
}
