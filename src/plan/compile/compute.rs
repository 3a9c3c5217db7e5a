//! Steps of kind `compute`.

use indexmap::IndexMap;

use super::{Compiler, Edges};
use crate::document;
use crate::expression::Template;
use crate::plan::Kind;
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
            values.insert(name.clone(), template);
            before.push(name);
        }
        Kind::Compute(values)
    }
}
