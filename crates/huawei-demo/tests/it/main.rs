//! The demonstration keeps its secrets, the runbooks show what incidents look like, and the quick starts
//! run.

mod incidents;
mod leaks;
mod quickstart;
mod record;
