//! The page for a person with a browser.

use crate::answer::Answer;
use crate::space::SpaceState;

/// The start page of a space.
pub(crate) fn home(space: &SpaceState) -> Answer {
    let name = space.id.as_deref().unwrap_or("default");
    Answer::text(
        "text/html; charset=utf-8",
        format!("<!doctype html><title>{}</title>", escape(name)),
    )
}

/// Text that is safe inside HTML, in elements and in quoted attributes.
pub(crate) fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}
