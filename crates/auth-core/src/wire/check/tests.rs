//! Checks of a request: what passes, and what an error says.

use serde_json::json;

use super::*;
use crate::{Request, Secret};

#[derive(Default, Serialize)]
struct Message {
    title: String,
    style: Option<i32>,
    lines: Option<Vec<String>>,
    token: Vec<Secret>,
    parts: Vec<Part>,
}

#[derive(Default, Serialize)]
struct Part {
    icon: Option<String>,
}

impl Check for Message {
    fn check_at(&self, at: &Place<'_>) -> Result<()> {
        at.length("title", &self.title, 1..=5)?;
        at.range("style", &self.style, 0..=3)?;
        at.length("lines", &self.lines, ..=2)?;
        at.count("token", &self.token, 1..)?;
        at.length("token", &self.token, 1..)?;
        at.inside("parts", &self.parts)?;
        if self.style == Some(3) {
            at.required("lines", self.lines.is_some(), "`style` is `3`")?;
        }
        Ok(())
    }
}

impl Check for Part {
    fn check_at(&self, at: &Place<'_>) -> Result<()> {
        if at.body_holds("/style", &["2"]) {
            at.required("icon", self.icon.is_some(), "`/style` is `2`")?;
        }
        Ok(())
    }
}

fn message() -> Message {
    Message {
        title: "Hello".to_owned(),
        token: vec![Secret::new("t")],
        ..Message::default()
    }
}

#[track_caller]
fn refused(message: Message, text: &str) {
    let error = Place::check_body(&message).expect_err("a limit is broken");
    assert_eq!(error.to_string(), text);
    assert_eq!(error.kind(), crate::ErrorKind::Config);
}

#[test]
fn a_message_within_its_limits_passes() {
    Place::check_body(&message()).unwrap();
    check(&message()).unwrap();
}

#[test]
fn an_error_names_field_value_and_limit() {
    let mut long = message();
    long.title = "Good day".to_owned();
    refused(long, "`title` has 8 characters, 1 to 5 is allowed");
    let mut style = message();
    style.style = Some(9);
    refused(style, "`style` is 9, 0 to 3 is allowed");
    let mut none = message();
    none.token.clear();
    refused(none, "`token` has 0 elements, at least 1 is required");
    let mut lines = message();
    lines.lines = Some(vec!["ok".to_owned(), "long".to_owned()]);
    refused(lines, "`lines[1]` has 4 characters, at most 2 is allowed");
}

#[test]
fn characters_are_counted_and_not_bytes() {
    let mut chinese = message();
    chinese.title = "快递到了!".to_owned();
    Place::check_body(&chinese).unwrap();
}

#[test]
fn a_condition_makes_a_member_required() {
    let mut inbox = message();
    inbox.style = Some(3);
    refused(inbox, "`lines` is required when `style` is `3`");
}

#[test]
fn a_rule_looks_at_the_request_around_only_if_there_is_one() {
    let mut far = message();
    far.style = Some(2);
    far.parts = vec![Part::default()];
    check(&far).unwrap();
    refused(far, "`parts[0].icon` is required when `/style` is `2`");
}

#[test]
fn groups_are_counted() {
    let at = Place::parameter();
    let text = |result: Result<()>| result.unwrap_err().to_string();
    at.exactly_one(&[("a", true), ("b", false)]).unwrap();
    assert_eq!(
        text(at.exactly_one(&[("a", true), ("b", true)])),
        "the request needs exactly one of `a`, `b`, 2 are set"
    );
    any_of(&[("a", false), ("b", true)], "").unwrap();
    assert_eq!(
        text(any_of(&[("a", false), ("b", false)], "")),
        "the request needs one of `a`, `b`"
    );
}

#[test]
fn an_excluded_list_counts_as_an_empty_one() {
    let tokens = vec!["a", "b"];
    let body = json!({ "data": "1234", "token": tokens });
    let size = br#"{"data":"1234","token":[]}"#.len();
    let build = |limit: usize, excluded: usize| {
        let request = Request::post("/x").json("application/json", &body);
        request.at_most(limit, excluded).build("http://localhost")
    };
    build(size, excess(&tokens)).unwrap();
    let error = build(size - 1, excess(&Some(tokens))).unwrap_err();
    let limit = size - 1;
    assert_eq!(
        error.to_string(),
        format!("the request has {size} bytes of JSON, at most {limit} are allowed")
    );
    assert_eq!(excess(&None::<Vec<i32>>), 0);
}

#[test]
fn an_error_never_holds_a_secret() {
    let mut secret = message();
    secret.token = vec![Secret::new("")];
    refused(
        secret,
        "`token[0]` has 0 characters, at least 1 is required",
    );
    let at = Place::parameter();
    let error = at
        .prefix("image", &Secret::new("http://hush"), "https://")
        .unwrap_err();
    assert_eq!(error.to_string(), "`image` must begin with `https://`");
}

#[test]
fn keys_of_a_map_choose_the_limits_of_their_values() {
    let rules = &[("thing_", 1, 3), ("letter_", 1, 1)];
    let map = |key: &str, value: &str| BTreeMap::from([(key.to_owned(), value.to_owned())]);
    let at = Place::parameter();
    at.keys("params", &map("thing_1", "abc"), rules).unwrap();
    at.keys("params", &map("thing_x", "abcdef"), rules).unwrap();
    let error = at
        .keys("params", &map("letter_12", "ab"), rules)
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "`params.letter_12` has 2 characters, 1 to 1 is allowed"
    );
}
