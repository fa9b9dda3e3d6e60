//! What changed since the last release of each crate, the versions that follow from it, and the
//! commit and tags of the next release: `cargo xtask release`.
//!
//! A crate of its own, so that the readers of compiled APIs that it stands on do not slow down
//! every other command of `xtask`.

#![expect(
    clippy::print_stdout,
    reason = "a command line tool speaks on standard output"
)]
#![expect(
    clippy::exhaustive_enums,
    clippy::exhaustive_structs,
    missing_docs,
    reason = "a tool of this workspace, not a library for others"
)]

pub mod api;
pub mod baseline;
pub mod changelog;
pub mod checks;
pub mod document;
pub mod level;
pub mod manifest;
pub mod plan;
pub mod prepare;
pub mod rehearsal;
pub mod sbom;
pub mod semver_checker;
pub mod workspace;
