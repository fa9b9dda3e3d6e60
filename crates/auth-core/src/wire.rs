//! How generated types read and write what the platforms send: leniently where documents say so.
//!
//! This module serves the generated code of the provider crates. Its items are stable as far as
//! those crates need it; nothing here is meant to be called by hand, but it is safe to do so.

mod browser;
mod check;
mod lenient;
mod object;
mod open;
mod pages;
mod text;

pub use crate::wire::browser::{Parameters, WayBack};
pub use crate::wire::check::{
    Check, Count, Numbers, Place, Texts, any_of, check, excess, required,
};
pub use crate::wire::lenient::{FromScalar, Lenient, Many, Scalar, Unfit, lenient, one_or_many};
pub use crate::wire::object::{Chosen, Object, Select, key_of, select, selected};
pub use crate::wire::open::{
    UnknownJson, UnknownNumber, UnknownText, read_number, read_text, saw_unknown,
};
pub use crate::wire::pages::{Page, Pages, says_more};
pub use crate::wire::text::{base64_in, json_chosen, json_in, json_text, read_json, read_list};

#[doc(hidden)]
pub use serde;
