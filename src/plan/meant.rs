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

/// The number that is meant by an amount as people write it: `$500K`, `250,000`, `20%`, `"5"`.
pub(super) fn amount(text: &str) -> Option<String> {
    let text = text.trim().trim_start_matches(['$', '€', '£']).trim().to_lowercase();
    let (digits, power) = [("k", 3), ("m", 6), ("bn", 9), ("%", -2)]
        .into_iter()
        .find_map(|(word, power)| Some((text.strip_suffix(word)?, power)))
        .unwrap_or((&text, 0));
    let digits = digits.trim().replace(['_', ' '], "");
    // A comma before three digits parts thousands, any other one is a decimal point.
    let digits = match digits.rsplit_once(',') {
        Some((_, last)) if last.len() == 3 || digits.contains('.') => digits.replace(',', ""),
        _ => digits.replace(',', "."),
    };
    let number: f64 = format!("{digits}e{power}").parse().ok()?;
    (number.is_finite() && digits.starts_with(|c: char| c.is_ascii_digit() || c == '-'))
        .then(|| number.to_string())
}

#[cfg(test)]
mod tests {
    #[test]
    fn amounts_are_read_as_people_write_them() {
        for (text, number) in [
            ("$500K", "500000"),
            ("250,000", "250000"),
            ("1.250.000", ""),
            ("0,25", "0.25"),
            ("20%", "0.2"),
            ("€ 1.5m", "1500000"),
            ("2 bn", "2000000000"),
            ("7", "7"),
            ("-3.5", "-3.5"),
            ("1,234,567.89", "1234567.89"),
            ("a lot", ""),
            ("", ""),
            ("inf", ""),
            ("$", ""),
        ] {
            assert_eq!(super::amount(text).unwrap_or_default(), number, "{text}");
        }
    }
}
