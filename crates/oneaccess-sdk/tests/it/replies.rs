//! What an application answers to each event: the ids that the platform needs, and no others.

use std::time::{Duration, UNIX_EPOCH};

use oneaccess_sdk::events::{Delivery, Handled, Receiver, Secrets};
use serde_json::{Value, json};

fn delivery(event: &str, data: &Value) -> Delivery {
    let body = json!({"nonce": "n", "timestamp": 1_573_784_783_795_u64, "eventType": event,
        "data": data.to_string()});
    let now = UNIX_EPOCH + Duration::from_millis(1_573_784_783_795);
    let receiver = Receiver::new(Secrets::new("token"));
    let body = body.to_string();
    receiver
        .open(Some("Bearer token"), body.as_bytes(), now)
        .unwrap()
}

/// What the reply tells of an id; nothing if there is no reply.
fn told(event: &str, data: &Value, handled: &Handled) -> Option<Value> {
    let reply = delivery(event, data).reply(handled).ok()?;
    let reply: Value = serde_json::from_str(&reply.body()).unwrap();
    assert_eq!(reply["code"], "200");
    let data = reply["data"].as_str();
    Some(data.map_or(Value::Null, |data| {
        serde_json::from_str::<Value>(data).unwrap()["id"].clone()
    }))
}

#[test]
fn what_was_added_needs_an_id() {
    for event in ["CREATE_USER", "CREATE_ORGANIZATION"] {
        let told = |handled| told(event, &json!({"name": "a"}), &handled);
        assert_eq!(told(Handled::Id("x".to_owned())), Some(json!("x")));
        for handled in [
            Handled::Done,
            Handled::Id(String::new()),
            Handled::Id(" ".to_owned()),
            Handled::Id("x".repeat(51)),
        ] {
            assert_eq!(told(handled), None, "{event}");
        }
    }
}

#[test]
fn what_was_changed_keeps_its_id_unless_it_gets_another() {
    for event in ["UPDATE_USER", "UPDATE_ORGANIZATION "] {
        let told = |handled| told(event, &json!({"id": "old", "name": "a"}), &handled);
        assert_eq!(told(Handled::Done), Some(json!("old")));
        assert_eq!(told(Handled::Id("new".to_owned())), Some(json!("new")));
        // It would take the place of the one that later events need.
        assert_eq!(told(Handled::Id(String::new())), None);
    }
}

#[test]
fn what_was_deleted_has_no_id_any_more() {
    for event in ["DELETE_USER", "DELETE_ORGANIZATION "] {
        let told = |handled| told(event, &json!({"id": "old"}), &handled);
        assert_eq!(told(Handled::Done), Some(Value::Null));
        assert_eq!(told(Handled::Id("old".to_owned())), Some(Value::Null));
    }
}

#[test]
fn an_event_of_later_is_answered_too() {
    let told = |handled| told("MOVE_USER", &json!({"id": "old"}), &handled);
    assert_eq!(told(Handled::Done), Some(Value::Null));
    assert_eq!(told(Handled::Id("x".to_owned())), Some(json!("x")));
}
