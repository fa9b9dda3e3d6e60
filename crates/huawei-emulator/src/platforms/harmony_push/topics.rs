//! Topics of HMS, and the data kept for a token.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::{Value, json};

use crate::answer::{Answer, Refusal};
use crate::engine::object;
use crate::platforms::Call;

use super::condition::Condition;
use super::devices::Service;
use super::send::texts;
use super::{State, ok_body, success};

/// Who subscribed to what.
#[derive(Debug, Default)]
pub(crate) struct Topics {
    /// By app and topic: tokens, with the day they subscribed.
    topics: BTreeMap<(String, String), BTreeMap<String, String>>,
    /// The anonymous ids of tokens whose data was not deleted.
    anonymous: HashMap<String, String>,
}

impl Topics {
    /// The tokens of these apps that subscribed to a topic the choice takes.
    pub(crate) fn members(&self, apps: &[String], choose: impl Fn(&str) -> bool) -> Vec<String> {
        let chosen = self
            .topics
            .iter()
            .filter(|((app, topic), _)| apps.contains(app) && choose(topic));
        let tokens: BTreeSet<&String> = chosen.flat_map(|(_, tokens)| tokens.keys()).collect();
        tokens.into_iter().cloned().collect()
    }

    /// The tokens of these apps for whose topics a condition holds.
    pub(crate) fn matching(&self, apps: &[String], condition: &Condition) -> Vec<String> {
        let mut everyone = self.members(apps, |_| true);
        everyone.retain(|token| {
            let subscribed: BTreeSet<&str> = self.of(token).map(|(name, _)| name).collect();
            condition.holds(&|name| subscribed.contains(name))
        });
        everyone
    }

    /// The topics of a token, with the day of the subscription.
    fn of<'a>(&'a self, token: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        let all = self.topics.iter();
        all.filter_map(move |((_, topic), tokens)| Some((&**topic, &**tokens.get(token)?)))
    }

    fn forget(&mut self, token: &str) {
        self.topics.retain(|_, tokens| {
            tokens.remove(token);
            !tokens.is_empty()
        });
        self.anonymous.remove(token);
    }
}

impl State {
    /// `subscribe_topic` and `unsubscribe_topic`.
    pub(super) fn change_topic(&mut self, call: &Call<'_>, join: bool) -> Result<Answer, Refusal> {
        let app = call.path("clientId").to_owned();
        let body = call.body();
        let topic = body["topic"].as_str().unwrap_or_default().to_owned();
        let tokens = texts(&body["tokenArray"]);
        let key = (app.clone(), topic);
        let fresh = join && !self.topics.topics.contains_key(&key);
        let of_app = self.topics.topics.keys().filter(|(owner, _)| *owner == app);
        if fresh && of_app.count() >= MOST_TOPICS {
            return Err(Refusal::code("82000009"));
        }
        let mut errors = Vec::new();
        let today = day(call);
        for (index, &token) in tokens.iter().enumerate() {
            if !self.is_hms_token(token, &app) {
                errors.push(json!({"index": index, "reason": "invalid token"}));
            } else if join {
                let members = self.topics.topics.entry(key.clone()).or_default();
                members.insert(token.to_owned(), today.clone());
            } else if let Some(members) = self.topics.topics.get_mut(&key) {
                members.remove(token);
            }
        }
        if errors.len() == tokens.len() {
            return Err(Refusal::code("82000010").because("every token is refused"));
        }
        let mut answer = ok_body(call, "Success");
        answer["successCount"] = Value::from(tokens.len() - errors.len());
        answer["failureCount"] = Value::from(errors.len());
        answer["errors"] = Value::from(errors);
        Ok(Answer::json(&answer).with_code("80000000"))
    }

    /// `list_topics`.
    pub(super) fn list_topics(&self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let token = self.token_of(call)?;
        let topics = self.topics.of(token).map(|(name, day)| {
            object([("name", Value::from(name)), ("addDate", Value::from(day))])
        });
        let mut answer = ok_body(call, "success");
        answer["topics"] = Value::from_iter(topics);
        Ok(Answer::json(&answer).with_code("80000000"))
    }

    /// `query_token_data`.
    pub(super) fn query_token_data(&mut self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let token = self.token_of(call)?;
        let mut answer = ok_body(call, "success");
        let fresh = || format!("{:020}", fastrand::u64(..));
        let anonymous = self.topics.anonymous.entry(token.to_owned());
        answer["aaId"] = Value::from(anonymous.or_insert_with(fresh).clone());
        answer["topics"] = Value::from_iter(self.topics.of(token).map(|(name, _)| name));
        Ok(Answer::json(&answer).with_code("80000000"))
    }

    /// `delete_token_data`.
    pub(super) fn delete_token_data(&mut self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let token = self.token_of(call)?;
        self.topics.forget(token);
        Ok(success(call))
    }

    /// The token that the body names, if it is one of the app.
    fn token_of<'a>(&self, call: &Call<'a>) -> Result<&'a str, Refusal> {
        let token = call.body()["token"].as_str().unwrap_or_default();
        if self.is_hms_token(token, call.path("clientId")) {
            Ok(token)
        } else {
            Err(Refusal::code("82000010").because("no HMS device of the app has this token"))
        }
    }

    fn is_hms_token(&self, token: &str, app: &str) -> bool {
        let device = self.devices.get(token);
        device.is_some_and(|device| device.service == Service::Hms && device.client_id == app)
    }
}

/// The day of a call, as `YYYY-MM-DD`.
fn day(call: &Call<'_>) -> String {
    let days = crate::clock::unix_s(call.now).div_euclid(86_400);
    // Days to a date by the calendar that starts its years in March.
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

/// How many topics an app may have.
const MOST_TOPICS: usize = 2000;
