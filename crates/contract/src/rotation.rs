//! A secret that is exchanged while calls run: how a cluster mounts it, and callers who do not stop.

use std::future::Future;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::{env, fs, process};

use auth_core::{Result, SecretSource};
use tokio::task::{JoinSet, yield_now};

/// A secret as Kubernetes mounts it: `secret` leads to `..data`, which leads to the newest folder.
/// Removed at the end.
pub struct Mount {
    root: PathBuf,
    version: usize,
}

/// Tasks that call all the time, until one of their calls fails.
pub struct Load {
    done: Arc<AtomicBool>,
    /// How many calls of each succeeded.
    counts: Arc<[AtomicUsize; CALLERS]>,
    callers: JoinSet<Result<()>>,
}

impl Mount {
    /// Mounts this secret for the test of this name.
    pub fn new(name: &str, secret: &str) -> Self {
        let root = env::temp_dir().join(format!("mount-{name}-{}", process::id()));
        let _ = fs::remove_dir_all(&root);
        fs::create_dir_all(&root).expect("a directory");
        let mut mount = Self { root, version: 0 };
        mount.exchange(secret);
        symlink("..data/secret", mount.path()).expect("a link");
        mount
    }

    /// The mounted file.
    pub fn source(&self) -> SecretSource {
        SecretSource::file(self.path()).expect("a file")
    }

    /// Puts another secret into the place of this one, at once.
    pub fn exchange(&mut self, secret: &str) {
        self.version += 1;
        let folder = format!("..{}", self.version);
        let exchanged = fs::create_dir(self.root.join(&folder))
            .and_then(|()| fs::write(self.root.join(&folder).join("secret"), secret))
            .and_then(|()| symlink(Path::new(&folder), self.root.join("..next")))
            .and_then(|()| fs::rename(self.root.join("..next"), self.root.join("..data")));
        exchanged.expect("a secret can be exchanged");
    }

    fn path(&self) -> PathBuf {
        self.root.join("secret")
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.root);
    }
}

impl Load {
    /// Starts to call: `call` makes one call for the caller of this number.
    pub fn start<F>(call: impl Fn(usize) -> F + Clone + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<()>> + Send,
    {
        let mut load = Self {
            done: Arc::default(),
            counts: Arc::default(),
            callers: JoinSet::new(),
        };
        for caller in 0..CALLERS {
            let (call, done) = (call.clone(), Arc::clone(&load.done));
            let counts = Arc::clone(&load.counts);
            load.callers.spawn(async move {
                while !done.load(Ordering::SeqCst) {
                    call(caller).await?;
                    counts[caller].fetch_add(1, Ordering::SeqCst);
                }
                Ok(())
            });
        }
        load
    }

    /// Exchanges the secret for each of these: at the platform, then where it is mounted, and then
    /// `void` makes the tokens worthless, so that every caller needs one, right after the file was
    /// written.
    ///
    /// # Panics
    ///
    /// If a call fails, or a secret is not taken up.
    pub async fn exchange(
        mut self,
        mut mount: Mount,
        source: &SecretSource,
        secrets: &[String],
        at_platform: impl Fn(&str),
        void: impl Fn(),
    ) {
        self.goes_on().await;
        for secret in secrets {
            at_platform(secret);
            self.goes_on().await;
            mount.exchange(secret);
            void();
            self.goes_on().await;
            let known = source.current().expect("a secret");
            assert_eq!(known.expose(), secret, "it is taken up");
        }
        self.done.store(true, Ordering::SeqCst);
        while let Some(caller) = self.callers.join_next().await {
            caller.expect("no caller panics").expect("no call fails");
        }
        let calls: usize = self.calls().iter().sum();
        assert!(
            calls >= (1 + 2 * secrets.len()) * CALLERS * CALLS,
            "{calls} calls"
        );
    }

    /// Waits until each of them has made some more calls.
    async fn goes_on(&mut self) {
        let before = self.calls();
        let slow = |now: [usize; CALLERS]| {
            let mut pairs = now.iter().zip(&before);
            pairs.any(|(now, before)| now - before < CALLS)
        };
        while slow(self.calls()) {
            if let Some(ended) = self.callers.try_join_next() {
                ended.expect("no caller panics").expect("no call fails");
            }
            yield_now().await;
        }
    }

    fn calls(&self) -> [usize; CALLERS] {
        self.counts
            .each_ref()
            .map(|count| count.load(Ordering::SeqCst))
    }
}

/// How many tasks call all the time.
const CALLERS: usize = 8;
/// How many calls each of them makes between two steps, at least.
const CALLS: usize = 5;
