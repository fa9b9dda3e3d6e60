//! What generated code does, tested on every shape of the vocabulary.

mod answers;
mod calls;
mod checks;
mod events;
mod every;
mod generated;
mod requests;
mod secrets;
