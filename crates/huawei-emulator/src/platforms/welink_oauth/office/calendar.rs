//! Entries of calendars: events, and meetings that have somebody who called them.

use serde_json::{Value, json};

use crate::answer::{Answer, Refusal};

use super::super::apps::{fresh_id, success};
use super::super::directory::{list, text, update};
use super::super::seed::members;
use super::{Desk, Kind};

pub(super) const EVENT: Kind = Kind {
    name: "events",
    key: "calUid",
    missing: "43011",
};

pub(super) const MEETING: Kind = Kind {
    name: "meetings",
    ..EVENT
};

pub(super) fn answer(mut desk: Desk<'_>) -> Result<Answer, Refusal> {
    let call = desk.call;
    let (verb, noun) = call.operation.id.split_once('_').unwrap_or_default();
    let kind = match noun {
        "event" => &EVENT,
        "meeting" => &MEETING,
        _ => return Err(Refusal::no_behaviour(call)),
    };
    let body = call.body();
    let (start, end) = (desk.body("startTime"), desk.body("endTime"));
    if !end.is_empty() && start.len() == end.len() && end < start {
        return Err(Refusal::code("43011").because("endTime lies before startTime"));
    }
    let (good, failed): (Vec<Value>, Vec<Value>) = list(body, "receiverUserList")
        .iter()
        .cloned()
        .partition(|id| id.as_str().is_some_and(|id| desk.user(id).is_some()));
    if good.is_empty() {
        return Err(Refusal::code("43051").because("none of the receivers exists"));
    }
    let id = match verb {
        "add" => fresh_id(),
        _ => {
            let creator = desk.body("creatorUserId");
            let entry = desk.record(kind, desk.body("calUid"))?;
            if noun == "meeting" && text(entry, "creatorUserId") != creator {
                return Err(Refusal::code("47000").because("somebody else called the meeting"));
            }
            text(entry, "calUid").to_owned()
        }
    };
    match verb {
        "add" => {
            let mut entry = members(body.clone());
            entry.insert("calUid".to_owned(), json!(id));
            entry.insert("receiverUserList".to_owned(), json!(good));
            desk.shelf(kind).push(entry);
        }
        "update" => {
            let entry = desk.record(kind, &id)?;
            update(entry, body);
            entry.insert("receiverUserList".to_owned(), json!(good));
        }
        _ => {
            let entry = desk.record(kind, &id)?;
            let mut left = list(&json!(entry), "receiverUserList").to_vec();
            left.retain(|user| !good.contains(user));
            entry.insert("receiverUserList".to_owned(), json!(left));
            // An entry that is in nobody's calendar is none.
            if left.is_empty() {
                desk.take(kind, &id)?;
            }
        }
    }
    Ok(success(json!({ "data": {
        "calUid": id, "succeedUsers": good, "failedUsers": failed,
    }})))
}
