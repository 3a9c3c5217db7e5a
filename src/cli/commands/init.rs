//! `engine init`: a complete project from files inside the binary.

use crate::cli::arguments::Init;
use crate::cli::exit::{Exit, Failure};
use crate::cli::printer::Printer;
use crate::report::schemas;

/// The files of the demo project.
#[derive(rust_embed::RustEmbed)]
#[folder = "."]
#[include = "engine.yaml"]
#[include = "agents/*.yaml"]
#[include = "tools/*.yaml"]
#[include = "workflows/*.yaml"]
#[include = "evals/*.yaml"]
#[include = "recordings/*.yaml"]
#[include = "data/*"]
struct Demo;

/// What checks the project in CI, before a commit, and keeps the journal out of git; docs/ci.md shows the first three.
const KEEPERS: [(&str, &str); 4] = [
    (".github/workflows/validate.yml", include_str!("../templates/validate.yml")),
    (".github/workflows/eval.yml", include_str!("../templates/eval.yml")),
    (".pre-commit-config.yaml", include_str!("../templates/pre-commit-config.yaml")),
    (".gitignore", ".engine/\n"),
];

pub(in crate::cli) fn run(arguments: &Init, printer: &Printer) -> Result<Exit, Failure> {
    let dir = &arguments.dir;
    if dir.join("engine.yaml").exists() {
        return Err(Failure::usage(
            format!("{} is a project already", dir.display()),
            "name another folder",
        ));
    }
    let mut files: Vec<(String, Vec<u8>)> = Demo::iter()
        .filter_map(|name| Some((name.to_string(), Demo::get(&name)?.data.into_owned())))
        .collect();
    for schema in schemas::all() {
        files.push((format!("schemas/{}", schema.file_name()), schema.text().into_bytes()));
    }
    files.extend(KEEPERS.map(|(name, text)| (name.to_owned(), text.as_bytes().to_vec())));
    // Nothing that exists is overwritten, and nothing is written where something would be.
    if let Some((name, _)) = files.iter().find(|(name, _)| dir.join(name).exists()) {
        return Err(Failure::usage(
            format!("{} exists already", dir.join(name).display()),
            "name an empty folder",
        ));
    }
    for (name, data) in &files {
        let path = dir.join(name);
        let parent = path.parent().unwrap_or(dir);
        std::fs::create_dir_all(parent)
            .and_then(|()| std::fs::write(&path, data))
            .map_err(|e| Failure::machine(&format!("cannot write {}", path.display()), &e))?;
    }
    printer.err(&format!(
        "wrote {} files to {}\nnext: cd {} && engine run roi_analysis --param campaign_id=facebook_holiday_2025\n",
        files.len(),
        dir.display(),
        dir.display()
    ));
    Ok(Exit::Success)
}
