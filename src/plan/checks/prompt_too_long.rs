//! `prompt-too-long`: fixed texts that a model cannot take in.

use crate::diagnostic::Diagnostic;
use crate::plan::{Kind, cost};

use super::Checked;

/// Bytes of a token of English or of YAML, on average.
const USUAL_BYTES_A_TOKEN: u64 = 4;

pub(super) fn check(checked: &Checked<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for (number, step) in checked.sound() {
        let Kind::Agent(agent) = &step.kind else { continue };
        let tokens = cost::fixed_bytes(agent) / USUAL_BYTES_A_TOKEN;
        let too_small =
            cost::candidates(agent, checked.library).into_iter().find_map(|(name, model)| {
                let window = u64::from(model.context_window?);
                (tokens > window).then_some((name, window))
            });
        if let Some((name, window)) = too_small {
            let message = format!(
                "the fixed texts of step `{}` come to about {tokens} tokens, and model `{name}` takes {window}",
                step.id
            );
            let diagnostic = Diagnostic::new("prompt-too-long", message)
                .help("shorten the prompt or the agent's instructions, or name a model with a larger `context_window`");
            found.push(checked.at(diagnostic, &format!("/steps/{number}/prompt")));
        }
    }
    found
}
