//! Requests checked without an emulator.

use bytes::Bytes;
use http::Request;

use crate::document::Document;
use crate::validate::{Parts, Violation, check_body, check_parameters, decode_body, decode_pairs};

/// What the document of a platform says to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Checked {
    /// The operation that the request is for.
    pub operation: &'static str,
    /// The rules it broke; none for a good request.
    pub violations: Vec<Violation>,
}

/// Checks a request against the document of a platform, as the emulator does before it acts on
/// one. Nothing when the platform has no operation with its method and address.
///
/// ```
/// let request = http::Request::post("/v3/101653523863785276/messages:send")
///     .header("push-type", "6")
///     .body(r#"{"payload": {}, "target": {"token": ["t"]}}"#.into())?;
/// let checked = huawei_emulator::check("harmony-push", &request).unwrap();
/// assert_eq!(checked.operation, "send_message");
/// assert_eq!(
///     checked.violations[0].to_string(),
///     "body /payload/extraData: is missing (rule required)"
/// );
/// # Ok::<(), http::Error>(())
/// ```
pub fn check(platform: &str, request: &Request<Bytes>) -> Option<Checked> {
    let document = Document::named(platform)?;
    let query = request.uri().query().unwrap_or_default();
    let query = decode_pairs(query.as_bytes()).unwrap_or_default();
    let route = document
        .route(request.method(), request.uri().path(), &query)
        .ok()?;
    let parts = Parts {
        document,
        operation: route.operation,
        path: &route.path,
        query: &query,
        headers: request.headers(),
    };
    let mut violations = check_parameters(&parts);
    match decode_body(&parts, request.body()) {
        Ok(content) => violations.extend(check_body(&parts, &content, request.body())),
        Err(violation) => violations.push(violation),
    }
    Some(Checked {
        operation: &route.operation.id,
        violations,
    })
}
