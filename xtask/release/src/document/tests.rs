//! Differences of small documents, one for each kind of thing that can differ.

use serde_json::json;

use super::*;

#[test]
fn equal_documents_do_not_differ() {
    assert_eq!(compare(&document(), &document()), []);
    for name in [
        "harmony-push",
        "huawei-oauth",
        "iot-na",
        "oneaccess-sdk",
        "welink-oauth",
    ] {
        let file = format!("../../crates/huawei-emulator/documents/{name}.json");
        let text = std::fs::read_to_string(file).unwrap();
        let document: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(compare(&document, &document), [], "{name}");
    }
}

#[test]
fn a_deprecation_is_told_when_it_begins_and_when_it_ends() {
    let mut new = document();
    let get = new["paths"]["/messages"]["get"].as_object_mut().unwrap();
    get.remove("deprecated").unwrap();
    let begun = "`list_messages` is deprecated";
    let ended = "`list_messages` is no longer deprecated";
    check(&new, &document(), &[(Level::Addition, begun)]);
    check(&document(), &new, &[(Level::Addition, ended)]);
}

#[test]
fn operations_are_added_removed_and_moved() {
    let mut new = document();
    let call = new["paths"]["/messages"]["post"].take();
    new["paths"] =
        json!({"/v2/messages": {"post": call}, "/quota": {"get": {"operationId": "get_quota"}}});
    check(
        &document(),
        &new,
        &[
            (Level::Addition, "added operation `get_quota` (GET /quota)"),
            (
                Level::Break,
                "removed operation `list_messages` (GET /messages)",
            ),
            (
                Level::Patch,
                "moved operation `send_message`: POST /messages to POST /v2/messages",
            ),
        ],
    );
}

#[test]
fn parameters_are_compared_behind_their_references() {
    let mut new = document();
    new["components"]["parameters"]["Limit"]["required"] = json!(true);
    new["paths"]["/messages"]["get"]["parameters"] = json!([
        {"$ref": "#/components/parameters/Limit"},
        {"name": "after", "in": "query", "required": true, "schema": {"type": "string"}},
    ]);
    check(
        &document(),
        &new,
        &[
            (
                Level::Break,
                "added required parameter `list_messages` query `after`",
            ),
            (
                Level::Break,
                "parameter `list_messages` query `limit` is now required",
            ),
        ],
    );
}

#[test]
fn fields_and_their_types_are_compared() {
    let mut new = document();
    let message = &mut new["components"]["schemas"]["Message"];
    message["properties"] = json!({
        "title": {"type": "integer", "format": "int64"},
        "color": {"type": "string", "maxLength": 7},
        "sound": {"type": "string"},
    });
    message["required"] = json!(["title", "color", "sound"]);
    check(
        &document(),
        &new,
        &[
            (Level::Break, "removed field `Message.body`"),
            (Level::Break, "field `Message.color` is now required"),
            (Level::Patch, "changed maxLength of `Message.color`: 9 to 7"),
            (Level::Break, "added required field `Message.sound`"),
            (
                Level::Break,
                "changed format of `Message.title`: null to \"int64\"",
            ),
            (
                Level::Break,
                "changed type of `Message.title`: \"string\" to \"integer\"",
            ),
        ],
    );
}

#[test]
fn enum_values_and_codes_are_compared() {
    let mut new = document();
    new["components"]["schemas"]["Urgency"]["enum"] = json!(["HIGH", "LOW"]);
    new["x-error-codes"] = json!([
        {"code": "1", "realm": "oauth", "meaning": "Wrong.", "action": "new-token"},
        {"code": "3", "http_status": 503, "meaning": "Busy.", "action": "backoff"},
    ]);
    new["paths"]["/messages"]["post"]["x-errors"] = json!(["3@503"]);
    check(
        &document(),
        &new,
        &[
            (Level::Patch, "removed code of `send_message`: 2"),
            (Level::Patch, "added code of `send_message`: 3@503"),
            (Level::Break, "removed value of `Urgency`: NORMAL"),
            (Level::Addition, "added value of `Urgency`: LOW"),
            (Level::Patch, "removed code 2: Late."),
            (Level::Patch, "added code 3@503: Busy. (backoff)"),
            (
                Level::Patch,
                "changed code oauth:1: fix-request to new-token",
            ),
        ],
    );
}

#[test]
fn what_a_call_takes_answers_and_is_allowed_to_do_is_compared() {
    let mut new = document();
    let call = &mut new["paths"]["/messages"]["post"];
    call["x-idempotent"] = json!(true);
    call["summary"] = json!("Send.");
    call["responses"]["200"]["content"]["application/json"]["schema"] =
        json!({"type": "array", "items": {"$ref": "#/components/schemas/Message"}});
    check(
        &document(),
        &new,
        &[
            (
                Level::Break,
                "changed $ref of `send_message 200 application/json`: \
                 \"#/components/schemas/Message\" to null",
            ),
            (
                Level::Break,
                "changed type of `send_message 200 application/json`: null to \"array\"",
            ),
            (
                Level::Patch,
                "changed `send_message` x-idempotent: false to true",
            ),
            (Level::Patch, "described otherwise: `send_message`"),
        ],
    );
}

fn check(old: &Value, new: &Value, wanted: &[(Level, &str)]) {
    let found = compare(old, new);
    let found: Vec<_> = found
        .iter()
        .map(|one| (one.level, one.text.as_str()))
        .collect();
    assert_eq!(found, wanted);
}

fn document() -> Value {
    json!({
        "openapi": "3.1.0",
        "paths": {
            "/messages": {
                "post": {
                    "operationId": "send_message",
                    "summary": "Send a message.",
                    "x-idempotent": false,
                    "x-errors": ["2"],
                    "requestBody": {"content": {"application/json": {
                        "schema": {"$ref": "#/components/schemas/Message"}}}},
                    "responses": {"200": {"content": {"application/json": {
                        "schema": {"$ref": "#/components/schemas/Message"}}}}},
                },
                "get": {
                    "operationId": "list_messages",
                    "deprecated": true,
                    "parameters": [{"$ref": "#/components/parameters/Limit"}],
                },
            },
        },
        "components": {
            "parameters": {
                "Limit": {"name": "limit", "in": "query", "schema": {"type": "integer"}},
            },
            "schemas": {
                "Message": {
                    "type": "object",
                    "required": ["title"],
                    "properties": {
                        "title": {"type": "string"},
                        "body": {"type": "string"},
                        "color": {"type": "string", "maxLength": 9},
                    },
                },
                "Urgency": {"type": "string", "enum": ["HIGH", "NORMAL"]},
            },
        },
        "x-error-codes": [
            {"code": "1", "realm": "oauth", "meaning": "Wrong.", "action": "fix-request"},
            {"code": "2", "meaning": "Late.", "action": "backoff"},
        ],
    })
}
