//! Releases rehearsed in throw-away clones of a small workspace: a core, a client of it with a
//! document, and the emulator that holds the document as JSON.

mod fixture;
mod plans;
mod preparations;
