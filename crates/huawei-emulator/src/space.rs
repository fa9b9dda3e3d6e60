//! Spaces: emulators inside the emulator, each with a state of its own.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::callback::{self, Callback, SentCallbacks};
use crate::clock::Clock;
use crate::consent::Consent;
use crate::fault::Faults;
use crate::limits::Windows;
use crate::log::Log;
use crate::platforms::{Platforms, Seeds, lock};
use crate::recorder::Recorder;

/// The state of one space.
pub(crate) struct SpaceState {
    /// Its id; the default space has none.
    pub id: Option<String>,
    pub clock: Clock,
    pub faults: Mutex<Faults>,
    pub log: Mutex<Log>,
    pub windows: Mutex<Windows>,
    pub flow: Mutex<Option<FlowControl>>,
    /// Who decides about sign-ins.
    pub consent: Mutex<Consent>,
    pub callbacks: Mutex<SentCallbacks>,
    pub platforms: Platforms,
    pub recorder: Option<Arc<Recorder>>,
}

/// A rate above which requests are answered with 503.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FlowControl {
    /// Requests in a window.
    pub requests: u64,
    /// The length of the window.
    pub window_ms: i64,
}

impl FlowControl {
    /// So many requests in a window of this length.
    pub(crate) fn new(requests: u64, window: Duration) -> Self {
        let window_ms = i64::try_from(window.as_millis()).unwrap_or(i64::MAX);
        Self {
            requests,
            window_ms: window_ms.max(1),
        }
    }
}

impl SpaceState {
    fn new(id: Option<String>, shared: &Shared) -> Self {
        Self {
            id,
            clock: Clock::default(),
            faults: Mutex::default(),
            log: Mutex::new(Log::new(LOG_ENTRIES)),
            windows: Mutex::default(),
            flow: Mutex::default(),
            consent: Mutex::default(),
            callbacks: Mutex::default(),
            platforms: Platforms::new(Arc::clone(&shared.seeds)),
            recorder: shared.recorder.clone(),
        }
    }

    /// Makes the calls that a platform wants to make, tells it what became of each, and makes
    /// those that it wants to make then.
    pub(crate) fn send_callbacks(self: &Arc<Self>, platform: &'static str, calls: Vec<Callback>) {
        for call in calls {
            let space = Arc::clone(self);
            tokio::spawn(async move {
                let sent = callback::deliver(call).await;
                if let Some(recorder) = &space.recorder {
                    recorder.record_callback(&sent);
                }
                let next = space.platforms.of(platform).map(|platform| {
                    let mut platform = lock(platform);
                    platform.called(&sent, space.clock.now());
                    platform.take_callbacks()
                });
                lock(&space.callbacks).add(sent);
                space.send_callbacks(platform, next.unwrap_or_default());
            });
        }
    }

    /// Makes it as it was when it was new.
    pub(crate) fn reset(&self) {
        self.clock.set_offset_ms(0);
        lock(&self.faults).clear();
        *lock(&self.log) = Log::new(LOG_ENTRIES);
        *lock(&self.windows) = Windows::default();
        *lock(&self.flow) = None;
        *lock(&self.consent) = Consent::default();
        *lock(&self.callbacks) = SentCallbacks::default();
        self.platforms.reset();
    }
}

/// All spaces of an emulator.
pub(crate) struct Spaces {
    default: Arc<SpaceState>,
    named: Mutex<Named>,
    shared: Shared,
}

/// What all spaces of an emulator share.
#[derive(Clone, Default)]
pub(crate) struct Shared {
    pub recorder: Option<Arc<Recorder>>,
    /// What a fresh space begins with.
    pub seeds: Arc<Seeds>,
}

#[derive(Default)]
struct Named {
    spaces: HashMap<String, (u64, Arc<SpaceState>)>,
    uses: u64,
}

impl Spaces {
    pub(crate) fn new(shared: Shared) -> Self {
        Self {
            default: Arc::new(SpaceState::new(None, &shared)),
            named: Mutex::default(),
            shared,
        }
    }

    /// The space without a name.
    pub(crate) fn default_space(&self) -> Arc<SpaceState> {
        Arc::clone(&self.default)
    }

    /// The space of this name, made when it is first asked for. The one that was not used for
    /// longest makes room above the bound.
    pub(crate) fn named(&self, id: &str) -> Arc<SpaceState> {
        let mut named = lock(&self.named);
        named.uses += 1;
        let now = named.uses;
        if let Some((used, space)) = named.spaces.get_mut(id) {
            *used = now;
            return Arc::clone(space);
        }
        if named.spaces.len() >= MOST_SPACES {
            let oldest = named.spaces.iter().min_by_key(|(_, (used, _))| *used);
            if let Some(oldest) = oldest.map(|(id, _)| id.clone()) {
                named.spaces.remove(&oldest);
            }
        }
        let space = Arc::new(SpaceState::new(Some(id.to_owned()), &self.shared));
        named
            .spaces
            .insert(id.to_owned(), (now, Arc::clone(&space)));
        space
    }

    /// Forgets a space.
    pub(crate) fn remove(&self, id: &str) {
        lock(&self.named).spaces.remove(id);
    }
}

/// How many requests a space remembers.
const LOG_ENTRIES: usize = 500;

/// How many spaces there are at a time.
const MOST_SPACES: usize = 1000;
