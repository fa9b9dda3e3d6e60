//! Several caches on one store, a platform that counts, and time that goes by.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use async_trait::async_trait;
#[cfg(unix)]
use auth_core::FileStore;
use auth_core::testing::ManualClock;
use auth_core::{
    Cached, CachedBuilder, Clock, Error, Lease, MemoryStore, Result, RetryPolicy, Snapshot,
    StoreKey, Stored, Token, TokenProvider, TokenStore,
};
use tokio::sync::Notify;
use tokio::time::sleep;

#[cfg(unix)]
use crate::fleet::secrets::Directory;
#[cfg(feature = "redis")]
use crate::fleet::server::Server;

pub(crate) const HOUR: Duration = Duration::from_secs(3600);
pub(crate) const SECOND: Duration = Duration::from_secs(1);

/// A fleet, and the platform it logs in at. Clones are one world.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) clock: ManualClock,
    pub(crate) store: Store,
    pub(crate) platform: Platform,
    /// How long leases last. Where the store is a real one, they do so in real time.
    pub(crate) lease: Duration,
    place: Place,
    /// The name of the shelf there.
    shelf: u64,
}

/// Where the store is. What stands there goes with the last clone.
#[derive(Clone)]
enum Place {
    #[cfg(unix)]
    Files(Arc<Directory>),
    Memory,
    #[cfg(feature = "redis")]
    Redis(Arc<Server>),
}

/// A store that can be away. It shows the world's time, whatever its own is.
#[derive(Clone)]
pub(crate) struct Store {
    pub(crate) shelf: Arc<dyn TokenStore>,
    clock: Clock,
    away: Arc<AtomicBool>,
    /// Told of each operation that has ended.
    done: Option<Arc<dyn Fn(&'static str) + Send + Sync>>,
}

/// Where a thread stops until it is told to go on, as a process does by SIGSTOP.
pub(crate) struct Stop {
    reached: mpsc::Sender<()>,
    go_on: mpsc::Receiver<()>,
}

/// Tells who was to stop that it may go on.
pub(crate) struct Stopped {
    reached: mpsc::Receiver<()>,
    go_on: mpsc::Sender<()>,
}

/// A process in a thread of its own, which asks for one token.
pub(crate) struct Other(JoinHandle<Result<String>>);

/// Makes tests of scenarios: each in memory, where no time passes, and on real stores.
macro_rules! on_every_store {
    ($($scenario:ident),+ $(,)?) => {
        mod memory {
            use crate::fleet::world::World;

            $(
                #[tokio::test(start_paused = true)]
                async fn $scenario() {
                    super::$scenario(World::new()).await;
                }
            )+
        }

        #[cfg(unix)]
        mod files {
            use crate::fleet::world::World;

            $(
                #[tokio::test]
                async fn $scenario() {
                    super::$scenario(World::on_files(stringify!($scenario))).await;
                }
            )+
        }

        #[cfg(feature = "redis")]
        mod redis {
            use crate::fleet::world::World;

            $(
                #[tokio::test]
                async fn $scenario() {
                    if let Some(world) = World::on_redis(stringify!($scenario)).await {
                        super::$scenario(world).await;
                    }
                }
            )+
        }
    };
}

pub(crate) use on_every_store;

/// Issues `token-1`, `token-2` and so on, with refresh tokens; the newest is the valid one.
#[derive(Clone, Default)]
pub(crate) struct Platform(Arc<State>);

#[derive(Default)]
struct State {
    logins: AtomicUsize,
    handed: Mutex<Vec<String>>,
    refused: Mutex<Vec<String>>,
    answers: Mutex<std::collections::VecDeque<Answer>>,
    arrived: Notify,
}

pub(crate) enum Answer {
    Error(Error),
    /// A token as soon as the test says so.
    Gated(Arc<Notify>),
    /// A token, before which whoever asked for it stops with all its threads.
    Stopped(Stop),
}

impl World {
    /// With a store in memory, for tests in which time stands still.
    pub(crate) fn new() -> Self {
        Self::at(Place::Memory, SECOND * 5)
    }

    #[cfg(unix)]
    pub(crate) fn on_files(name: &str) -> Self {
        Self::at(Place::Files(Arc::new(Directory::new(name))), SECOND)
    }

    /// `None` where there is no server to be had.
    #[cfg(feature = "redis")]
    pub(crate) async fn on_redis(name: &str) -> Option<Self> {
        let server = Server::start(name).await?;
        Some(Self::at(Place::Redis(Arc::new(server)), SECOND))
    }

    fn at(place: Place, lease: Duration) -> Self {
        let clock = ManualClock::new();
        let shelf = fastrand::u64(..);
        let world = Self {
            store: Store {
                shelf: place.shelf(&clock, shelf),
                clock: clock.clock(),
                away: Arc::default(),
                done: None,
            },
            platform: Platform::default(),
            lease,
            clock,
            place,
            shelf,
        };
        // The clock of the caches goes with that of tokio, which only moves when all wait.
        tokio::spawn({
            let clock = world.clock.clone();
            async move {
                loop {
                    sleep(TICK).await;
                    clock.advance(TICK);
                }
            }
        });
        world
    }

    /// The settings of a process that goes by the store.
    pub(crate) fn builder(&self) -> CachedBuilder {
        Cached::builder(self.platform.clone())
            .clock(self.clock.clock())
            .retry(RetryPolicy::none())
            .lease(self.lease)
            .store(self.store.clone(), key())
    }

    /// The same with a store that holds nothing yet.
    pub(crate) fn with_another_shelf(&self) -> Self {
        let mut world = self.clone();
        world.shelf = fastrand::u64(..);
        world.store.shelf = self.place.shelf(&self.clock, world.shelf);
        world
    }

    /// Starts a process in a thread of its own, which shares nothing with the others but what is
    /// outside of processes. It asks for a token, and tells `done` what it has done at the store.
    pub(crate) fn start(&self, done: impl Fn(&'static str) + Send + Sync + 'static) -> Other {
        let mut world = self.clone();
        if !matches!(self.place, Place::Memory) {
            world.store.shelf = self.place.shelf(&self.clock, self.shelf);
        }
        world.store.done = Some(Arc::new(done));
        Other(thread::spawn(move || {
            let mut runtime = tokio::runtime::Builder::new_current_thread();
            runtime.enable_all().build().unwrap().block_on(async move {
                let process = world.voiding(1).remove(0);
                process.token().await.map(|token| text(&token))
            })
        }))
    }

    pub(crate) fn processes(&self, count: usize) -> Vec<Cached> {
        (0..count).map(|_| self.builder().build()).collect()
    }

    pub(crate) fn voiding(&self, count: usize) -> Vec<Cached> {
        (0..count)
            .map(|_| self.builder().voids_previous().build())
            .collect()
    }
}

impl Place {
    /// A way to what is here under this name; in memory a new store.
    fn shelf(&self, clock: &ManualClock, name: u64) -> Arc<dyn TokenStore> {
        match self {
            #[cfg(unix)]
            Self::Files(directory) => {
                let path = directory.0.join(name.to_string());
                Arc::new(FileStore::new(path).unwrap())
            }
            Self::Memory => Arc::new(MemoryStore::with_clock(clock.clock())),
            #[cfg(feature = "redis")]
            Self::Redis(server) => Arc::new(server.store().prefix(name.to_string())),
        }
    }
}

/// A place to stop at, and the way on from it.
pub(crate) fn stop() -> (Stop, Stopped) {
    let (reached, is_reached) = mpsc::channel();
    let (go_on, may_go_on) = mpsc::channel();
    let stop = Stop {
        reached,
        go_on: may_go_on,
    };
    let stopped = Stopped {
        reached: is_reached,
        go_on,
    };
    (stop, stopped)
}

impl Stop {
    pub(crate) fn here(&self) {
        self.reached.send(()).unwrap();
        self.go_on.recv().unwrap();
    }
}

impl Stopped {
    /// Waits until the other one has stopped.
    pub(crate) fn reached(&self) {
        self.reached.recv().unwrap();
    }

    pub(crate) fn go_on(&self) {
        self.go_on.send(()).unwrap();
    }
}

impl Other {
    /// What it got.
    pub(crate) fn token(self) -> Result<String> {
        self.0.join().unwrap()
    }
}

pub(crate) fn key() -> StoreKey {
    StoreKey::new("platform", "access_token", "app")
}

impl Store {
    pub(crate) fn away(&self, away: bool) {
        self.away.store(away, Ordering::SeqCst);
    }

    fn check(&self) -> Result<()> {
        match self.away.load(Ordering::SeqCst) {
            true => Err(Error::transport("the connection is closed")),
            false => Ok(()),
        }
    }

    fn done<T>(&self, what: &'static str, result: Result<T>) -> Result<T> {
        if let Some(done) = &self.done {
            done(what);
        }
        result
    }

    pub(crate) async fn record(&self) -> serde_json::Value {
        let stored = self.shelf.read(&key()).await.unwrap().stored.unwrap();
        serde_json::from_slice(stored.record()).unwrap()
    }

    pub(crate) async fn generation(&self) -> u64 {
        let stored = self.shelf.read(&key()).await.unwrap().stored;
        stored.map_or(0, |stored| stored.generation())
    }
}

#[async_trait]
impl TokenStore for Store {
    fn name(&self) -> &'static str {
        "shelf"
    }

    async fn read(&self, key: &StoreKey) -> Result<Snapshot> {
        self.check()?;
        let snapshot = self.done("read", self.shelf.read(key).await)?;
        let now = self.clock.now();
        Ok(Snapshot { now, ..snapshot })
    }

    async fn compare_and_set(&self, key: &StoreKey, expected: u64, new: &Stored) -> Result<bool> {
        self.check()?;
        let result = self.shelf.compare_and_set(key, expected, new).await;
        let what = match result {
            Ok(true) => "written",
            Ok(false) => "refused",
            Err(_) => "failed",
        };
        self.done(what, result)
    }

    async fn lease(&self, key: &StoreKey, holder: &str, span: Duration) -> Result<Lease> {
        self.check()?;
        self.done("lease", self.shelf.lease(key, holder, span).await)
    }

    async fn release(&self, key: &StoreKey, holder: &str) -> Result<()> {
        self.check()?;
        self.shelf.release(key, holder).await
    }
}

impl Platform {
    pub(crate) fn logins(&self) -> usize {
        self.0.logins.load(Ordering::SeqCst)
    }

    /// The refresh tokens handed in, `login` where there was none.
    pub(crate) fn handed(&self) -> Vec<String> {
        self.0.handed.lock().unwrap().clone()
    }

    /// The tokens that processes said were refused.
    pub(crate) fn refused(&self) -> Vec<String> {
        self.0.refused.lock().unwrap().clone()
    }

    pub(crate) fn queue(&self, answers: impl IntoIterator<Item = Answer>) {
        self.0.answers.lock().unwrap().extend(answers);
    }

    pub(crate) async fn arrived(&self, logins: usize) {
        while self.logins() < logins {
            self.0.arrived.notified().await;
        }
    }
}

#[async_trait]
impl TokenProvider for Platform {
    async fn token(&self) -> Result<Token> {
        self.renew(None).await
    }

    async fn renew(&self, last: Option<&Token>) -> Result<Token> {
        let number = self.0.logins.fetch_add(1, Ordering::SeqCst) + 1;
        let refresh = last.and_then(Token::refresh_token);
        let handed = refresh
            .map_or("login", |refresh| refresh.expose())
            .to_owned();
        self.0.handed.lock().unwrap().push(handed);
        self.0.arrived.notify_one();
        let answer = self.0.answers.lock().unwrap().pop_front();
        match answer {
            None => sleep(Duration::from_millis(50)).await,
            Some(Answer::Error(error)) => return Err(error),
            Some(Answer::Gated(gate)) => gate.notified().await,
            Some(Answer::Stopped(stop)) => stop.here(),
        }
        let token = Token::bearer(format!("token-{number}"), HOUR)?;
        Ok(token.with_refresh_token(format!("refresh-{number}")))
    }

    fn reject(&self, token: &Token) {
        self.0.refused.lock().unwrap().push(text(token));
    }
}

pub(crate) fn text(token: &Token) -> String {
    token.secret().expose().to_owned()
}

/// The text of the token that is ready, if one is.
pub(crate) fn ready(cached: &Cached) -> Option<String> {
    cached.cached().map(|token| text(&token))
}

/// What each process gets when all ask at once.
pub(crate) async fn all(processes: &[Cached]) -> Vec<Result<String>> {
    let mut asks = Vec::new();
    for process in processes {
        let process = process.clone();
        asks.push(tokio::spawn(async move {
            process.token().await.map(|token| text(&token))
        }));
    }
    let mut got = Vec::new();
    for ask in asks {
        got.push(ask.await.unwrap());
    }
    got
}

/// The same where nobody may fail.
pub(crate) async fn tokens(processes: &[Cached]) -> Vec<String> {
    all(processes)
        .await
        .into_iter()
        .map(Result::unwrap)
        .collect()
}

const TICK: Duration = Duration::from_millis(10);
