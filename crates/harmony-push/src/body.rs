//! The body of a send: what all requests share is written once, tokens are copied in between.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use serde::Serialize;

/// The bytes before and after the tokens of a request body.
///
/// A request to 1000 tokens is written with one allocation and, for tokens without characters that
/// JSON escapes, by copying. The result is what `serde_json` writes for the same message.
#[derive(Clone)]
pub(crate) struct Frame {
    bytes: Vec<u8>,
    split: usize,
}

impl Frame {
    /// Joins what stands before the first and after the last token.
    pub(crate) fn new(mut head: Vec<u8>, tail: &[u8]) -> Self {
        let split = head.len();
        head.extend_from_slice(tail);
        Self { bytes: head, split }
    }

    /// Joins the two, unless they are more than `most` bytes together: the platform limits a body
    /// without its tokens.
    pub(crate) fn limited(head: Vec<u8>, tail: &[u8], most: usize) -> auth_core::Result<Self> {
        let size = head.len() + tail.len();
        if size > most {
            return Err(auth_core::Error::config(format!(
                "the message has {size} bytes without the tokens; at most {most} are allowed"
            )));
        }
        Ok(Self::new(head, tail))
    }

    /// Writes the body for `tokens`.
    pub(crate) fn fill(&self, tokens: &[&str], buffers: &Buffers) -> Bytes {
        self.with(length(tokens), buffers, |body| append(body, tokens))
    }

    /// Writes the body for tokens that are [quoted] already.
    pub(crate) fn around(&self, quoted: &[u8], buffers: &Buffers) -> Bytes {
        self.with(quoted.len(), buffers, |body| body.extend_from_slice(quoted))
    }

    fn with(&self, length: usize, buffers: &Buffers, write: impl FnOnce(&mut Vec<u8>)) -> Bytes {
        let (head, tail) = self.bytes.split_at(self.split);
        let length = self.bytes.len() + length;
        let mut body = buffers.empty(length);
        body.extend_from_slice(head);
        write(&mut body);
        body.extend_from_slice(tail);
        buffers.lend(body)
    }
}

/// Buffers of large bodies, kept for the next ones: an allocator gives memory of that size back to
/// the system and asks for it again, page by page.
#[derive(Clone, Default)]
pub(crate) struct Buffers(Arc<Mutex<Vec<Vec<u8>>>>);

/// A buffer that comes back when its bytes have been sent.
struct Lent {
    bytes: Vec<u8>,
    home: Buffers,
}

impl Buffers {
    /// An empty buffer with room for so many bytes.
    fn empty(&self, length: usize) -> Vec<u8> {
        let kept = match length >= LARGE {
            true => self.kept().pop(),
            false => None,
        };
        let mut buffer = kept.unwrap_or_default();
        // To the byte, because only then is a small one handed on as it is.
        buffer.reserve_exact(length);
        buffer
    }

    /// Hands a written buffer on, to have it back when its bytes have been sent.
    fn lend(&self, bytes: Vec<u8>) -> Bytes {
        match bytes.len() >= LARGE {
            true => Bytes::from_owner(Lent {
                bytes,
                home: self.clone(),
            }),
            false => bytes.into(),
        }
    }

    fn kept(&self) -> MutexGuard<'_, Vec<Vec<u8>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl AsRef<[u8]> for Lent {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        let mut kept = self.home.kept();
        if kept.len() < KEPT && self.bytes.capacity() <= LARGEST {
            self.bytes.clear();
            kept.push(std::mem::take(&mut self.bytes));
        }
    }
}

/// Writes tokens as they stand in a list of JSON, without its brackets.
pub(crate) fn quoted(tokens: &[&str]) -> Bytes {
    let mut list = Vec::with_capacity(length(tokens));
    append(&mut list, tokens);
    list.into()
}

/// How long a list of tokens is in which nothing has to be escaped.
fn length(tokens: &[&str]) -> usize {
    let quoted: usize = tokens.iter().map(|token| token.len() + QUOTES).sum();
    // The last token has no comma.
    quoted.saturating_sub(1)
}

fn append(body: &mut Vec<u8>, tokens: &[&str]) {
    let mut before: &[u8] = b"\"";
    for token in tokens {
        body.extend_from_slice(before);
        if is_plain(token.as_bytes()) {
            body.extend_from_slice(token.as_bytes());
        } else {
            escape(body, token);
        }
        before = b"\",\"";
    }
    if !tokens.is_empty() {
        body.push(b'"');
    }
}

/// Appends `value` as JSON.
pub(crate) fn write(out: &mut Vec<u8>, value: &impl Serialize) -> auth_core::Result<()> {
    serde_json::to_writer(out, value).map_err(|error| {
        auth_core::Error::config(format!("the message cannot be written: {error}"))
    })
}

/// Whether JSON writes these bytes as they are, for sure: a space and an exclamation mark count as
/// doubtful, because one bound is cheaper to check than two. Written so that the compiler
/// vectorizes it.
fn is_plain(bytes: &[u8]) -> bool {
    let (mut least, mut nearest) = (u8::MAX, u8::MAX);
    for &byte in bytes {
        least = least.min(byte);
        nearest = nearest.min(byte ^ b'\\');
    }
    least > b'"' && nearest > 0
}

#[cold]
fn escape(body: &mut Vec<u8>, token: &str) {
    let quoted = serde_json::to_string(token).expect("writing a string to memory cannot fail");
    body.extend_from_slice(&quoted.as_bytes()[1..quoted.len() - 1]);
}

/// From how many bytes on a buffer is kept. Smaller ones cost an allocator little.
const LARGE: usize = 32 * 1024;
/// Up to how many bytes a buffer is kept: four times what 1,000 usual tokens take.
const LARGEST: usize = 512 * 1024;
/// How many buffers are kept, some 133 KiB each: as many as are sent at a time by default.
const KEPT: usize = 8;
/// What a token costs beside its own bytes: two quotes and a comma.
const QUOTES: usize = 3;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(Serialize)]
    struct Whole<'a> {
        payload: &'a str,
        target: Target<'a>,
        last: u8,
    }

    #[derive(Serialize)]
    struct Target<'a> {
        token: &'a [&'a str],
    }

    fn check(tokens: &[&str]) {
        let frame = Frame::new(
            br#"{"payload":"p","target":{"token":["#.to_vec(),
            br#"]},"last":1}"#,
        );
        let whole = Whole {
            payload: "p",
            target: Target { token: tokens },
            last: 1,
        };
        let expected = serde_json::to_vec(&whole).unwrap();
        let buffers = Buffers::default();
        // The second time in the buffer of the first.
        for _ in 0..2 {
            assert_eq!(frame.fill(tokens, &buffers), expected);
            assert_eq!(frame.around(&quoted(tokens), &buffers), expected);
        }
    }

    #[test]
    fn a_body_without_tokens_is_the_frame() {
        check(&[]);
    }

    #[test]
    fn a_body_takes_one_allocation_however_many_tokens_there_are() {
        let frame = Frame::new(b"[".to_vec(), b"]");
        let buffers = Buffers::default();
        for count in [0, 1, 1000] {
            let tokens = vec!["MAMzLgIkEUlZYGJPZVxcXIfWAAAABwAAAAAAAAAAAAA"; count];
            // The first large one brings the buffer of the others.
            drop(frame.fill(&tokens, &buffers));
            let counted = allocation_counter::measure(|| drop(frame.fill(&tokens, &buffers)));
            assert_eq!(counted.count_total, 1, "{count} tokens");
        }
    }

    #[test]
    fn few_buffers_are_kept_and_none_that_is_huge() {
        let frame = Frame::new(b"[".to_vec(), b"]");
        let buffers = Buffers::default();
        let (usual, huge) = ("x".repeat(LARGE), "x".repeat(LARGEST));
        let under_way: Vec<_> = (0..2 * KEPT)
            .map(|_| frame.fill(&[&usual], &buffers))
            .collect();
        drop(under_way);
        assert_eq!(buffers.kept().len(), KEPT);
        let buffers = Buffers::default();
        drop(frame.fill(&[&huge], &buffers));
        assert_eq!(buffers.kept().len(), 0);
    }

    proptest! {
        #[test]
        fn a_body_is_what_serde_json_writes(tokens: Vec<String>) {
            check(&tokens.iter().map(String::as_str).collect::<Vec<_>>());
        }

        #[test]
        fn real_looking_tokens_are_copied(
            tokens in proptest::collection::vec("[A-Za-z0-9+/=_\\-]{1,160}", 0..40)
        ) {
            check(&tokens.iter().map(String::as_str).collect::<Vec<_>>());
        }
    }
}
