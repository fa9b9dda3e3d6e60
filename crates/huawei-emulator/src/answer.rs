//! Answers: successes, and refusals in the platform's own form.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderName};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde_json::{Map, Value};

use crate::document::Document;
use crate::document::operation::Operation;
use crate::document::outcome::{Carrier, Row};
use crate::document::schema::{Members, SchemaId, Schemas};
use crate::document::types::JsonType;
use crate::platforms::Call;
use crate::synth;
use crate::validate::Violation;

/// What the emulator answers to a request.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
    /// The platform's code, for the log.
    pub code: Option<String>,
}

/// Why the emulator says no.
#[derive(Clone, Debug, Default)]
pub(crate) struct Refusal {
    /// The row of the error table: its id, or just its code.
    pub code: Option<String>,
    /// The HTTP status where it is another than the row's.
    pub status: Option<u16>,
    /// The message; the row's meaning when there is none.
    pub message: Option<String>,
    /// What the log and the verdict header say, when it is no rule of the document.
    pub reason: Option<String>,
    /// The rules of the document that the request broke.
    pub violations: Vec<Violation>,
    /// Which of the document's error bodies it is, counted from 0, where the code does not tell.
    pub envelope: Option<u8>,
    /// The answer itself, where the caller asked for another form than the document's.
    pub form: Option<Box<Answer>>,
}

impl Refusal {
    /// A refusal with a row of the error table.
    pub(crate) fn code(code: impl Into<String>) -> Self {
        Self {
            code: Some(code.into()),
            ..Self::default()
        }
    }

    /// A refusal by HTTP status alone.
    pub(crate) fn status(status: u16) -> Self {
        Self {
            status: Some(status),
            ..Self::default()
        }
    }

    /// What a platform says to an operation that it has no behaviour for: no caller gets to see
    /// it while the list of those that behave is true, which a test holds.
    pub(crate) fn no_behaviour(call: &Call<'_>) -> Self {
        Self {
            status: Some(501),
            reason: Some(format!("there is no behaviour for {}", call.operation.id)),
            ..Self::default()
        }
    }

    /// Says why, in the answer's message and in the log.
    pub(crate) fn because(self, message: impl Into<String>) -> Self {
        let message = message.into();
        Self {
            reason: Some(message.clone()),
            message: Some(message),
            ..self
        }
    }

    /// Sets the message of the answer, where it is not what the log should say.
    pub(crate) fn message(self, message: impl Into<String>) -> Self {
        Self {
            message: Some(message.into()),
            ..self
        }
    }

    /// Why, in one line.
    pub(crate) fn reason(&self) -> String {
        let rules: Vec<String> = self.violations.iter().map(Violation::to_string).collect();
        match &self.reason {
            _ if !rules.is_empty() => rules.join("; "),
            Some(reason) => reason.clone(),
            None => self.message.clone().unwrap_or_default(),
        }
    }

    /// The answer in the form the document gives errors of this operation.
    pub(crate) fn answer(
        &self,
        document: &Document,
        operation: Option<&Operation>,
        request_id: &str,
    ) -> Answer {
        if let Some(form) = &self.form {
            return Answer::clone(form);
        }
        let row = self
            .code
            .as_ref()
            .and_then(|code| document.row_of_code(operation, code));
        let status = self
            .status
            .or_else(|| row.and_then(|row| row.status))
            .and_then(|status| StatusCode::from_u16(status).ok());
        let message = match (&self.message, row) {
            (Some(message), _) => message.clone(),
            (None, _) if !self.violations.is_empty() => self.reason(),
            (None, Some(row)) => row.meaning.clone(),
            (None, None) => String::new(),
        };
        let without_code = row.is_some_and(|row| row.realm.as_deref() == Some("http"));
        let code = self.code.as_deref().filter(|_| !without_code);
        let Some((operation, code)) = operation.zip(code) else {
            return Answer::empty(status.unwrap_or(StatusCode::BAD_REQUEST));
        };
        let said = Said {
            code: row.map_or(code, |row| &row.code),
            sub_code: row.and_then(|row| row.sub_code.as_deref()),
            message: &message,
            request_id,
            envelope: self.envelope,
        };
        let mut answer = said.answer(document, operation, row);
        answer.status = status.unwrap_or(match operation.outcome.carrier {
            Carrier::Body | Carrier::Header => StatusCode::OK,
            Carrier::Status => StatusCode::BAD_REQUEST,
        });
        answer
    }
}

/// What an error answer says.
struct Said<'a> {
    code: &'a str,
    sub_code: Option<&'a str>,
    message: &'a str,
    request_id: &'a str,
    envelope: Option<u8>,
}

impl Said<'_> {
    fn answer(&self, document: &Document, operation: &Operation, row: Option<&Row>) -> Answer {
        let outcome = &operation.outcome;
        let realm = row.and_then(|row| row.realm.as_ref());
        let of_realm = match self.envelope {
            Some(number) => outcome.envelopes.get(usize::from(number)),
            None => outcome
                .envelopes
                .iter()
                .find(|envelope| realm.is_some() && envelope.realm.as_ref() == realm),
        };
        let Some(envelope) = of_realm.or_else(|| outcome.envelopes.first()) else {
            return Answer::empty(StatusCode::BAD_REQUEST);
        };
        let schemas = &document.schemas;
        let schema = schemas.named(&envelope.schema);
        let mut body = schema.map_or_else(
            || Value::Object(Map::new()),
            |schema| synth::minimal(schemas, schema),
        );
        let mut headers = HeaderMap::new();
        let mut set = |path: &str, text: &str| put(&mut body, schemas, schema, path, text);
        if outcome.carrier == Carrier::Header {
            let name = HeaderName::try_from(&*envelope.code);
            if let (Ok(name), Ok(value)) = (name, HeaderValue::from_str(self.code)) {
                headers.insert(name, value);
            }
        } else {
            set(&envelope.code, self.code);
        }
        if let (Some(path), Some(text)) = (&envelope.sub_code, self.sub_code) {
            set(path, text);
        }
        if let Some(path) = &envelope.message {
            set(path, self.message);
        }
        if let Some(path) = &envelope.request_id {
            set(path, self.request_id);
        }
        // Where a success is labelled as text, an error is, too.
        let media = operation.success.content.as_ref();
        let media = match media.is_some_and(|(media, _)| media.starts_with("text/plain")) {
            true => "text/plain;charset=utf-8",
            false => "application/json",
        };
        let mut answer = Answer::text(media, body.to_string());
        answer.headers.extend(headers);
        answer.with_code(self.code)
    }
}

impl Answer {
    /// An answer without a body.
    pub(crate) fn empty(status: StatusCode) -> Self {
        Self {
            status,
            headers: HeaderMap::new(),
            body: Bytes::new(),
            code: None,
        }
    }

    /// A JSON answer with status 200.
    pub(crate) fn json(body: &Value) -> Self {
        Self::text("application/json", body.to_string())
    }

    /// An answer of any media type with status 200.
    pub(crate) fn text(content_type: &'static str, body: impl Into<Bytes>) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        Self {
            status: StatusCode::OK,
            headers,
            body: body.into(),
            code: None,
        }
    }

    /// The same answer with another status.
    pub(crate) fn with_status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }

    /// The same answer with the platform's code for the log.
    pub(crate) fn with_code(self, code: impl Into<String>) -> Self {
        Self {
            code: Some(code.into()),
            ..self
        }
    }
}

/// Sets a member at a dotted path, as the type its schema has.
pub(crate) fn put(
    body: &mut Value,
    schemas: &Schemas,
    schema: Option<SchemaId>,
    path: &str,
    text: &str,
) {
    let kind = schema.and_then(|schema| kind_at(schemas, schema, path));
    let value = match (kind, text.parse::<i64>()) {
        (Some(JsonType::Integer | JsonType::Number), Ok(number)) => Value::from(number),
        _ => Value::from(text),
    };
    let mut place = body;
    for part in path.split('.') {
        if !place.is_object() {
            *place = Value::Object(Map::new());
        }
        place = &mut place[part];
    }
    *place = value;
}

/// The type of the member at a dotted path.
fn kind_at(schemas: &Schemas, schema: SchemaId, path: &str) -> Option<JsonType> {
    let found = schema_at(schemas, schema, path)?;
    schemas.get(found).types.first().copied()
}

/// The schema of the member at a dotted path.
pub(crate) fn schema_at(schemas: &Schemas, schema: SchemaId, path: &str) -> Option<SchemaId> {
    path.split('.').try_fold(schema, |schema, part| {
        let alternatives = schemas.alternatives(schema);
        alternatives.iter().find_map(|form| match &form.members {
            Members::Struct(rules) => rules.property(part).map(|property| property.schema),
            Members::Free | Members::Map(_) => None,
        })
    })
}

/// The code of an answer that has this body, for the log.
pub(crate) fn code_of(operation: &Operation, body: &Value) -> Option<String> {
    (operation.outcome.carrier != Carrier::Header)
        .then(|| operation.outcome.code(body))
        .flatten()
}
