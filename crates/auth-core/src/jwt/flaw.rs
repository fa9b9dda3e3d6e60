//! What is wrong with a pasted text, and where: never what stands there.

use std::fmt;

/// A flaw of a text that holds a secret.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Flaw {
    at: Option<Position>,
    what: &'static str,
}

/// A place in a text, both counted from 1; columns in characters.
#[derive(Debug, PartialEq, Eq)]
struct Position {
    line: usize,
    column: usize,
}

impl Flaw {
    /// A flaw of the whole text.
    pub(super) fn new(what: &'static str) -> Self {
        Self { at: None, what }
    }

    /// A flaw at the byte `offset` of `text`.
    pub(super) fn at(text: &str, offset: usize, what: &'static str) -> Self {
        let before = &text.as_bytes()[..offset.min(text.len())];
        let line_start = before
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(0, |feed| feed + 1);
        let is_start_of_char = |byte: &&u8| **byte & 0xc0 != 0x80;
        Self {
            at: Some(Position {
                line: before.iter().filter(|byte| **byte == b'\n').count() + 1,
                column: before[line_start..].iter().filter(is_start_of_char).count() + 1,
            }),
            what,
        }
    }
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(Position { line, column }) = &self.at {
            write!(f, "line {line}, column {column}: ")?;
        }
        f.write_str(self.what)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flaw_names_line_and_column() {
        let text = "ab\n\u{e4}\u{f6}x";
        assert_eq!(Flaw::at(text, 0, "no").to_string(), "line 1, column 1: no");
        assert_eq!(Flaw::at(text, 7, "no").to_string(), "line 2, column 3: no");
        assert_eq!(Flaw::at(text, 99, "no").to_string(), "line 2, column 4: no");
        assert_eq!(Flaw::new("no").to_string(), "no");
    }
}
