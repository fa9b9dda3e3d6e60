//! Sending to lists and streams of tokens of any length.

use std::time::Duration;

use auth_core::{Error, Result};
use futures_core::Stream;

use crate::Client;
use crate::answer::Codes;
use crate::generated::hms_messages::{SEND_HMS_MESSAGE, SEND_HMS_MESSAGE_BY_PROJECT};
use crate::generated::messages::{REVOKE_MESSAGE, SEND_MESSAGE};
use crate::hms;
use crate::list::TokenList;
use crate::message::{Draft, MOST_TOKENS, Message, Tokens};
use crate::model::SendHmsMessage;
use crate::outcome::Outcome;
use crate::outcomes::Outcomes;
use crate::plan::{Campaign, Plan};
use crate::revoke::Revocation;
use crate::stream::OutcomeStream;

/// # Sending
impl Client {
    /// Sends a message to any number of tokens and returns what became of each.
    ///
    /// The list is split into requests of 1000 tokens, which share one connection pool and one
    /// pace. A token that stands in the list twice is sent once. Fails only on a message that
    /// breaks a rule, before anything is sent; everything else is an
    /// [`Outcome`](crate::Outcome).
    ///
    /// Dropping the future drops the requests that are under way, and with them their outcomes.
    pub async fn send<'a, T: AsRef<str>>(
        &self,
        message: &(impl Message + ?Sized),
        tokens: &'a [T],
    ) -> Result<Outcomes<'a, T>> {
        self.sender().send(message, tokens).await
    }

    /// Sends a message to a list of tokens that was looked through before and returns what became of
    /// each, as [`send`](Self::send) does.
    pub async fn send_list<'a, T>(
        &self,
        message: &(impl Message + ?Sized),
        list: &TokenList<'a, T>,
    ) -> Result<Outcomes<'a, T>> {
        self.sender().send_list(message, list).await
    }

    /// Sends a message to one token and returns what became of it.
    pub async fn send_one(
        &self,
        message: &(impl Message + ?Sized),
        token: impl AsRef<str>,
    ) -> Result<Outcome> {
        let token = [token.as_ref()];
        let outcomes = self.send(message, &token).await?;
        Ok(outcomes.at(0).clone())
    }

    /// Sends a message to a stream of tokens and yields what became of each, in the order of the
    /// stream: its position, from 0, with the outcome.
    ///
    /// However long the stream is, memory stays bounded: only the tokens under way and the last
    /// 100,000 different ones are kept, the latter to find duplicates.
    pub fn send_stream<'a, T: AsRef<str> + Send + 'a>(
        &self,
        message: &(impl Message + ?Sized),
        tokens: impl Stream<Item = T> + Send + 'a,
    ) -> Result<OutcomeStream<'a>> {
        self.sender().send_stream(message, tokens)
    }

    /// Sends an HMS message to any number of tokens and returns what became of each.
    ///
    /// It goes over v1 as the app set with [`ClientBuilder::hms`](crate::ClientBuilder::hms);
    /// without one over v2 as the project of the service account. Leave the receivers of the
    /// message itself out; for a topic or a condition there is
    /// [`send_hms_topic`](Self::send_hms_topic).
    pub async fn send_hms<'a, T: AsRef<str>>(
        &self,
        message: &SendHmsMessage,
        tokens: &'a [T],
    ) -> Result<Outcomes<'a, T>> {
        self.sender().send_hms(message, tokens).await
    }

    /// Sends an HMS message to a list of tokens that was looked through before and returns what
    /// became of each, as [`send_hms`](Self::send_hms) does.
    pub async fn send_hms_list<'a, T>(
        &self,
        message: &SendHmsMessage,
        list: &TokenList<'a, T>,
    ) -> Result<Outcomes<'a, T>> {
        self.sender().send_hms_list(message, list).await
    }

    /// Sends an HMS message to one token and returns what became of it.
    pub async fn send_hms_one(
        &self,
        message: &SendHmsMessage,
        token: impl AsRef<str>,
    ) -> Result<Outcome> {
        let token = [token.as_ref()];
        let outcomes = self.send_hms(message, &token).await?;
        Ok(outcomes.at(0).clone())
    }

    /// Sends an HMS message to a stream of tokens, as [`send_stream`](Self::send_stream) does with
    /// others.
    pub fn send_hms_stream<'a, T: AsRef<str> + Send + 'a>(
        &self,
        message: &SendHmsMessage,
        tokens: impl Stream<Item = T> + Send + 'a,
    ) -> Result<OutcomeStream<'a>> {
        self.sender().send_hms_stream(message, tokens)
    }

    /// Takes a notification back on any number of devices and returns what became of each.
    pub async fn revoke<'a, T: AsRef<str>>(
        &self,
        revocation: &Revocation,
        tokens: &'a [T],
    ) -> Result<Outcomes<'a, T>> {
        let plan = Plan {
            operation: &REVOKE_MESSAGE,
            address: ("clientId", revocation.client_id.clone()),
            push_type: Some(revocation.push_type.number()),
            content_type: JSON,
            frame: revocation.frame()?,
            codes: REVOKED,
            size: MOST_TOKENS,
            repeats: true,
        };
        let campaign = Campaign::new(self, Settings::default(), plan);
        Ok(campaign.list(tokens).await)
    }

    /// Starts a sender with settings of its own: concurrency, patience, repeats.
    pub fn sender(&self) -> Sender {
        Sender {
            client: self.clone(),
            settings: Settings::default(),
        }
    }

    fn plan(&self, draft: Draft) -> Result<Plan> {
        let size = match draft.tokens {
            Tokens::Split(size) => size,
            Tokens::One => 1,
        };
        Ok(Plan {
            operation: &SEND_MESSAGE,
            address: ("projectId", self.project_id()?.to_owned()),
            push_type: Some(draft.push_type.number()),
            content_type: JSON,
            frame: draft.frame,
            codes: SENT,
            size,
            repeats: draft.deduplicated,
        })
    }

    #[inline]
    fn hms_plan(&self, message: &SendHmsMessage) -> Result<Plan> {
        let frame = hms::prepare(message)?;
        let (operation, address) = match self.hms_client_id() {
            Ok(id) => (&SEND_HMS_MESSAGE, ("clientId", id)),
            Err(no_app) => {
                let id = self.project_id().map_err(|_| no_app)?;
                (&SEND_HMS_MESSAGE_BY_PROJECT, ("projectId", id))
            }
        };
        Ok(Plan {
            operation,
            address: (address.0, address.1.to_owned()),
            push_type: None,
            content_type: JSON,
            frame,
            codes: SENT,
            size: MOST_TOKENS,
            repeats: false,
        })
    }
}

/// Sends messages to lists and streams of tokens, with settings of its own.
///
/// [`Client::sender`] makes one; [`Client::send`] and its siblings are the same with the defaults.
/// However many senders there are, one client keeps one pace: when the platform answers that it is
/// too much, all of them slow down.
#[derive(Clone, Debug)]
#[must_use = "a sender does nothing by itself"]
pub struct Sender {
    client: Client,
    settings: Settings,
}

/// The settings of a [`Sender`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    pub(crate) concurrency: usize,
    pub(crate) patience: Option<Duration>,
    pub(crate) repeats: bool,
    pub(crate) window: usize,
    pub(crate) linger: Duration,
}

impl Sender {
    /// Sets how many requests are in flight at most, while the platform accepts the pace; 8 when
    /// not set, 1024 at most.
    pub fn concurrency(mut self, requests: usize) -> Self {
        self.settings.concurrency = requests.clamp(1, MOST_REQUESTS);
        self
    }

    /// Sets how long a request may wait while the platform accepts none at all because of the pace, or
    /// gives no access token, before its tokens are reported as not sent. When not set: one minute;
    /// where one request takes all tokens, the timeout of a call, and no wait for a token.
    pub fn patience(mut self, patience: Duration) -> Self {
        self.settings.patience = Some(patience);
        self
    }

    /// Repeats a request whose answer was lost: better twice than never.
    ///
    /// Without this only messages whose repeats the device drops are repeated: notifications with
    /// an [`app_message_id`](crate::Notification::app_message_id).
    pub fn repeat_unknown(mut self) -> Self {
        self.settings.repeats = true;
        self
    }

    /// Sets among how many different tokens a stream is searched for duplicates: the last 100,000
    /// when not set.
    pub fn window(mut self, tokens: usize) -> Self {
        self.settings.window = tokens;
        self
    }

    /// Sets how long a stream that pauses may hold back the tokens it gave so far; one second when
    /// not set.
    pub fn linger(mut self, linger: Duration) -> Self {
        self.settings.linger = linger;
        self
    }

    /// Sends a message to any number of tokens, as [`Client::send`] does.
    pub async fn send<'a, T: AsRef<str>>(
        &self,
        message: &(impl Message + ?Sized),
        tokens: &'a [T],
    ) -> Result<Outcomes<'a, T>> {
        Ok(self.to(tokens.len(), message)?.list(tokens).await)
    }

    /// Sends a message to a list of tokens that was looked through before, as
    /// [`Client::send_list`] does.
    pub async fn send_list<'a, T>(
        &self,
        message: &(impl Message + ?Sized),
        list: &TokenList<'a, T>,
    ) -> Result<Outcomes<'a, T>> {
        Ok(self.to(list.len(), message)?.prepared(list).await)
    }

    /// Sends a message to a stream of tokens, as [`Client::send_stream`] does.
    pub fn send_stream<'a, T: AsRef<str> + Send + 'a>(
        &self,
        message: &(impl Message + ?Sized),
        tokens: impl Stream<Item = T> + Send + 'a,
    ) -> Result<OutcomeStream<'a>> {
        let draft = message.prepare()?;
        if draft.tokens == Tokens::One {
            return Err(Error::config(
                "`target.token` is a stream; a widget is refreshed on one device",
            ));
        }
        let plan = self.client.plan(draft)?;
        Ok(self.campaign(plan).stream(tokens))
    }

    /// Sends an HMS message to any number of tokens, as [`Client::send_hms`] does.
    pub async fn send_hms<'a, T: AsRef<str>>(
        &self,
        message: &SendHmsMessage,
        tokens: &'a [T],
    ) -> Result<Outcomes<'a, T>> {
        let plan = self.client.hms_plan(message)?;
        Ok(self.campaign(plan).list(tokens).await)
    }

    /// Sends an HMS message to a list of tokens that was looked through before, as
    /// [`Client::send_hms_list`] does.
    pub async fn send_hms_list<'a, T>(
        &self,
        message: &SendHmsMessage,
        list: &TokenList<'a, T>,
    ) -> Result<Outcomes<'a, T>> {
        let plan = self.client.hms_plan(message)?;
        Ok(self.campaign(plan).prepared(list).await)
    }

    /// Sends an HMS message to a stream of tokens, as [`Client::send_hms_stream`] does.
    pub fn send_hms_stream<'a, T: AsRef<str> + Send + 'a>(
        &self,
        message: &SendHmsMessage,
        tokens: impl Stream<Item = T> + Send + 'a,
    ) -> Result<OutcomeStream<'a>> {
        let plan = self.client.hms_plan(message)?;
        Ok(self.campaign(plan).stream(tokens))
    }

    /// Prepares a message for so many tokens.
    fn to(&self, count: usize, message: &(impl Message + ?Sized)) -> Result<Campaign> {
        let draft = message.prepare()?;
        if draft.tokens == Tokens::One && count > 1 {
            return Err(Error::config(format!(
                "`target.token` has {count} tokens; a widget is refreshed on one device"
            )));
        }
        Ok(self.campaign(self.client.plan(draft)?))
    }

    fn campaign(&self, plan: Plan) -> Campaign {
        Campaign::new(&self.client, self.settings, plan)
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            concurrency: 8,
            patience: None,
            repeats: false,
            window: 100_000,
            linger: Duration::from_secs(1),
        }
    }
}

/// The codes of a send that say something about tokens.
const SENT: Codes = Codes {
    all: "80000000",
    some: "80100000",
    none: "80300007",
};
/// The codes of a revocation that say something about tokens.
const REVOKED: Codes = Codes {
    some: "80100020",
    ..SENT
};
/// The media type of every request.
const JSON: &str = "application/json";
/// The most requests in flight of one send.
const MOST_REQUESTS: usize = 1024;
