//! Reading: leniently where the document says so, and without loss.

use kitchen_sink::model::{
    Colour, Content, Grade, Rows, Shape, TextOrPart, Thing, ThingPage, TokenClaims, TokenSet,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

fn read<T: DeserializeOwned>(json: Value) -> T {
    serde_json::from_value(json).expect("the JSON has the documented form")
}

/// A thing with the members that cannot be missing, and `more`.
fn thing(more: Value) -> Thing {
    let mut json = json!({ "id": "t", "grade": 1, "parts": [], "amount": 1 });
    let (Value::Object(all), Value::Object(more)) = (&mut json, more) else {
        panic!("both are objects");
    };
    all.extend(more);
    read(json)
}

fn unchanged<T: DeserializeOwned + Serialize>(json: Value) {
    let value: T = read(json.clone());
    assert_eq!(serde_json::to_value(value).unwrap(), json);
}

#[test]
fn everything_survives_a_round_trip() {
    unchanged::<Thing>(json!({
        "id": "t", "grade": 77, "null": "x", "unsure": "u", "parts": [{ "name": "p" }],
        "amount": 5, "ratio": 0.5, "big": 9_007_199_254_740_993_i64, "on": true, "code": "c",
        "codes": ["1"], "codesByName": { "a": "1" }, "colour": "ultraviolet", "shape": "SQUARE",
        "one": [{ "name": "p" }], "createTime": "now", "token": "s", "tokens": ["s"],
        "tokensByColour": { "RED": ["s"], "new colour": [] }, "anything": [1, { "a": null }],
        "members": { "a": 1 }, "detail": "{\"name\":\"n\"}", "bytes": "aGk=", "kind": "9",
        "content": { "any": "thing" }, "parent": { "id": "p", "grade": 0, "parts": [], "amount": 1 },
        "children": [], "value": 7, "values": ["text", { "name": "p" }], "self": "s", "type": "t",
        "not in the document": { "kept": true },
    }));
}

#[test]
fn unknown_members_are_ignored_where_they_are_not_kept() {
    let page: ThingPage = read(json!({ "data": { "things": [] }, "later": 1 }));
    assert_eq!(
        serde_json::to_value(page).unwrap(),
        json!({ "data": { "things": [] } })
    );
}

#[test]
fn null_is_absence_whether_or_not_the_document_lists_it() {
    let thing = thing(json!({
        "null": null, "unsure": null, "ratio": null, "big": null, "on": null, "code": null,
        "codes": null, "colour": null, "shape": null, "one": null, "createTime": null,
        "token": null, "tokens": null, "anything": null, "content": null, "parent": null,
        "children": null, "value": null,
    }));
    assert_eq!(
        serde_json::to_value(&thing).unwrap(),
        json!({ "id": "t", "grade": 1, "parts": [], "amount": 1 })
    );
}

#[test]
fn scalars_of_other_types_are_read_where_the_document_says_so() {
    let thing = thing(json!({
        "grade": "-7", "amount": " 28800 ", "ratio": "0.25", "on": "true", "code": 42,
        "codes": [1, true, "x"], "codesByName": { "a": 1 }, "shape": 5,
    }));
    assert_eq!(thing.grade, Grade::Secret);
    assert_eq!(thing.amount, 28800);
    assert_eq!(thing.ratio, Some(0.25));
    assert_eq!(thing.on, Some(true));
    assert_eq!(thing.code.as_deref(), Some("42"));
    assert_eq!(thing.codes.unwrap(), ["1", "true", "x"]);
    assert_eq!(thing.codes_by_name.unwrap()["a"], "1");
    assert_eq!(thing.shape.unwrap().as_str(), "5");
}

#[test]
fn scalars_of_other_types_are_refused_elsewhere() {
    for json in [
        json!({ "id": 1, "grade": 1, "parts": [], "amount": 1 }),
        json!({ "id": "t", "grade": 1, "parts": {}, "amount": 1 }),
        json!({ "id": "t", "grade": 1, "parts": [], "amount": 1, "big": "1" }),
    ] {
        assert!(
            serde_json::from_value::<Thing>(json.clone()).is_err(),
            "{json}"
        );
    }
}

#[test]
fn a_required_member_may_not_be_missing_but_an_unsure_one_may() {
    assert!(serde_json::from_value::<Thing>(json!({ "id": "t" })).is_err());
    assert_eq!(thing(json!({})).unsure, None);
}

#[test]
fn one_object_stands_for_a_list_of_one() {
    let thing = thing(json!({ "one": { "name": "p" } }));
    assert_eq!(thing.one.unwrap()[0].name, "p");
}

#[test]
fn other_names_of_a_member_are_read() {
    for name in ["createTime", "creationTime", "created"] {
        let mut more = serde_json::Map::new();
        more.insert(name.to_owned(), json!("now"));
        let thing = thing(more.into());
        assert_eq!(thing.create_time.as_deref(), Some("now"), "{name}");
        assert!(thing.rest.is_empty());
    }
    let both = thing(json!({ "creationTime": "then", "createTime": "now" }));
    assert_eq!(both.create_time.as_deref(), Some("now"));
}

#[test]
fn words_are_trimmed_and_unknown_ones_kept() {
    assert_eq!(
        thing(json!({ "colour": " dark blue\n" })).colour,
        Some(Colour::DarkBlue)
    );
    assert_eq!(
        thing(json!({ "shape": "ROUND_ONE" })).shape,
        Some(Shape::RoundOne)
    );
    let unknown = thing(json!({ "colour": " teal " })).colour.unwrap();
    assert_eq!(unknown.to_string(), " teal ");
    assert!(matches!(unknown, Colour::Other(_)));
}

#[test]
fn a_sibling_chooses_the_form_of_a_member() {
    let content = |kind: Value, content: Value| {
        thing(json!({ "kind": kind, "content": content }))
            .content
            .unwrap()
    };
    assert!(matches!(
        content(json!("1"), json!({ "value": 1 })),
        Content::Number(_)
    ));
    assert!(matches!(
        content(json!(" 3 "), json!({ "value": "x" })),
        Content::Text(_)
    ));
    assert!(matches!(
        content(json!("8"), json!({ "value": 1 })),
        Content::Number(_)
    ));
    assert!(matches!(
        content(json!("8"), json!({ "v": 1 })),
        Content::Object(_)
    ));
    assert!(matches!(
        content(json!("2"), json!({ "value": 1 })),
        Content::Other(_)
    ));
    assert!(matches!(
        content(json!("8"), json!(true)),
        Content::Other(_)
    ));
}

#[test]
fn members_of_a_union_differ_in_type() {
    let value = |value: Value| thing(json!({ "value": value })).value.unwrap();
    assert!(matches!(value(json!("x")), TextOrPart::Text(_)));
    assert!(matches!(value(json!({ "name": "n" })), TextOrPart::Part(_)));
    assert!(matches!(value(json!(7)), TextOrPart::Other(_)));
}

#[test]
fn json_inside_a_text_has_a_typed_view_and_other_text_stays_text() {
    let thing = thing(json!({
        "detail": r#"{"name":"n"}"#, "looseDetail": "[1]", "secretDetail": r#"{"name":"s"}"#,
        "kind": "2", "chosenDetail": r#"{"value":"x"}"#, "bytes": "aGk", "sealed": "?",
    }));
    assert_eq!(thing.detail_as_json().unwrap().name, "n");
    assert_eq!(thing.loose_detail_as_json(), Some(json!([1])));
    assert_eq!(thing.secret_detail_as_json().unwrap().name, "s");
    assert!(matches!(
        thing.chosen_detail_as_json(),
        Some(Content::Text(_))
    ));
    assert_eq!(thing.bytes_decoded().as_deref(), Some(&b"hi"[..]));
    assert_eq!(thing.sealed_decoded(), None);
    let plain = self::thing(json!({ "detail": "Success" }));
    assert_eq!(plain.detail_as_json(), None);
    assert_eq!(plain.detail.as_deref(), Some("Success"));
}

#[test]
fn constants_are_not_enforced_when_read() {
    let claims: TokenClaims = read(json!({ "iss": "https://other.example" }));
    assert_eq!(claims.iss, "https://other.example");
}

#[test]
fn answers_can_be_queued_and_replayed() {
    unchanged::<TokenSet>(json!({ "access_token": "a", "expires_in": 5 }));
    unchanged::<Rows>(json!({}));
    let text: TokenSet = read(json!({ "access_token": "a", "expires_in": "5" }));
    assert_eq!(text.expires_in, Some(5));
}
