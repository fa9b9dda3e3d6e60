//! How an answer is judged, and the error table: `x-outcome` and `x-error-codes`.

use serde_json::Value;

use super::json::{dig, scalar, strings, text};

/// Where the verdict of an answer stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Carrier {
    Body,
    Header,
    Status,
}

/// How an answer of an operation is judged.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    pub carrier: Carrier,
    pub success: Vec<String>,
    pub envelopes: Vec<Envelope>,
}

/// The form of an error.
#[derive(Clone, Debug)]
pub(crate) struct Envelope {
    pub schema: String,
    pub code: String,
    pub sub_code: Option<String>,
    pub message: Option<String>,
    pub request_id: Option<String>,
    pub realm: Option<String>,
}

/// One row of the error table.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    /// `[realm:]code[/sub_code]`, with `@http_status` where rows share the rest.
    pub id: String,
    pub realm: Option<String>,
    pub code: String,
    pub sub_code: Option<String>,
    pub status: Option<u16>,
    pub meaning: String,
    pub action: String,
}

impl Outcome {
    pub(crate) fn read(source: &Value) -> Self {
        let envelopes = source["envelopes"].as_array().into_iter().flatten();
        Self {
            carrier: match source["carrier"].as_str() {
                Some("body") => Carrier::Body,
                Some("header") => Carrier::Header,
                _ => Carrier::Status,
            },
            success: strings(source.get("success")),
            envelopes: envelopes
                .map(|envelope| Envelope {
                    schema: text(envelope, "schema").unwrap_or_default(),
                    code: text(envelope, "code").unwrap_or_default(),
                    sub_code: text(envelope, "sub_code"),
                    message: text(envelope, "message"),
                    request_id: text(envelope, "request_id"),
                    realm: text(envelope, "realm"),
                })
                .collect(),
        }
    }

    /// The code that an answer's body carries, of the first envelope that has one.
    pub(crate) fn code(&self, body: &Value) -> Option<String> {
        self.envelopes
            .iter()
            .find_map(|envelope| scalar(dig(body, &envelope.code)?))
    }
}

/// Reads the error table and gives its rows their ids.
pub(crate) fn read_rows(source: &Value) -> Vec<Row> {
    let sources = source.as_array().into_iter().flatten();
    let mut rows: Vec<Row> = sources
        .map(|row| {
            let realm = text(row, "realm");
            let code = text(row, "code").unwrap_or_default();
            let sub_code = text(row, "sub_code");
            let prefix = realm.as_ref().map(|realm| format!("{realm}:"));
            let suffix = sub_code.as_ref().map(|sub| format!("/{sub}"));
            Row {
                id: prefix.unwrap_or_default() + &code + &suffix.unwrap_or_default(),
                realm,
                code,
                sub_code,
                status: row["http_status"]
                    .as_u64()
                    .and_then(|status| u16::try_from(status).ok()),
                meaning: text(row, "meaning").unwrap_or_default(),
                action: text(row, "action").unwrap_or_default(),
            }
        })
        .collect();
    let plain: Vec<String> = rows.iter().map(|row| row.id.clone()).collect();
    for row in &mut rows {
        if plain.iter().filter(|id| **id == row.id).count() > 1 {
            let status = row
                .status
                .map_or_else(|| "None".to_owned(), |status| status.to_string());
            row.id = format!("{}@{status}", row.id);
        }
    }
    rows
}
