//! Writing: what a request looks like on the wire.

use std::collections::BTreeMap;

use kitchen_sink::model::{
    Answer, ChangeThing, Colour, Content, CreateThing, ExchangeCode, LoudPayload, Nested,
    NumberContent, Part, Payload, QuietPayload, RenewToken, SubmitForm, TextContent,
};
use serde_json::json;

/// A request with its required members.
pub(crate) fn create() -> CreateThing {
    CreateThing::new(
        "12",
        1,
        LoudPayload::new("beep"),
        ["t1", "t2"],
        NumberContent::new(3),
    )
    .token("one")
}

#[test]
fn members_that_are_not_set_are_left_out() {
    assert_eq!(
        serde_json::to_value(create()).unwrap(),
        json!({
            "id": "12", "kind": 1, "payload": { "sound": "beep" }, "fixed": "always",
            "targets": ["t1", "t2"], "content": { "value": 3 }, "token": "one",
        })
    );
}

#[test]
fn setters_are_named_like_the_members() {
    let mut labels = BTreeMap::new();
    labels.insert("thing_1".to_owned(), "abc".to_owned());
    let request = create()
        .fixed_number()
        .nested(Nested::default().tokens(["n"]))
        .image("https://x.example/i.png")
        .share(0.25)
        .labels(labels)
        .parts([Part::new("p").icon("i")])
        .parts_by_name(BTreeMap::from([("a".to_owned(), Part::new("q"))]))
        .colour(Colour::DarkBlue)
        .data_from_json(&Part::new("d"))
        .note("n");
    let json = serde_json::to_value(&request).unwrap();
    assert_eq!(json["fixedNumber"], 3);
    assert_eq!(json["nested"], json!({ "tokens": ["n"] }));
    assert_eq!(json["parts"], json!([{ "name": "p", "icon": "i" }]));
    assert_eq!(json["partsByName"], json!({ "a": { "name": "q" } }));
    assert_eq!(json["colour"], "dark blue");
    assert_eq!(json["data"], r#"{"name":"d"}"#);
    assert_eq!(
        serde_json::from_value::<CreateThing>(json).unwrap(),
        request
    );
}

#[test]
fn a_default_is_documented_and_not_sent() {
    let json = serde_json::to_value(create()).unwrap();
    assert!(json.get("share").is_none() && json.get("colour").is_none());
}

#[test]
fn members_of_a_union_turn_into_it() {
    assert_eq!(
        Payload::from(LoudPayload::new("x")),
        LoudPayload::new("x").into()
    );
    assert!(matches!(
        Payload::from(QuietPayload::new("x")),
        Payload::Quiet(_)
    ));
    let text = serde_json::to_value(Content::from(TextContent::new("t"))).unwrap();
    assert_eq!(text, json!({ "value": "t" }));
}

#[test]
fn a_header_chooses_in_the_order_of_the_mapping() {
    use auth_core::wire::Select;

    let both = json!({ "sound": "s", "text": "t" });
    let read = |key| Payload::select(key, both.clone()).unwrap();
    assert!(matches!(read(Some("0")), Payload::Quiet(_)));
    assert!(matches!(read(Some("1")), Payload::Loud(_)));
    assert!(matches!(read(None), Payload::Loud(_)));
}

#[test]
fn a_property_chooses_the_form_of_a_value() {
    let read = |json| serde_json::from_value::<Answer>(json).unwrap();
    assert!(matches!(
        read(json!({ "kind": "n", "value": 1 })),
        Answer::Number(_)
    ));
    assert!(matches!(
        read(json!({ "kind": "t", "value": "1" })),
        Answer::Text(_)
    ));
    assert!(matches!(
        read(json!({ "kind": "n", "value": "1" })),
        Answer::Other(_)
    ));
    assert!(matches!(read(json!({ "value": "1" })), Answer::Text(_)));
}

#[test]
fn variants_fill_in_what_they_fix() {
    let code = serde_json::to_value(ExchangeCode::new("c")).unwrap();
    assert_eq!(
        code,
        json!({ "grant_type": "authorization_code", "code": "c" })
    );
    let renew = serde_json::to_value(RenewToken::new("r")).unwrap();
    assert_eq!(
        renew,
        json!({ "grant_type": "refresh_token", "refresh_token": "r" })
    );
}

#[test]
fn credentials_are_no_members_of_a_body() {
    let form = serde_json::to_value(SubmitForm::new("x").on(true)).unwrap();
    assert_eq!(form, json!({ "text": "x", "on": true }));
}

#[test]
fn members_without_a_field_can_be_added() {
    let change = ChangeThing::default().name("n").with_member("extra", "e");
    let json = serde_json::to_value(&change).unwrap();
    assert_eq!(json, json!({ "name": "n", "extra": "e" }));
    assert_eq!(serde_json::from_value::<ChangeThing>(json).unwrap(), change);
}
