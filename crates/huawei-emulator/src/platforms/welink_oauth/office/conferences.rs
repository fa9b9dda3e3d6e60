//! Conferences: booked, running and held, as the clock says.

use serde_json::{Value, json};

use crate::answer::{Answer, Refusal};
use crate::clock::date_time;

use super::super::apps::{fresh_id, success};
use super::super::directory::{Record, list, text, update};
use super::super::seed::members;
use super::{Desk, Kind, Paging};

pub(super) const CONFERENCE: Kind = Kind {
    name: "conferences",
    key: "conferenceID",
    missing: "43011",
};

pub(super) fn answer(mut desk: Desk<'_>) -> Result<Answer, Refusal> {
    let call = desk.call;
    let user = desk.query("userId");
    match call.operation.id.as_str() {
        "create_conference" => {
            let Some(person) = desk.user(user) else {
                return Err(Refusal::code("43051").because("there is no user with this userId"));
            };
            let name = text(person, "userNameCn").to_owned();
            let id = format!("{}", fastrand::u32(100_000_000..1_000_000_000));
            let password = |role: &str| {
                let password = format!("{:06}", fastrand::u32(..1_000_000));
                json!({ "conferenceRole": role, "password": password })
            };
            let mut conference = members(json!({
                "conferenceID": id, "confUUID": fresh_id(), "userId": user,
                "scheduserName": name, "timeZoneID": "56", "mediaTypes": "Voice",
                "language": "zh-CN", "length": USUAL_LENGTH,
                "accessNumber": format!("+8610{id}"),
                "passwordEntry": [password("chair"), password("general")],
                "chairJoinUri": format!("https://emulator.test/conference/{id}/chair"),
                "guestJoinUri": format!("https://emulator.test/conference/{id}"),
            }));
            update(&mut conference, call.body());
            if text(&conference, "startTime").is_empty() {
                let now = date_time(call.now);
                conference.insert("startTime".to_owned(), json!(now[..MINUTE]));
            }
            let shown = Held::of(&desk, &conference)?.shown;
            desk.shelf(&CONFERENCE).push(conference);
            Ok(success(json!({ "data": [shown] })))
        }
        "update_conference" => {
            let conference = own(&mut desk, user)?;
            let mut changed = conference.clone();
            update(&mut changed, call.body());
            let shown = Held::of(&desk, &changed)?.shown;
            *desk.record(&CONFERENCE, desk.query("conferenceid"))? = changed;
            Ok(success(json!({ "data": [shown] })))
        }
        "delete_conference" => {
            own(&mut desk, user)?;
            desk.take(&CONFERENCE, desk.query("conferenceid"))?;
            Ok(success(json!({})))
        }
        "list_conferences" | "list_past_conferences" => listed(desk),
        "get_conference" => {
            let conference = desk.record(&CONFERENCE, desk.query("conferenceid"))?;
            let conference = conference.clone();
            detail(&desk, &conference)
        }
        "get_past_conference" => {
            let wanted = desk.query("confuuid");
            let mut all = desk.shelf(&CONFERENCE).iter();
            let found = all.find(|it| text(it, "confUUID") == wanted).cloned();
            let missing = || Refusal::code("43011").because("no conference has this confuuid");
            detail(&desk, &found.ok_or_else(missing)?)
        }
        _ => Err(Refusal::no_behaviour(call)),
    }
}

/// A conference at a moment.
struct Held {
    /// What is answered of it.
    shown: Value,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Booked,
    Over,
    Running,
}

impl Held {
    fn of(desk: &Desk<'_>, conference: &Record) -> Result<Self, Refusal> {
        let start = text(conference, "startTime");
        let length = conference.get("length").and_then(Value::as_u64);
        let length = length.unwrap_or(USUAL_LENGTH);
        let Some(end) = later(start, length) else {
            let reason = "startTime is no time like 2026-01-31 09:00";
            return Err(Refusal::code("43011").because(reason));
        };
        let now = &date_time(desk.call.now)[..MINUTE];
        let state = match () {
            () if now < start => State::Booked,
            () if now < end.as_str() => State::Running,
            () => State::Over,
        };
        let attendees = json!(conference);
        let size = list(&attendees, "attendees").len();
        let hidden = ["attendees", "length", "encryptMode", "vmrFlag", "vmrID"];
        let kept = conference.iter();
        let kept = kept.filter(|(name, _)| !hidden.contains(&name.as_str()));
        let mut shown: Value = kept
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        shown["endTime"] = json!(end);
        shown["size"] = json!(size);
        shown["conferenceState"] = json!(match state {
            State::Booked => "Schedule",
            State::Over => "Destroyed",
            State::Running => "Created",
        });
        Ok(Self { shown, state })
    }
}

/// The conference that a call names, if it is its user's to change.
fn own(desk: &mut Desk<'_>, user: &str) -> Result<Record, Refusal> {
    let conference = desk.record(&CONFERENCE, desk.query("conferenceid"))?;
    match text(conference, "userId") == user {
        true => Ok(conference.clone()),
        false => Err(Refusal::code("47000").because("somebody else booked the conference")),
    }
}

/// The conferences that a call asks for, by their times.
fn listed(mut desk: Desk<'_>) -> Result<Answer, Refusal> {
    let call = desk.call;
    let past = call.operation.id == "list_past_conferences";
    let user = call.query("userId");
    if call.query("queryAll") == Some("true") && !user.is_none_or(|it| desk.is_administrator(it)) {
        return Err(Refusal::code("47000").because("only an administrator sees all conferences"));
    }
    let whose = user.filter(|_| call.query("queryAll") != Some("true"));
    let mut all = desk.shelf(&CONFERENCE).clone();
    all.sort_by(|a, b| text(a, "startTime").cmp(text(b, "startTime")));
    if call.query("sortType") == Some("DSC_StartTIME") {
        all.reverse();
    }
    let status = call.query("status").unwrap_or("0");
    let moment = |name: &str| {
        let ms = call.query(name)?.parse::<u64>().ok()?;
        let time = std::time::UNIX_EPOCH + std::time::Duration::from_millis(ms);
        Some(date_time(time)[..MINUTE].to_owned())
    };
    let (from, to) = (moment("startDate"), moment("endDate"));
    let mut rows = Vec::new();
    for conference in &all {
        let held = Held::of(&desk, conference)?;
        let people = json!(conference);
        let mut attendees = list(&people, "attendees").iter();
        let takes_part = whose.is_none_or(|user| {
            text(conference, "userId") == user || attendees.any(|it| it["accountId"] == user)
        });
        let fits = match (past, status) {
            (false, "1") => held.state == State::Booked,
            (false, "2") => held.state == State::Running,
            (false, _) => held.state != State::Over,
            // What is over was held.
            (true, "1") => false,
            (true, _) => held.state == State::Over,
        };
        let start = text(conference, "startTime");
        let named = call
            .query("condition")
            .is_none_or(|word| text(conference, "subject").contains(word));
        let within = from.as_deref().is_none_or(|from| start >= from)
            && to.as_deref().is_none_or(|to| start <= to);
        if takes_part && fits && named && within {
            rows.push(held.shown);
        }
    }
    Ok(success(json!({ "data": page(&desk, rows) })))
}

/// A conference with those who are asked to it.
fn detail(desk: &Desk<'_>, conference: &Record) -> Result<Answer, Refusal> {
    let people = json!(conference);
    let people = list(&people, "attendees").iter().enumerate();
    let rows = people.map(|(number, attendee)| {
        let kind = attendee["type"].as_str().unwrap_or("normal");
        let mut row = json!({
            "participantID": (number + 1).to_string(), "state": "0", "attendeeType": kind,
        });
        for name in ["name", "role", "deptName"] {
            if !attendee[name].is_null() {
                row[name] = attendee[name].clone();
            }
        }
        row
    });
    Ok(success(json!({ "data": {
        "conferenceData": Held::of(desk, conference)?.shown,
        "data": page(desk, rows.collect()),
    }})))
}

fn page(desk: &Desk<'_>, rows: Vec<Value>) -> Value {
    let page = PAGING.cut(desk.call, rows);
    let pages = page.total.div_ceil(page.size);
    json!({
        "data": page.rows, "pageIndex": page.index, "pageSize": page.size,
        "totalCount": page.total, "totalPages": pages, "firstPage": page.index == 1,
        "lastPage": page.index >= pages, "offset": (page.index - 1) * page.size,
    })
}

/// A time like `2026-01-31 09:00` so many minutes on.
pub(super) fn later(time: &str, minutes: u64) -> Option<String> {
    let digits = time.split(['-', ' ', ':']);
    let numbers: Option<Vec<u64>> = digits.map(|part| part.parse().ok()).collect();
    let [year, month, day, hour, minute] = numbers?[..] else {
        return None;
    };
    let sound = (1970..10_000).contains(&year)
        && (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && hour < 24
        && minute < 60;
    if !sound || time.len() != MINUTE {
        return None;
    }
    // By a calendar whose years begin in March, so that the odd day comes last.
    let years = year - u64::from(month <= 2);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let days = years * 365 + years / 4 - years / 100 + years / 400 + of_year - 719_468;
    let total = (days * 24 + hour) * 60 + minute + minutes;
    let time = std::time::UNIX_EPOCH + std::time::Duration::from_secs(total * 60);
    Some(date_time(time)[..MINUTE].to_owned())
}

const PAGING: Paging = Paging {
    index: "pageIndex",
    size: "pageSize",
    first: 1,
    usual: 20,
};

/// The length of a time without its seconds.
const MINUTE: usize = 16;

/// How long a conference takes that does not say so, in minutes; the platform does not tell its own.
const USUAL_LENGTH: u64 = 60;

#[cfg(test)]
mod tests {
    use super::later;

    #[test]
    fn minutes_are_added_across_days_and_years() {
        let check = |time, minutes, wanted: &str| {
            assert_eq!(later(time, minutes).as_deref(), Some(wanted));
        };
        check("2026-12-31 23:30", 45, "2027-01-01 00:15");
        check("2028-02-28 23:59", 1, "2028-02-29 00:00");
        check("1970-01-01 00:00", 0, "1970-01-01 00:00");
        for wrong in ["", "2026-1-1 1:1", "2026-13-01 00:00", "2026-01-01T00:00"] {
            assert_eq!(later(wrong, 1), None, "{wrong}");
        }
    }
}
