//! The language server: tells an editor what `validate` would, and helps to write the files.
//!
//! One thread reads messages, one answers them in order. Faults are looked for when nothing else is to be done for a
//! moment, so that typing is never waited for. The server reads no files: the command line does ([`Checks`]), with
//! unsaved text in place of what is on disk. A buffer that is being typed into is broken most of the time; whatever
//! helps to write it works from a reading that copes with that, not from the documents that `validate` wants.

mod transport;

mod position;
mod uri;

mod outline;
mod phrase;
mod schema;
mod subject;

mod buffer;
mod knowledge;
mod workspace;

mod completion;
mod definition;
mod describe;
mod hover;
mod rename;

mod capabilities;
mod diagnostics;
mod server;

use std::io::{BufRead, Write};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

pub use workspace::{Checks, Surroundings};

/// Whoever types faster than this is not interrupted by checks.
const PAUSE: Duration = Duration::from_millis(60);

/// Serves an editor until it leaves; whether it took its leave as the protocol wants it.
pub fn serve(
    checks: &dyn Checks,
    mut input: impl BufRead + Send + 'static,
    output: &mut dyn Write,
) -> bool {
    let (send, messages) = mpsc::channel();
    // The thread ends with the input, or with the process where that stays open.
    std::thread::spawn(move || {
        while let Ok(Some(incoming)) = transport::read(&mut input) {
            if send.send(incoming).is_err() {
                break;
            }
        }
    });
    let mut server = server::Server::new(checks, transport::Client::new(output));
    loop {
        let next = if server.is_behind() {
            messages.recv_timeout(PAUSE)
        } else {
            messages.recv().map_err(|_| RecvTimeoutError::Disconnected)
        };
        match next {
            Ok(incoming) => {
                if server.take(incoming) {
                    break;
                }
            }
            Err(RecvTimeoutError::Timeout) => server.catch_up(),
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    server.was_shut_down()
}
