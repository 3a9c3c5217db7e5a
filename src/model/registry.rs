//! The models of a project by name, and which of them `auto` is.
//!
//! The environment overrides engine.yaml as it does in the vendors' own clients: `OPENAI_BASE_URL`
//! and `OPENAI_MODEL` (`ANTHROPIC_…` likewise) hold for the models of that provider that use the
//! vendor's own key, or neither a key nor an address. A model with a key of its own or with a
//! keyless address is not touched: its key must not go to a server that was not meant.

use std::sync::Arc;
use std::time::Duration;

use indexmap::IndexMap;
use tokio::sync::OnceCell;

use super::breaker::Breaker;
use super::endpoint::{Endpoint, Settings};
use super::environment::Environment;
use super::error::{ModelError, ModelErrorKind};
use super::pace::Pace;
use super::{Tape, stream};
use crate::document::{CircuitBreaker, Model, Project, Provider, Timeouts};
use crate::id::ModelName;
use crate::wire::Http;

/// The name that stands for whichever model is there.
const AUTO: &str = "auto";

/// How long a server that needs no key has to answer before `auto` goes on to the next.
const PROBE: Duration = Duration::from_millis(300);

/// The models that may be asked.
#[derive(Debug)]
pub struct Models {
    entries: IndexMap<ModelName, Entry>,
    /// What `auto` stands for, where the project says so.
    default: Option<ModelName>,
    /// Where exchanges are recorded, or where answers come from.
    tape: Option<Arc<Tape>>,
    /// The model that `auto` found, looked for once.
    found: OnceCell<Result<Option<Arc<Endpoint>>, ModelError>>,
}

#[derive(Debug)]
struct Entry {
    endpoint: Result<Arc<Endpoint>, ModelError>,
    /// Whether nothing but an answer tells that the model is there.
    unproven: bool,
    /// What is asked and where, in a line.
    identity: String,
}

/// The variables of a vendor.
struct Vendor {
    provider: Provider,
    name: &'static str,
    key: &'static str,
    base_url: &'static str,
    model: &'static str,
    /// The model of those who name none.
    usual_model: &'static str,
}

const VENDORS: [Vendor; 2] = [
    Vendor {
        provider: Provider::Openai,
        name: "openai",
        key: "OPENAI_API_KEY",
        base_url: "OPENAI_BASE_URL",
        model: "OPENAI_MODEL",
        usual_model: "gpt-4o-mini",
    },
    Vendor {
        provider: Provider::Anthropic,
        name: "anthropic",
        key: "ANTHROPIC_API_KEY",
        base_url: "ANTHROPIC_BASE_URL",
        model: "ANTHROPIC_MODEL",
        usual_model: "claude-haiku-4-5",
    },
];

impl Models {
    /// The models of a project. One without `models` has those of the environment.
    pub fn new(project: &Project, environment: &Environment) -> Self {
        Self::taped(project, environment, None)
    }

    /// The models of a project whose exchanges are recorded, or whose answers come from recordings: then nobody is asked, and no
    /// key has to be there.
    pub fn taped(project: &Project, environment: &Environment, tape: Option<Arc<Tape>>) -> Self {
        if project.models.is_empty() {
            return Self::from_environment(environment, tape.as_ref());
        }
        let default = project.default_model.clone().filter(|name| name.as_str() != AUTO);
        Self::of(&project.models, default, environment, tape)
    }

    /// A project as a run in this environment finds it: `auto` is settled where a key settles it, and a model that the
    /// environment replaces has no price. Nothing is asked.
    pub fn settled(project: &Project, environment: &Environment) -> Project {
        let mut settled = project.clone();
        let http = Arc::new(Http::default());
        let mut found = None;
        let auto = project.default_model.as_ref().is_none_or(|name| name.as_str() == AUTO);
        for (name, model) in &mut settled.models {
            let entry = Entry::new(name, model, environment, &http, None);
            if let Ok(endpoint) = entry.endpoint {
                model.price = model.price.take().filter(|_| endpoint.is_priced());
                if auto && !entry.unproven && found.is_none() {
                    found = Some(name.clone());
                }
            }
        }
        settled.default_model = found.or(settled.default_model.take());
        settled
    }

    /// The models outside any project: `openai` and `anthropic`, where their key or their address
    /// is set. They are unpriced: a price belongs into engine.yaml, with the day it was looked up.
    pub fn from_environment(environment: &Environment, tape: Option<&Arc<Tape>>) -> Self {
        let set = |vendor: &&Vendor| {
            let name = ModelName::from(vendor.name);
            let recorded = tape.is_some_and(|tape| tape.replays() && tape.knows(&name));
            let set = environment.get(vendor.key).or_else(|| environment.get(vendor.base_url));
            set.is_some() || recorded
        };
        let models = VENDORS.iter().filter(set).map(|vendor| {
            let model = Model {
                provider: vendor.provider,
                model: vendor.usual_model.to_owned(),
                base_url: None,
                api_key_env: Some(vendor.key.to_owned()),
                price: None,
                context_window: None,
                rate: None,
                temperature: None,
                max_tokens: None,
                stream: None,
                timeouts: Timeouts::default(),
                circuit_breaker: CircuitBreaker::default(),
                hedge: None,
            };
            (ModelName::from(vendor.name), model)
        });
        Self::of(&models.collect(), None, environment, tape.cloned())
    }

    fn of(
        models: &IndexMap<ModelName, Model>,
        default: Option<ModelName>,
        environment: &Environment,
        tape: Option<Arc<Tape>>,
    ) -> Self {
        let http = Arc::new(Http::default());
        let entry = |(name, model): (&ModelName, &Model)| {
            (name.clone(), Entry::new(name, model, environment, &http, tape.as_ref()))
        };
        let entries = models.iter().map(entry).collect();
        Self { entries, default, tape, found: OnceCell::new() }
    }

    /// How many questions had no recorded answer, where answers come from recordings.
    pub fn misses(&self) -> usize {
        self.tape.as_ref().map_or(0, |tape| tape.misses())
    }

    /// What a list of models stands for: equal as long as the same servers are asked for the same models.
    pub fn identity(&self, names: &[ModelName]) -> String {
        let all = || self.entries.values().map(|entry| entry.identity.as_str());
        let auto = names.is_empty() || names.iter().any(|name| name.as_str() == AUTO);
        let listed = names.iter().filter_map(|name| self.entries.get(name));
        let listed = listed.map(|entry| entry.identity.as_str());
        let default = self.default.as_ref().and_then(|name| self.entries.get(name));
        match default {
            Some(default) if auto => listed.chain([default.identity.as_str()]).collect(),
            None if auto => listed.chain(all()).collect(),
            Some(_) | None => listed.collect(),
        }
    }

    /// A model by its name; `auto` is none.
    pub fn get(&self, name: &ModelName) -> Result<Arc<Endpoint>, ModelError> {
        match self.entries.get(name) {
            Some(entry) => entry.endpoint.clone(),
            None => Err(self.unknown(name)),
        }
    }

    /// The models of a list, in its order, each once. No name stands for `auto`.
    ///
    /// `auto` is the project's default model, or else the first model whose key is set or whose
    /// server answers. An empty list is given back where `auto` finds none: the caller does without
    /// a model. A model whose key is not set is passed over where another one of the list can be
    /// asked; it is an error where none can and `auto` is not among them. An unknown name is always
    /// an error.
    pub async fn resolve(&self, names: &[ModelName]) -> Result<Vec<Arc<Endpoint>>, ModelError> {
        let mut resolved: Vec<Arc<Endpoint>> = Vec::with_capacity(names.len().max(1));
        let mut fault = None;
        let mut may_be_none = false;
        let auto = [ModelName::from(AUTO)];
        for name in if names.is_empty() { &auto } else { names } {
            let one = match &self.default {
                None if name.as_str() == AUTO => {
                    may_be_none = true;
                    self.any().await
                }
                Some(default) if name.as_str() == AUTO => self.get(default).map(Some),
                Some(_) | None => self.get(name).map(Some),
            };
            match one {
                Ok(Some(endpoint))
                    if !resolved.iter().any(|other| Arc::ptr_eq(other, &endpoint)) =>
                {
                    resolved.push(endpoint);
                }
                Ok(_) => {}
                Err(error) if error.kind == ModelErrorKind::MissingKey => {
                    fault = fault.or(Some(error));
                }
                Err(error) => return Err(error),
            }
        }
        match fault {
            Some(error) if resolved.is_empty() && !may_be_none => Err(error),
            Some(_) | None => Ok(resolved),
        }
    }

    /// A model that is there, whichever the default is; none where there is none.
    pub async fn any(&self) -> Result<Option<Arc<Endpoint>>, ModelError> {
        self.found.get_or_init(|| self.find()).await.clone()
    }

    /// The first model that is there. One whose key or address is malformed was meant to be there,
    /// so it is an error and not passed over.
    async fn find(&self) -> Result<Option<Arc<Endpoint>>, ModelError> {
        if let Some(tape) = self.tape.as_ref().filter(|tape| tape.replays()) {
            let recorded = self.entries.iter().find(|(name, _)| tape.knows(name));
            let first = recorded.or(self.entries.first());
            return first.map(|(_, entry)| entry.endpoint.clone()).transpose();
        }
        for entry in self.entries.values() {
            match &entry.endpoint {
                Ok(endpoint) if !entry.unproven || endpoint.answers(PROBE).await => {
                    return Ok(Some(Arc::clone(endpoint)));
                }
                Err(error) if error.kind != ModelErrorKind::MissingKey => return Err(error.clone()),
                Ok(_) | Err(_) => {}
            }
        }
        Ok(None)
    }

    fn unknown(&self, name: &ModelName) -> ModelError {
        let known: Vec<&str> = self.entries.keys().map(ModelName::as_str).collect();
        let help = if known.is_empty() {
            "set OPENAI_API_KEY or ANTHROPIC_API_KEY, or name a model under `models` in engine.yaml"
                .to_owned()
        } else {
            format!("the models are {}, or auto", known.join(", "))
        };
        ModelError::new(ModelErrorKind::UnknownModel, format!("there is no model `{name}`"))
            .help(help)
    }
}

impl Entry {
    fn new(
        name: &ModelName,
        model: &Model,
        environment: &Environment,
        http: &Arc<Http>,
        tape: Option<&Arc<Tape>>,
    ) -> Self {
        let [openai, anthropic] = &VENDORS;
        let vendor = match model.provider {
            Provider::Openai => openai,
            Provider::Anthropic => anthropic,
        };
        let follows = match &model.api_key_env {
            Some(variable) => variable == vendor.key,
            None => model.base_url.is_none(),
        };
        let own = |variable: &str| environment.get(variable).filter(|_| follows).map(str::to_owned);
        let (base_url, renamed) = (own(vendor.base_url), own(vendor.model));
        let wants_key = follows || model.api_key_env.is_some();
        let variable = model.api_key_env.as_deref().unwrap_or(vendor.key);
        let key = environment.get(variable).filter(|_| wants_key);
        let replays = tape.is_some_and(|tape| tape.replays());
        let missing = wants_key && key.is_none() && base_url.is_none() && !replays;
        let asked = renamed.as_ref().unwrap_or(&model.model);
        let server = base_url.as_ref().or(model.base_url.as_ref()).map_or("", String::as_str);
        let settings = (model.temperature, model.max_tokens);
        let identity = format!("{:?} {asked} {server} {settings:?}\n", model.provider);
        let endpoint = if missing {
            Err(ModelError::new(
                ModelErrorKind::MissingKey,
                format!("model `{name}` needs a key, and {variable} is not set"),
            )
            .help(format!("set {variable}, or name another model")))
        } else {
            let settings = Settings {
                name: name.clone(),
                provider: model.provider,
                // The price in the file is that of the model in the file.
                price: model.price.clone().filter(|_| renamed.is_none()),
                model: renamed.unwrap_or_else(|| model.model.clone()),
                base_url: base_url.or_else(|| model.base_url.clone()),
                key: key.map(Into::into),
                key_variable: variable.to_owned(),
                rate: model.rate.clone(),
                temperature: model.temperature,
                max_tokens: model.max_tokens,
                stream: model.stream,
                patience: stream::patience(&model.timeouts),
                breaker: Breaker::new(&model.circuit_breaker),
                pace: model.hedge.map(Pace::new),
            };
            Endpoint::new(settings, Arc::clone(http), tape.cloned()).map(Arc::new)
        };
        Self { endpoint, unproven: !wants_key, identity }
    }
}
