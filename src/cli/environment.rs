//! The environment of the command: that of the process and, where it was asked for, a file of variables.

use std::path::Path;
use std::sync::OnceLock;

use super::exit::Failure;
use crate::model::Environment;

/// The variables of `--env-file`. A process has one environment, so there is one of these.
static FILE: OnceLock<Vec<(String, String)>> = OnceLock::new();

/// Reads a file of `NAME=value` lines. What it holds may be secret, so nothing of a line that is at fault is shown.
pub(super) fn add(file: &Path) -> Result<(), Failure> {
    let shown = file.display();
    let lines = dotenvy::from_path_iter(file).map_err(|error| {
        let why = match error {
            dotenvy::Error::Io(error) => error.to_string(),
            _ => "it is no text".to_owned(),
        };
        Failure::usage(format!("cannot read {shown}: {why}"), "name a file of NAME=value lines")
    })?;
    let mut variables: Vec<(String, String)> = Vec::new();
    for line in lines {
        let Ok(variable) = line else {
            let place = variables.last().map_or_else(
                || "its first variable".to_owned(),
                |(name, _)| format!("what follows `{name}`"),
            );
            let help = "write NAME=value, and quotes round a value that holds spaces or `#`";
            return Err(Failure::usage(format!("{shown}: {place} is no variable"), help));
        };
        variables.push(variable);
    }
    // Set once: a command line has one such option.
    drop(FILE.set(variables));
    Ok(())
}

/// The variables of the process and, behind them, of the file. One that is set and empty counts as not set.
pub(super) fn environment() -> Environment {
    let own = std::env::vars_os().filter_map(|(name, value)| {
        let (name, value) = (name.into_string().ok()?, value.into_string().ok()?);
        (!value.is_empty()).then_some((name, value))
    });
    // What comes later wins.
    FILE.get().into_iter().flatten().cloned().chain(own).collect()
}
