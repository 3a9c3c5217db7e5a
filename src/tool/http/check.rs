//! Checks the requests of tools: what their texts read, and where they go. Nothing is sent.

use std::collections::BTreeSet;

use super::place::Shape;
use super::secret_names;
use crate::diagnostic::{Diagnostic, suggest};
use crate::document::{Document, Header, Http, Tool, ToolFile};
use crate::expression::{Problem, Read, Root, analyse_template};
use crate::value::{Value, each_text, pointer_segment};

/// All faults of the request of a tool, which stands at `pointer`.
pub(in crate::tool) fn check(
    document: &Document<ToolFile>,
    pointer: &str,
    tool: &Tool,
    http: &Http,
) -> Vec<Diagnostic> {
    let mut texts = Texts { document, tool, read: BTreeSet::new(), found: Vec::new() };
    texts.all(http, &format!("{pointer}/http"));
    let Texts { read, mut found, .. } = texts;
    for name in tool.params.keys().filter(|name| !read.contains(*name)) {
        let place = format!("{pointer}/params/{}", pointer_segment(name));
        found.push(
            Diagnostic::new("unused-param", format!("the request does not read param `{name}`"))
                .help(format!("read `{{{{ params.{name} }}}}` in the request, or remove the param"))
                .at(&document.file, document.key_span(&place)),
        );
    }
    if found.iter().any(Diagnostic::is_error) {
        return found;
    }
    let url = format!("{pointer}/http/url");
    let bad = |message: String, help: &str| {
        Diagnostic::new("bad-url", message).help(help).at(&document.file, document.span_of(&url))
    };
    match Shape::of(&http.url) {
        Err(why) => found.push(bad(
            why,
            "write it as https://HOST/PATH, with `{{ params.NAME }}` for whole segments and values",
        )),
        Ok(shape) if !shape.names_host() && http.allow_hosts.is_empty() => {
            let message = "a param decides the host, and nothing says which are meant".to_owned();
            found.push(bad(message, "add `allow_hosts: [api.example.com]`, or write the host out"));
        }
        Ok(shape)
            if shape.is_open() && !http.allow_private && secret_names(tool).next().is_some() =>
        {
            let message = "a secret would be sent without encryption".to_owned();
            found.push(bad(
                message,
                "write https://, or `allow_private: true` for a server in your own network",
            ));
        }
        Ok(_) => {}
    }
    found
}

struct Texts<'t> {
    document: &'t Document<ToolFile>,
    tool: &'t Tool,
    /// Params that some text reads.
    read: BTreeSet<String>,
    found: Vec<Diagnostic>,
}

impl Texts<'_> {
    fn all(&mut self, http: &Http, pointer: &str) {
        self.text(&http.url, &format!("{pointer}/url"));
        for (name, value) in &http.query {
            self.value(value, &format!("{pointer}/query/{}", pointer_segment(name)));
        }
        for (name, header) in &http.headers {
            if let Header::Text(text) = header {
                self.text(text, &format!("{pointer}/headers/{}", pointer_segment(name)));
            }
        }
        if let Some(body) = &http.body {
            self.value(body, &format!("{pointer}/body"));
        }
    }

    fn value(&mut self, value: &Value, pointer: &str) {
        each_text(value, pointer, &mut |text, place| self.text(text, place));
    }

    fn text(&mut self, text: &str, pointer: &str) {
        let analysis = analyse_template(text);
        let misread: Vec<Problem> =
            analysis.reads.iter().filter_map(|read| self.misread(read)).collect();
        for problem in analysis.problems.iter().chain(&misread) {
            self.found.push(self.document.diagnostic(problem, pointer));
        }
        let params = analysis.reads.iter().filter(|read| read.root == Root::Params);
        self.read.extend(params.filter_map(|read| read.path.first().cloned()));
    }

    /// What is wrong with a name that a text reads.
    fn misread(&self, read: &Read) -> Option<Problem> {
        let params = &self.tool.params;
        let (code, message, help) = match (&read.root, read.path.first()) {
            (Root::Params, Some(name)) if params.contains_key(name) => return None,
            (Root::Params, None) => return None,
            (Root::Params, Some(name)) => (
                "unknown-param",
                format!("the tool has no param `{name}`"),
                if params.is_empty() {
                    format!("add it below `params:`, as in `{name}: {{type: string}}`")
                } else {
                    suggest(name, params.keys().map(String::as_str), "params")
                },
            ),
            (Root::Steps, _) => (
                "unknown-name",
                "a tool knows no steps".to_owned(),
                "declare a param, and give it a value by `with` in the step".to_owned(),
            ),
            (Root::Local(name), _) => (
                "unknown-name",
                format!("`{name}` means nothing here"),
                if params.contains_key(name) {
                    format!("write `params.{name}`")
                } else {
                    "a tool reads its own `params`".to_owned()
                },
            ),
        };
        let Read { line, column, width, .. } = *read;
        Some(Problem { code, message, help: Some(help), line, column, width })
    }
}
