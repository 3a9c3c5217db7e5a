//! What a plan may cost before it runs: bounds that can be told from its texts, prices and limits.

use crate::document::{Model, Price};
use crate::id::ModelName;

use super::library::AUTO;
use super::{AgentStep, Library};

/// No tokeniser of the supported providers makes fewer tokens of a text: one for every eight bytes.
const MOST_BYTES_A_TOKEN: u64 = 8;

/// The least number of tokens that the fixed texts of a step come to.
pub(super) fn least_input(agent: &AgentStep) -> u64 {
    fixed_bytes(agent) / MOST_BYTES_A_TOKEN
}

/// The bytes of a step's texts that do not depend on data.
pub(super) fn fixed_bytes(agent: &AgentStep) -> u64 {
    (agent.system.len() + agent.prompt.fixed_bytes()) as u64
}

/// The models that may answer a step, in order: `auto` stands for the project's default or all of them.
pub fn candidates<'l>(agent: &AgentStep, library: &'l Library) -> Vec<(&'l ModelName, &'l Model)> {
    let models = match &library.project {
        Some(project) => project.value.models.iter().collect::<Vec<_>>(),
        None => library.environment_models.iter().collect(),
    };
    let default = library.project.as_ref().and_then(|project| project.value.default_model.as_ref());
    let mut found: Vec<(&ModelName, &Model)> = Vec::new();
    for name in &agent.models {
        let name = if name.as_str() == AUTO { default.unwrap_or(name) } else { name };
        for (known, model) in &models {
            let meant = name.as_str() == AUTO || name == *known;
            if meant && !found.iter().any(|(taken, _)| taken == known) {
                found.push((known, model));
            }
        }
    }
    found
}

/// Whether just one of the [`candidates`] of a step will be asked: `auto`, where nothing settles which.
pub fn is_one_of(agent: &AgentStep, library: &Library) -> bool {
    let default = library.project.as_ref().and_then(|project| project.value.default_model.as_ref());
    let open = default.is_none_or(|name| name.as_str() == AUTO);
    open && agent.models.iter().all(|name| name.as_str() == AUTO)
}

/// The least that one call of a step costs, in US dollars: its fixed texts and a token of answer, at the price of its
/// cheapest model. None where some model has no price.
pub fn least_usd(agent: &AgentStep, library: &Library) -> Option<f64> {
    let models = candidates(agent, library);
    let prices: Option<Vec<&Price>> =
        models.iter().map(|(_, model)| model.price.as_ref()).collect();
    #[expect(clippy::cast_precision_loss, reason = "no prompt is 2^52 bytes long")]
    let input = least_input(agent) as f64;
    let least = |price: &Price| {
        let input_price = price.cached_input.unwrap_or(price.input).min(price.input);
        (input * input_price + price.output) / 1e6
    };
    prices?.into_iter().map(least).min_by(f64::total_cmp)
}
