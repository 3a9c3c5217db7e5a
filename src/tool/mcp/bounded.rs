//! A stream of lines none of which is longer than a bound.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, ReadBuf};

/// Fails where a line grows beyond so many bytes.
pub(super) struct Bounded<R> {
    inner: R,
    most: usize,
    /// Bytes since the last end of a line.
    length: usize,
}

impl<R> Bounded<R> {
    pub(super) fn new(inner: R, most: usize) -> Self {
        Self { inner, most, length: 0 }
    }
}

impl<R: AsyncRead + Unpin> AsyncRead for Bounded<R> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.inner).poll_read(context, buffer))?;
        let read = buffer.filled().get(before..).unwrap_or_default();
        self.length = match read.iter().rposition(|byte| *byte == b'\n') {
            Some(end) => read.len() - end - 1,
            None => self.length + read.len(),
        };
        if self.length > self.most {
            // Who reads must not take what came before an error for read.
            buffer.set_filled(before);
            return Poll::Ready(Err(io::Error::other(format!(
                "a message is longer than {} bytes",
                self.most
            ))));
        }
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt as _;

    use super::*;

    #[tokio::test]
    async fn lines_end_at_the_bound() {
        let fits = "12345678\n12345678\n".repeat(100);
        let mut text = String::new();
        Bounded::new(fits.as_bytes(), 8).read_to_string(&mut text).await.expect("it fits");
        assert_eq!(text, fits);
        let long = "1234567890".repeat(10_000);
        let read = Bounded::new(long.as_bytes(), 8).read_to_string(&mut text).await;
        assert!(read.expect_err("too long").to_string().contains("longer than 8 bytes"));
    }
}
