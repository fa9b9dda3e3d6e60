//! The emulator as a value: start, stop, and a typed handle to what its control API offers.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::ops::Deref;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime};

use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::callback::SentCallback;
use crate::consent::Consent;
use crate::document::Document;
use crate::fault::Fault;
use crate::harmony_push::HarmonyPush;
use crate::huawei_oauth::HuaweiOauth;
use crate::init;
use crate::iot_na::IotNa;
use crate::log::Entry;
use crate::oneaccess_sdk::OneAccess;
use crate::platforms::{Seeds, lock};
use crate::recorder::Recorder;
use crate::server;
use crate::space::{FlowControl, Shared, SpaceState, Spaces};
use crate::welink_oauth::WelinkOauth;

/// A running emulator. It stops when it is dropped.
///
/// It is also its own default [`Space`]: everything a space offers can be called on it.
pub struct Emulator {
    space: Space,
    spaces: Arc<Spaces>,
    address: SocketAddr,
    /// Dropped to stop the server.
    stop: Option<watch::Sender<()>>,
    serving: Option<tokio::task::JoinHandle<()>>,
    thread: Option<JoinHandle<()>>,
}

/// How an emulator is started.
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until it is started"]
pub struct EmulatorBuilder {
    address: SocketAddr,
    record: Option<PathBuf>,
    state: Option<PathBuf>,
}

impl Default for EmulatorBuilder {
    fn default() -> Self {
        Self {
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            record: None,
            state: None,
        }
    }
}

impl EmulatorBuilder {
    /// Listens here, instead of on a free port of the loopback address.
    pub fn listen(mut self, address: SocketAddr) -> Self {
        self.address = address;
        self
    }

    /// Writes every exchange as a sample file below this directory.
    pub fn record(mut self, folder: impl Into<PathBuf>) -> Self {
        self.record = Some(folder.into());
        self
    }

    /// Makes fresh spaces as the files in this directory say, which [`init`](crate::init()) writes.
    /// The start fails if there is no such directory.
    pub fn state(mut self, folder: impl Into<PathBuf>) -> Self {
        self.state = Some(folder.into());
        self
    }

    /// Starts it on the runtime of the caller, whose clock, paused or not, its delays follow.
    pub async fn start(self) -> io::Result<Emulator> {
        let listener = TcpListener::bind(self.address).await?;
        let (mut emulator, serving) = self.prepare(listener)?;
        emulator.serving = Some(tokio::spawn(serving));
        Ok(emulator)
    }

    /// Starts it on a thread of its own, for programs and tests that share one emulator among
    /// runtimes.
    pub fn start_thread(self) -> io::Result<Emulator> {
        let listener = std::net::TcpListener::bind(self.address)?;
        listener.set_nonblocking(true)?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let listener = {
            let _inside = runtime.enter();
            TcpListener::from_std(listener)?
        };
        let (mut emulator, serving) = self.prepare(listener)?;
        let thread = std::thread::Builder::new().name("huawei-emulator".to_owned());
        emulator.thread = Some(thread.spawn(move || runtime.block_on(serving))?);
        Ok(emulator)
    }

    fn prepare(
        self,
        listener: TcpListener,
    ) -> io::Result<(Emulator, impl Future<Output = ()> + Send + 'static)> {
        let address = listener.local_addr()?;
        let shared = Shared {
            recorder: self.record.map(|folder| Arc::new(Recorder::new(folder))),
            seeds: Arc::new(match &self.state {
                Some(folder) if !folder.is_dir() => {
                    let folder = folder.display();
                    let text = format!("{folder} is no directory; `init` makes one");
                    return Err(io::Error::new(io::ErrorKind::NotFound, text));
                }
                Some(folder) => init::read(folder)?,
                None => Seeds::default(),
            }),
        };
        let spaces = Arc::new(Spaces::new(shared));
        let (stop, stopped) = watch::channel(());
        let emulator = Emulator {
            space: Space {
                state: spaces.default_space(),
                root: format!("http://{address}"),
            },
            spaces: Arc::clone(&spaces),
            address,
            stop: Some(stop),
            serving: None,
            thread: None,
        };
        Ok((emulator, server::run(listener, spaces, stopped)))
    }
}

impl Emulator {
    /// Starts one on a free port of the loopback address, on the runtime of the caller.
    pub async fn start() -> io::Result<Self> {
        Self::builder().start().await
    }

    /// Starts one on a free port of the loopback address, on a thread of its own.
    pub fn start_thread() -> io::Result<Self> {
        Self::builder().start_thread()
    }

    /// Sets where it listens and what it records before it starts.
    pub fn builder() -> EmulatorBuilder {
        EmulatorBuilder::default()
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// A space of its own: another state, clock, log and set of faults behind the same port. It is
    /// made when it is first asked for, here or over HTTP.
    pub fn space(&self, id: &str) -> Space {
        Space {
            state: self.spaces.named(id),
            root: format!("http://{}/_space/{id}", self.address),
        }
    }

    /// Stops it, and waits until open connections have had their answers.
    pub async fn stop(mut self) {
        self.stop = None;
        if let Some(serving) = self.serving.take() {
            let _ = serving.await;
        }
        if let Some(thread) = self.thread.take() {
            let _ = tokio::task::spawn_blocking(move || thread.join()).await;
        }
    }
}

impl Deref for Emulator {
    type Target = Space;

    fn deref(&self) -> &Space {
        &self.space
    }
}

impl std::fmt::Debug for Emulator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let address = &self.address;
        f.debug_struct("Emulator")
            .field("address", address)
            .finish_non_exhaustive()
    }
}

/// One space of an emulator: all platforms, with a state that no other space sees.
#[derive(Clone)]
pub struct Space {
    state: Arc<SpaceState>,
    root: String,
}

impl Space {
    /// The base address for a client of any platform. A path that two platforms share, like
    /// `/oauth2/v3/token`, is answered by the platform that knows the client id; use
    /// [`url`](Self::url) to leave no doubt.
    pub fn base_url(&self) -> &str {
        &self.root
    }

    /// The base address for a client of one platform: `harmony-push`, `huawei-oauth`,
    /// `welink-oauth`, `oneaccess-sdk` or `iot-na`. It serves every server role of that platform.
    ///
    /// # Panics
    ///
    /// If there is no such platform.
    pub fn url(&self, platform: &str) -> String {
        let known = Document::NAMES.contains(&platform);
        assert!(
            known,
            "no platform {platform}, there are {:?}",
            Document::NAMES
        );
        format!("{}/{platform}", self.root)
    }

    /// What only Push Kit has: service accounts, clients, devices, receipts.
    pub fn harmony_push(&self) -> HarmonyPush {
        HarmonyPush::new(Arc::clone(&self.state))
    }

    /// What only HUAWEI ID has: users, apps, codes of devices, account events.
    pub fn huawei_oauth(&self) -> HuaweiOauth {
        HuaweiOauth::new(Arc::clone(&self.state))
    }

    /// What only the IoT platform has: applications, devices, commands.
    pub fn iot_na(&self) -> IotNa {
        IotNa::new(Arc::clone(&self.state))
    }

    /// What only OneAccess has: applications, people, codes, events.
    pub fn oneaccess_sdk(&self) -> OneAccess {
        OneAccess::new(Arc::clone(&self.state))
    }

    /// What only WeLink has: apps, tenants, codes of the client, inboxes, events.
    pub fn welink_oauth(&self) -> WelinkOauth {
        WelinkOauth::new(Arc::clone(&self.state))
    }

    /// Makes the next fitting request go wrong.
    pub fn fail_next(&self, fault: Fault) {
        lock(&self.state.faults).add(fault);
    }

    /// The faults that have not happened yet.
    pub fn faults(&self) -> Vec<Fault> {
        lock(&self.state.faults).list().cloned().collect()
    }

    /// Forgets the faults that have not happened yet.
    pub fn clear_faults(&self) {
        lock(&self.state.faults).clear();
    }

    /// Answers 503 to all requests above this many in a window of time, until told otherwise.
    pub fn flow_control(&self, requests: u64, window: Duration) {
        *lock(&self.state.flow) = Some(FlowControl::new(requests, window));
    }

    /// Ends flow control.
    pub fn clear_flow_control(&self) {
        *lock(&self.state.flow) = None;
    }

    /// Sets who decides about sign-ins: the person in front of the consent page, which is the rule,
    /// or this. The parameters `emulator_consent` (`accept`, `refuse`, `ask`) and `emulator_user` of
    /// an authorize address count for more.
    pub fn set_consent(&self, consent: Consent) {
        *lock(&self.state.consent) = consent;
    }

    /// The time as this space sees it.
    pub fn now(&self) -> SystemTime {
        self.state.clock.now()
    }

    /// Sets how far the clock stands from the machine's, in milliseconds: it shows in the `Date`
    /// header, in the life of tokens and in what is checked of signed times.
    pub fn set_clock_offset_ms(&self, offset: i64) {
        self.state.clock.set_offset_ms(offset);
    }

    /// Moves the clock on.
    pub fn advance_clock(&self, step: Duration) {
        let step = i64::try_from(step.as_millis()).unwrap_or(i64::MAX);
        self.state.clock.advance_ms(step);
    }

    /// The newest requests, the oldest first.
    pub fn log(&self) -> Vec<Arc<Entry>> {
        lock(&self.state.log).entries()
    }

    /// How many requests there were since the last reset, those included that the log has
    /// forgotten.
    pub fn request_count(&self) -> u64 {
        lock(&self.state.log).count()
    }

    /// The calls made to addresses of the user, and what was answered.
    pub fn sent_callbacks(&self) -> Vec<Arc<SentCallback>> {
        lock(&self.state.callbacks).list()
    }

    /// Makes the space as it was when it was new.
    pub fn reset(&self) {
        self.state.reset();
    }
}

impl std::fmt::Debug for Space {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Space")
            .field("base_url", &self.root)
            .finish_non_exhaustive()
    }
}
