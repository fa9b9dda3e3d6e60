//! A store in a directory: for several processes on one host.

mod damage;
mod frame;

use std::fmt;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind as IoKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use async_trait::async_trait;
use rustix::fs::{FlockOperation, flock};
use tracing::{Dispatch, Span, dispatcher};

use crate::stopwatch::Stopwatch;
use crate::store::file::frame::Frame;
use crate::store::slot::{Held, Slot};
use crate::store::{Lease, Snapshot, StoreKey, Stored, TokenStore};
use crate::{Action, Clock, Error, Result};

/// A store in a directory that several processes of one host share.
///
/// Each key has three files: the record, the lease, and one that is locked while either is written.
/// All can be read and written by their owner alone. A record is written to a temporary file, forced
/// to the disk and renamed, so that a process or machine that dies at any moment leaves the old
/// record or the new one. A file that is cut off, changed or not of this store is set aside as
/// `….damaged-<time>` and reported once.
///
/// Readers take no lock, nor do those who ask for a lease that another has. A process that is stopped
/// while it writes, which takes milliseconds, keeps the others from writing until it goes on or ends.
/// Not for directories on a network: hosts that share one need a store with a clock of its own. Nor for
/// one that others can write to: they could put tokens of their own in place of those.
#[derive(Clone)]
pub struct FileStore(Arc<Inner>);

struct Inner {
    directory: PathBuf,
    clock: Clock,
    #[cfg(feature = "testing")]
    before_step: Option<Box<dyn Fn(&'static str) + Send + Sync>>,
}

impl FileStore {
    /// A store in `directory`, which is made if it is not there, for its owner alone.
    pub fn new(directory: impl Into<PathBuf>) -> Result<Self> {
        let directory = directory.into();
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&directory)
            .map_err(|error| unusable("the directory cannot be made", &directory, error))?;
        Ok(Self(Arc::new(Inner {
            directory,
            clock: Clock::system(),
            #[cfg(feature = "testing")]
            before_step: None,
        })))
    }

    /// Calls `hook` before each step on the file system, with a word for it: a test can end the
    /// process there.
    #[cfg(feature = "testing")]
    pub fn before_each_step(self, hook: impl Fn(&'static str) + Send + Sync + 'static) -> Self {
        Self(Arc::new(Inner {
            directory: self.0.directory.clone(),
            clock: self.0.clock.clone(),
            before_step: Some(Box::new(hook)),
        }))
    }

    /// Does `work` on a thread where waiting for the disk keeps nobody else waiting.
    async fn work<T: Send + 'static>(
        &self,
        key: &StoreKey,
        work: impl FnOnce(&Inner, &Paths) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let paths = Paths::new(&self.0.directory, key)?;
        let inner = Arc::clone(&self.0);
        // What is told on that thread is told to who listens here.
        let (listener, span) = (dispatcher::get_default(Dispatch::clone), Span::current());
        let work = move || span.in_scope(|| work(&inner, &paths));
        let work = move || dispatcher::with_default(&listener, work);
        let done = tokio::task::spawn_blocking(work).await;
        done.map_err(|error| Error::transport("the thread of a file store ended").because(error))?
    }
}

impl fmt::Debug for FileStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileStore")
            .field("directory", &self.0.directory)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl TokenStore for FileStore {
    fn name(&self) -> &'static str {
        "file"
    }

    async fn read(&self, key: &StoreKey) -> Result<Snapshot> {
        self.work(key, |inner, paths| {
            Ok(Snapshot {
                stored: inner.stored(paths)?,
                now: inner.clock.local_now(),
            })
        })
        .await
    }

    async fn compare_and_set(&self, key: &StoreKey, expected: u64, new: &Stored) -> Result<bool> {
        let new = new.clone();
        self.work(key, move |inner, paths| {
            let _lock = inner.lock(paths)?;
            inner.step("read");
            let mut slot = Slot {
                stored: inner.stored_under_lock(paths)?,
                lease: None,
            };
            let written = slot.compare_and_set(expected, &new);
            if written {
                let frame = frame::record(&new);
                inner.replace(paths, &paths.record, &frame, Durable::Yes)?;
            }
            Ok(written)
        })
        .await
    }

    async fn lease(&self, key: &StoreKey, holder: &str, span: Duration) -> Result<Lease> {
        let holder = holder.to_owned();
        self.work(key, move |inner, paths| {
            // Most who ask are told that another one has it, and a lease is renamed into its place
            // whole: so they look without the lock, for which they would queue.
            let seen = read(&paths.lease)?.map(|bytes| frame::parse(&bytes));
            if let Some(Ok(Frame::Lease(held))) = seen {
                let mut slot = Slot {
                    stored: None,
                    lease: Some(held),
                };
                let answer = slot.lease(inner.clock.local_millis(), &holder, span);
                if matches!(answer, Lease::Held { .. }) {
                    return Ok(answer);
                }
            }
            let _lock = inner.lock(paths)?;
            let mut slot = Slot {
                stored: None,
                lease: inner.held(paths)?,
            };
            let answer = slot.lease(inner.clock.local_millis(), &holder, span);
            if let (Lease::Granted, Some(held)) = (answer, &slot.lease) {
                // A lease ends by itself: after a crash of the machine nobody misses it.
                inner.replace(paths, &paths.lease, &frame::lease(held), Durable::No)?;
            }
            Ok(answer)
        })
        .await
    }

    async fn release(&self, key: &StoreKey, holder: &str) -> Result<()> {
        let holder = holder.to_owned();
        self.work(key, move |inner, paths| {
            let _lock = inner.lock(paths)?;
            match inner.held(paths)? {
                Some(held) if held.holder == holder => {
                    inner.step("remove the lease");
                    fs::remove_file(&paths.lease)
                        .map_err(|error| unusable("a lease stays", &paths.lease, error))
                }
                _ => Ok(()),
            }
        })
        .await
    }
}

/// The files of one key.
struct Paths {
    record: PathBuf,
    lease: PathBuf,
    lock: PathBuf,
    temporary: PathBuf,
}

impl Paths {
    fn new(directory: &Path, key: &StoreKey) -> Result<Self> {
        // No path of a key holds the character, so different keys have different files.
        let name = key.path().replace('/', "~");
        if name.len() > LONGEST_NAME {
            return Err(Error::config(
                "the tenant is too long for the name of a file",
            ));
        }
        let path = |ending: &str| directory.join(format!("{name}.{ending}"));
        Ok(Self {
            record: path("token"),
            lease: path("lease"),
            lock: path("lock"),
            temporary: path("tmp"),
        })
    }
}

enum Durable {
    No,
    Yes,
}

impl Inner {
    /// What stands in the record's file. A damaged one is set aside.
    fn stored(&self, paths: &Paths) -> Result<Option<Stored>> {
        match read(&paths.record)?.map(|bytes| frame::parse(&bytes)) {
            None => Ok(None),
            Some(Ok(Frame::Record(stored))) => Ok(Some(stored)),
            // It may be another process that mends it: only the look under the lock counts.
            Some(_) => {
                let _lock = self.lock(paths)?;
                self.stored_under_lock(paths)
            }
        }
    }

    fn stored_under_lock(&self, paths: &Paths) -> Result<Option<Stored>> {
        match read(&paths.record)?.map(|bytes| frame::parse(&bytes)) {
            None => Ok(None),
            Some(Ok(Frame::Record(stored))) => Ok(Some(stored)),
            Some(Ok(Frame::Lease(_))) => {
                Err(damage::set_aside(&paths.record, "is a lease", &self.clock))
            }
            Some(Err(why)) => Err(damage::set_aside(&paths.record, why, &self.clock)),
        }
    }

    /// Who has the lease. A damaged file is set aside: only under the lock.
    fn held(&self, paths: &Paths) -> Result<Option<Held>> {
        match read(&paths.lease)?.map(|bytes| frame::parse(&bytes)) {
            Some(Ok(Frame::Lease(held))) => Ok(Some(held)),
            None => Ok(None),
            Some(Ok(Frame::Record(_))) => {
                Err(damage::set_aside(&paths.lease, "is a record", &self.clock))
            }
            Some(Err(why)) => Err(damage::set_aside(&paths.lease, why, &self.clock)),
        }
    }

    /// Locks the key's files against other writers, until the file that is returned is closed: by
    /// a drop or by the end of the process.
    fn lock(&self, paths: &Paths) -> Result<File> {
        self.step("open the lock");
        let file = private()
            .truncate(false)
            .open(&paths.lock)
            .map_err(|error| unusable("the lock cannot be opened", &paths.lock, error))?;
        let watch = Stopwatch::start();
        self.step("lock");
        while let Err(error) = flock(&file, FlockOperation::NonBlockingLockExclusive) {
            let error = io::Error::from(error);
            if error.kind() != IoKind::WouldBlock && error.kind() != IoKind::Interrupted {
                return Err(unusable("the lock cannot be taken", &paths.lock, error));
            }
            if watch.elapsed() > LONGEST_LOCK {
                return Err(unusable(
                    "another process keeps the lock, it may be stopped",
                    &paths.lock,
                    error,
                ));
            }
            thread::sleep(LOCK_STEP);
        }
        Ok(file)
    }

    /// Puts `bytes` in the place of `path`. Only under the lock.
    fn replace(&self, paths: &Paths, path: &Path, bytes: &[u8], durable: Durable) -> Result<()> {
        let durable = matches!(durable, Durable::Yes);
        let write = || -> io::Result<()> {
            self.step("open the temporary file");
            let mut file = fresh(&paths.temporary)?;
            let (first, second) = bytes.split_at(bytes.len() / 2);
            self.step("write");
            file.write_all(first)?;
            self.step("write on");
            file.write_all(second)?;
            if durable {
                self.step("sync");
                file.sync_all()?;
            }
            self.step("rename");
            fs::rename(&paths.temporary, path)?;
            if durable && let Some(directory) = path.parent() {
                self.step("sync the directory");
                File::open(directory)?.sync_all()?;
            }
            self.step("unlock");
            Ok(())
        };
        write().map_err(|error| unusable("a file cannot be written", path, error))
    }

    fn step(&self, what: &'static str) {
        #[cfg(feature = "testing")]
        if let Some(hook) = &self.before_step {
            hook(what);
        }
        #[cfg(not(feature = "testing"))]
        let _ = what;
    }
}

/// Opens for writing, for the owner alone.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create(true).mode(0o600);
    options
}

/// Makes a file that was not there, in the place of one that was: that may be readable for others, or a
/// link to elsewhere.
fn fresh(path: &Path) -> io::Result<File> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != IoKind::NotFound => Err(error),
        _ => private().create_new(true).open(path),
    }
}

fn read(path: &Path) -> Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == IoKind::NotFound => return Ok(None),
        Err(error) => return Err(unusable("a file cannot be read", path, error)),
    };
    file.take(LONGEST_FILE)
        .read_to_end(&mut bytes)
        .map_err(|error| unusable("a file cannot be read", path, error))?;
    Ok(Some(bytes))
}

fn unusable(what: &str, path: &Path, error: io::Error) -> Error {
    Error::transport(format!("{what}: {}", path.display()))
        .advise(Action::Backoff)
        .because(error)
}

/// File systems allow 255 bytes; the endings and what is set aside need some.
const LONGEST_NAME: usize = 200;
/// A record is some kilobytes.
const LONGEST_FILE: u64 = 1 << 20;
/// A write takes some milliseconds; the caller gives up after 2 s.
const LONGEST_LOCK: Duration = Duration::from_millis(1500);
const LOCK_STEP: Duration = Duration::from_millis(2);
