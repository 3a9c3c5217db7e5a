//! Reads the bytes that the server sends, piece by piece; what is too short is told, never guessed.

/// What is left of a value.
pub(super) struct Bytes<'b>(pub(super) &'b [u8]);

/// Bytes that are not what their type says.
pub(super) const BROKEN: &str = "holds what its type does not allow";

impl<'b> Bytes<'b> {
    pub(super) fn take(&mut self, count: usize) -> Result<&'b [u8], String> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(BROKEN)?;
        self.0 = rest;
        Ok(taken)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], String> {
        self.take(N)?.try_into().map_err(|_| BROKEN.to_owned())
    }

    pub(super) fn i16(&mut self) -> Result<i16, String> {
        self.array().map(i16::from_be_bytes)
    }

    pub(super) fn i32(&mut self) -> Result<i32, String> {
        self.array().map(i32::from_be_bytes)
    }

    pub(super) fn i64(&mut self) -> Result<i64, String> {
        self.array().map(i64::from_be_bytes)
    }

    /// A number that counts something.
    pub(super) fn count(&mut self) -> Result<usize, String> {
        usize::try_from(self.i32()?).map_err(|_| BROKEN.to_owned())
    }

    /// A part of an array or a row: its length, then its bytes; none where it is null.
    pub(super) fn part(&mut self) -> Result<Option<&'b [u8]>, String> {
        match self.i32()? {
            -1 => Ok(None),
            length => {
                let length = usize::try_from(length).map_err(|_| BROKEN)?;
                self.take(length).map(Some)
            }
        }
    }
}
