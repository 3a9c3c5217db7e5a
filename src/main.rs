//! The `engine` command.

use std::process::ExitCode;

/// Runs allocate much and briefly, and a batch does so on several threads at once.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    engine::cli::main(std::env::args_os())
}
