//! What apps and robots say in chat groups, as plain text.

#[cfg(feature = "robot")]
use std::time::SystemTime;

#[cfg(feature = "robot")]
use auth_core::Result;

#[cfg(feature = "robot")]
use crate::Client;
#[cfg(feature = "group")]
use crate::model::{AppServiceInfo, SendGroupMessage};
#[cfg(feature = "robot")]
use crate::model::{RobotText, SendRobotMessage};

/// # Robots
#[cfg(feature = "robot")]
#[cfg_attr(docsrs, doc(cfg(feature = "robot")))]
impl Client {
    /// Says a text of 1 to 500 characters in the group of a robot, for a view made with
    /// [`as_robot`](Self::as_robot). To mention people use
    /// [`send_robot_message`](Self::send_robot_message).
    ///
    /// The platform takes each id once, and within 10 minutes of its time; both are made here. Where
    /// [`may_have_taken_effect`](auth_core::Error::may_have_taken_effect) says so, saying it again
    /// can say it twice.
    pub async fn say(&self, text: impl Into<String>) -> Result<()> {
        let now = self.api.clock().now();
        let since = now.duration_since(SystemTime::UNIX_EPOCH);
        let time = since.map_or(0, |it| i64::try_from(it.as_millis()).unwrap_or(i64::MAX));
        let id = format!("{:032x}", fastrand::u128(..));
        let message = SendRobotMessage::new(RobotText::new(text), time, id);
        self.send_robot_message(&message).await.map(drop)
    }
}

#[cfg(feature = "group")]
impl SendGroupMessage {
    /// A plain text for groups, in the XML within XML that the platform's own clients read. What is
    /// markup in `text` is shown as it stands.
    ///
    /// `app_msg_id` is yours, and unique: a message with an id that came before is not said again.
    pub fn text(
        from: AppServiceInfo,
        app_msg_id: impl Into<String>,
        groups: impl IntoIterator<Item = impl Into<String>>,
        text: &str,
    ) -> Self {
        let body = format!(
            "<imbody><imagelist/><html>{}</html><content>{}</content></imbody>",
            verbatim(&format!("<DIV>{}</DIV>", escaped(text))),
            verbatim(text),
        );
        let content = format!("<r><n></n><g>0</g><c>{}</c></r>", escaped(&body));
        Self::new(from, app_msg_id, groups, content, PLAIN, WELINK)
    }
}

#[cfg(feature = "group")]
fn escaped(text: &str) -> String {
    let text = text.replace('&', "&amp;");
    text.replace('<', "&lt;").replace('>', "&gt;")
}

/// A text that XML leaves alone; what would end it is cut in two.
#[cfg(feature = "group")]
fn verbatim(text: &str) -> String {
    format!("<![CDATA[{}]]>", text.replace("]]>", "]]]]><![CDATA[>"))
}

/// The type of a content that is text.
#[cfg(feature = "group")]
const PLAIN: i32 = 0;

/// The client application that is WeLink itself.
#[cfg(feature = "group")]
const WELINK: &str = "1";
