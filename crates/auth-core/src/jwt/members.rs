//! The registered members of a token's header and claims, read in one pass over the JSON.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use smallvec::SmallVec;

use crate::jwt::{Part, VerifyError};

/// What of a header decides how the token is checked. Keys, and addresses of keys, that a header
/// may carry are not even looked at.
#[derive(Default)]
pub(super) struct JoseHeader<'a> {
    pub(super) alg: Option<Cow<'a, str>>,
    pub(super) kid: Option<Cow<'a, str>>,
    pub(super) typ: Option<Cow<'a, str>>,
    pub(super) critical: bool,
}

/// The registered claims that are checked, times in seconds since 1970.
#[derive(Default)]
pub(super) struct Registered<'a> {
    pub(super) iss: Option<Cow<'a, str>>,
    pub(super) aud: Option<Audience<'a>>,
    pub(super) azp: Option<Cow<'a, str>>,
    pub(super) at_hash: Option<Cow<'a, str>>,
    pub(super) nonce: Option<Cow<'a, str>>,
    pub(super) exp: Option<i64>,
    pub(super) nbf: Option<i64>,
    pub(super) iat: Option<i64>,
}

/// One recipient or several.
pub(super) enum Audience<'a> {
    List(Vec<Text<'a>>),
    One(Cow<'a, str>),
}

impl Audience<'_> {
    pub(super) fn holds(&self, accepted: &[String]) -> bool {
        let is_accepted = |named: &str| accepted.iter().any(|accepted| accepted == named);
        match self {
            Self::List(named) => named.iter().any(|Text(named)| is_accepted(named)),
            Self::One(named) => is_accepted(named),
        }
    }

    pub(super) fn is_several(&self) -> bool {
        matches!(self, Self::List(named) if named.len() > 1)
    }
}

/// An object of which some members matter.
pub(super) trait Members<'de>: Default {
    const PART: Part;
    /// The names of the members that matter.
    const NAMES: &'static [&'static str];

    /// Takes the value of the member `name`, one of `NAMES`. A member that is `null` is absent.
    fn take<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error>;

    fn read(json: &'de [u8]) -> Result<Self, VerifyError> {
        let mut object = Object::<Self>::default();
        let mut deserializer = serde_json::Deserializer::from_slice(json);
        match object
            .deserialize(&mut deserializer)
            .and_then(|()| deserializer.end())
        {
            _ if object.duplicate => Err(VerifyError::DuplicateMember(Self::PART)),
            Ok(()) => Ok(object.members),
            Err(error) => Err(match object.current {
                Some(name) if error.is_data() && Self::PART == Part::Claims => {
                    VerifyError::ClaimForm(name)
                }
                _ => VerifyError::Json(Self::PART),
            }),
        }
    }
}

impl<'de> Members<'de> for JoseHeader<'de> {
    const PART: Part = Part::Header;
    const NAMES: &'static [&'static str] = &["alg", "crit", "kid", "typ"];

    fn take<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        match name {
            "alg" => self.alg = text(map)?,
            "kid" => self.kid = text(map)?,
            "typ" => self.typ = text(map)?,
            _ => {
                map.next_value::<IgnoredAny>()?;
                self.critical = true;
            }
        }
        Ok(())
    }
}

impl<'de> Members<'de> for Registered<'de> {
    const PART: Part = Part::Claims;
    const NAMES: &'static [&'static str] =
        &["at_hash", "aud", "azp", "exp", "iat", "iss", "nbf", "nonce"];

    fn take<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        match name {
            "at_hash" => self.at_hash = text(map)?,
            "aud" => self.aud = map.next_value()?,
            "azp" => self.azp = text(map)?,
            "exp" => self.exp = time(map)?,
            "iat" => self.iat = time(map)?,
            "iss" => self.iss = text(map)?,
            "nbf" => self.nbf = time(map)?,
            _ => self.nonce = text(map)?,
        }
        Ok(())
    }
}

/// Reads an object into `members` and remembers what went wrong where.
#[derive(Default)]
struct Object<M> {
    members: M,
    current: Option<&'static str>,
    duplicate: bool,
}

impl<'de, M: Members<'de>> DeserializeSeed<'de> for &mut Object<M> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, M: Members<'de>> Visitor<'de> for &mut Object<M> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut names = SmallVec::<[Cow<'de, str>; 24]>::new();
        while let Some(Text(name)) = map.next_key()? {
            match M::NAMES.iter().find(|known| **known == name) {
                Some(known) => {
                    self.current = Some(known);
                    self.members.take(known, &mut map)?;
                    self.current = None;
                }
                None => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
            names.push(name);
        }
        // Sorted, because comparing all with all would let a long header cost a lot.
        names.sort_unstable();
        self.duplicate = names.windows(2).any(|pair| pair[0] == pair[1]);
        Ok(())
    }
}

/// A text that is copied only if it is escaped.
#[derive(Deserialize)]
pub(super) struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

fn text<'de, A: MapAccess<'de>>(map: &mut A) -> Result<Option<Cow<'de, str>>, A::Error> {
    let value: Option<Text<'de>> = map.next_value()?;
    Ok(value.map(|Text(text)| text))
}

fn time<'de, A: MapAccess<'de>>(map: &mut A) -> Result<Option<i64>, A::Error> {
    let value: Option<Seconds> = map.next_value()?;
    Ok(value.map(|Seconds(seconds)| seconds))
}

/// A time as RFC 7519 writes it: a number, which may have a fraction; whole seconds are kept.
struct Seconds(i64);

impl<'de> Deserialize<'de> for Seconds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Number;

        impl Visitor<'_> for Number {
            type Value = Seconds;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number of seconds")
            }

            fn visit_u64<E: Error>(self, seconds: u64) -> Result<Seconds, E> {
                Ok(Seconds(i64::try_from(seconds).unwrap_or(i64::MAX)))
            }

            fn visit_i64<E: Error>(self, seconds: i64) -> Result<Seconds, E> {
                Ok(Seconds(seconds))
            }

            #[expect(
                clippy::cast_possible_truncation,
                reason = "the cast ends at the bounds, and so far away every time is alike"
            )]
            fn visit_f64<E: Error>(self, seconds: f64) -> Result<Seconds, E> {
                Ok(Seconds(seconds.floor() as i64))
            }
        }

        deserializer.deserialize_any(Number)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Audience<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneOrMany;

        impl<'de> Visitor<'de> for OneOrMany {
            type Value = Audience<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text or an array of texts")
            }

            fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Audience::One(Cow::Borrowed(text)))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Audience::One(Cow::Owned(text.to_owned())))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut texts: A) -> Result<Self::Value, A::Error> {
                let mut named = Vec::new();
                while let Some(text) = texts.next_element()? {
                    named.push(text);
                }
                Ok(Audience::List(named))
            }
        }

        deserializer.deserialize_any(OneOrMany)
    }
}
