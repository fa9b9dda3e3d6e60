//! The outcomes of a list of tokens, in the order of the list.

use std::fmt;
use std::iter::FusedIterator;

use auth_core::Error;

use crate::answer::{Settled, Verdict};
use crate::outcome::Outcome;
use crate::unique::Places;

/// What became of each token of a list, in the order of the list.
///
/// Iterate over a reference to it to get each token with its [`Outcome`]. A token that stands in the
/// list twice was sent once and has its outcome at both positions.
#[must_use = "a push that was refused or not sent is reported here and nowhere else"]
pub struct Outcomes<'a, T> {
    tokens: &'a [T],
    places: Places,
    /// What became of each request; all but the last have `size` tokens.
    settled: Vec<Settled>,
    size: usize,
    empty: Outcome,
}

/// How many tokens of a send had which outcome. Duplicates count at each position.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Summary {
    /// How many were accepted.
    pub accepted: usize,
    /// How many were not sent.
    pub not_sent: usize,
    /// How many were refused.
    pub refused: usize,
    /// How many may or may not have been sent.
    pub unknown: usize,
}

impl<'a, T> Outcomes<'a, T> {
    pub(crate) fn new(
        tokens: &'a [T],
        places: Places,
        verdicts: Vec<Verdict>,
        size: usize,
        different: usize,
    ) -> Self {
        let sizes = (0..verdicts.len()).map(|number| size.min(different - number * size));
        // Whether any token was accepted: the project and its rights are sound.
        let proven = verdicts
            .iter()
            .zip(sizes)
            .any(|(verdict, size)| verdict.accepts_any(size));
        let settled = verdicts.into_iter().map(|verdict| verdict.settle(proven));
        Self {
            tokens,
            places,
            settled: settled.collect(),
            size,
            empty: empty_token(),
        }
    }

    /// How many tokens there are.
    pub fn len(&self) -> usize {
        self.tokens.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.tokens.is_empty()
    }

    /// The outcome of the token at `index`, or `None` past the end of the list.
    pub fn get(&self, index: usize) -> Option<&Outcome> {
        (index < self.len()).then(|| self.at(index))
    }

    /// The tokens with their outcomes, in the order of the list.
    pub fn iter(&self) -> Iter<'_, 'a, T> {
        Iter {
            outcomes: self,
            next: 0,
        }
    }

    /// How many tokens had which outcome.
    pub fn summary(&self) -> Summary {
        let mut summary = Summary::default();
        for (_, outcome) in self {
            summary.count(outcome);
        }
        summary
    }

    /// The outcome of the token at `index`, which must be in the list.
    #[inline]
    pub(crate) fn at(&self, index: usize) -> &Outcome {
        match (self.places.of(index), self.settled.as_slice()) {
            (None, _) => &self.empty,
            (Some(place), [only]) => only.of(place),
            (Some(place), all) => all[place / self.size].of(place % self.size),
        }
    }
}

impl Summary {
    /// Adds one outcome.
    pub fn count(&mut self, outcome: &Outcome) {
        let counter = match outcome {
            Outcome::Accepted { .. } => &mut self.accepted,
            Outcome::NotSent(_) => &mut self.not_sent,
            Outcome::Refused(_) => &mut self.refused,
            Outcome::Unknown(_) => &mut self.unknown,
        };
        *counter += 1;
    }

    /// How many there are together.
    pub fn total(&self) -> usize {
        self.accepted + self.not_sent + self.refused + self.unknown
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} accepted, {} refused, {} not sent, {} unknown",
            self.accepted, self.refused, self.not_sent, self.unknown
        )
    }
}

/// Shows the counts; the tokens stay out of it.
impl<T> fmt::Debug for Outcomes<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Outcomes").field(&self.summary()).finish()
    }
}

/// Iterates over tokens and outcomes, as [`Outcomes::iter`] makes it.
pub struct Iter<'o, 'a, T> {
    outcomes: &'o Outcomes<'a, T>,
    next: usize,
}

impl<'o, 'a, T> Iterator for Iter<'o, 'a, T> {
    type Item = (&'a T, &'o Outcome);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let token = self.outcomes.tokens.get(self.next)?;
        let outcome = self.outcomes.at(self.next);
        self.next += 1;
        Some((token, outcome))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.outcomes.len() - self.next;
        (left, Some(left))
    }
}

impl<T> ExactSizeIterator for Iter<'_, '_, T> {}

impl<T> FusedIterator for Iter<'_, '_, T> {}

/// Shows how far it has come; the tokens stay out of it.
impl<T> fmt::Debug for Iter<'_, '_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} outcomes", self.next, self.outcomes.len())
    }
}

impl<'o, 'a, T> IntoIterator for &'o Outcomes<'a, T> {
    type Item = (&'a T, &'o Outcome);
    type IntoIter = Iter<'o, 'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// What becomes of an empty token.
pub(crate) fn empty_token() -> Outcome {
    Outcome::NotSent(Error::config("the token is empty"))
}
