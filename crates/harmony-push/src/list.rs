//! Lists of tokens that are looked through once and sent to often.

use std::fmt;

use bytes::Bytes;

use crate::body;
use crate::message::MOST_TOKENS;
use crate::unique::Unique;

/// A list of device tokens that is looked through once, for messages that go to the same devices
/// again and again.
///
/// Duplicates are found and the tokens are written when it is made: sending to it costs about what
/// the bytes of the requests cost. It holds the tokens once more as they travel, some 130 bytes
/// each.
///
/// ```no_run
/// # async fn example(push: harmony_push::Client, riders: Vec<String>) -> harmony_push::Result<()> {
/// use harmony_push::{Background, TokenList};
///
/// let riders = TokenList::new(&riders);
/// for delay in ["2 min", "5 min", "cancelled"] {
///     let outcomes = push.send_list(&Background::new(delay), &riders).await?;
///     println!("{}", outcomes.summary());
/// }
/// # Ok(())
/// # }
/// ```
pub struct TokenList<'a, T> {
    pub(crate) tokens: &'a [T],
    pub(crate) unique: Unique<'a>,
    /// The different tokens as JSON writes them, those of a full request together.
    pub(crate) quoted: Vec<Bytes>,
}

/// The tokens of one request.
#[derive(Clone, Copy)]
pub(crate) struct Batch<'a> {
    pub(crate) tokens: &'a [&'a str],
    /// The same as JSON writes them, if that was done before.
    pub(crate) quoted: Option<&'a Bytes>,
}

impl<'a, T: AsRef<str>> TokenList<'a, T> {
    /// Looks through a list.
    pub fn new(tokens: &'a [T]) -> Self {
        let unique = Unique::of(tokens.iter().map(AsRef::as_ref));
        let batches = unique.tokens.chunks(MOST_TOKENS);
        Self {
            quoted: batches.map(body::quoted).collect(),
            tokens,
            unique,
        }
    }
}

impl<T> TokenList<'_, T> {
    /// How many tokens there are, duplicates included.
    pub fn len(&self) -> usize {
        self.tokens.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.tokens.is_empty()
    }

    /// How many different tokens there are that can be sent to.
    pub fn different(&self) -> usize {
        self.unique.tokens.len()
    }
}

/// Shows the counts; the tokens stay out of it.
impl<T> fmt::Debug for TokenList<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenList")
            .field("len", &self.len())
            .field("different", &self.different())
            .finish()
    }
}
