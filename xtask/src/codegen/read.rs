//! Reads an `openapi.yaml`: exactly the vocabulary, and nothing beside it.

mod cursor;
mod extension;
mod operation;
mod root;
mod schema;

pub(crate) use crate::codegen::read::cursor::{At, Cursor, Fields};
pub(crate) use crate::codegen::read::root::document;
