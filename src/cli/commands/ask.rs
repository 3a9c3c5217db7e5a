//! `engine ask`: a question in people's own words, routed to a workflow, to an agent, or to a plan made for it.

use crate::cli::arguments::{Ask, Global};
use crate::cli::asking::Room;
use crate::cli::drive;
use crate::cli::exit::{Exit, Failure};
use crate::cli::printer::Printer;
use crate::cli::setup;

pub(in crate::cli) fn run(
    arguments: &Ask,
    global: &Global,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let room = Room::open(global, arguments.offline, &arguments.taping)?;
    setup::to_the_end(room.tools(), async {
        let catalog = room.catalog().await?;
        let journal = room.journal()?;
        room.answer(arguments, &catalog, &journal, drive::interruptible(), printer).await
    })?
}
