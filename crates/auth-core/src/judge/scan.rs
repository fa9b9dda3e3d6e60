//! Picks the parts of an error out of a JSON body in one pass, without building the rest.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use smallvec::{SmallVec, smallvec};

use crate::{Outcome, Path};

/// What stands at the places of one envelope.
#[derive(Default)]
pub(super) struct Parts<'a> {
    pub(super) code: Option<Cow<'a, str>>,
    pub(super) sub_code: Option<Cow<'a, str>>,
    pub(super) message: Option<Cow<'a, str>>,
    pub(super) request_id: Option<Cow<'a, str>>,
}

/// Looks at the places of every envelope. What is not JSON, or breaks off, holds what was read up
/// to there.
pub(super) fn scan<'a>(outcome: &Outcome, body: &'a [u8]) -> SmallVec<[Parts<'a>; 2]> {
    let mut wants: SmallVec<[Path; 8]> = SmallVec::new();
    for envelope in outcome.envelopes {
        // Where the verdict stands in a header, the "path" of the code is no place in the body.
        if outcome.verdict != crate::Verdict::Header {
            wants.extend(envelope.code.iter().copied());
        }
        wants.extend(envelope.sub_code.iter().copied());
        wants.extend(envelope.message.iter().copied());
        wants.extend(envelope.request_id.iter().copied());
    }
    let mut found: SmallVec<[Option<Cow<'a, str>>; 8]> = smallvec![None; wants.len()];
    let mut json = serde_json::Deserializer::from_slice(body);
    let scan = Scan {
        wants: &wants,
        found: &mut found,
        alive: all(wants.len()),
        depth: 0,
    };
    // Whatever is wrong further on is reported by whoever reads the whole body.
    let _ = scan.deserialize(&mut json);
    let mut found = found.into_iter();
    let mut next = |path: Option<Path>| path.and_then(|_| found.next().flatten());
    outcome
        .envelopes
        .iter()
        .map(|envelope| {
            let codes: &[Path] = match outcome.verdict {
                crate::Verdict::Header => &[],
                _ => envelope.code,
            };
            Parts {
                code: codes
                    .iter()
                    .fold(None, |first, path| first.or(next(Some(*path)))),
                sub_code: next(envelope.sub_code),
                message: next(envelope.message),
                request_id: next(envelope.request_id).filter(|id| !id.is_empty()),
            }
        })
        .collect()
}

/// A value in which some of the wanted places lie, as bits of `alive`.
struct Scan<'s, 'de> {
    wants: &'s [Path],
    found: &'s mut [Option<Cow<'de, str>>],
    alive: u64,
    depth: usize,
}

/// A member name: which of the wanted places lie in it.
struct Name<'s> {
    wants: &'s [Path],
    alive: u64,
    depth: usize,
}

/// One bit for each place; documents have a handful.
fn all(count: usize) -> u64 {
    match count {
        0 => 0,
        count => u64::MAX >> (64 - count.min(64)),
    }
}

fn bits(mut mask: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let bit = mask.trailing_zeros();
        mask &= mask.wrapping_sub(1);
        (bit < 64).then_some(bit as usize)
    })
}

impl<'de> Scan<'_, 'de> {
    /// Notes a scalar at every wanted place that ends here.
    fn note(self, value: Cow<'de, str>) {
        for bit in bits(self.alive) {
            if self.wants[bit].len() == self.depth {
                self.found[bit].get_or_insert_with(|| value.clone());
            }
        }
    }
}

impl<'de> DeserializeSeed<'de> for Scan<'_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Scan<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, value: bool) -> Result<(), E> {
        self.note(Cow::Borrowed(if value { "true" } else { "false" }));
        Ok(())
    }

    fn visit_i64<E>(self, value: i64) -> Result<(), E> {
        self.note(value.to_string().into());
        Ok(())
    }

    fn visit_u64<E>(self, value: u64) -> Result<(), E> {
        self.note(value.to_string().into());
        Ok(())
    }

    fn visit_f64<E>(self, value: f64) -> Result<(), E> {
        self.note(value.to_string().into());
        Ok(())
    }

    fn visit_str<E>(self, value: &str) -> Result<(), E> {
        self.note(value.to_owned().into());
        Ok(())
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<(), E> {
        self.note(value.into());
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        // A path steps through arrays; only the elements of those it leads into are looked at.
        let inside = bits(self.alive)
            .filter(|bit| self.wants[*bit].len() > self.depth)
            .fold(0, |mask, bit| mask | (1 << bit));
        // A list as the whole answer holds results, not an error.
        if inside == 0 || self.depth == 0 {
            while seq.next_element::<IgnoredAny>()?.is_some() {}
        } else {
            loop {
                let element = Scan {
                    wants: self.wants,
                    found: &mut *self.found,
                    alive: inside,
                    depth: self.depth,
                };
                if seq.next_element_seed(element)?.is_none() {
                    break;
                }
            }
        }
        self.note(Cow::Borrowed(""));
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        loop {
            let name = Name {
                wants: self.wants,
                alive: self.alive,
                depth: self.depth,
            };
            let Some(alive) = map.next_key_seed(name)? else {
                break;
            };
            if alive == 0 {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            map.next_value_seed(Scan {
                wants: self.wants,
                found: &mut *self.found,
                alive,
                depth: self.depth + 1,
            })?;
        }
        // Something is there, but nothing that could be compared with a code.
        self.note(Cow::Borrowed(""));
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Name<'_> {
    type Value = u64;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<u64, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Name<'_> {
    type Value = u64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a member name")
    }

    fn visit_str<E>(self, name: &str) -> Result<u64, E> {
        let inside = |bit: &usize| self.wants[*bit].get(self.depth) == Some(&name);
        Ok(bits(self.alive)
            .filter(inside)
            .fold(0, |mask, bit| mask | (1 << bit)))
    }
}
