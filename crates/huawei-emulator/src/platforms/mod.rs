//! The platforms: what each does beyond its document.
//!
//! A platform is one module with a state that implements [`Platform`], and one line in
//! [`Platforms`]. What it does not say for itself comes from its document: see [`generic`], and
//! [`answer`] for the operations that are not in its `BEHAVES`.

mod generic;
pub mod harmony_push;
pub mod huawei_oauth;
pub mod iot_na;
mod jws;
pub mod oneaccess_sdk;
pub(crate) mod security;
#[cfg(test)]
mod tests;
pub mod welink_oauth;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use bytes::Bytes;
use http::{HeaderMap, Method};
use serde_json::Value;

use crate::answer::{Answer, Refusal};
use crate::callback::{Callback, SentCallback};
use crate::consent::Consent;
use crate::control::{Refused, not_found};
use crate::document::Document;
use crate::document::operation::Operation;
use crate::synth;
use crate::validate::{Content, Part, Parts, Violation, parameter_value};

/// One request to an operation, as a platform sees it.
pub(crate) struct Call<'a> {
    pub document: &'static Document,
    pub operation: &'static Operation,
    /// The method of the request: the operation's, or POST for the form of a page.
    pub method: &'a Method,
    pub path: &'a [(String, String)],
    pub query: &'a [(String, String)],
    pub headers: &'a HeaderMap,
    /// The bytes of the body.
    pub raw: &'a Bytes,
    /// The body decoded; empty while the caller is being authenticated.
    pub content: &'a Content,
    pub now: SystemTime,
    pub request_id: &'a str,
    /// Who decides about sign-ins, unless the address itself says.
    pub consent: &'a Consent,
    /// The address that the caller used, up to the path of the operation.
    pub base: &'a str,
}

impl<'a> Call<'a> {
    /// A parameter of the path.
    pub(crate) fn path(&self, name: &str) -> &'a str {
        let found = self.path.iter().find(|(key, _)| key == name);
        found.map_or("", |(_, value)| value)
    }

    /// A parameter of the query.
    pub(crate) fn query(&self, name: &str) -> Option<&'a str> {
        let found = self.query.iter().rev().find(|(key, _)| key == name);
        found.map(|(_, value)| &**value)
    }

    /// A header.
    pub(crate) fn header(&self, name: &str) -> Option<&'a str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// A declared parameter, in the type of its schema.
    pub(crate) fn parameter(&self, name: &str) -> Option<Value> {
        parameter_value(&self.parts(), name)
    }

    /// The body as JSON.
    pub(crate) fn body(&self) -> &'a Value {
        self.content.body()
    }

    /// The parts that the validator looks at.
    pub(crate) fn parts(&self) -> Parts<'a> {
        Parts {
            document: self.document,
            operation: self.operation,
            path: self.path,
            query: self.query,
            headers: self.headers,
        }
    }
}

/// A request to a platform's own part of the control API.
pub(crate) struct ControlCall<'a> {
    pub method: &'a Method,
    /// The segments of the path below the platform's name.
    pub path: &'a [&'a str],
    pub query: &'a [(String, String)],
    pub body: &'a Bytes,
    pub now: SystemTime,
}

impl ControlCall<'_> {
    /// A parameter of the query.
    pub(crate) fn query(&self, name: &str) -> Option<&str> {
        let found = self.query.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| &**value)
    }
}

/// What a platform does beyond its document.
pub(crate) trait Platform: Send {
    /// The ids of the operations that [`answer`](Self::answer) has behaviour for, sorted.
    fn behaves(&self) -> &'static [&'static str];

    /// Checks who is calling, before the body is read.
    fn authenticate(&mut self, call: &Call<'_>) -> Result<(), Refusal> {
        security::credentials_present(call)
    }

    /// Chooses the code for a request that broke rules of the document.
    fn refuse(&self, call: &Call<'_>, violations: &[Violation]) -> Refusal {
        generic::refuse(call, violations)
    }

    /// Whether a request that several documents have an operation for is meant for this platform.
    fn claims(&self, _call: &Call<'_>) -> bool {
        false
    }

    /// Whether an operation takes its query parameters in the form of its body, too.
    fn takes_form(&self, _operation: &Operation) -> bool {
        false
    }

    /// Answers a request that kept to the document, to an operation that behaves. Any other ends
    /// in [`Refusal::no_behaviour`]: [`answer`] does not let it come this far.
    fn answer(&mut self, call: &Call<'_>) -> Result<Answer, Refusal>;

    /// Takes the calls that the platform wants to make since it was last asked.
    fn take_callbacks(&mut self) -> Vec<Callback> {
        Vec::new()
    }

    /// Hears what became of a call that it wanted to make.
    fn called(&mut self, _sent: &SentCallback, _now: SystemTime) {}

    /// Its part of the page for a person with a browser, as HTML; nothing while there is nothing
    /// to show.
    fn page(&self) -> Option<String> {
        None
    }

    /// Answers a request to the control API below the platform's name.
    fn control(&mut self, _call: &ControlCall<'_>) -> Result<Answer, Refused> {
        Err(not_found())
    }
}

/// Answers a request that kept to the document: by the behaviour of the platform where the
/// operation has one, else with the smallest success that the document allows.
pub(crate) fn answer(platform: &mut dyn Platform, call: &Call<'_>) -> Result<Answer, Refusal> {
    if platform.behaves().contains(&&*call.operation.id) {
        platform.answer(call)
    } else {
        Ok(synth::success(call))
    }
}

/// The ids of the operations of a platform that the emulator has behaviour for, sorted; the others
/// are checked and answered with an example. Empty when there is no such platform.
///
/// ```
/// assert!(huawei_emulator::behaves("harmony-push").contains(&"send_message"));
/// ```
pub fn behaves(platform: &str) -> &'static [&'static str] {
    match platform {
        "harmony-push" => harmony_push::BEHAVES,
        "huawei-oauth" => huawei_oauth::BEHAVES,
        "iot-na" => iot_na::BEHAVES,
        "oneaccess-sdk" => oneaccess_sdk::BEHAVES,
        "welink-oauth" => welink_oauth::BEHAVES,
        _ => &[],
    }
}

/// What the platforms begin with in a fresh space.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seeds {
    pub harmony_push: harmony_push::Seed,
    pub huawei_oauth: huawei_oauth::Seed,
}

/// The platforms of one space.
pub(crate) struct Platforms {
    seeds: Arc<Seeds>,
    pub harmony_push: Mutex<harmony_push::State>,
    pub huawei_oauth: Mutex<huawei_oauth::State>,
    pub iot_na: Mutex<iot_na::State>,
    pub oneaccess_sdk: Mutex<oneaccess_sdk::State>,
    pub welink_oauth: Mutex<welink_oauth::State>,
}

impl Platforms {
    /// All platforms as a fresh space has them.
    pub(crate) fn new(seeds: Arc<Seeds>) -> Self {
        Self {
            harmony_push: Mutex::new(harmony_push::State::new(seeds.harmony_push.clone())),
            huawei_oauth: Mutex::new(huawei_oauth::State::new(seeds.huawei_oauth.clone())),
            iot_na: Mutex::default(),
            oneaccess_sdk: Mutex::default(),
            welink_oauth: Mutex::default(),
            seeds,
        }
    }

    /// Makes all of them fresh again.
    pub(crate) fn reset(&self) {
        let fresh = Self::new(Arc::clone(&self.seeds));
        replace(&self.harmony_push, fresh.harmony_push);
        replace(&self.huawei_oauth, fresh.huawei_oauth);
        replace(&self.iot_na, fresh.iot_na);
        replace(&self.oneaccess_sdk, fresh.oneaccess_sdk);
        replace(&self.welink_oauth, fresh.welink_oauth);
    }

    /// The platform of a document.
    pub(crate) fn of(&self, document: &str) -> Option<&Mutex<dyn Platform>> {
        match document {
            "harmony-push" => Some(&self.harmony_push),
            "huawei-oauth" => Some(&self.huawei_oauth),
            "iot-na" => Some(&self.iot_na),
            "oneaccess-sdk" => Some(&self.oneaccess_sdk),
            "welink-oauth" => Some(&self.welink_oauth),
            _ => None,
        }
    }
}

fn replace<T>(state: &Mutex<T>, fresh: Mutex<T>) {
    *lock(state) = fresh.into_inner().unwrap_or_else(PoisonError::into_inner);
}

/// Locks a state. One left behind by a panic is still a state: the panic was reported where it
/// happened.
pub(crate) fn lock<T: ?Sized>(state: &Mutex<T>) -> MutexGuard<'_, T> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The first violation in a part of the request, or anywhere.
pub(crate) fn first_in(violations: &[Violation], part: Part) -> Option<&Violation> {
    violations.iter().find(|violation| violation.part == part)
}
