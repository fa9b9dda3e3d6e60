//! Messages of the HMS API (v1 and v2), for Android and HarmonyOS 2 to 4.

mod rules;

use auth_core::{Error, Result};

use crate::Client;
use crate::body::{self, Frame};
use crate::message::LARGEST;
use crate::model::{
    HmsAndroidConfig, HmsAndroidNotification, HmsClickAction, HmsClickActionType, HmsMessage,
    HmsPushAnswer, HmsQuickAppData, HmsTopicChange, SendHmsMessage,
};

/// # HMS topics
impl Client {
    /// Sends an HMS message to the topic or the condition that it names, over v1 or v2 as
    /// [`send_hms`](Self::send_hms) does. At most 100 such messages at a time for the app.
    pub async fn send_hms_topic(&self, message: &SendHmsMessage) -> Result<HmsPushAnswer> {
        if message.message.token.is_some() {
            return Err(Error::config(
                "`message.token` must be left out: tokens are for `Client::send_hms`",
            ));
        }
        rules::check(&message.message)?;
        match self.hms_client_id() {
            Ok(id) => self.send_hms_message(id, message).await,
            Err(no_app) => {
                let id = self.project_id().map_err(|_| no_app)?;
                self.send_hms_message_by_project(id, message).await
            }
        }
    }
}

impl HmsTopicChange {
    /// The tokens that were refused, by their places in the list, each with the reason. The call
    /// succeeds if a single token is taken: look here before relying on the others.
    pub fn refused(&self) -> impl Iterator<Item = (usize, &str)> {
        let errors = self.errors.iter().flatten();
        errors.filter_map(|error| {
            let place = usize::try_from(error.index?).ok()?;
            Some((place, error.reason.as_deref().unwrap_or_default()))
        })
    }
}

impl SendHmsMessage {
    /// Creates a notification for Android devices.
    pub fn notification(
        title: impl Into<String>,
        body: impl Into<String>,
        click_action: HmsClickAction,
    ) -> Self {
        let content = HmsAndroidNotification::new(click_action)
            .title(title)
            .body(body);
        Self::android(HmsAndroidConfig::default().notification(content))
    }

    /// Creates a message from its Android part.
    pub fn android(config: HmsAndroidConfig) -> Self {
        Self::new(HmsMessage::default().android(config))
    }

    /// Creates a message that hands `data`, any text, to the app.
    pub fn data(data: impl Into<String>) -> Self {
        Self::new(HmsMessage::default().data(data))
    }

    /// Creates a message for a quick app.
    #[inline]
    pub fn quick_app(data: &HmsQuickAppData) -> Result<Self> {
        let mut text = Vec::new();
        body::write(&mut text, data)?;
        let text = String::from_utf8(text).expect("JSON is UTF-8");
        Ok(Self::data(text))
    }
}

impl HmsClickAction {
    /// Starts the app.
    pub fn start_app() -> Self {
        Self::new(HmsClickActionType::StartApp)
    }

    /// Opens an https address.
    pub fn open_url(url: impl Into<String>) -> Self {
        Self::new(HmsClickActionType::OpenUrl).url(url)
    }

    /// Opens the page of the app that an intent names.
    pub fn open_intent(intent: impl Into<String>) -> Self {
        Self::new(HmsClickActionType::OpenPage).intent(intent)
    }

    /// Opens the page of the app that an action names.
    pub fn open_action(action: impl Into<String>) -> Self {
        Self::new(HmsClickActionType::OpenPage).action(action)
    }
}

/// Checks a message that goes to a list of tokens, and writes what stands around them.
#[inline]
pub(crate) fn prepare(message: &SendHmsMessage) -> Result<Frame> {
    let content = &message.message;
    if content.token.is_some() || content.topic.is_some() || content.condition.is_some() {
        return Err(Error::config(
            "`message.token`, `topic` and `condition` must be left out: the tokens are given \
             beside the message",
        ));
    }
    rules::check(content)?;
    // The document's rules ask for a receiver; the real ones are known to be sound.
    let mut whole = message.clone();
    whole.message.token = Some(vec!["token".into()]);
    whole.check()?;
    whole.message.token = None;
    frame(&whole)
}

/// Writes the body around the tokens, which `message` does not have, and checks its size.
#[inline]
fn frame(message: &SendHmsMessage) -> Result<Frame> {
    let mut head = Vec::with_capacity(1024);
    head.push(b'{');
    if let Some(only) = message.validate_only {
        head.extend_from_slice(br#""validate_only":"#);
        body::write(&mut head, &only)?;
        head.push(b',');
    }
    head.extend_from_slice(br#""message":"#);
    body::write(&mut head, &message.message)?;
    // The list of tokens is the last member of the message that is there.
    head.pop();
    head.extend_from_slice(br#","token":["#);
    let mut tail = b"]}".to_vec();
    if let Some(review) = &message.review {
        tail.extend_from_slice(br#","review":"#);
        body::write(&mut tail, review)?;
    }
    tail.push(b'}');
    Frame::limited(head, &tail, LARGEST)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body::Buffers;

    #[test]
    fn the_tokens_stand_where_serde_puts_them() {
        let mut message = SendHmsMessage::data("hello").validate_only(true);
        let frame = prepare(&message).unwrap();
        let tokens = ["a", "b\"c"];
        message.message.token = Some(tokens.map(Into::into).to_vec());
        let expected = serde_json::to_vec(&message).unwrap();
        assert_eq!(frame.fill(&tokens, &Buffers::default()), expected);
    }

    #[test]
    fn a_topic_change_that_succeeds_tells_whom_it_refused() {
        let sample = include_str!("../tests/samples/subscribe_topic.response.partial.json");
        let sample: serde_json::Value = serde_json::from_str(sample).unwrap();
        let change: HmsTopicChange = serde_json::from_value(sample["body"].clone()).unwrap();
        assert_eq!(change.code, "80000000");
        let refused: Vec<_> = change.refused().collect();
        assert_eq!(refused, [(1, "invalid token")]);
    }

    #[test]
    fn a_list_of_tokens_takes_no_other_receivers() {
        let mut message = SendHmsMessage::data("hello");
        message.message.topic = Some("weather".to_owned());
        assert!(prepare(&message).is_err());
        assert!(message.check().is_ok());
        message.message.topic = None;
        assert!(prepare(&message).is_ok());
    }
}
