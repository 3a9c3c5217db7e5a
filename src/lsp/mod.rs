//! The language server: tells an editor what `validate` would, and helps to write the files.
//!
//! One thread reads messages, one answers them in order. Faults are looked for when nothing else is to be done for a
//! moment, so that typing is never waited for. Where a source takes long to load, a further thread reads it, and until it has
//! done so all is told that the files alone tell. The server reads no files: the command line does ([`Checks`]), with
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
mod reading;
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
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

pub use workspace::{Checks, Sources, Surroundings};

/// Whoever types faster than this is not interrupted by checks.
const PAUSE: Duration = Duration::from_millis(60);

/// What there is to be done next.
enum Next {
    /// A message of the editor.
    Incoming(transport::Incoming),
    /// The project with this root was read.
    Read(PathBuf),
    /// The editor is gone.
    End,
}

/// Serves an editor until it leaves; whether it took its leave as the protocol wants it.
pub fn serve(
    checks: Arc<dyn Checks>,
    mut input: impl BufRead + Send + 'static,
    output: &mut dyn Write,
) -> bool {
    let (send, queue) = mpsc::channel();
    let (wake, read) = mpsc::channel();
    let arrived = send.clone();
    // The threads end with what they read, or with the process.
    std::thread::spawn(move || {
        for root in read {
            drop(arrived.send(Next::Read(root)));
        }
    });
    std::thread::spawn(move || {
        while let Ok(Some(incoming)) = transport::read(&mut input) {
            if send.send(Next::Incoming(incoming)).is_err() {
                return;
            }
        }
        drop(send.send(Next::End));
    });
    let mut server = server::Server::new(checks, transport::Client::new(output), wake);
    loop {
        let next = if server.is_behind() {
            queue.recv_timeout(PAUSE)
        } else {
            queue.recv().map_err(|_| RecvTimeoutError::Disconnected)
        };
        match next {
            Ok(Next::Incoming(incoming)) => {
                if server.take(incoming) {
                    break;
                }
            }
            Ok(Next::Read(root)) => server.arrived(&root),
            Err(RecvTimeoutError::Timeout) => server.catch_up(),
            Ok(Next::End) | Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    server.was_shut_down()
}
