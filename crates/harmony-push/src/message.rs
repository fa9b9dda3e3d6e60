//! The messages of the v3 API: one type per push-type, so that header and payload cannot disagree.

mod background;
mod badge;
mod form_update;
mod in_app_call;
mod live_view;
mod live_view_rules;
mod mdm;
mod notification;
mod options;
mod voice;

use auth_core::Result;
use auth_core::wire::{Check, Place};
use serde::Serialize;

use crate::body::{self, Frame};
use crate::check::At;
use crate::model::{PushOptions, PushType};

pub use crate::message::background::Background;
pub use crate::message::badge::Badge;
pub use crate::message::form_update::FormUpdate;
pub use crate::message::in_app_call::InAppCall;
pub use crate::message::live_view::LiveView;
pub use crate::message::mdm::Mdm;
pub use crate::message::notification::Notification;
pub use crate::message::voice::Voice;

/// A message for devices with HarmonyOS 5 and later.
///
/// The types of this crate that can be sent implement it: [`Notification`], [`Badge`],
/// [`FormUpdate`], [`Voice`], [`Background`], [`LiveView`], [`InAppCall`] and [`Mdm`].
pub trait Message: Sealed {
    /// Checks the message by the platform's rules, as sending it does first. The error names the
    /// field.
    fn check(&self) -> Result<()> {
        self.prepare().map(drop)
    }

    /// The scenario of the message, which travels beside it in a header.
    fn push_type(&self) -> PushType {
        self.kind()
    }
}

/// What the sender needs to know of a message.
#[expect(
    unnameable_types,
    reason = "keeps `Message` to the types of this crate"
)]
pub trait Sealed: Sync {
    #[doc(hidden)]
    fn kind(&self) -> PushType;

    #[doc(hidden)]
    fn prepare(&self) -> Result<Draft>;
}

/// A message that was checked and written but for the tokens.
#[doc(hidden)]
#[expect(
    unnameable_types,
    reason = "belongs to a trait that nobody else implements"
)]
#[derive(Clone)]
pub struct Draft {
    pub(crate) push_type: PushType,
    pub(crate) frame: Frame,
    pub(crate) tokens: Tokens,
    /// Whether a device that gets the message twice drops the second.
    pub(crate) deduplicated: bool,
}

/// How many tokens a request may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tokens {
    /// As many as one request may have; longer lists are split.
    Split(usize),
    /// One, and no more: the message is about one device.
    One,
}

/// A message without its tokens, as the rules of the document see it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Content<'a, P> {
    payload: &'a P,
    push_options: &'a PushOptions,
}

impl<P: Check + Serialize> Check for Content<'_, P> {
    fn check_at(&self, at: &Place<'_>) -> Result<()> {
        at.inside("payload", self.payload)?;
        at.inside("pushOptions", self.push_options)
    }
}

impl Draft {
    /// Checks a message by the rules of the document, and writes it.
    fn new<P: Check + Serialize>(
        kind: PushType,
        payload: &P,
        options: &PushOptions,
    ) -> Result<Self> {
        Place::check_body(&Content {
            payload,
            push_options: options,
        })?;
        let is_collapsible = matches!(kind, PushType::Alert | PushType::Extension);
        At("pushOptions").must(
            is_collapsible || options.collapse_key.is_none(),
            "collapseKey",
            "is for notifications, badges and voice announcements",
        )?;
        let mut head = Vec::with_capacity(TYPICAL);
        head.extend_from_slice(br#"{"payload":"#);
        body::write(&mut head, payload)?;
        head.extend_from_slice(br#","target":{"token":["#);
        let mut tail = Vec::with_capacity(TYPICAL / 4);
        tail.extend_from_slice(b"]}");
        if *options != PushOptions::default() {
            tail.extend_from_slice(br#","pushOptions":"#);
            body::write(&mut tail, options)?;
        }
        tail.push(b'}');
        let is_test = options.test_message == Some(true);
        Ok(Self {
            push_type: kind,
            frame: Frame::limited(head, &tail, LARGEST)?,
            tokens: Tokens::Split(if is_test { TEST_TOKENS } else { MOST_TOKENS }),
            deduplicated: false,
        })
    }
}

/// Most tokens in one request.
pub(crate) const MOST_TOKENS: usize = 1000;
/// Most tokens in one request with a test message.
const TEST_TOKENS: usize = 10;
/// Largest body without the tokens, in bytes. How the platform counts is not documented; this
/// counts the whole JSON with an empty list of tokens, the most there can be.
pub(crate) const LARGEST: usize = 4096;
/// Room for the body of an ordinary message, in bytes.
const TYPICAL: usize = 1024;
