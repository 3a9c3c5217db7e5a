//! The router on the labelled questions of evals/router.yaml, with the demo's files and data.

#[cfg(test)]
mod kept;
#[cfg(test)]
mod questions;
#[cfg(test)]
mod single;

#[cfg(test)]
mod demo {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::PathBuf;

    use engine::ask::Known;
    use engine::ask::router::{Index, Month, Target, Values};
    use engine::document::{Agent, Workflow};
    use serde::de::DeserializeOwned;

    pub(crate) fn path(name: &str) -> PathBuf {
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(name)
    }

    /// Every YAML file of a folder, by name.
    fn files<T: DeserializeOwned>(folder: &str) -> Vec<T> {
        let entries = fs::read_dir(path(folder)).expect("the folder is there");
        let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        paths.iter().map(|path| yaml(path)).collect()
    }

    pub(crate) fn yaml<T: DeserializeOwned>(path: &PathBuf) -> T {
        let text = fs::read_to_string(path).expect("the file is there");
        serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// The distinct values of a column, as the demo's `list_...` tools give them.
    fn column(table: &str, value: &str, label: Option<&str>) -> Vec<Known> {
        let mut reader = csv::Reader::from_path(path(&format!("data/{table}.csv"))).unwrap();
        let headers = reader.headers().unwrap().clone();
        let place = |name: &str| headers.iter().position(|header| header == name).unwrap();
        let (value, label) = (place(value), label.map(place));
        let rows = reader.records().map(|row| {
            let row = row.unwrap();
            (row[value].to_owned(), label.map(|label| row[label].to_owned()))
        });
        let rows: BTreeSet<(String, Option<String>)> = rows.collect();
        rows.into_iter().map(|(value, label)| Known { value: value.into(), label }).collect()
    }

    fn target(name: &str) -> Target {
        match name {
            "cfo" | "cro" | "hr" => Target::Agent(name.into()),
            name => Target::Workflow(name.into()),
        }
    }

    pub(crate) fn index() -> Index {
        index_with(Vec::new())
    }

    /// The demo with workflows that somebody kept.
    pub(crate) fn index_with(kept: Vec<Workflow>) -> Index {
        let agents: Vec<Agent> = files("agents");
        let mut workflows: Vec<Workflow> = files("workflows");
        let campaigns = column("campaigns", "campaign_id", Some("campaign_name"));
        let departments = column("department_budget", "department", None);
        let channels = column("marketing_performance", "channel", None);
        let known = [
            ("roi_analysis", "campaign_id", campaigns.clone()),
            ("budget_check", "category", departments.clone()),
            ("cfo", "category", departments.clone()),
            ("cro", "campaign_id", campaigns),
            ("cro", "channel", channels),
            ("hr", "department", departments),
            ("hr", "role", column("positions", "role", None)),
        ];
        let mut values: Values = known
            .iter()
            .map(|(owner, param, known)| ((target(owner), (*param).to_owned()), known.clone()))
            .collect();
        for workflow in &kept {
            for (name, _) in workflow.params.iter().filter(|(_, param)| param.values.is_some()) {
                let like = known.iter().find(|(_, param, _)| param == name);
                let of = Target::Workflow(workflow.name.clone());
                values.extend(like.map(|(_, _, known)| ((of, name.clone()), known.clone())));
            }
        }
        workflows.extend(kept);
        Index::new(&workflows, &agents, &values, Month::new(2025, 12))
    }
}
