//! Limits and rules of a document, checked before anything is sent.

use std::collections::BTreeMap;

use kitchen_sink::model::{
    ChangeThing, Colour, CreateThing, ExchangeCode, LoudPayload, Nested, NumberContent, Part,
};

use crate::requests::create;

#[track_caller]
fn refused(request: CreateThing, text: &str) {
    let error = request.check().expect_err("a rule is broken");
    assert_eq!(error.to_string(), text);
}

#[test]
fn a_request_within_its_limits_passes() {
    create().check().unwrap();
    ExchangeCode::new("c").check().unwrap();
    ChangeThing::default().name("short").check().unwrap();
}

#[test]
fn each_limit_names_its_field() {
    let mut kind = create();
    kind.kind = 10;
    refused(kind, "`kind` is 10, 0 to 9 is allowed");
    let mut id = create();
    id.id = "1a".to_owned();
    refused(id, "`id` must consist of digits");
    let mut targets = create();
    targets.targets.clear();
    refused(targets, "`targets` has 0 elements, 1 to 3 is allowed");
    let mut target = create();
    target.targets[1] = "".into();
    refused(
        target,
        "`targets[1]` has 0 characters, at least 1 is required",
    );
    let mut payload = create();
    payload.payload = LoudPayload::new("喇叭喇").into();
    refused(payload, "`payload.sound` has 9 bytes, at most 6 is allowed");
    let mut content = create();
    content.content = NumberContent::new(11).into();
    refused(content, "`content.value` is 11, at most 10 is allowed");
    refused(create().share(1.5), "`share` is 1.5, 0 to 1 is allowed");
    refused(
        create().image("http://x.example"),
        "`image` must begin with `https://`",
    );
    refused(
        create().parts([Part::new("a"), Part::new("b"), Part::new("c")]),
        "`parts` has 3 elements, at most 2 is allowed",
    );
    refused(
        create().parts_by_name(BTreeMap::from([("k".to_owned(), Part::new("too long"))])),
        "`partsByName.k.name` has 8 characters, 1 to 5 is allowed",
    );
}

#[test]
fn names_of_a_map_choose_the_limits_of_their_values() {
    let labels = |name: &str, value: &str| BTreeMap::from([(name.to_owned(), value.to_owned())]);
    create().labels(labels("thing_1", "abc")).check().unwrap();
    create()
        .labels(labels("free", "any length"))
        .check()
        .unwrap();
    refused(
        create().labels(labels("thing_1", "abcd")),
        "`labels.thing_1` has 4 characters, 1 to 3 is allowed",
    );
    refused(
        create().labels(BTreeMap::new()),
        "`labels` has 0 elements, 1 to 3 is allowed",
    );
}

#[test]
fn exactly_one_of_a_group_is_set() {
    refused(
        create().topic("two"),
        "the request needs exactly one of `token`, `topic`, `condition`, 2 are set",
    );
}

#[test]
fn conditions_make_members_required() {
    create().colour(Colour::DarkBlue).check().unwrap();
    refused(
        create().colour(Colour::Red),
        "`note` is required when `colour` is `RED` or `x`",
    );
    create().colour(Colour::Red).note("n").check().unwrap();
    let mut kind = create();
    kind.kind = 7;
    refused(
        kind,
        "the request needs one of `image`, `data` when `kind` is `7` or `8`",
    );
    let mut topic = create().topic("t");
    topic.token = None;
    topic.nested = None;
    refused(
        topic.clone(),
        "`condition` is required when `nested` is absent and `topic` is present",
    );
    topic.nested(Nested::default()).check().unwrap();
}

#[test]
#[expect(deprecated, reason = "a deprecated field has rules, too")]
fn a_deprecated_member_keeps_its_rules() {
    refused(
        create().old("a"),
        "`note` is required when `old` is present",
    );
    refused(
        create().old("abc").note("n"),
        "`old` has 3 characters, at most 2 is allowed",
    );
}

#[test]
fn a_rule_may_look_at_the_top_of_the_request() {
    refused(
        create().parts([Part::new("p")]),
        "`parts[0].icon` is required when `/kind` is `1` and `/targets` is present",
    );
    let mut other = create().parts([Part::new("p")]);
    other.kind = 2;
    other.check().unwrap();
    auth_core::wire::check(&Part::new("p")).unwrap();
}

#[test]
fn a_constant_cannot_be_changed() {
    let mut fixed = create();
    fixed.fixed = "other".to_owned();
    refused(fixed, "`fixed` must be `always`, the only value allowed");
    let mut number = create();
    number.fixed_number = Some(4);
    refused(number, "`fixedNumber` must be `3`, the only value allowed");
}
