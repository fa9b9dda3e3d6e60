//! Messages and reminders to users and groups: delivered to inboxes that the page shows.

use serde::Serialize;
use serde_json::{Value, json};

use crate::answer::{Answer, Refusal};
use crate::clock::unix_ms;
use crate::platforms::Call;

use super::apps::success;
use super::directory::{Directory, list, text};
use super::groups::Groups;
use super::users;

/// A message as a user or a group got it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Received {
    /// The user; the group for what was said in one.
    pub receiver: String,
    /// The users who were in the group when it was said.
    pub readers: Vec<String>,
    /// The id under which it is changed and recalled.
    pub item_id: String,
    /// The operation that sent it.
    pub operation: String,
    /// What is shown: the title, or the text.
    pub title: String,
    /// The whole request.
    pub message: Value,
    /// When it came, in Unix milliseconds.
    pub time_ms: i64,
    /// Whether it was recalled.
    pub recalled: bool,
}

/// What is delivered, beside what the request says.
pub(super) struct Delivery {
    pub receiver: String,
    pub readers: Vec<String>,
    pub item_id: String,
    pub title: String,
}

/// The messages of a space.
#[derive(Debug, Default)]
pub(crate) struct Messages {
    pub received: Vec<Received>,
    /// The tokens of robots, with the group each speaks in.
    pub robots: Vec<(String, String)>,
    /// The ids of what robots said: each serves once.
    pub said: Vec<String>,
}

impl Received {
    /// Whether it is in the inbox of a user or group.
    pub(super) fn is_for(&self, receiver: &str) -> bool {
        self.receiver == receiver || self.readers.iter().any(|reader| reader == receiver)
    }
}

impl Messages {
    /// Answers a request about messages to users.
    pub(super) fn answer(
        &mut self,
        directory: &Directory,
        call: &Call<'_>,
    ) -> Result<Answer, Refusal> {
        let body = call.body();
        match call.operation.id.as_str() {
            "update_message_status" => {
                let named = list(body, "toUserList");
                let is_named = |it: &Received| named.iter().any(|user| it.receiver == *user);
                let mut sent = self.sent(body)?;
                sent.retain(|message| named.is_empty() || is_named(message));
                if sent.is_empty() {
                    let reason = "nobody in toUserList got the message";
                    return Err(Refusal::code("51019").because(reason));
                }
                for message in sent {
                    message.message["messageStatus"] = body["messageStatus"].clone();
                    message.message["statusColor"] = body["statusColor"].clone();
                }
                Ok(success(json!({ "itemId": body["itemId"] })))
            }
            "recall_message" => {
                for message in self.sent(body)? {
                    message.recalled = true;
                }
                Ok(success(json!({})))
            }
            "send_app_card_message"
            | "send_card_message"
            | "send_card_message_v1"
            | "send_image_message"
            | "send_news_message"
            | "send_official_message"
            | "send_official_message_v2" => self.send(directory, call),
            "push_context_aware" => self.remind(directory, call),
            _ => Err(Refusal::no_behaviour(call)),
        }
    }

    fn send(&mut self, directory: &Directory, call: &Call<'_>) -> Result<Answer, Refusal> {
        let body = call.body();
        let (good, failed) = receivers(directory, body)?;
        if good.is_empty() {
            let reason = "none of the receivers can be reached";
            let code = if failed.is_empty() { "51042" } else { "51019" };
            return Err(Refusal::code(code).because(reason));
        }
        let item_id = format!("{}{:06}", unix_ms(call.now), fastrand::u32(..1_000_000));
        for receiver in good {
            self.deliver(call, Delivery::to(receiver, &item_id, title(body)));
        }
        let mut answer = json!({ "itemId": item_id });
        if !failed.is_empty() {
            answer["failedUserId"] = json!(failed);
        }
        Ok(success(answer))
    }

    /// Answers `push_context_aware`: a reminder for today, or for the days until one of the next
    /// seven.
    fn remind(&mut self, directory: &Directory, call: &Call<'_>) -> Result<Answer, Refusal> {
        let body = call.body();
        if let Some(end) = body["endDate"].as_str() {
            let day = |ahead: i64| users::beijing(unix_ms(call.now) + ahead * DAY_MS);
            if !(0..=MOST_DAYS).any(|ahead| day(ahead).starts_with(end)) {
                let reason = "endDate is not one of the next seven days";
                return Err(Refusal::code("43011").because(reason));
            }
        }
        let (good, _) = receivers(directory, body)?;
        if good.is_empty() {
            return Err(Refusal::code("47111").because("there is no such user"));
        }
        let push_id = format!("{:032x}", fastrand::u128(..));
        for receiver in good {
            let title = body["titleCn"].as_str().unwrap_or_default().to_owned();
            self.deliver(call, Delivery::to(receiver, &push_id, title));
        }
        Ok(success(json!({ "data": { "pushId": push_id } })))
    }

    /// Answers `send_robot_message`.
    pub(super) fn robot(&mut self, groups: &Groups, call: &Call<'_>) -> Result<Answer, Refusal> {
        let body = call.body();
        let token = call.query("token").unwrap_or_default();
        let mut robots = self.robots.iter();
        let Some((_, group)) = robots.find(|(known, _)| known == token) else {
            return Err(Refusal::code("58404").because("no robot has this token"));
        };
        let distance = (unix_ms(call.now) - body["timeStamp"].as_i64().unwrap_or(0)).abs();
        let id = body["uuid"].as_str().unwrap_or_default().to_owned();
        if distance > LATEST_MS || self.said.contains(&id) {
            let reason = "timeStamp is further away than 10 minutes, or uuid was used before";
            return Err(Refusal::code("58601").because(reason));
        }
        let group = group.clone();
        self.said.push(id.clone());
        let words = body["content"]["text"].as_str().unwrap_or_default();
        let members = groups.get(&group).map(|group| group.members.clone());
        let readers = members.unwrap_or_default();
        let said = Delivery::to(group, &id, words.to_owned());
        self.deliver(call, Delivery { readers, ..said });
        Ok(success(json!({})))
    }

    pub(super) fn deliver(&mut self, call: &Call<'_>, delivery: Delivery) {
        if self.received.len() >= MOST {
            self.received.remove(0);
        }
        self.received.push(Received {
            receiver: delivery.receiver,
            readers: delivery.readers,
            item_id: delivery.item_id,
            operation: call.operation.id.clone(),
            title: delivery.title,
            message: call.body().clone(),
            time_ms: unix_ms(call.now),
            recalled: false,
        });
    }

    fn sent(&mut self, body: &Value) -> Result<Vec<&mut Received>, Refusal> {
        let id = body["itemId"].as_str().unwrap_or_default();
        let all = self.received.iter_mut();
        let sent: Vec<_> = all.filter(|message| message.item_id == id).collect();
        match sent.is_empty() {
            true => Err(Refusal::code("43011").because("no message has this itemId")),
            false => Ok(sent),
        }
    }
}

impl Delivery {
    /// To one user or group.
    fn to(receiver: String, item_id: &str, title: String) -> Self {
        Self {
            receiver,
            readers: Vec::new(),
            item_id: item_id.to_owned(),
            title,
        }
    }
}

/// Who a message is for: those who can be reached, and those who cannot.
fn receivers(directory: &Directory, body: &Value) -> Result<(Vec<String>, Vec<Value>), Refusal> {
    let named = list(body, "toUserList");
    if named.len() > MOST_RECEIVERS {
        return Err(Refusal::code("51018").because("more than 1000 receivers"));
    }
    let (mut good, mut failed) = (Vec::new(), Vec::new());
    for user in named {
        let known = directory.users.iter().any(|it| user == text(it, "userId"));
        match user.as_str().filter(|_| known) {
            Some(user) => good.push(user.to_owned()),
            None => failed.push(user.clone()),
        }
    }
    for code in list(body, "departmentList")
        .iter()
        .filter_map(Value::as_str)
    {
        let users = users::in_department(directory, code);
        good.extend(users.iter().map(|user| text(user, "userId").to_owned()));
    }
    for role in list(body, "roleList") {
        let holds = |user: &&super::directory::Record| {
            let held = user.get("roleIds").and_then(Value::as_array);
            held.is_some_and(|held| held.contains(role))
        };
        let users = directory.users.iter().filter(holds);
        good.extend(users.map(|user| text(user, "userId").to_owned()));
    }
    good.sort();
    good.dedup();
    Ok((good, failed))
}

/// The words that a message shows.
fn title(body: &Value) -> String {
    let news = &body["news"][0]["title"];
    let title = [&body["msgTitle"], news, &body["imageUrl"]];
    let title = title
        .into_iter()
        .find_map(Value::as_str)
        .unwrap_or_default();
    // A title in two languages is JSON inside the text.
    let both = serde_json::from_str::<Value>(title).ok();
    let english = both.and_then(|both| both["EN"].as_str().map(str::to_owned));
    english.unwrap_or_else(|| title.to_owned())
}

/// How many messages are kept.
const MOST: usize = 1000;

/// How many users a message may name.
const MOST_RECEIVERS: usize = 1000;

/// How far the time of a robot's message may be away, in milliseconds.
const LATEST_MS: i64 = 600_000;

/// How many days ahead a reminder may end.
const MOST_DAYS: i64 = 7;

/// A day, in milliseconds.
const DAY_MS: i64 = 86_400_000;
