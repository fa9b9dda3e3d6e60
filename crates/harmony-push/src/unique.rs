//! Finding the duplicates in a list of tokens.

use std::hash::{BuildHasher, RandomState};
use std::sync::LazyLock;

/// The different tokens of a list, in order of first appearance, and the place of each position of
/// the list among them.
pub(crate) struct Unique<'a> {
    /// The different tokens that can be sent.
    pub(crate) tokens: Vec<&'a str>,
    /// Where each position of the list stands.
    pub(crate) places: Places,
}

/// Where the positions of a list stand among its different tokens.
#[derive(Clone, Debug)]
pub(crate) enum Places {
    /// Each stands where it stood: nothing was left out.
    Same,
    /// Position `i` stands at `.0[i]`; [`EMPTY`] for an empty token, which cannot be sent.
    Mapped(Vec<u32>),
}

impl Places {
    /// Where position `index` stands, or `None` if its token is empty.
    #[inline]
    pub(crate) fn of(&self, index: usize) -> Option<usize> {
        match self {
            Self::Same => Some(index),
            Self::Mapped(places) => match places[index] {
                EMPTY => None,
                place => Some(place as usize),
            },
        }
    }
}

impl<'a> Unique<'a> {
    /// Finds the different tokens of a list.
    pub(crate) fn of(list: impl ExactSizeIterator<Item = &'a str>) -> Self {
        let keys = keys();
        // The most frequent list needs no table.
        if list.len() == 1 {
            let tokens: Vec<_> = list.filter(|token| !token.is_empty()).collect();
            let places = match tokens.len() {
                0 => Places::Mapped(vec![EMPTY]),
                _ => Places::Same,
            };
            return Self { tokens, places };
        }
        let mut table = Table::for_items(list.len());
        let mut tokens: Vec<&'a str> = Vec::with_capacity(list.len());
        let mut places: Option<Vec<u32>> = None;
        for (index, token) in list.enumerate() {
            let next = u32::try_from(tokens.len()).expect("fewer than four billion tokens");
            let place = match token {
                "" => EMPTY,
                _ => table.find_or_insert(hash(token.as_bytes(), keys), next, |place| {
                    tokens[place as usize] == token
                }),
            };
            if place == next {
                tokens.push(token);
            } else {
                places.get_or_insert_with(|| (0..next).collect());
            }
            if let Some(places) = &mut places {
                places.push(place);
            }
            debug_assert!(
                places
                    .as_ref()
                    .is_none_or(|places| places.len() == index + 1)
            );
        }
        Self {
            tokens,
            places: places.map_or(Places::Same, Places::Mapped),
        }
    }
}

/// An open-addressing table of the places of tokens. It holds a part of the hash beside each place
/// so that a token is compared only with its equals, but for one in four billion.
struct Table {
    slots: Vec<Slot>,
}

#[derive(Clone, Copy)]
struct Slot {
    tag: u32,
    place: u32,
}

impl Table {
    fn for_items(items: usize) -> Self {
        const FREE: Slot = Slot {
            tag: 0,
            place: EMPTY,
        };
        Self {
            slots: vec![FREE; (items * 2).next_power_of_two().max(2)],
        }
    }

    /// Returns the place of an equal token, or puts the token at `next` and returns that.
    fn find_or_insert(&mut self, hash: u64, next: u32, is_equal: impl Fn(u32) -> bool) -> u32 {
        let mask = self.slots.len() - 1;
        let tag = (hash >> 32) as u32;
        let mut at = hash as usize & mask;
        loop {
            let slot = self.slots[at];
            if slot.place == EMPTY {
                self.slots[at] = Slot { tag, place: next };
                return next;
            }
            if slot.tag == tag && is_equal(slot.place) {
                return slot.place;
            }
            at = (at + 1) & mask;
        }
    }
}

/// Hashes a token by folded multiplication: 16 bytes at a time, in four lanes that do not wait for
/// each other.
///
/// The keys are drawn once per process: tokens come from devices, and nobody outside shall be able
/// to make ones that collide. Equality is always decided by comparing.
fn hash(token: &[u8], keys: &[u64; 4]) -> u64 {
    let mut lanes = *keys;
    let mut mix = |lane: usize, bytes: &[u8; 16]| {
        let both = u128::from_le_bytes(*bytes);
        lanes[lane] = fold(
            both as u64 ^ lanes[lane],
            (both >> 64) as u64 ^ keys[lane ^ 1],
        );
    };
    let (blocks, rest) = token.as_chunks::<64>();
    for block in blocks {
        for (lane, bytes) in block.as_chunks::<16>().0.iter().enumerate() {
            mix(lane, bytes);
        }
    }
    let (chunks, _) = rest.as_chunks::<16>();
    for (lane, bytes) in chunks.iter().enumerate() {
        mix(lane, bytes);
    }
    // What is left, together with bytes before it that were seen already.
    match token.last_chunk() {
        Some(last) => mix(3, last),
        None => {
            let mut last = [0; 16];
            last[..token.len()].copy_from_slice(token);
            mix(3, &last);
        }
    }
    let [first, second, third, fourth] = lanes;
    fold(first ^ third ^ token.len() as u64, second ^ fourth)
}

/// The keys of this process's hashes.
fn keys() -> &'static [u64; 4] {
    static KEYS: LazyLock<[u64; 4]> = LazyLock::new(|| {
        let random = RandomState::new();
        [1, 2, 3, 4].map(|n: u64| random.hash_one(n) | 1)
    });
    &KEYS
}

fn fold(left: u64, right: u64) -> u64 {
    let product = u128::from(left) * u128::from(right);
    product as u64 ^ (product >> 64) as u64
}

/// The place of an empty token: none.
const EMPTY: u32 = u32::MAX;

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    fn check(list: &[&str]) {
        let unique = Unique::of(list.iter().copied());
        for (index, token) in list.iter().enumerate() {
            match unique.places.of(index) {
                Some(place) => assert_eq!(unique.tokens[place], *token),
                None => assert_eq!(*token, ""),
            }
        }
        let different: HashSet<&str> = list.iter().copied().filter(|t| !t.is_empty()).collect();
        assert_eq!(unique.tokens.len(), different.len(), "{list:?}");
        let kept: HashSet<&str> = unique.tokens.iter().copied().collect();
        assert_eq!(kept, different);
    }

    #[test]
    fn a_list_without_duplicates_needs_no_map() {
        let unique = Unique::of(["a", "b", "c"].into_iter());
        assert!(matches!(unique.places, Places::Same));
        assert_eq!(unique.tokens, ["a", "b", "c"]);
    }

    #[test]
    fn duplicates_and_empty_tokens_keep_their_positions() {
        check(&["a", "a"]);
        check(&["", "a", "b", "a", "", "c", "b"]);
        check(&[]);
        check(&["a"]);
        check(&[""]);
    }

    #[test]
    fn hashes_differ_where_tokens_do() {
        let tokens: Vec<String> = (0..20_000).map(|n| format!("{n:0>40}")).collect();
        let hashes: HashSet<u64> = tokens
            .iter()
            .map(|token| hash(token.as_bytes(), keys()))
            .collect();
        assert_eq!(hashes.len(), tokens.len());
    }

    proptest! {
        #[test]
        fn every_position_finds_its_token(list in proptest::collection::vec("[ab]{0,3}|[a-z]{1,40}", 0..200)) {
            check(&list.iter().map(String::as_str).collect::<Vec<_>>());
        }
    }
}
