//! Calls of the platform, and what a browser brings back.

use kitchen_sink::model::{AuthorizeReturn, Call, Envelope, Event, Receipt};
use serde_json::json;

#[test]
fn a_field_tells_calls_apart() {
    let call = Call::parse(br#"{"notifyType":" thingAdded","thing":{"id":"1"}}"#).unwrap();
    let Call::ThingAdded(added) = &call else {
        panic!("{call:?}");
    };
    assert_eq!(added.thing.id.as_deref(), Some("1"));
    let removed = Call::parse(br#"{"notifyType":"thingRemoved"}"#).unwrap();
    assert!(matches!(removed, Call::ThingRemoved(_)));
    let confirmed = Call::parse(br#"{"thingId":"1"}"#).unwrap();
    assert!(matches!(confirmed, Call::ThingConfirmed(_)));
}

#[test]
fn an_unknown_call_is_kept() {
    for json in [
        json!({ "notifyType": "thingPainted", "colour": "red" }),
        json!({ "notifyType": "thingAdded" }),
        json!({ "no type": 1 }),
    ] {
        let call: Call = serde_json::from_value(json.clone()).unwrap();
        assert!(matches!(call, Call::Other(_)), "{json}");
        assert_eq!(serde_json::to_value(call).unwrap(), json);
    }
    assert!(Call::parse(b"no JSON").is_err());
}

#[test]
fn one_receipt_is_read_like_a_list() {
    assert_eq!(Receipt::parse_all(br#"{"token":"t"}"#).unwrap().len(), 1);
    assert_eq!(
        Receipt::parse_all(br#"[{"token":"t"},{}]"#).unwrap().len(),
        2
    );
    assert!(Receipt::parse_all(b"5").is_err());
}

#[test]
fn a_message_inside_is_read_by_the_kind_beside_it() {
    let envelope = Envelope::parse(br#"{"kind":"CREATE","data":"{\"name\":\"n\"}"}"#).unwrap();
    let kind = envelope.kind.as_deref().unwrap_or_default();
    let event = Event::parse(kind, &envelope.data).unwrap();
    let Event::Create(part) = &event else {
        panic!("{event:?}");
    };
    assert_eq!(part.name, "n");
    assert_eq!(
        Event::parse("CHECK ", "echo").unwrap(),
        Event::Check("echo".to_owned())
    );
    assert!(matches!(
        Event::parse("NEW", "{}").unwrap(),
        Event::Other(_)
    ));
    assert!(Event::parse("CREATE", "[]").is_err());
    assert!(Receipt::parse(br#"{"token":"t"}"#).is_ok());
}

#[test]
fn a_browser_brings_back_success_or_refusal() {
    let parse = |address| AuthorizeReturn::parse(address).unwrap();
    let AuthorizeReturn::Success(code) = parse("https://x.example/back?code=c%2B&state=s") else {
        panic!("a success");
    };
    assert_eq!(code.code.unwrap().expose(), "c+");
    assert_eq!(code.state.unwrap().expose(), "s");
    let AuthorizeReturn::Success(token) = parse("https://x.example/back#id_token=i&state=s") else {
        panic!("a success");
    };
    assert_eq!(token.id_token.unwrap().expose(), "i");
    let AuthorizeReturn::Refusal(refusal) = parse("?error=denied&error_description=no") else {
        panic!("a refusal");
    };
    assert_eq!(refusal.error, "denied");
    assert_eq!(refusal.error_description.as_deref(), Some("no"));
    assert!(AuthorizeReturn::parse("https://x.example/back").is_err());
}
