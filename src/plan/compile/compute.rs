//! Steps of kind `compute`.

use indexmap::IndexMap;

use super::{Compiler, Edges};
use crate::document;
use crate::expression::Template;
use crate::plan::{Kind, types};
use crate::value::{Value, pointer_segment};

impl Compiler<'_> {
    pub(super) fn compute(
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
            if step.for_each.is_some() && name == types::item_name(step) {
                let message = format!("`{name}` is the item that the step is done for");
                let help = "give one of them another name".to_owned();
                self.error("reserved-name", message, help, &place);
            }
            values.insert(name.clone(), template);
            before.push(name);
        }
        Kind::Compute(values)
    }
}
