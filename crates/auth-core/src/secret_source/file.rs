//! A file that holds a secret and is looked at again and again.

use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use crate::secret_source::{Found, Look};
use crate::{Clock, Error, Result, Secret};

/// A file and how it looked when it was read last.
pub(super) struct Watched {
    path: PathBuf,
    clock: Clock,
    valid: Option<fn(&str) -> bool>,
    seen: Mutex<Option<Stamp>>,
}

/// What tells that a file is another one or was written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    modified: Option<SystemTime>,
    length: u64,
    file: u64,
}

impl Watched {
    pub(super) fn new(path: PathBuf, clock: Clock, valid: Option<fn(&str) -> bool>) -> Self {
        Self {
            path,
            clock,
            valid,
            seen: Mutex::default(),
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The content, unless it is the one that was returned last.
    pub(super) fn look(&self, look: Look) -> Result<Found> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let stamp = self.stamp().map_err(|error| self.unreadable(error))?;
        if *seen == Some(stamp) {
            return Ok(Found::Same);
        }
        if look == Look::Again && self.is_young(stamp) {
            return Ok(Found::Unsettled);
        }
        let text =
            Secret::new(fs::read_to_string(&self.path).map_err(|error| self.unreadable(error))?);
        let after = self.stamp().map_err(|error| self.unreadable(error))?;
        let secret = Secret::new(text.expose().trim());
        let usable = after == stamp
            && !secret.expose().is_empty()
            && self.valid.is_none_or(|valid| valid(secret.expose()));
        if !usable {
            return Err(self.error("is empty, half-written or not of the right form"));
        }
        *seen = Some(stamp);
        Ok(Found::Secret(secret))
    }

    /// Whether somebody may be writing to it at this moment.
    fn is_young(&self, stamp: Stamp) -> bool {
        stamp.modified.is_some_and(|modified| {
            // The two may come from clocks of different grain, so it may be a little in the future.
            match self.clock.local_now().duration_since(modified) {
                Ok(age) => age < SETTLED,
                Err(ahead) => ahead.duration() < SETTLED,
            }
        })
    }

    fn stamp(&self) -> io::Result<Stamp> {
        let metadata = fs::metadata(&self.path)?;
        Ok(Stamp {
            modified: metadata.modified().ok(),
            length: metadata.len(),
            file: number(&metadata),
        })
    }

    fn unreadable(&self, error: io::Error) -> Error {
        self.error("cannot be read").because(error)
    }

    fn error(&self, what: &str) -> Error {
        Error::credentials(format!(
            "the file of a secret {}: {what}",
            self.path.display()
        ))
    }
}

#[cfg(unix)]
fn number(metadata: &Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(metadata)
}

#[cfg(not(unix))]
fn number(_: &Metadata) -> u64 {
    0
}

/// A file that was written to less than this ago may not be complete.
const SETTLED: Duration = Duration::from_millis(100);
