//! Good requests made from the documents, to hold clients and the emulator to them.
//!
//! The documents are read here as plain JSON, with a few lines of this crate's own: a mistake of
//! the generator or of the emulator's reader is not repeated.

mod compare;
pub mod document;
mod exam;
pub mod example;
pub mod listing;
pub mod oracle;
#[cfg(unix)]
pub mod rotation;
pub mod sample;
mod seeds;
mod stage;

pub use crate::compare::differences;
pub use crate::document::Document;
pub use crate::exam::{Exam, Tap};
pub use crate::example::Example;
pub use crate::listing::{Listed, read};
pub use crate::seeds::run_seeds;
pub use crate::stage::{check_lists, check_own_lists, space};
