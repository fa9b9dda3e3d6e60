//! Reads the extensions: section 4 of the vocabulary.

use anyhow::Result;
use serde_json::Value;

use crate::codegen::document::{
    Browser, Callback, Carried, Carrier, Carrying, Code, Envelope, Evidence, Jwt, MaxBody, Outcome,
    Pagination, Payload, RateLimit, RowId, Rule, Then, TokenPolicy, Variant, Want, Window,
};
use crate::codegen::read::{Cursor, Fields};

pub(super) const EVIDENCE: &[(&str, Evidence)] = &[
    ("documented", Evidence::Documented),
    ("client-code", Evidence::ClientCode),
    ("inferred", Evidence::Inferred),
];

pub(super) fn outcome(cursor: &Cursor<'_>) -> Result<Outcome> {
    let fields = cursor.fields()?;
    let outcome = Outcome {
        carrier: fields.required("carrier")?.one_of(&[
            ("http-status", Carrier::Status),
            ("body", Carrier::Body),
            ("header", Carrier::Header),
        ])?,
        success: fields.each("success", Cursor::text)?,
        partial: fields.each("partial", Cursor::text)?,
        envelopes: fields
            .required("envelopes")?
            .list()?
            .iter()
            .map(envelope)
            .collect::<Result<_>>()?,
    };
    fields.done()?;
    Ok(outcome)
}

fn envelope(cursor: &Cursor<'_>) -> Result<Envelope> {
    let fields = cursor.fields()?;
    let envelope = Envelope {
        schema: fields.required("schema")?.text()?,
        code: fields.required("code")?.text()?,
        sub_code: fields.map("sub_code", Cursor::text)?,
        message: fields.map("message", Cursor::text)?,
        request_id: fields.map("request_id", Cursor::text)?,
        realm: fields.map("realm", Cursor::text)?,
    };
    fields.done()?;
    Ok(envelope)
}

pub(super) fn code(cursor: &Cursor<'_>) -> Result<Code> {
    let fields = cursor.fields()?;
    let status = fields.required("http_status")?;
    let code = Code {
        at: cursor.at().clone(),
        realm: fields.map("realm", Cursor::text)?,
        code: fields.required("code")?.text()?,
        sub_code: fields.map("sub_code", Cursor::text)?,
        status: nullable(&status, |cursor| {
            u16::try_from(cursor.integer()?).map_err(|_| cursor.at().error("is no HTTP status"))
        })?,
        meaning: fields.required("meaning")?.text()?,
        action: fields.required("action")?.one_of(ACTIONS)?,
        evidence: fields.map("evidence", |cursor| cursor.one_of(EVIDENCE))?,
        source: fields.map("source", Cursor::text)?,
    };
    fields.done()?;
    Ok(code)
}

pub(super) fn row_id(cursor: &Cursor<'_>) -> Result<RowId> {
    Ok(RowId {
        at: cursor.at().clone(),
        id: cursor.word()?,
    })
}

pub(super) fn token_policy(cursor: &Cursor<'_>) -> Result<TokenPolicy> {
    let fields = cursor.fields()?;
    let number = |name| nullable(&fields.required(name)?, Cursor::integer);
    let switch = |name| nullable(&fields.required(name)?, Cursor::boolean);
    let policy = TokenPolicy {
        at: cursor.at().clone(),
        token: fields.required("token")?.text()?,
        issued_by: fields.required("issued_by")?.texts()?,
        used_by: fields.required("used_by")?.texts()?,
        lifetime_s: number("lifetime_s")?,
        lifetime_field: nullable(&fields.required("lifetime_field")?, Cursor::text)?,
        renew_before_s: number("renew_before_s")?,
        refresh_lifetime_s: number("refresh_lifetime_s")?,
        rotates: switch("rotates")?,
        voids_previous: switch("new_token_voids_previous")?,
        single_use: fields.required("single_use")?.boolean()?,
        max_per_window: nullable(&fields.required("max_per_window")?, |cursor| {
            let fields = cursor.fields()?;
            let window = window(&fields)?;
            fields.done()?;
            Ok(window)
        })?,
    };
    fields.done()?;
    Ok(policy)
}

pub(super) fn rate_limit(cursor: &Cursor<'_>) -> Result<RateLimit> {
    let fields = cursor.fields()?;
    let limit = RateLimit {
        at: cursor.at().clone(),
        window: window(&fields)?,
        when: fields.map("when", conditions)?.unwrap_or_default(),
        answer: fields.map("answer", Cursor::word)?,
    };
    fields.done()?;
    Ok(limit)
}

fn window(fields: &Fields<'_>) -> Result<Window> {
    Ok(Window {
        requests: fields.required("requests")?.integer()?,
        window_s: fields.required("window_s")?.integer()?,
        per: fields.required("per")?.one_of(&[
            ("client", "client"),
            ("client-and-operation", "client and operation"),
            ("app", "app"),
            ("project", "project"),
            ("company", "company"),
            ("user", "user"),
            ("source-ip", "source address"),
        ])?,
    })
}

/// Reads `x-required-if` of a struct or an operation.
pub(super) fn required_if(fields: &Fields<'_>) -> Result<Vec<Rule>> {
    fields.each("x-required-if", |cursor| {
        let fields = cursor.fields()?;
        let then = match (fields.optional("then"), fields.optional("then_any")) {
            (Some(all), None) => Then::All(all.texts()?),
            (None, Some(any)) => Then::Any(any.texts()?),
            _ => return Err(cursor.at().error("has either `then` or `then_any`")),
        };
        let rule = Rule {
            at: cursor.at().clone(),
            when: conditions(&fields.required("when")?)?,
            then,
        };
        fields.done()?;
        Ok(rule)
    })
}

/// Reads what `when` maps names to.
pub(super) fn conditions(cursor: &Cursor<'_>) -> Result<Vec<(String, Want)>> {
    let entries = cursor.entries()?.into_iter();
    entries
        .map(|(name, cursor)| {
            let want = match cursor.value() {
                Value::Null => Want::Absent,
                Value::String(text) if text == "*" => Want::Present,
                Value::Array(values) => Want::OneOf(values),
                Value::Object(_) => return Err(cursor.at().error("is no value")),
                value => Want::OneOf(vec![value]),
            };
            Ok((name.to_owned(), want))
        })
        .collect()
}

pub(super) fn max_body(cursor: &Cursor<'_>) -> Result<MaxBody> {
    let fields = cursor.fields()?;
    let max = MaxBody {
        at: cursor.at().clone(),
        limit: fields.required("limit")?.integer()?,
        excludes: fields.each("excludes", Cursor::text)?,
    };
    fields.done()?;
    Ok(max)
}

pub(super) fn variant(cursor: &Cursor<'_>) -> Result<Variant> {
    let fields = cursor.fields()?;
    let variant = Variant {
        at: cursor.at().clone(),
        name: fields.required("name")?.text()?,
        summary: fields.required("summary")?.text()?,
        when: conditions(&fields.required("when")?)?,
        request: fields.required("request")?.text()?,
        response: fields.required("response")?.text()?,
        idempotent: fields.required("idempotent")?.boolean()?,
    };
    fields.done()?;
    Ok(variant)
}

pub(super) fn browser(cursor: &Cursor<'_>) -> Result<Browser> {
    let carried = |cursor: &Cursor<'_>| {
        let fields = cursor.fields()?;
        let carried = Carried {
            in_query: fields
                .required("in")?
                .one_of(&[("query", true), ("fragment", false)])?,
            params: fields.required("params")?.texts()?,
        };
        fields.done()?;
        Ok(carried)
    };
    let fields = cursor.fields()?;
    fields.required("success")?;
    fields.required("errors")?;
    let browser = Browser {
        returns_to: nullable(&fields.required("returns_to")?, Cursor::text)?,
        success: fields.each("success", carried)?,
        errors: fields.each("errors", carried)?,
    };
    fields.done()?;
    Ok(browser)
}

pub(super) fn pagination(cursor: &Cursor<'_>) -> Result<Pagination> {
    let fields = cursor.fields()?;
    let pagination = Pagination {
        at: cursor.at().clone(),
        by_row: fields
            .required("unit")?
            .one_of(&[("page", false), ("row", true)])?,
        in_body: fields
            .required("in")?
            .one_of(&[("query", false), ("body", true)])?,
        index: fields.required("index")?.text()?,
        size: fields.required("size")?.text()?,
        first: fields.required("first")?.integer()?,
        items: fields.required("items")?.text()?,
        total: fields.map("total", Cursor::text)?,
        more: fields.map("more", Cursor::text)?,
    };
    fields.done()?;
    Ok(pagination)
}

pub(super) fn callback(cursor: &Cursor<'_>) -> Result<Callback> {
    let fields = cursor.fields()?;
    let callback = Callback {
        dedupe: fields.required("dedupe")?.texts()?,
        dispatch: fields.map("dispatch", |cursor| {
            let fields = cursor.fields()?;
            let field = fields.required("field")?.text()?;
            let value = fields.required("value")?.text()?;
            fields.done()?;
            Ok((field, value))
        })?,
        payload: fields.map("payload", payload)?,
    };
    fields.done()?;
    Ok(callback)
}

fn payload(cursor: &Cursor<'_>) -> Result<Payload> {
    let carrying = |cursor: &Cursor<'_>| {
        let fields = cursor.fields()?;
        let carrying = Carrying {
            field: fields.required("field")?.text()?,
            schema: fields.map("schema", Cursor::text)?,
        };
        fields.done()?;
        Ok(carrying)
    };
    let fields = cursor.fields()?;
    let payload = Payload {
        encryption: fields.required("encryption")?.one_of(&[
            ("always", "always encrypted"),
            ("optional", "encrypted if the receiver is set up so"),
            ("never", "never encrypted"),
        ])?,
        request: carrying(&fields.required("request")?)?,
        reply: fields.map("reply", carrying)?,
    };
    fields.done()?;
    Ok(payload)
}

pub(super) fn jwt(cursor: &Cursor<'_>) -> Result<Jwt> {
    let fields = cursor.fields()?;
    let jwt = Jwt {
        algorithms: fields.each("algorithms", Cursor::text)?,
        header: match fields.optional("header") {
            Some(cursor) => names_of(&cursor)?,
            None => Vec::new(),
        },
        claims: fields.map("claims", Cursor::text)?,
        key: fields.map("key", Cursor::text)?,
        keys_from: fields.map("keys_from", Cursor::text)?,
        lifetime_s: fields.map("lifetime_s", Cursor::integer)?,
        max_lifetime_s: fields.map("max_lifetime_s", Cursor::integer)?,
    };
    fields.done()?;
    Ok(jwt)
}

/// A map of texts, in the order of the document.
pub(super) fn names_of(cursor: &Cursor<'_>) -> Result<Vec<(String, String)>> {
    let entries = cursor.entries()?.into_iter();
    entries
        .map(|(name, cursor)| Ok((name.to_owned(), cursor.text()?)))
        .collect()
}

fn nullable<'a, T>(
    cursor: &Cursor<'a>,
    read: impl FnOnce(&Cursor<'a>) -> Result<T>,
) -> Result<Option<T>> {
    match cursor.is_null() {
        true => Ok(None),
        false => read(cursor).map(Some),
    }
}

/// The actions of the vocabulary and the variants of `auth_core::Action`.
const ACTIONS: &[(&str, &str)] = &[
    ("backoff", "Backoff"),
    ("contact-provider", "ContactProvider"),
    ("drop-target", "DropTarget"),
    ("fix-credentials", "FixCredentials"),
    ("fix-request", "FixRequest"),
    ("new-token", "NewToken"),
    ("none", "None"),
    ("sign-in-again", "SignInAgain"),
];
