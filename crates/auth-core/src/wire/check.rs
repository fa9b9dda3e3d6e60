//! The limits that a document states for a request, checked before anything is sent.

mod values;

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::fmt::{self, Display, Write as _};
use std::io;
use std::ops::{Bound, RangeBounds};

use serde::Serialize;
use serde_json::Value;

pub use self::values::{Count, Numbers, Texts};
use crate::{Error, Result};

/// A type whose values can break a limit of the document.
pub trait Check {
    /// Checks the value that stands at `at`.
    fn check_at(&self, at: &Place<'_>) -> Result<()>;
}

/// A place inside a request, for errors that name the field.
pub struct Place<'a> {
    above: Option<&'a Self>,
    step: Step<'a>,
    body: Option<&'a Body<'a>>,
}

enum Step<'a> {
    Top,
    Member(&'a str),
    Index(usize),
}

/// The whole body, turned into JSON only when a rule asks for a member far away.
struct Body<'a> {
    write: &'a dyn Fn() -> Value,
    json: OnceCell<Value>,
}

/// Checks a value by itself. Rules that look at the request around it are left out.
pub fn check(value: &(impl Check + ?Sized)) -> Result<()> {
    value.check_at(&Place {
        above: None,
        step: Step::Top,
        body: None,
    })
}

impl<'a> Place<'a> {
    /// Checks a request's whole body, rules that look at it from its top included.
    pub fn check_body<T: Check + Serialize>(value: &T) -> Result<()> {
        // Over the text, as the body is written anyway: a second serializer would be compiled for
        // each type of a request.
        let write = || {
            let text = serde_json::to_vec(value).unwrap_or_default();
            serde_json::from_slice(&text).unwrap_or_default()
        };
        let body = Body {
            write: &write,
            json: OnceCell::new(),
        };
        value.check_at(&Place {
            above: None,
            step: Step::Top,
            body: Some(&body),
        })
    }

    /// The place of a parameter.
    pub fn parameter() -> Self {
        Self {
            above: None,
            step: Step::Top,
            body: None,
        }
    }

    /// The place of a member of this object.
    pub fn member<'b>(&'b self, name: &'b str) -> Place<'b> {
        Place {
            above: Some(self),
            step: Step::Member(name),
            body: self.body,
        }
    }

    fn index<'b>(&'b self, index: usize) -> Place<'b> {
        Place {
            above: Some(self),
            step: Step::Index(index),
            body: self.body,
        }
    }

    /// Checks the value of a member.
    pub fn inside(&self, name: &str, value: &impl Check) -> Result<()> {
        value.check_at(&self.member(name))
    }

    /// Checks the number of characters of a text, or of each text of a list or map.
    pub fn length(
        &self,
        name: &str,
        value: &impl Texts,
        limits: impl RangeBounds<usize>,
    ) -> Result<()> {
        value.each_text(&self.member(name), &mut |text, at| {
            at.within(text.chars().count(), &limits, "characters")
        })
    }

    /// Checks the number of bytes of a text, or of each text of a list or map.
    pub fn bytes(
        &self,
        name: &str,
        value: &impl Texts,
        limits: impl RangeBounds<usize>,
    ) -> Result<()> {
        value.each_text(&self.member(name), &mut |text, at| {
            at.within(text.len(), &limits, "bytes")
        })
    }

    /// Checks how a text begins.
    pub fn prefix(&self, name: &str, value: &impl Texts, prefix: &str) -> Result<()> {
        value.each_text(&self.member(name), &mut |text, at| {
            if text.starts_with(prefix) {
                return Ok(());
            }
            Err(at.error(format_args!("must begin with `{prefix}`")))
        })
    }

    /// Checks that a text consists of digits.
    pub fn digits(&self, name: &str, value: &impl Texts) -> Result<()> {
        value.each_text(&self.member(name), &mut |text, at| {
            if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
                return Ok(());
            }
            Err(at.error(format_args!("must consist of digits")))
        })
    }

    /// Checks the value of a number, or of each number of a list or map.
    pub fn range<N: Numbers>(
        &self,
        name: &str,
        value: &N,
        limits: impl RangeBounds<N::Number>,
    ) -> Result<()> {
        value.each_number(&self.member(name), &mut |number, at| {
            if limits.contains(&number) {
                return Ok(());
            }
            Err(at.error(format_args!("is {number}, {}", words(&limits))))
        })
    }

    /// Checks how many elements a list or a map has.
    pub fn count(
        &self,
        name: &str,
        value: &impl Count,
        limits: impl RangeBounds<usize>,
    ) -> Result<()> {
        match value.count() {
            Some(count) => self.member(name).within(count, &limits, "elements"),
            None => Ok(()),
        }
    }

    /// Checks that a member holds the one value it may hold.
    pub fn fixed(&self, name: &str, holds: bool, value: impl Display) -> Result<()> {
        if holds {
            return Ok(());
        }
        Err(self
            .member(name)
            .error(format_args!("must be `{value}`, the only value allowed")))
    }

    /// Checks the names and values of a map against what the document allows under each name.
    pub fn keys<V: AsRef<str>>(
        &self,
        name: &str,
        map: &BTreeMap<String, V>,
        rules: &[(&str, usize, usize)],
    ) -> Result<()> {
        let at = self.member(name);
        for (key, value) in map {
            let rule = rules.iter().find(|(prefix, ..)| {
                key.strip_prefix(prefix).is_some_and(|rest| {
                    !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit())
                })
            });
            if let Some((_, least, most)) = rule {
                let length = value.as_ref().chars().count();
                at.member(key)
                    .within(length, &(*least..=*most), "characters")?;
            }
        }
        Ok(())
    }

    /// Checks that a member is set where `when` asks for it.
    pub fn required(&self, name: &str, present: bool, when: &str) -> Result<()> {
        if present {
            return Ok(());
        }
        let member = self.member(name);
        if when.is_empty() {
            return Err(member.error(format_args!("is required")));
        }
        Err(member.error(format_args!("is required when {when}")))
    }

    /// Checks that at least one of several members is set where `when` asks for it.
    pub fn any_of(&self, members: &[(&str, bool)], when: &str) -> Result<()> {
        if members.iter().any(|(_, present)| *present) {
            return Ok(());
        }
        let names = Names(members);
        if when.is_empty() {
            return Err(self.error(format_args!("needs one of {names}")));
        }
        Err(self.error(format_args!("needs one of {names} when {when}")))
    }

    /// Checks that exactly one of several members is set.
    pub fn exactly_one(&self, members: &[(&str, bool)]) -> Result<()> {
        match members.iter().filter(|(_, present)| *present).count() {
            1 => Ok(()),
            count => Err(self.error(format_args!(
                "needs exactly one of {}, {count} are set",
                Names(members)
            ))),
        }
    }

    /// Whether the member that `pointer` leads to, from the top of the body, holds one of
    /// `values`. False where only a part of a request is checked.
    pub fn body_holds(&self, pointer: &str, values: &[&str]) -> bool {
        self.body_member(pointer).is_some_and(|value| match value {
            Value::String(text) => values.contains(&text.as_str()),
            value => values.contains(&value.to_string().as_str()),
        })
    }

    /// Whether the body has a member where `pointer` leads to; nothing where only a part of a
    /// request is checked.
    pub fn body_has(&self, pointer: &str) -> Option<bool> {
        self.body?;
        Some(self.body_member(pointer).is_some())
    }

    fn body_member(&self, pointer: &str) -> Option<&Value> {
        let body = self.body?;
        body.json
            .get_or_init(body.write)
            .pointer(pointer)
            .filter(|value| !value.is_null())
    }

    fn within(&self, count: usize, limits: &impl RangeBounds<usize>, unit: &str) -> Result<()> {
        if limits.contains(&count) {
            return Ok(());
        }
        Err(self.error(format_args!("has {count} {unit}, {}", words(limits))))
    }

    fn error(&self, what: fmt::Arguments<'_>) -> Error {
        Error::config(format!("{self} {what}"))
    }
}

/// Writes the path in quotes: `` `notification.tokens[3]` ``, or "the request" for its top.
impl Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut steps = Vec::new();
        let mut at = Some(self);
        while let Some(place) = at {
            steps.push(&place.step);
            at = place.above;
        }
        let mut path = String::new();
        for step in steps.into_iter().rev() {
            match step {
                Step::Top => {}
                Step::Member(name) if path.is_empty() => path.push_str(name),
                Step::Member(name) => write!(path, ".{name}")?,
                Step::Index(index) => write!(path, "[{index}]")?,
            }
        }
        if path.is_empty() {
            return f.write_str("the request");
        }
        write!(f, "`{path}`")
    }
}

/// Checks that at least one of several parameters is set.
pub fn any_of(parameters: &[(&str, bool)], when: &str) -> Result<()> {
    Place::parameter().any_of(parameters, when)
}

/// Checks that a parameter is set.
pub fn required(name: &str, present: bool, when: &str) -> Result<()> {
    Place::parameter().required(name, present, when)
}

/// The bytes of JSON that a list has more than an empty one: what does not count of a list that
/// is excluded from a limit.
pub fn excess(list: &(impl Serialize + Count)) -> usize {
    match list.count() {
        Some(_) => json_size(list).saturating_sub("[]".len()),
        None => 0,
    }
}

fn json_size(value: &(impl Serialize + ?Sized)) -> usize {
    struct Counter(usize);

    impl io::Write for Counter {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    let mut counter = Counter(0);
    match serde_json::to_writer(&mut counter, value) {
        Ok(()) => counter.0,
        // What cannot be written fails with its own words when the request is built.
        Err(_) => 0,
    }
}

fn words<N: Display>(limits: &impl RangeBounds<N>) -> String {
    match (limits.start_bound(), limits.end_bound()) {
        (Bound::Unbounded, Bound::Unbounded) => "anything is allowed".to_owned(),
        (Bound::Unbounded, Bound::Included(most) | Bound::Excluded(most)) => {
            format!("at most {most} is allowed")
        }
        (Bound::Included(least) | Bound::Excluded(least), Bound::Unbounded) => {
            format!("at least {least} is required")
        }
        (
            Bound::Included(least) | Bound::Excluded(least),
            Bound::Included(most) | Bound::Excluded(most),
        ) => format!("{least} to {most} is allowed"),
    }
}

/// The names of members, each in quotes.
struct Names<'a>(&'a [(&'a str, bool)]);

impl Display for Names<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (name, _)) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str(", ")?;
            }
            write!(f, "`{name}`")?;
        }
        Ok(())
    }
}

impl<T: Check> Check for Option<T> {
    fn check_at(&self, at: &Place<'_>) -> Result<()> {
        self.as_ref().map_or(Ok(()), |value| value.check_at(at))
    }
}

impl<T: Check> Check for Box<T> {
    fn check_at(&self, at: &Place<'_>) -> Result<()> {
        (**self).check_at(at)
    }
}

impl<T: Check> Check for Vec<T> {
    fn check_at(&self, at: &Place<'_>) -> Result<()> {
        self.as_slice().check_at(at)
    }
}

impl<T: Check> Check for [T] {
    fn check_at(&self, at: &Place<'_>) -> Result<()> {
        for (index, value) in self.iter().enumerate() {
            value.check_at(&at.index(index))?;
        }
        Ok(())
    }
}

impl<K: AsRef<str>, T: Check> Check for BTreeMap<K, T> {
    fn check_at(&self, at: &Place<'_>) -> Result<()> {
        for (key, value) in self {
            value.check_at(&at.member(key.as_ref()))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
