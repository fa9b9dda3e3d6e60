//! Which code the platform answers to which broken rule.

use crate::answer::Refusal;
use crate::platforms::Call;
use crate::validate::{Part, Rule, Violation};

/// The refusal of a request that broke rules of the document.
pub(super) fn refuse(call: &Call<'_>, violations: &[Violation]) -> Refusal {
    let code = violations
        .first()
        .map_or("oauth:1101", |first| code(call, first));
    let refusal = match code {
        "oauth:1102/20001" if call.operation.id == "open_device_page" => {
            Refusal::code(code).message("user code is empty")
        }
        code => Refusal::code(code),
    };
    Refusal {
        violations: violations.to_vec(),
        ..refusal
    }
}

fn code(call: &Call<'_>, first: &Violation) -> &'static str {
    let empty = matches!(first.rule, Rule::Required | Rule::MinLength);
    match &*call.operation.id {
        "authorize_user" => match (&*first.at, empty) {
            ("client_id", true) => "oauth:1102/20001",
            ("client_id", false) => "oauth:1101/20002",
            ("response_type", _) => "oauth:1101/20012",
            ("redirect_uri", _) => "oauth:1101/20022",
            ("scope", _) => "oauth:1101/20041",
            ("state", _) => "oauth:1101/20031",
            ("access_type", _) => "oauth:1101/20051",
            ("display", _) => "oauth:1101/20071",
            ("code_challenge_method", _) => "oauth:1101/20073",
            ("code_challenge", _) => "oauth:1101/20074",
            _ => "oauth:1101",
        },
        "create_token" => of_token_request(call, first, empty),
        "create_device_code" => match (&*first.at, empty) {
            ("/client_id", true) => "oauth:1102/20001",
            ("/client_id", false) => "oauth:1101/20002",
            ("/scope", _) => "oauth:1101/20041",
            _ => "oauth:1101",
        },
        "open_device_page" => "oauth:1102/20001",
        "revoke_token" => match empty {
            true => "oauth:1102/20221",
            false => "oauth:1101/20222",
        },
        "verify_id_token" => match empty {
            true => "oauth:1500/15007",
            false => "oauth:1500/15008",
        },
        "get_token_info" | "get_union_id" => match &*first.at {
            "/open_id" => "nsp:150028",
            _ => "nsp:102",
        },
        "get_user_info" => match (&*first.at, empty) {
            ("/access_token", _) => "nsp:6",
            _ => "nsp:70001201",
        },
        "get_real_name" | "verify_real_name" => "nsp:70001201",
        "get_user_risk_level" => "risk:70001201",
        "get_phone_number" | "batch_get_group_union_ids" | "get_age_range" => "result:60010002",
        _ if empty => "oauth:1102",
        _ => "oauth:1101",
    }
}

fn of_token_request(call: &Call<'_>, first: &Violation, empty: bool) -> &'static str {
    let by_code = call.body()["grant_type"] == "authorization_code";
    match (first.part, &*first.at, empty) {
        (Part::Body, "/client_id", true) => "oauth:1102/20001",
        (Part::Body, "/client_id", false) => "oauth:1101/20002",
        (Part::Body, "/client_secret", true) if by_code => "oauth:1101/20085",
        (Part::Body, "/client_secret", true) => "oauth:1101/20171",
        (Part::Body, "/client_secret", false) => "oauth:1101/20172",
        (Part::Body, "/code", true) => "oauth:1102/20151",
        (Part::Body, "/code", false) => "oauth:1101/20152",
        (Part::Body, "/grant_type" | "", true) => "oauth:1102/20181",
        (Part::Body, "/grant_type" | "", false) => "oauth:1101/20182",
        (Part::Body, "/refresh_token", true) => "oauth:1102/20191",
        (Part::Body, "/refresh_token", false) => "oauth:1101/20192",
        (Part::Body, "/redirect_uri", _) => "oauth:1101/20022",
        (Part::Body, "/code_verifier", _) => "oauth:1101/20159",
        (Part::Body, "/scope", _) => "oauth:1101/20041",
        _ => "oauth:1101",
    }
}
