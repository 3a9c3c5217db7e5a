//! `for_each`: steps that are done once for each item of a list.

use std::collections::BTreeSet;

use super::{Compiler, Edges};
use crate::diagnostic::Diagnostic;
use crate::document;
use crate::expression::{Root, Template, is_template};
use crate::plan::{ForEach, types};

impl Compiler<'_> {
    /// Looks at what a step is repeated for; from here on its texts may read the item.
    pub(super) fn for_each(
        &mut self,
        step: &document::Step,
        pointer: &str,
        edges: &mut Edges,
    ) -> Option<ForEach> {
        self.data.clear();
        let written = step.for_each.as_ref()?;
        let place = format!("{pointer}/for_each");
        let analyses = self.templates(written, &place, Some(&step.id), &[]);
        edges.add_all(&analyses);
        let items = Template::new(written);
        let text = written.as_str().filter(|_| !matches!(items, Template::Expression(_)));
        // Where braces alone are missing, that is told already.
        if let Some(text) = text.filter(|text| self.names.check_bare(text, &place).is_none()) {
            let help = if is_template(text) {
                "write one whole `{{ ... }}`, so that the value keeps its type".to_owned()
            } else {
                format!("write `\"{{{{ {} }}}}\"`", text.trim())
            };
            self.error(
                "type-mismatch",
                "`for_each` needs a list, this is a text".to_owned(),
                help,
                &place,
            );
        }
        let name = types::item_name(step).to_owned();
        if ["params", "steps", "loop"].contains(&name.as_str()) {
            let message = format!("`{name}` has a meaning of its own");
            let help = "give the item another name".to_owned();
            self.error("reserved-name", message, help, &format!("{pointer}/as"));
        }
        let sources: BTreeSet<String> = analyses
            .iter()
            .flat_map(|analysis| &analysis.reads)
            .filter(|read| read.root == Root::Steps)
            .filter_map(|read| Some(format!("steps.{}", read.path.first()?)))
            .collect();
        self.data.insert(name.clone(), sources);
        let when_reads_item = step.when.as_deref().is_some_and(|when| {
            crate::expression::analyse_expression(when)
                .reads
                .iter()
                .any(|read| matches!(&read.root, Root::Local(local) if *local == name))
        });
        let told = self.told(&analyses);
        Some(ForEach { items, name, max_parallel: step.max_parallel, when_reads_item, told })
    }

    /// Warns of keys that change nothing for a step of this kind.
    pub(super) fn check_effect(&mut self, step: &document::Step, pointer: &str) {
        let (kind, why) = if step.compute.is_some() {
            ("compute", "arithmetic gives the same again")
        } else if step.workflow.is_some() {
            ("workflow", "give it to the steps of that workflow")
        } else if step.plan.is_some() {
            ("plan", "give it to the workflow that plans")
        } else if step.approval.is_some() {
            ("approval", "how long the answer is waited for stands at `approval.timeout`")
        } else {
            return;
        };
        let written = [
            ("retry", step.retry.is_some()),
            ("timeout", step.timeout.is_some()),
            ("cache", step.cache.is_some()),
        ];
        for (key, _) in written.into_iter().filter(|(_, written)| *written) {
            let message = format!("`{key}` has no effect on a step of kind `{kind}`");
            let span = self.document.key_span(&format!("{pointer}/{key}"));
            self.diagnostics.push(
                Diagnostic::new("without-effect", message)
                    .help(format!("remove it: {why}"))
                    .at(&self.document.file, span),
            );
        }
    }
}
