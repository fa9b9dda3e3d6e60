//! The rules of a live view: what a scene, a layout and a creation ask for.

mod card;

use auth_core::Result;

use crate::check::At;
use crate::model::{
    LiveViewCapsuleData, LiveViewExternalData, LiveViewOperation, LiveViewPayload, LiveViewRichText,
};

/// Checks what the documents say of a live view beyond its single fields.
#[inline]
pub(super) fn check(view: &LiveViewPayload) -> Result<()> {
    let creates = view.operation == LiveViewOperation::Create;
    let scene = view.sub_event.as_deref().unwrap_or_default();
    At("payload").must(
        scene.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'),
        "subEvent",
        "may hold letters, digits and underscores",
    )?;
    card::check(&view.activity_data.notification_data, view, creates)?;
    if let Some(capsule) = &view.activity_data.capsule_data {
        check_capsule(capsule)?;
    }
    match &view.activity_data.external_data {
        Some(screen) => check_outer_screen(screen),
        None => Ok(()),
    }
}

/// Checks runs of text: their length together, and that they have one colour at most.
#[inline]
fn check_runs(at: At<'_>, field: &str, runs: &[LiveViewRichText], most: usize) -> Result<()> {
    let length: usize = runs.iter().map(|run| run.text.chars().count()).sum();
    if length > most {
        return at.fail(
            field,
            format_args!("has {length} characters; at most {most} are allowed"),
        );
    }
    let mut colours = runs
        .iter()
        .filter_map(|run| run.foreground_color.as_deref());
    let first = colours.next();
    at.colour(first, field, ARGB)?;
    let differs = colours.any(|colour| Some(colour) != first);
    at.must(!differs, field, "may have one colour only")
}

#[inline]
fn check_capsule(capsule: &LiveViewCapsuleData) -> Result<()> {
    let at = At("payload.activityData.capsuleData");
    at.colour(Some(&capsule.bg_color), "bgColor", ARGB)?;
    let refused = ["#FF000000", "#FFFFFFFF", "#FFF1F3F5"]
        .iter()
        .any(|colour| colour.eq_ignore_ascii_case(&capsule.bg_color));
    at.must(
        !refused,
        "bgColor",
        "is one of the colours that are not allowed",
    )?;
    let Some(progress) = &capsule.progress else {
        return Ok(());
    };
    let most = progress.max.unwrap_or(1);
    at.must(
        progress.progress <= most,
        "progress.progress",
        "must not exceed `max`, which is 1 when not set",
    )
}

#[inline]
fn check_outer_screen(screen: &LiveViewExternalData) -> Result<()> {
    let at = At("payload.activityData.externalData");
    at.colour(screen.bg_color.as_deref(), "bgColor", RGB)?;
    check_runs(at, "body", screen.body.as_deref().unwrap_or_default(), 128)
}

/// The digits of a colour with opacity.
const ARGB: usize = 8;
/// The digits of a colour without opacity.
const RGB: usize = 6;
