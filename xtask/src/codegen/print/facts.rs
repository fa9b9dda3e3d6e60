//! Prints the facts that policy reads: platform, schemes, outcomes, operations, error table.

use crate::codegen::document::{Carrier, Document, Envelope, Outcome, Scheme, SchemeKind};
use crate::codegen::names;
use crate::codegen::plan::Plan;
use crate::codegen::print::doc::Doc;
use crate::codegen::print::operations::Method;
use crate::codegen::schema::{Form, Schema};

/// Prints `platform.rs`.
pub(super) fn platform(plan: &Plan<'_>) -> String {
    let document = plan.document;
    let mut out =
        String::from("//! The platform: its addresses, ways to authenticate and verdicts.\n\n");
    let mut body = String::new();
    body.push_str("/// The platform.\npub(crate) static PLATFORM: Platform = Platform {\n");
    body.push_str(&format!("name: {},\nservers: &[\n", quoted(plan.name)));
    for server in &document.servers {
        Doc::new(one_line(&server.description)).print_as_comment(&mut body, 8);
        body.push_str(&format!(
            "Server {{ role: {}, site: {}, url: {} }},\n",
            quoted(&server.role),
            quoted(&server.site),
            quoted(&server.url)
        ));
    }
    body.push_str("],\ncodes: ERROR_CODES,\nschemes: &[");
    for (name, _) in document.schemes.iter() {
        body.push_str(&format!("&{},", names::constant(name)));
    }
    body.push_str(&format!(
        "],\nsecurity: {},\noutcome: &OUTCOME,\ntokens: &[{}],\n}};\n\n",
        security(&plan.usual_security()),
        tokens(document)
    ));
    for (name, scheme) in document.schemes.iter() {
        Doc::of(&scheme.description).print(&mut body, 0);
        body.push_str(&format!(
            "pub(crate) static {}: Scheme = Scheme {{\nname: {},\ncarrier: {},\n}};\n\n",
            names::constant(name),
            quoted(name),
            carrier(scheme)
        ));
    }
    body.push_str("/// How answers are judged where an operation does not say otherwise.\n");
    body.push_str(&format!(
        "pub(crate) static OUTCOME: Outcome = {};\n\n",
        outcome(document, &document.outcome)
    ));
    for (name, special) in outcomes(document) {
        body.push_str(&format!(
            "{}pub(crate) static {name}: Outcome = {};\n\n",
            gate_of(plan, special),
            outcome(document, special)
        ));
    }
    if super::files::uses(&body, "Duration") {
        out.push_str("use std::time::Duration;\n\n");
    }
    out.push_str(&imports(
        &body,
        &[
            "Carrier",
            "Envelope",
            "Fields",
            "Outcome",
            "Platform",
            "Scheme",
            "Server",
            "TokenPolicy",
            "Verdict",
        ],
    ));
    out.push_str("use crate::generated::error_codes::ERROR_CODES;\n\n");
    out + &body
}

/// What the document says about short-lived credentials.
fn tokens(document: &Document) -> String {
    let time = |seconds: Option<i64>| match seconds {
        Some(seconds) => format!("Some(Duration::from_secs({seconds}))"),
        None => "None".to_owned(),
    };
    let mut out = String::new();
    for policy in &document.token_policy {
        let window = match &policy.max_per_window {
            Some(window) => format!(
                "Some(({}, Duration::from_secs({})))",
                window.requests, window.window_s
            ),
            None => "None".to_owned(),
        };
        out.push_str(&format!(
            "TokenPolicy {{\nname: {},\nlifetime: {},\nrenew_before: {},\nrefresh_lifetime: {},\n\
             rotates: {:?},\nvoids_previous: {:?},\nsingle_use: {},\nmax_per_window: {window},\n}},\n",
            quoted(&policy.token),
            time(policy.lifetime_s),
            time(policy.renew_before_s),
            time(policy.refresh_lifetime_s),
            policy.rotates,
            policy.voids_previous,
            policy.single_use
        ));
    }
    out
}

/// The names of `auth_core` that a text uses, as one `use`.
fn imports(body: &str, names: &[&str]) -> String {
    let used: Vec<&str> = names
        .iter()
        .copied()
        .filter(|name| super::files::uses(body, name))
        .collect();
    format!("use auth_core::{{{}}};\n\n", used.join(", "))
}

/// The outcomes that only some operations have, named after the first of them.
fn outcomes(document: &Document) -> Vec<(String, &Outcome)> {
    let mut list: Vec<(String, &Outcome)> = Vec::new();
    for operation in &document.operations {
        if let Some(special) = &operation.outcome
            && *special != document.outcome
            && list.iter().all(|(_, known)| *known != special)
        {
            list.push((
                format!("OUTCOME_OF_{}", names::constant(&operation.id)),
                special,
            ));
        }
    }
    list
}

/// The condition under which an operation with this outcome is there.
fn gate_of(plan: &Plan<'_>, special: &Outcome) -> String {
    let mut features = Vec::new();
    for operation in &plan.document.operations {
        if operation.outcome.as_ref() == Some(special) {
            match plan.features_of(&operation.tag).pop() {
                Some(feature) if features.contains(&feature) => {}
                Some(feature) => features.push(feature),
                None => return String::new(),
            }
        }
    }
    super::files::condition(&features)
        .map_or(String::new(), |condition| format!("#[cfg({condition})]\n"))
}

/// Prints the static of a method's operation.
pub(super) fn operation(plan: &Plan<'_>, method: &Method<'_>, gate: &str) -> String {
    let operation = method.operation;
    let outcome = plan.document.outcome(operation);
    let outcome = outcomes(plan.document)
        .into_iter()
        .find(|(_, special)| *special == outcome)
        .map_or("OUTCOME".to_owned(), |(name, _)| name);
    let answer = match method.variant {
        Some(variant) => Some(&plan.document.schemas[variant.response.as_str()]),
        None => operation.success().map(|(_, schema)| schema),
    };
    let sensitive = answer.is_some_and(|schema: &Schema| plan.answers_secrets(schema));
    let query: Vec<String> = operation
        .query
        .iter()
        .map(|(name, value)| format!("({}, {})", quoted(name), quoted(value)))
        .collect();
    format!(
        "{gate}pub(crate) static {}: Operation = Operation {{\nplatform: &PLATFORM,\nid: {},\nmethod: Method::{},\n\
         path: {},\nquery: &[{}],\nrole: {},\nidempotent: {},\nsensitive: {sensitive},\nsecurity: {},\noutcome: &{outcome},\n}};\n\n",
        static_of(method.name()),
        quoted(method.name()),
        operation.method,
        quoted(&operation.path),
        query.join(", "),
        quoted(&operation.role),
        method.idempotent(),
        security(&operation.security)
    )
}

/// The name of an operation's static.
pub(super) fn static_of(name: &str) -> String {
    names::constant(name)
}

fn security(alternatives: &[Vec<String>]) -> String {
    let alternatives: Vec<String> = alternatives
        .iter()
        .map(|schemes| {
            let schemes: Vec<String> = schemes
                .iter()
                .map(|name| format!("&{}", names::constant(name)))
                .collect();
            format!("&[{}]", schemes.join(", "))
        })
        .collect();
    format!("&[{}]", alternatives.join(", "))
}

fn carrier(scheme: &Scheme) -> String {
    match &scheme.kind {
        SchemeKind::Basic => "Carrier::Basic".to_owned(),
        SchemeKind::Bearer => "Carrier::Bearer".to_owned(),
        SchemeKind::Certificate => "Carrier::Certificate".to_owned(),
        SchemeKind::Header(name) => format!("Carrier::Header({})", quoted(name)),
        SchemeKind::Query(name) => {
            format!(
                "Carrier::Query(Fields {{ client_id: None, client_secret: None, token: Some({}) }})",
                quoted(name)
            )
        }
        SchemeKind::Fields { in_body, fields } => {
            let field = |parts: &[&str]| {
                let found = fields
                    .iter()
                    .find(|(part, _)| parts.contains(&part.as_str()));
                found.map_or("None".to_owned(), |(_, name)| {
                    format!("Some({})", quoted(name))
                })
            };
            let place = if *in_body { "Body" } else { "Query" };
            format!(
                "Carrier::{place}(Fields {{ client_id: {}, client_secret: {}, token: {} }})",
                field(&["client_id"]),
                field(&["client_secret"]),
                field(&["access_token", "client_assertion"])
            )
        }
    }
}

fn outcome(document: &Document, outcome: &Outcome) -> String {
    let verdict = match outcome.carrier {
        Carrier::Body => "Body",
        Carrier::Header => "Header",
        Carrier::Status => "Status",
    };
    let codes = |codes: &[String]| {
        let codes: Vec<String> = codes.iter().map(|code| quoted(code)).collect();
        codes.join(", ")
    };
    let envelopes: Vec<String> = outcome
        .envelopes
        .iter()
        .map(|known| envelope(document, outcome.carrier, known))
        .collect();
    format!(
        "Outcome {{\nverdict: Verdict::{verdict},\nsuccess: &[{}],\npartial: &[{}],\nenvelopes: &[{}],\n}}",
        codes(&outcome.success),
        codes(&outcome.partial),
        envelopes.join(", ")
    )
}

fn envelope(document: &Document, carrier: Carrier, envelope: &Envelope) -> String {
    let mut places = match carrier {
        Carrier::Header => vec![format!("&[{}]", quoted(&envelope.code))],
        Carrier::Body | Carrier::Status => vec![path(&envelope.code)],
    };
    if carrier != Carrier::Header && !envelope.code.contains('.') {
        places.extend(aliases(document, envelope).iter().map(|alias| path(alias)));
    }
    let optional = |value: &Option<String>| match value {
        Some(value) => format!("Some({})", path(value)),
        None => "None".to_owned(),
    };
    let realm = match &envelope.realm {
        Some(realm) => format!("Some({})", quoted(realm)),
        None => "None".to_owned(),
    };
    format!(
        "Envelope {{\ncode: &[{}],\nsub_code: {},\nmessage: {},\nrequest_id: {},\nrealm: {realm},\n}}",
        places.join(", "),
        optional(&envelope.sub_code),
        optional(&envelope.message),
        optional(&envelope.request_id)
    )
}

/// The other names of the code's property.
fn aliases<'a>(document: &'a Document, envelope: &Envelope) -> &'a [String] {
    let Form::Struct(object) = &document.schemas[envelope.schema.as_str()].form else {
        return &[];
    };
    object
        .properties
        .iter()
        .find(|(name, _)| *name == envelope.code)
        .map_or(&[], |(_, schema)| &schema.aliases)
}

fn path(dotted: &str) -> String {
    let steps: Vec<String> = dotted.split('.').map(quoted).collect();
    format!("&[{}]", steps.join(", "))
}

/// Prints `error_codes.rs`.
pub(super) fn error_codes(document: &Document) -> String {
    let mut out = String::from(
        "//! What the platform's error codes ask for, sorted by realm, code, finer code and status.\n\n\
         use auth_core::{Action, KnownCode};\n\n#[rustfmt::skip]\npub(crate) const ERROR_CODES: &[KnownCode] = &[\n",
    );
    let mut rows: Vec<_> = document.codes.iter().zip(document.row_ids()).collect();
    rows.sort_by(|(a, _), (b, _)| {
        (&a.realm, &a.code, &a.sub_code, a.status).cmp(&(&b.realm, &b.code, &b.sub_code, b.status))
    });
    for (row, id) in rows {
        let text = |value: &Option<String>| match value {
            Some(value) => format!("Some({})", quoted(value)),
            None => "None".to_owned(),
        };
        let number = |value: Option<i64>| match value {
            Some(value) => format!("Some({value})"),
            None => "None".to_owned(),
        };
        out.push_str(&format!(
            "    KnownCode {{ realm: {}, code: {}, sub_code: {}, status: {}, action: Action::{}, limit_s: {}, meaning: {} }},\n",
            text(&row.realm),
            quoted(&row.code),
            text(&row.sub_code),
            number(row.status.map(i64::from)),
            row.action,
            number(window_of(document, &id)),
            quoted(&one_line(&row.meaning))
        ));
    }
    out + "];\n"
}

/// The shortest window of the limits that a code says were passed.
fn window_of(document: &Document, id: &str) -> Option<i64> {
    let of_calls = document
        .operations
        .iter()
        .flat_map(|operation| &operation.rate_limits);
    document
        .rate_limits
        .iter()
        .chain(of_calls)
        .filter(|limit| limit.answer.as_deref() == Some(id))
        .map(|limit| limit.window.window_s)
        .min()
}

/// A text as a literal of Rust.
pub(super) fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            c => out.push(c),
        }
    }
    out + "\""
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
