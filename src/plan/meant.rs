//! What is meant by a name that does not exist, where people know a thing by another of its names.

use std::path::Path;

use super::Library;
use crate::diagnostic::suggest;
use crate::document::Source;

impl Library {
    /// Help for an unknown agent: one may be known by its role.
    pub(super) fn agent_meant(&self, unknown: &str) -> String {
        let role = |role: &String| role.eq_ignore_ascii_case(unknown.trim());
        let named = self.agents().find(|agent| agent.value.role.as_ref().is_some_and(role));
        match named {
            Some(agent) => format!("write `{}`: `{unknown}` is its role", agent.value.name),
            None => suggest(unknown, self.agent_names(), "agents"),
        }
    }

    /// Help for an unknown workflow: one may be known by its file. None runs itself, `own`.
    pub(super) fn workflow_meant(&self, unknown: &str, own: &str) -> String {
        let path = Path::new(unknown);
        let named = self.workflows().find(|one| {
            let file = one.file.path.as_path();
            file.ends_with(path) || file.with_extension("").ends_with(path)
        });
        match named.map(|one| one.value.name.as_str()).filter(|name| *name != own) {
            Some(name) => format!("write `{name}`, the name that its file gives it"),
            None => {
                suggest(unknown, self.workflow_names().filter(|name| *name != own), "workflows")
            }
        }
    }

    /// Help for an unknown model: one may be known by what its provider calls it.
    pub(super) fn model_meant(&self, unknown: &str) -> String {
        let mut models = self.project.iter().flat_map(|project| &project.value.models);
        match models.find(|(_, model)| model.model == unknown) {
            Some((name, _)) => format!("write `{name}`: it asks for `{unknown}`"),
            None => suggest(unknown, self.model_names(), "models"),
        }
    }

    /// Help for an unknown source: a file or folder of one may be named.
    pub(super) fn source_meant(&self, unknown: &str) -> String {
        let sources = || self.project.iter().flat_map(|project| &project.value.sources);
        let path = Path::new(unknown);
        let (stem, is_csv) = (path.file_stem(), path.extension().is_some_and(|e| e == "csv"));
        let mut folders = sources().filter(|(_, source)| matches!(source, Source::Csv(_)));
        let held = |source: &Source| match source {
            Source::Csv(at) | Source::Sqlite(at) => Path::new(at) == path,
            Source::PostgresEnv(name) => name == unknown,
        };
        if let Some((name, _)) = sources().find(|(_, source)| held(source)) {
            format!("write `{name}`, its name in engine.yaml")
        } else if let (true, Some(table), Some((name, _))) = (is_csv, stem, folders.next()) {
            format!(
                "write `{name}`: every CSV file of it is a table, this one `{}`",
                table.to_string_lossy()
            )
        } else {
            suggest(unknown, sources().map(|(name, _)| name.as_str()), "sources")
        }
    }
}
