//! The texts, numbers and elements in a value, whatever lists, maps and options are around them.

use std::collections::BTreeMap;
use std::fmt::Display;

use super::Place;
use crate::{Result, Secret};

/// The texts in a value: itself, or those of a list, a map or an option.
pub trait Texts {
    /// Calls `visit` with each text and its place.
    fn each_text(
        &self,
        at: &Place<'_>,
        visit: &mut dyn FnMut(&str, &Place<'_>) -> Result<()>,
    ) -> Result<()>;
}

/// The numbers in a value: itself, or those of a list, a map or an option.
pub trait Numbers {
    /// The type of the numbers.
    type Number: PartialOrd + Display + Copy;

    /// Calls `visit` with each number and its place.
    fn each_number(
        &self,
        at: &Place<'_>,
        visit: &mut dyn FnMut(Self::Number, &Place<'_>) -> Result<()>,
    ) -> Result<()>;
}

/// The number of elements of a value that may be absent.
pub trait Count {
    /// How many elements there are; nothing if the value is absent.
    fn count(&self) -> Option<usize>;
}

impl Texts for str {
    fn each_text(
        &self,
        at: &Place<'_>,
        visit: &mut dyn FnMut(&str, &Place<'_>) -> Result<()>,
    ) -> Result<()> {
        visit(self, at)
    }
}

impl Texts for String {
    fn each_text(
        &self,
        at: &Place<'_>,
        visit: &mut dyn FnMut(&str, &Place<'_>) -> Result<()>,
    ) -> Result<()> {
        visit(self, at)
    }
}

impl Texts for Secret {
    fn each_text(
        &self,
        at: &Place<'_>,
        visit: &mut dyn FnMut(&str, &Place<'_>) -> Result<()>,
    ) -> Result<()> {
        visit(self.expose(), at)
    }
}

impl<T: Texts + ?Sized> Texts for &T {
    fn each_text(
        &self,
        at: &Place<'_>,
        visit: &mut dyn FnMut(&str, &Place<'_>) -> Result<()>,
    ) -> Result<()> {
        (**self).each_text(at, visit)
    }
}

impl<T: Texts> Texts for Option<T> {
    fn each_text(
        &self,
        at: &Place<'_>,
        visit: &mut dyn FnMut(&str, &Place<'_>) -> Result<()>,
    ) -> Result<()> {
        match self {
            Some(value) => value.each_text(at, visit),
            None => Ok(()),
        }
    }
}

impl<T: Texts> Texts for Vec<T> {
    fn each_text(
        &self,
        at: &Place<'_>,
        visit: &mut dyn FnMut(&str, &Place<'_>) -> Result<()>,
    ) -> Result<()> {
        for (index, value) in self.iter().enumerate() {
            value.each_text(&at.index(index), visit)?;
        }
        Ok(())
    }
}

impl<K: AsRef<str>, T: Texts> Texts for BTreeMap<K, T> {
    fn each_text(
        &self,
        at: &Place<'_>,
        visit: &mut dyn FnMut(&str, &Place<'_>) -> Result<()>,
    ) -> Result<()> {
        for (key, value) in self {
            value.each_text(&at.member(key.as_ref()), visit)?;
        }
        Ok(())
    }
}

macro_rules! numbers {
    ($($number:ty)+) => {$(
        impl Numbers for $number {
            type Number = $number;

            fn each_number(
                &self,
                at: &Place<'_>,
                visit: &mut dyn FnMut($number, &Place<'_>) -> Result<()>,
            ) -> Result<()> {
                visit(*self, at)
            }
        }
    )+};
}

numbers!(f32 f64 i32 i64);

impl<T: Numbers> Numbers for Option<T> {
    type Number = T::Number;

    fn each_number(
        &self,
        at: &Place<'_>,
        visit: &mut dyn FnMut(T::Number, &Place<'_>) -> Result<()>,
    ) -> Result<()> {
        match self {
            Some(value) => value.each_number(at, visit),
            None => Ok(()),
        }
    }
}

impl<T: Numbers> Numbers for Vec<T> {
    type Number = T::Number;

    fn each_number(
        &self,
        at: &Place<'_>,
        visit: &mut dyn FnMut(T::Number, &Place<'_>) -> Result<()>,
    ) -> Result<()> {
        for (index, value) in self.iter().enumerate() {
            value.each_number(&at.index(index), visit)?;
        }
        Ok(())
    }
}

impl<K: AsRef<str>, T: Numbers> Numbers for BTreeMap<K, T> {
    type Number = T::Number;

    fn each_number(
        &self,
        at: &Place<'_>,
        visit: &mut dyn FnMut(T::Number, &Place<'_>) -> Result<()>,
    ) -> Result<()> {
        for (key, value) in self {
            value.each_number(&at.member(key.as_ref()), visit)?;
        }
        Ok(())
    }
}

impl<T> Count for Vec<T> {
    fn count(&self) -> Option<usize> {
        Some(self.len())
    }
}

impl<K, V> Count for BTreeMap<K, V> {
    fn count(&self) -> Option<usize> {
        Some(self.len())
    }
}

impl<T: Count> Count for Option<T> {
    fn count(&self) -> Option<usize> {
        self.as_ref().and_then(Count::count)
    }
}
