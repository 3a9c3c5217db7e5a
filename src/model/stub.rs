use std::sync::Arc;
use std::collections::BTreeMap;
use super::*;
use crate::id::ModelName;
use crate::event::Fault;
pub type Environment = BTreeMap<String, String>;
pub struct ModelError { pub retry_after: Option<std::time::Duration> }
impl ModelError { pub fn fault(&self) -> Fault { Fault::new("x","x") } pub fn retryable(&self) -> bool { false } }
pub struct Endpoint { name: ModelName }
impl Endpoint { pub fn name(&self) -> &ModelName { &self.name } pub async fn call(&self, _: &Request) -> Result<Answer, ModelError> { Err(ModelError{retry_after: None}) } pub fn cost(&self, _: Usage) -> Option<f64> { None } }
pub struct Models {}
impl Models { pub fn new(_: &crate::document::Project, _: &Environment) -> Self { Self{} } pub fn from_environment(_: &Environment) -> Self { Self{} }
 pub async fn resolve(&self, _: &[ModelName]) -> Result<Vec<Arc<Endpoint>>, ModelError> { Ok(vec![]) } }
