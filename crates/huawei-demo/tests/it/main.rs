//! The demonstration keeps its secrets; the runbooks and the quick starts show what happens.

mod incidents;
mod leaks;
mod quickstart;
mod record;
mod threads;
mod warm;
