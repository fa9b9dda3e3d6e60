//! What generated code does, tested on every shape of the vocabulary.

mod answers;
mod calls;
mod checks;
mod events;
mod requests;
mod secrets;
