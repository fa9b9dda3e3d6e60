//! The way of a request: route, flow control, fault, credentials, rules, behaviour, log.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::header::{ALLOW, CONTENT_TYPE, HOST, HeaderName, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use serde_json::{Map, Value};

use crate::answer::{Answer, Refusal};
use crate::clock::unix_ms;
use crate::consent::{self, Consent};
use crate::document::{Document, NoRoute, Route};
use crate::fault::Fault;
use crate::limits;
use crate::log::{Entry, Verdict, texts};
use crate::platforms::{self, Call, Platform, lock};
use crate::redact::redact;
use crate::space::SpaceState;
use crate::validate::{Content, check_body, check_parameters, decode_body, decode_pairs};

/// A request, with the emulator's own prefixes taken off its path.
pub(crate) struct Incoming {
    pub method: Method,
    pub path: String,
    pub query: String,
    pub headers: HeaderMap,
    pub body: Bytes,
    /// The emulator's own prefixes that were taken off the path: of the space, and of the platform.
    pub prefix: String,
}

impl Incoming {
    /// The address that the caller used, up to the path that is left.
    fn base(&self) -> String {
        let host = self.headers.get(HOST).and_then(|host| host.to_str().ok());
        format!("http://{}{}", host.unwrap_or("localhost"), self.prefix)
    }
}

/// What becomes of a request.
pub(crate) enum Served {
    /// An answer, cut short after so many bytes if that was asked for.
    Answer(Answer, Option<usize>),
    /// The connection is reset.
    Reset,
}

/// An answer with what the log says about it.
struct Judged {
    answer: Answer,
    verdict: Verdict,
    reason: String,
    violations: Vec<String>,
}

/// Serves a request, of the one platform if its path named one.
pub(crate) async fn serve(
    space: &Arc<SpaceState>,
    only: Option<&'static Document>,
    mut incoming: Incoming,
) -> Served {
    let now = space.clock.now();
    let mut query = decode_pairs(incoming.query.as_bytes()).unwrap_or_default();
    let request_id = request_id(unix_ms(now));
    let (document, route) = match find(space, only, &incoming, &query) {
        Ok(found) => found,
        Err(missing) => return Served::Answer(unknown(space, &incoming, &missing), None),
    };
    if takes_form(space, document, &route, &incoming) {
        // From here on it is as if the query had them, in the log and in samples, too.
        query.extend(decode_pairs(&incoming.body).unwrap_or_default());
        incoming.body.clear();
    }
    let consent = lock(&space.consent).clone();
    let base = incoming.base();
    let exchange = Exchange {
        document,
        route: &route,
        query: &query,
        incoming: &incoming,
        now,
        request_id: &request_id,
        consent: &consent,
        base: &base,
    };
    let operation = route.operation;
    let mut content = Content::default();
    let fault = lock(&space.faults).take(&operation.id);
    if let Some(delay) = fault.as_ref().and_then(|fault| fault.delay_ms) {
        tokio::time::sleep(Duration::from_millis(delay)).await;
    }
    let acts = fault
        .as_ref()
        .is_none_or(|fault| fault.acts || !(fault.replaces() || fault.cut));
    let mut judged = if !acts {
        Judged::declined(Answer::empty(StatusCode::OK), "a fault was asked for")
    } else if let Some(busy) = flow_control(space, unix_ms(now)) {
        Judged::declined(busy, "flow control: over the rate that was set")
    } else {
        let platform = space.platforms.of(document.name);
        let mut platform = lock(platform.expect("every document has a platform"));
        let judged = judge(space, &mut *platform, &exchange, &mut content);
        space.send_callbacks(document.name, platform.take_callbacks());
        judged
    };
    let call = exchange.call(&content);
    if let Some(fault) = fault.as_ref().filter(|fault| fault.replaces()) {
        judged.answer = replacement(fault, &call);
        if judged.verdict == Verdict::Accepted {
            judged.verdict = Verdict::Declined;
        }
    }
    let cut = fault.as_ref().is_some_and(|fault| fault.cut);
    note(space, &call, &judged, fault.as_ref(), cut);
    if cut {
        return Served::Reset;
    }
    let mut answer = judged.answer;
    mark(&mut answer, judged.verdict, &operation.id, &judged.reason);
    Served::Answer(answer, fault.and_then(|fault| fault.truncate_at))
}

/// Finds the document and operation for a request.
fn find(
    space: &SpaceState,
    only: Option<&'static Document>,
    incoming: &Incoming,
    query: &[(String, String)],
) -> Result<(&'static Document, Route), NoRoute> {
    let all = Document::NAMES.into_iter().filter_map(Document::named);
    let documents: Vec<&'static Document> = only.map_or_else(|| all.collect(), |one| vec![one]);
    let mut found = Vec::new();
    let mut missing = NoRoute::Path;
    let method = match consent::posts_back(incoming) {
        true => &Method::GET,
        false => &incoming.method,
    };
    for document in documents {
        match document.route(method, &incoming.path, query) {
            Ok(route) => found.push((document, route)),
            Err(NoRoute::Path) => {}
            Err(methods) => missing = methods,
        }
    }
    if found.len() > 1 {
        let claimed = found.iter().position(|(document, route)| {
            let exchange = Exchange {
                document,
                route,
                query,
                incoming,
                now: space.clock.now(),
                request_id: "",
                consent: &Consent::Ask,
                base: "",
            };
            let content = Content::default();
            let call = exchange.call(&content);
            let platform = space.platforms.of(document.name);
            platform.is_some_and(|platform| lock(platform).claims(&call))
        });
        return Ok(found.swap_remove(claimed.unwrap_or(0)));
    }
    found.pop().ok_or(missing)
}

/// Whether the parameters of a request are those of the form in its body.
fn takes_form(space: &SpaceState, document: &Document, route: &Route, incoming: &Incoming) -> bool {
    let media = incoming.headers.get(CONTENT_TYPE);
    let media = media.and_then(|media| media.to_str().ok());
    let is_form = media.is_some_and(|it| it.starts_with("application/x-www-form-urlencoded"));
    let platform = space.platforms.of(document.name);
    is_form && platform.is_some_and(|platform| lock(platform).takes_form(route.operation))
}

/// The answer to a request that no operation is for.
fn unknown(space: &SpaceState, incoming: &Incoming, missing: &NoRoute) -> Answer {
    let (answer, reason) = match missing {
        NoRoute::Path => {
            let reason = "no operation of the documents has this address";
            (Answer::empty(StatusCode::NOT_FOUND), reason.to_owned())
        }
        NoRoute::Method(methods) => {
            let names: Vec<&str> = methods.iter().map(Method::as_str).collect();
            let names = names.join(", ");
            let mut answer = Answer::empty(StatusCode::METHOD_NOT_ALLOWED);
            if let Ok(value) = HeaderValue::from_str(&names) {
                answer.headers.insert(ALLOW, value);
            }
            (answer, format!("this address takes {names}"))
        }
    };
    let mut answer = answer;
    mark(&mut answer, Verdict::Unknown, "", &reason);
    lock(&space.log).add(Entry {
        number: 0,
        time_ms: unix_ms(space.clock.now()),
        method: incoming.method.to_string(),
        path: incoming.path.clone(),
        document: None,
        operation: None,
        status: answer.status.as_u16(),
        code: None,
        verdict: Verdict::Unknown,
        reason,
        violations: Vec::new(),
        fault: None,
        body_bytes: incoming.body.len(),
        request_id: String::new(),
        body: None,
    });
    answer
}

/// A request that found its operation.
struct Exchange<'a> {
    document: &'static Document,
    route: &'a Route,
    query: &'a [(String, String)],
    incoming: &'a Incoming,
    now: SystemTime,
    request_id: &'a str,
    consent: &'a Consent,
    base: &'a str,
}

impl<'a> Exchange<'a> {
    /// The request as platforms see it.
    fn call(&self, content: &'a Content) -> Call<'a> {
        Call {
            document: self.document,
            operation: self.route.operation,
            method: &self.incoming.method,
            path: &self.route.path,
            query: self.query,
            headers: &self.incoming.headers,
            raw: &self.incoming.body,
            content,
            now: self.now,
            request_id: self.request_id,
            consent: self.consent,
            base: self.base,
        }
    }
}

/// Credentials, rules, limits, behaviour: in the order in which platforms look at them.
fn judge(
    space: &SpaceState,
    platform: &mut dyn Platform,
    exchange: &Exchange<'_>,
    content: &mut Content,
) -> Judged {
    let undecoded = Content::default();
    let call = exchange.call(&undecoded);
    if let Err(refusal) = platform.authenticate(&call) {
        return Judged::refused(&call, &refusal);
    }
    let mut violations = check_parameters(&call.parts());
    match decode_body(&call.parts(), call.raw) {
        Ok(decoded) => {
            *content = decoded;
            violations.extend(check_body(&call.parts(), content, call.raw));
        }
        Err(violation) => violations.push(violation),
    }
    let call = exchange.call(content);
    if !violations.is_empty() {
        let refusal = platform.refuse(&call, &violations);
        return Judged::refused(&call, &refusal);
    }
    let taken = match limits::take(&space.windows, &call) {
        Ok(taken) => taken,
        Err(refusal) => return Judged::refused(&call, &refusal),
    };
    match platforms::answer(platform, &call) {
        Ok(answer) => Judged {
            answer,
            verdict: Verdict::Accepted,
            reason: String::new(),
            violations: Vec::new(),
        },
        Err(refusal) => {
            limits::give_back(&space.windows, &taken);
            Judged::refused(&call, &refusal)
        }
    }
}

fn flow_control(space: &SpaceState, now_ms: i64) -> Option<Answer> {
    let flow = (*lock(&space.flow))?;
    let window = (flow.requests, flow.window_ms);
    let free = lock(&space.windows).take("flow control".to_owned(), 1, window, now_ms);
    (!free).then(|| Answer::empty(StatusCode::SERVICE_UNAVAILABLE))
}

/// The answer a fault wants.
fn replacement(fault: &Fault, call: &Call<'_>) -> Answer {
    let refusal = Refusal {
        code: fault.platform_code.clone(),
        status: fault.http_status,
        ..Refusal::default()
    };
    let mut answer = refusal.answer(call.document, Some(call.operation), call.request_id);
    if let Some(body) = &fault.raw_body {
        answer.body = Bytes::from(body.clone());
    }
    if let Some(seconds) = fault.retry_after_s {
        answer
            .headers
            .insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    answer
}

impl Judged {
    fn declined(answer: Answer, reason: &str) -> Self {
        Self {
            answer,
            verdict: Verdict::Declined,
            reason: reason.to_owned(),
            violations: Vec::new(),
        }
    }

    fn refused(call: &Call<'_>, refusal: &Refusal) -> Self {
        let broke_rules = !refusal.violations.is_empty();
        Self {
            answer: refusal.answer(call.document, Some(call.operation), call.request_id),
            verdict: if broke_rules {
                Verdict::Refused
            } else {
                Verdict::Declined
            },
            reason: refusal.reason(),
            violations: texts(&refusal.violations),
        }
    }
}

/// Writes the log and, if asked for, the samples.
fn note(space: &SpaceState, call: &Call<'_>, judged: &Judged, fault: Option<&Fault>, cut: bool) {
    let kept = call.raw.len() <= LONGEST_KEPT_BODY;
    let declared = call.operation.body.as_ref().filter(|_| kept);
    let body = declared
        .zip(call.content.value.as_ref())
        .map(|(declared, value)| redact(call.document, declared.schema, value));
    lock(&space.log).add(Entry {
        number: 0,
        time_ms: unix_ms(call.now),
        method: call.method.to_string(),
        path: path_of(call),
        document: Some(call.document.name),
        operation: Some(&call.operation.id),
        status: if cut {
            0
        } else {
            judged.answer.status.as_u16()
        },
        code: judged.answer.code.clone(),
        verdict: judged.verdict,
        reason: judged.reason.clone(),
        violations: judged.violations.clone(),
        fault: fault.map(Fault::describe),
        body_bytes: call.raw.len(),
        request_id: call.request_id.to_owned(),
        body,
    });
    if let Some(recorder) = &space.recorder
        && !cut
        && fault.is_none_or(|fault| !fault.replaces())
    {
        recorder.record(call, &judged.answer, judged.verdict);
    }
}

fn path_of(call: &Call<'_>) -> String {
    let mut path = call.operation.path.clone();
    for (name, value) in call.path {
        path = path.replace(&format!("{{{name}}}"), value);
    }
    path
}

/// Puts the verdict on an answer.
fn mark(answer: &mut Answer, verdict: Verdict, operation: &str, reason: &str) {
    let text = [verdict.as_str(), operation, reason].join(" ");
    let printable: String = text
        .trim()
        .chars()
        .map(|letter| {
            if letter.is_ascii_graphic() || letter == ' ' {
                letter
            } else {
                '?'
            }
        })
        .take(LONGEST_VERDICT)
        .collect();
    if let Ok(value) = HeaderValue::from_str(&printable) {
        answer.headers.insert(VERDICT, value);
    }
}

/// A fresh request id: digits, as the platforms have them.
fn request_id(now_ms: i64) -> String {
    format!("{now_ms}{:08}", fastrand::u32(..100_000_000))
}

/// The members of an object, for platforms that build answers.
pub(crate) fn object(members: impl IntoIterator<Item = (&'static str, Value)>) -> Value {
    let members = members.into_iter();
    Value::Object(
        members
            .map(|(name, value)| (name.to_owned(), value))
            .collect::<Map<_, _>>(),
    )
}

/// The response header with the verdict.
const VERDICT: HeaderName = HeaderName::from_static("x-emulator-verdict");

/// The longest verdict header, in characters.
const LONGEST_VERDICT: usize = 1000;

/// The longest body that the log keeps, in bytes.
const LONGEST_KEPT_BODY: usize = 16 * 1024;
