//! Requests as servers see them, answers as endpoints read them, and every fault between.

mod anthropic;
mod endpoint;
mod faults;
mod openai;
mod registry;
mod server;
mod stream;
mod tools;

use std::time::Duration;

use serde_json::{Value, json};

use super::fault::Unusable;
use super::{Endpoint, Environment, ModelError, Models, Request};
use crate::document::Project;
use crate::event::Message;
use crate::id::ModelName;

/// The key of all tests.
const KEY: &str = "sk-test-0123456789";

/// What no answer of these tests takes.
const LIMIT: Duration = Duration::from_secs(30);

/// A project with one model `m`, written as in engine.yaml; `api_key_env` is `KEY`.
fn endpoint(model: &Value) -> std::sync::Arc<Endpoint> {
    let mut model = model.clone();
    model["api_key_env"] = json!("KEY");
    models(&json!({"models": {"m": model}}), &[("KEY", KEY)]).get(&"m".into()).unwrap()
}

fn models(project: &Value, environment: &[(&str, &str)]) -> Models {
    let project: Project = serde_json::from_value(project.clone()).unwrap();
    let environment: Environment = environment.iter().copied().collect();
    Models::new(&project, &environment)
}

/// A request with a system message and one of the user.
fn request() -> Request {
    Request {
        system: "Be brief.".to_owned(),
        messages: vec![Message::user("How are we?")],
        schema: None,
        max_tokens: None,
        tools: Vec::new(),
        may_call: false,
    }
}

/// Why a response is no answer, in words.
fn told(unusable: Unusable) -> String {
    match unusable {
        Unusable::Unreadable(why) => format!("unreadable: {why}"),
        Unusable::Refused(why) => format!("refused: {why}"),
        Unusable::BrokenOff(error) => format!("broken off: {error}"),
    }
}

/// The names of models that `names` resolves to.
async fn resolved(models: &Models, names: &[&str]) -> Result<Vec<String>, ModelError> {
    let names: Vec<ModelName> = names.iter().map(|name| ModelName::from(*name)).collect();
    let endpoints = models.resolve(&names).await?;
    Ok(endpoints.iter().map(|endpoint| endpoint.name().to_string()).collect())
}
