//! A server that sends exactly the bytes it is told to, and closes the connection.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// The server; it ends with the test.
pub(super) struct RawServer {
    pub(super) address: String,
    _task: JoinSet<()>,
}

/// Serves the same bytes to everyone, and hangs for a while before it closes the connection.
pub(super) async fn raw(bytes: impl Into<Vec<u8>>, hang: Duration) -> RawServer {
    let bytes: Arc<[u8]> = bytes.into().into();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/v1", listener.local_addr().unwrap());
    let mut task = JoinSet::new();
    task.spawn(async move {
        let mut connections = JoinSet::new();
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let bytes = Arc::clone(&bytes);
            connections.spawn(async move {
                let mut request = [0; 8192];
                let _read = stream.read(&mut request).await;
                let _written = stream.write_all(&bytes).await;
                tokio::time::sleep(hang).await;
            });
        }
    });
    RawServer { address, _task: task }
}

/// An address where nobody listens.
pub(super) async fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    format!("http://{}/v1", listener.local_addr().unwrap())
}
