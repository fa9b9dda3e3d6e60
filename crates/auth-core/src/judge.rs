//! Was it a success? Judges an answer as the operation's `x-outcome` says.

mod scan;

use std::borrow::Cow;
use std::time::Duration;

use http::{HeaderMap, StatusCode};

use crate::error::{HTTP, cut};
use crate::{Action, ApiError, Envelope, KnownCode, Outcome, Platform, Verdict};

/// What there is to be judged.
#[derive(Clone, Copy)]
pub(crate) struct Answer<'a> {
    pub(crate) status: StatusCode,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) body: &'a [u8],
    /// What the answer asked to wait.
    pub(crate) retry_after: Option<Duration>,
    /// Whether the answer can hold secrets.
    pub(crate) sensitive: bool,
}

/// What an answer says of the call. A success for some of the targets is a success here.
pub(crate) struct Judgement<'a> {
    /// The id under which the platform's support finds the call.
    pub(crate) request_id: Option<Cow<'a, str>>,
    /// The failure, if it was one.
    pub(crate) failure: Option<Box<ApiError>>,
}

/// Judges an answer by the rules of `outcome`, and looks codes up in the table of `platform`.
pub(crate) fn judge<'a>(
    platform: &Platform,
    outcome: &Outcome,
    answer: Answer<'a>,
) -> Judgement<'a> {
    let good = answer.status.is_success();
    if good && outcome.verdict == Verdict::Status {
        return success(None);
    }
    if good && outcome.verdict == Verdict::Header {
        let code = outcome
            .envelopes
            .iter()
            .find_map(|envelope| header_code(envelope, answer.headers));
        if code.is_some_and(|code| is_success(outcome, &code)) {
            return success(None);
        }
    }
    let found = scan::scan(outcome, answer.body);
    for (envelope, parts) in outcome.envelopes.iter().zip(&found) {
        let code = match outcome.verdict {
            Verdict::Header => header_code(envelope, answer.headers),
            Verdict::Body | Verdict::Status => parts.code.as_deref().map(trimmed),
        };
        let Some(code) = code else { continue };
        if good && is_success(outcome, &code) {
            return success(parts.request_id.clone());
        }
        return failure(platform, answer, envelope.realm, Some(code), parts);
    }
    // No code. A status is a verdict of its own; so is a message where codes travel in a header.
    let told = found.iter().find(|parts| parts.message.is_some());
    let told_in_body = outcome.verdict == Verdict::Header && told.is_some();
    if good && !told_in_body {
        return success(found.into_iter().find_map(|parts| parts.request_id));
    }
    let any = || found.iter().find(|parts| parts.request_id.is_some());
    let nothing = scan::Parts::default();
    failure(
        platform,
        answer,
        None,
        None,
        told.or_else(any).unwrap_or(&nothing),
    )
}

fn success(request_id: Option<Cow<'_, str>>) -> Judgement<'_> {
    Judgement {
        request_id,
        failure: None,
    }
}

fn failure<'a>(
    platform: &Platform,
    answer: Answer<'a>,
    realm: Option<&'static str>,
    code: Option<Cow<'_, str>>,
    parts: &scan::Parts<'a>,
) -> Judgement<'a> {
    let status = answer.status.as_u16();
    let sub_code = parts.sub_code.as_deref().map(str::trim);
    let sub_code = sub_code.filter(|sub| !sub.is_empty());
    // An answer without a code is looked up by its status, in a table for just that.
    let (realm, code) = match code {
        Some(code) => (realm, code.into_owned()),
        None => (Some(HTTP), status.to_string()),
    };
    let row = lookup(platform.codes, realm, &code, sub_code, status);
    let message = parts.message.as_deref().unwrap_or("");
    let error = ApiError {
        status,
        sub_code: sub_code.map(str::to_owned),
        realm,
        message: cut(message, LONGEST_MESSAGE).to_owned(),
        request_id: parts.request_id.as_deref().map(str::to_owned),
        meaning: row.map_or("", |row| row.meaning),
        action: row.map_or_else(|| by_status(answer.status), |row| row.action),
        retry_after: answer.retry_after,
        limit: row.and_then(|row| Some(Duration::from_secs(row.limit_s?.into()))),
        hidden: answer.sensitive,
        code,
    };
    Judgement {
        request_id: parts.request_id.clone(),
        failure: Some(Box::new(error)),
    }
}

/// The row of the error table: the one with the sub code, else the one without, else any of the
/// realm with that sub code; among several the one with the status of the answer, else the first.
pub(crate) fn lookup(
    codes: &'static [KnownCode],
    realm: Option<&str>,
    code: &str,
    sub_code: Option<&str>,
    status: u16,
) -> Option<&'static KnownCode> {
    let best = |fits: &dyn Fn(&KnownCode) -> bool| {
        let mut rows = codes.iter().filter(|row| row.realm == realm && fits(row));
        let first = rows.next()?;
        let same_status = |row: &&KnownCode| row.status == Some(status);
        Some(
            Some(first)
                .filter(same_status)
                .or_else(|| rows.find(same_status))
                .unwrap_or(first),
        )
    };
    let exact = best(&|row| row.code == code && row.sub_code == sub_code);
    match sub_code {
        None => exact,
        Some(_) => exact
            .or_else(|| best(&|row| row.code == code && row.sub_code.is_none()))
            .or_else(|| best(&|row| row.sub_code == sub_code)),
    }
}

/// What to do about a code that the document does not know.
fn by_status(status: StatusCode) -> Action {
    match status.as_u16() {
        401 => Action::NewToken,
        403 => Action::FixCredentials,
        429 | 500..=599 => Action::Backoff,
        400..=499 => Action::FixRequest,
        _ => Action::ContactProvider,
    }
}

fn header_code<'a>(envelope: &Envelope, headers: &'a HeaderMap) -> Option<Cow<'a, str>> {
    envelope.code.iter().find_map(|path| {
        let value = headers.get(*path.first()?)?;
        Some(match String::from_utf8_lossy(value.as_bytes()) {
            Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
            Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
        })
    })
}

fn trimmed(text: &str) -> Cow<'_, str> {
    Cow::Borrowed(text.trim())
}

fn is_success(outcome: &Outcome, code: &str) -> bool {
    outcome.success.contains(&code) || outcome.partial.contains(&code)
}

/// The longest message an error keeps: the tokens of a whole request may stand in it.
const LONGEST_MESSAGE: usize = 256 * 1024;
