//! The rules of a live view's card.

use auth_core::Result;

use crate::check::{At, any_click_action, click_action};
use crate::message::live_view_rules::{ARGB, check_runs};
use crate::model::{
    LiveViewEvent, LiveViewLayout, LiveViewNotificationData, LiveViewPayload, LiveViewWeather,
};

/// Checks the card of `view`; `creates` tells whether this message creates it.
#[inline]
pub(super) fn check(
    card: &LiveViewNotificationData,
    view: &LiveViewPayload,
    creates: bool,
) -> Result<()> {
    let at = At(CARD);
    if creates {
        check_creation(card, view)?;
    }
    let text = card.content_text.as_deref().unwrap_or_default();
    check_runs(at, "contentText", text, 1024)?;
    let underline = card.single_text_block.as_ref();
    let underline = underline.and_then(|block| block.underline_color.as_deref());
    at.colour(underline, "singleTextBlock.underlineColor", ARGB)?;
    if let Some(progress) = &card.rich_progress {
        at.colour(progress.color.as_deref(), "richProgress.color", ARGB)?;
        at.colour(progress.bg_color.as_deref(), "richProgress.bgColor", ARGB)?;
    }
    if let Some(game) = &card.game {
        let runs = game.competition.rich_desc.as_deref().unwrap_or_default();
        check_runs(at, "game.competition.richDesc", runs, usize::MAX)?;
    }
    click_action(
        At("payload.activityData.notificationData.clickAction"),
        &card.click_action,
    )?;
    if let Some(action) = card
        .extend
        .as_ref()
        .and_then(|extend| extend.click_action.as_ref())
    {
        any_click_action(
            At("payload.activityData.notificationData.extend.clickAction"),
            action,
        )?;
    }
    match &card.weather {
        Some(weather) => check_weather(weather),
        None => Ok(()),
    }
}

/// What only the message that creates a live view must have.
fn check_creation(card: &LiveViewNotificationData, view: &LiveViewPayload) -> Result<()> {
    let at = At(CARD);
    let title = card.content_title.as_deref().unwrap_or_default();
    at.must(!title.is_empty(), "contentTitle", "is required to create")?;
    let text = card.content_text.as_deref().unwrap_or_default();
    at.must(!text.is_empty(), "contentText", "is required to create")?;
    if view.status.is_some() {
        at.must(
            shows(card, "{{status}}"),
            "contentTitle",
            "or another text of the card must hold {{status}} to create",
        )?;
    }
    let keyword = match view.event {
        LiveViewEvent::Flight => "flightNo",
        LiveViewEvent::Train => "trainNo",
        _ => return Ok(()),
    };
    let fits = matches!(
        card.r#type,
        LiveViewLayout::TextBlocks | LiveViewLayout::Basic
    );
    at.must(
        fits,
        "type",
        "must be 5 (or -1) to create a FLIGHT or TRAIN",
    )?;
    let known = card
        .keywords
        .as_ref()
        .is_some_and(|keywords| keywords.contains_key(keyword));
    if !known {
        return at.fail("keywords", format_args!("must hold `{keyword}` to create"));
    }
    at.must(
        shows(card, &format!("{{{{{keyword}}}}}")),
        "contentText",
        "or another text of the card must hold the placeholder of the keyword to create",
    )
}

/// Whether a text of the card in which placeholders are replaced holds `placeholder`.
fn shows(card: &LiveViewNotificationData, placeholder: &str) -> bool {
    let runs = card.content_text.iter().flatten().map(|run| &run.text);
    let extend = card.extend.iter().filter_map(|extend| extend.text.as_ref());
    let single = card.single_text_block.iter();
    let single = single.flat_map(|block| [&block.first_line, &block.second_line]);
    let first = card.first_text_block.iter();
    let first = first.flat_map(|block| [&block.first_line, &block.second_line]);
    let last = card.last_text_block.iter();
    let last = last.flat_map(|block| [&block.first_line, &block.second_line]);
    card.content_title
        .iter()
        .chain(runs)
        .chain(extend)
        .chain(single)
        .chain(first)
        .chain(last)
        .any(|text| text.contains(placeholder))
}

/// The device shows the weather only if all of it is there and sound.
fn check_weather(weather: &LiveViewWeather) -> Result<()> {
    let at = At(CARD);
    let whole = weather.weather_type.is_some()
        && weather.location_type.is_some()
        && weather.low_temperature.is_some();
    at.must(whole, "weather", "must have all four members")?;
    at.must(
        weather.high_temperature > weather.low_temperature,
        "weather.highTemperature",
        "must lie above `lowTemperature`",
    )
}

/// Where the card stands.
const CARD: &str = "payload.activityData.notificationData";
