//! `engine tools`: what agents and steps can call, and what MCP servers offer besides.

use std::path::Path;
use std::time::Duration;

use crate::cli::arguments::{Global, Tools};
use crate::cli::exit::{Exit, Failure};
use crate::cli::load::{Loaded, Place};
use crate::cli::printer::Printer;
use crate::cli::setup;
use crate::report::{self, OfferLine, ToolLine};

/// How long a server may take to tell what it offers.
const LIMIT: Duration = Duration::from_secs(30);

pub(in crate::cli) fn run(
    arguments: &Tools,
    global: &Global,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let place = Place::find(global, Path::new(""))?;
    let loaded = Loaded::library(&place, |_| false);
    if loaded.has_errors() {
        return Err(loaded.failure());
    }
    let Loaded { library, toolbox, .. } = &loaded;
    let lines: Vec<ToolLine> = library.tools().map(ToolLine::of).collect();
    let mut offers = Vec::new();
    let mut exit = Exit::Success;
    if arguments.online {
        let servers = library.project.iter().flat_map(|project| project.value.mcp.keys());
        setup::to_the_end(toolbox, async {
            for server in servers {
                match toolbox.offers(server, LIMIT).await {
                    Ok(found) => offers.extend(
                        found
                            .into_iter()
                            .map(|offer| OfferLine::of(server, offer, library.tools())),
                    ),
                    Err(error) => {
                        exit = Exit::Failed;
                        let fault = error.fault();
                        printer.err(&format!("error: server `{server}`: {fault}\n"));
                    }
                }
            }
        })?;
    }
    if arguments.json {
        printer.json("the tools", &report::ToolsReport { tools: lines, offers })?;
    } else {
        printer.out(&report::tools(&lines, &offers));
    }
    Ok(exit)
}
