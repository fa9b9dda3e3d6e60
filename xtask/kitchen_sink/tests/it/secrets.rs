//! No secret is printed.

use std::fmt::Debug;

use kitchen_sink::model::{
    AuthorizeReturn, Content, CreateThing, ExchangeCode, KeyFile, Receipt, RenewToken, Thing,
    TokenSet, UploadFile,
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

#[track_caller]
fn hidden(value: &impl Debug) {
    let text = format!("{value:?} {value:#?}");
    assert!(!text.contains("hush"), "{text}");
}

fn read<T: DeserializeOwned>(json: Value) -> T {
    serde_json::from_value(json).unwrap()
}

#[test]
fn secrets_hide_in_debug() {
    hidden(&read::<Thing>(json!({
        "id": "t", "grade": 1, "parts": [], "amount": 1, "token": "hush", "tokens": ["hush"],
        "tokensByColour": { "RED": ["hush"] }, "secretDetail": "hush",
    })));
    hidden(&read::<TokenSet>(json!({ "access_token": "hush" })));
    hidden(&read::<KeyFile>(json!({ "private_key": "hush" })));
    hidden(&read::<Receipt>(json!({ "token": "hush" })));
    hidden(&ExchangeCode::new("hush"));
    hidden(&RenewToken::new("hush"));
    hidden(&UploadFile::new(
        auth_core::File::new("n", "image/png", "x"),
        "hush",
    ));
    hidden(&AuthorizeReturn::parse("https://x.example/?code=hush&state=hush").unwrap());
    let mut request = crate::requests::create();
    request.targets = vec!["hush".into()];
    hidden(&request);
}

#[test]
fn json_of_an_unknown_form_hides_in_debug() {
    hidden(&read::<Content>(json!("hush")));
}

#[test]
fn errors_hold_no_secret() {
    let mut request: CreateThing = crate::requests::create();
    request.targets = vec!["hush".into(), "".into()];
    hidden(&request.check().unwrap_err());
    let error = serde_json::from_value::<KeyFile>(json!({ "private_key": ["hush"] })).unwrap_err();
    hidden(&error);
}
