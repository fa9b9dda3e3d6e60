//! Which code the platform answers to which broken rule.

use crate::answer::Refusal;
use crate::platforms::{Call, first_in};
use crate::validate::{Part, Rule, Violation};

/// The refusal of a request that broke rules of the document.
pub(super) fn refuse(call: &Call<'_>, violations: &[Violation]) -> Refusal {
    let code = violations
        .first()
        .map_or("80100003", |first| code(call, violations, first));
    Refusal {
        violations: violations.to_vec(),
        ..Refusal::code(code)
    }
}

fn code(call: &Call<'_>, violations: &[Violation], first: &Violation) -> &'static str {
    let too_long = violations.iter().any(|it| it.rule == Rule::MaxBodyBytes);
    match &*call.operation.id {
        "obtain_access_token" => match (first.rule, &*first.at) {
            (Rule::Required, _) => "oauth:1102",
            (_, "/grant_type") => "oauth:1105",
            _ => "oauth:1101",
        },
        "send_message" | "revoke_message" if too_long => "80300008",
        "send_message" => match (first.rule, &*first.at) {
            (Rule::MinItems | Rule::MaxItems, "/target/token") => "80300010",
            _ => "80100003",
        },
        "revoke_message" => match (first.rule, &*first.at) {
            (Rule::Required, "/notifyId" | "/token") => "80300032",
            (Rule::MinItems | Rule::MaxItems, "/token") => "80300010",
            _ => "80100003",
        },
        "verify_image" | "verify_image_by_client" => match (first.part, first.rule, &*first.at) {
            (Part::Header, _, _) => "83010007",
            (Part::Body, Rule::Required, "") => "83010003",
            (_, Rule::Pattern, _) => "80100003",
            _ => "80100001",
        },
        "send_service_notification" if first.at.starts_with("/templateParams") => "82500001",
        "send_service_notification" => "80100001",
        "send_service_timeline" if too_long => "82600005",
        "send_service_timeline" => match (first.rule, &*first.at) {
            (_, "/content/status") => "82600009",
            (Rule::Required | Rule::RequiredIf, at) if at.starts_with("/content/") => "82600010",
            (_, at) if at.starts_with("/content") => "82600011",
            _ => "82600002",
        },
        "send_hms_message" | "send_hms_message_by_project" if too_long => "80300008",
        "send_hms_message" | "send_hms_message_by_project" => match (first.rule, &*first.at) {
            (Rule::ExactlyOneOf | Rule::Required, "/message") => "80300010",
            (Rule::MinItems | Rule::MaxItems, "/message/token") => "80300010",
            (_, "/message/android/collapse_key") => "80100013",
            _ => "80100003",
        },
        "subscribe_topic" | "unsubscribe_topic" => match (first.rule, &*first.at) {
            (_, "/topic") => "82000007",
            (Rule::Required | Rule::MinItems | Rule::MaxItems, "/tokenArray") => "82000008",
            (_, at) if at.starts_with("/tokenArray") => "82000010",
            _ => "80100001",
        },
        "list_topics" | "query_token_data" | "delete_token_data" => match &*first.at {
            "/token" => "82000011",
            _ => "80100001",
        },
        _ if first_in(violations, Part::Body).is_some() => "80100003",
        _ => "80100001",
    }
}
