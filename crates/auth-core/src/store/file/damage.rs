//! What becomes of a file that cannot be read: it is kept for whoever wants to know why.

use std::fs;
use std::path::Path;

use crate::{Action, Clock, Error};

/// Renames the file, so that the next look finds none, and says so in an error.
pub(super) fn set_aside(path: &Path, why: &str, clock: &Clock) -> Error {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".damaged-{}", clock.local_millis()));
    let shown = path.display();
    let error = match fs::rename(path, &name) {
        Ok(()) => {
            let kept = Path::new(&name).display();
            let error = Error::transport(format!("{shown} {why}; it is kept as {kept}"));
            tracing::warn!(%error, "a file of the token store is damaged");
            error
        }
        // It stays where it is, and would be found with every look: the store's failure tells.
        Err(error) => {
            Error::transport(format!("{shown} {why} and cannot be set aside")).because(error)
        }
    };
    error.advise(Action::Backoff)
}
