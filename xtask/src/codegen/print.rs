//! Prints a plan as Rust, and as tables for its readers.

mod accessors;
mod browser;
mod callbacks;
mod calls;
mod check;
mod codes;
mod doc;
mod enums;
mod facts;
mod files;
mod hosts;
mod notes;
mod operations;
mod pages;
mod parameters;
mod preconditions;
mod request;
mod structs;
mod table;

pub(crate) use crate::codegen::print::calls::file as calls;
pub(crate) use crate::codegen::print::check::{keys, limits_of};
pub(crate) use crate::codegen::print::codes::{LANGUAGES, page as codes};
pub(crate) use crate::codegen::print::files::tree;
pub(crate) use crate::codegen::print::hosts::{HEAD as HOSTS_HEAD, table as hosts};
pub(crate) use crate::codegen::print::table::operations as table;
