//! A short text on the stack, for what is written only to be read once.

use std::fmt;

/// A text of at most [`CAPACITY`] bytes. What does not fit is an error, and then nothing of it counts.
pub(crate) struct Short {
    bytes: [u8; CAPACITY],
    length: usize,
}

impl Short {
    pub(crate) fn new() -> Self {
        Self {
            bytes: [0; CAPACITY],
            length: 0,
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        // Only whole texts get in, so the other case does not occur.
        std::str::from_utf8(&self.bytes[..self.length]).unwrap_or_default()
    }
}

impl fmt::Write for Short {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.length + text.len();
        let place = self.bytes.get_mut(self.length..end).ok_or(fmt::Error)?;
        place.copy_from_slice(text.as_bytes());
        self.length = end;
        Ok(())
    }
}

const CAPACITY: usize = 256;

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    #[test]
    fn what_fits_is_there_and_what_does_not_is_refused() {
        let mut short = Short::new();
        write!(short, "{}-ü", 1).unwrap();
        assert_eq!(short.as_str(), "1-ü");
        assert!(write!(short, "{}", "x".repeat(CAPACITY)).is_err());
        assert_eq!(short.as_str(), "1-ü");
    }
}
