//! The demonstration keeps its secrets, and the runbooks show what incidents look like.

mod incidents;
mod leaks;
mod record;
