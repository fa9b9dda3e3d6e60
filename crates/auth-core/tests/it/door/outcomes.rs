//! How an answer is judged, rule by rule, and which row of the error table a code finds.

use auth_core::testing::{Reply, Script};
use auth_core::{
    Action, Api, Envelope, KnownCode, Operation, Outcome, Platform, Request, Server, Verdict,
};
use http::Method;

const CODES: Envelope = Envelope {
    code: &[&["error", "code"], &["errorCode"]],
    sub_code: Some(&["error", "sub"]),
    message: Some(&["error", "text"]),
    request_id: Some(&["trace"]),
    realm: Some("own"),
};
const FALLBACK: Envelope = Envelope {
    code: &[&["resultcode"]],
    sub_code: None,
    message: Some(&["resultmsg"]),
    request_id: None,
    realm: None,
};

static BY_STATUS: Outcome = Outcome {
    verdict: Verdict::Status,
    success: &[],
    partial: &[],
    envelopes: &[CODES, FALLBACK],
};
static BY_BODY: Outcome = Outcome {
    verdict: Verdict::Body,
    success: &["0", "ok"],
    partial: &["some"],
    envelopes: &[CODES, FALLBACK],
};
static BY_HEADER: Outcome = Outcome {
    verdict: Verdict::Header,
    success: &["0"],
    partial: &[],
    envelopes: &[Envelope {
        code: &[&["NSP_STATUS"]],
        sub_code: None,
        message: Some(&["error"]),
        request_id: None,
        realm: Some("header"),
    }],
};

static PLATFORM: Platform = Platform {
    name: "example",
    servers: &[Server {
        role: "api",
        site: "global",
        url: "https://api.example.com",
    }],
    codes: &[
        row(Some("header"), "6", None, None, "of the header"),
        row(Some("http"), "404", None, None, "nobody home"),
        row(Some("own"), "1", None, None, "without sub code"),
        row(Some("own"), "1", Some("a"), None, "with sub code a"),
        row(Some("own"), "2", None, Some(400), "two with 400"),
        row(Some("own"), "2", None, Some(403), "two with 403"),
        row(Some("own"), "3", Some("z"), None, "some code with z"),
        row(None, "1", None, None, "of no realm"),
    ],
    schemes: &[],
    security: &[],
    outcome: &BY_BODY,
    tokens: &[],
};
static STATUS: Operation = operation("by_status", &BY_STATUS);
static BODY: Operation = operation("by_body", &BY_BODY);
static HEADER: Operation = operation("by_header", &BY_HEADER);

const fn operation(id: &'static str, outcome: &'static Outcome) -> Operation {
    Operation {
        platform: &PLATFORM,
        id,
        method: Method::POST,
        path: "/",
        query: &[],
        role: "api",
        idempotent: false,
        sensitive: false,
        security: &[],
        outcome,
    }
}

const fn row(
    realm: Option<&'static str>,
    code: &'static str,
    sub_code: Option<&'static str>,
    status: Option<u16>,
    meaning: &'static str,
) -> KnownCode {
    KnownCode {
        realm,
        code,
        sub_code,
        status,
        action: Action::FixRequest,
        limit_s: None,
        meaning,
    }
}

/// Checks what an answer is: a success (`None`), or a failure with code, sub code and meaning.
async fn check(
    operation: &'static Operation,
    status: u16,
    header: Option<&str>,
    body: &str,
    expected: Option<(&str, Option<&str>, &str)>,
) {
    let reply = Reply::text(status, body.to_owned());
    let reply = match header {
        Some(code) => reply.header("nsp_status", code),
        None => reply,
    };
    let script = Script::new().reply(reply);
    let api = Api::builder(&PLATFORM)
        .transport(script.transport())
        .build();
    let result = Request::new(operation).send_text(&api.unwrap()).await;
    script.verify();
    let error = result.err();
    let found = error.as_ref().map(|error| {
        let api = error.api().unwrap();
        (api.code.as_str(), api.sub_code.as_deref(), api.meaning)
    });
    assert_eq!(found, expected, "{status} {header:?} {body}");
}

#[tokio::test]
async fn a_status_is_the_verdict_where_the_document_says_so() {
    check(&STATUS, 200, None, r#"{"error":{"code":1}}"#, None).await;
    check(&STATUS, 204, None, "", None).await;
    let one = Some(("1", None, "without sub code"));
    check(&STATUS, 400, None, r#"{"error":{"code":1}}"#, one).await;
}

#[tokio::test]
async fn a_code_in_the_body_is_the_verdict_where_the_document_says_so() {
    let one = Some(("1", None, "without sub code"));
    for good in [
        r#"{"error":{"code":0}}"#,
        r#"{"error":{"code":" ok "}}"#,
        r#"{"error":{"code":"some"}}"#,
        r#"{"error":{"code":null}}"#,
        r#"{"error":null}"#,
        r#"{"code":1}"#,
        r#"[{"errorCode":1}]"#,
        "no JSON",
        "",
    ] {
        check(&BODY, 200, None, good, None).await;
    }
    check(&BODY, 200, None, r#"{"error":{"code":"1"}}"#, one).await;
    check(&BODY, 200, None, r#"{"error":{"code":" 1 "}}"#, one).await;
    check(
        &BODY,
        200,
        None,
        r#"{"x":[{}],"error":{"x":1,"code":1}}"#,
        one,
    )
    .await;
    let known = Some(("success", None, ""));
    check(&BODY, 200, None, r#"{"error":{"code":"success"}}"#, known).await;
    // A success by its code is a failure by its status.
    let zero = Some(("0", None, ""));
    check(&BODY, 500, None, r#"{"error":{"code":0}}"#, zero).await;
}

#[tokio::test]
async fn a_path_steps_through_arrays_and_other_names_of_a_code_count() {
    let one = Some(("1", None, "without sub code"));
    check(&BODY, 200, None, r#"{"error":[{"x":2},{"code":1}]}"#, one).await;
    check(&BODY, 200, None, r#"{"errorCode":1}"#, one).await;
    check(
        &BODY,
        200,
        None,
        r#"{"errorCode":9,"error":{"code":1}}"#,
        one,
    )
    .await;
}

#[tokio::test]
async fn the_first_envelope_whose_code_is_there_counts() {
    let other = Some(("1", None, "of no realm"));
    check(&BODY, 200, None, r#"{"resultcode":"1"}"#, other).await;
    let one = Some(("1", None, "without sub code"));
    check(
        &BODY,
        200,
        None,
        r#"{"resultcode":"5","error":{"code":1}}"#,
        one,
    )
    .await;
}

#[tokio::test]
async fn a_header_is_the_verdict_where_the_document_says_so() {
    check(&HEADER, 200, None, r#"{"error_code":"6"}"#, None).await;
    check(&HEADER, 200, Some(" 0 "), "{}", None).await;
    check(
        &HEADER,
        200,
        Some("6"),
        "{}",
        Some(("6", None, "of the header")),
    )
    .await;
    check(
        &HEADER,
        500,
        Some("6"),
        "no JSON",
        Some(("6", None, "of the header")),
    )
    .await;
    check(
        &HEADER,
        200,
        None,
        r#"{"error":"words"}"#,
        Some(("200", None, "")),
    )
    .await;
}

#[tokio::test]
async fn an_answer_without_a_code_is_looked_up_by_its_status() {
    check(
        &BODY,
        404,
        None,
        "<html>",
        Some(("404", None, "nobody home")),
    )
    .await;
    check(&HEADER, 404, None, "", Some(("404", None, "nobody home"))).await;
    check(&BODY, 418, None, "{}", Some(("418", None, ""))).await;
}

#[tokio::test]
async fn the_sub_code_then_the_code_then_the_sub_code_alone_finds_a_row() {
    let with = |code: &str, sub: &str| format!(r#"{{"error":{{"code":{code},"sub":"{sub}"}}}}"#);
    for (code, sub, meaning) in [
        ("1", "a", "with sub code a"),
        ("1", "b", "without sub code"),
        ("9", "z", "some code with z"),
        ("9", "y", ""),
    ] {
        let expected = Some((code, Some(sub), meaning));
        check(&BODY, 200, None, &with(code, sub), expected).await;
    }
    // A code that is only known with sub codes is not known without one.
    let body = r#"{"error":{"code":3}}"#;
    check(&BODY, 200, None, body, Some(("3", None, ""))).await;
}

#[tokio::test]
async fn among_rows_that_fit_the_one_of_the_status_counts_else_the_first() {
    let body = r#"{"error":{"code":2}}"#;
    for (status, meaning) in [
        (400, "two with 400"),
        (403, "two with 403"),
        (500, "two with 400"),
    ] {
        check(&BODY, status, None, body, Some(("2", None, meaning))).await;
    }
}
