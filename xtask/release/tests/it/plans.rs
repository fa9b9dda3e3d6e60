//! What a plan says about a change.

use xtask_release::level::Level;
use xtask_release::plan::Plan;

use crate::fixture::{Clone, has_checker};

const CORE: &str = "crates/rehearsal-core/src/lib.rs";
const PUSH: &str = "crates/rehearsal-push/src/lib.rs";
const DOCUMENT: &str = "crates/huawei-emulator/documents/rehearsal-push.json";

#[test]
fn nothing_is_due_after_a_release() {
    let plan = Clone::new("nothing").plan().unwrap();
    let due: Vec<_> = plan.crates.iter().filter(|one| one.is_due()).collect();
    assert!(due.is_empty());
    assert_eq!(
        names(&plan),
        ["huawei-emulator", "rehearsal-core", "rehearsal-push"]
    );
}

#[test]
fn a_feature_that_was_added_is_an_addition_to_its_crate_alone() {
    let clone = Clone::new("added");
    clone
        .edit(
            PUSH,
            "/// Sends with",
            "/// Counts.\npub fn count() -> u8 {\n    1\n}\n\n/// Sends with",
        )
        .edit(
            DOCUMENT,
            "\"paths\": {",
            "\"paths\": {\"/count\": {\"get\": {\"operationId\": \"count_messages\"}}, ",
        )
        .commit("Count messages");

    let plan = clone.plan().unwrap();

    assert_eq!(level(&plan, "rehearsal-push"), Level::Addition);
    assert_eq!(level(&plan, "rehearsal-core"), Level::None);
    let text = plan.to_string();
    for wanted in [
        "| rehearsal-push | 0.1.0 | 0.1.1 | addition |",
        "| rehearsal-core | 0.1.0 | 0.1.0 | unchanged |",
        "| huawei-emulator | 0.1.0 | 0.1.1 | patch |",
        "Count messages",
        "- added operation `count_messages` (GET /count)",
        "- added `pub fn rehearsal_push::count() -> u8`",
    ] {
        assert!(text.contains(wanted), "no `{wanted}` in:\n{text}");
    }
    plan.is_allowed().unwrap();
}

#[test]
fn a_field_that_was_removed_is_a_break() {
    let clone = Clone::new("removed");
    clone
        .edit(PUSH, "    /// Its body.\n    pub body: String,\n", "")
        .edit(DOCUMENT, ", \"body\": {\"type\": \"string\"}", "")
        .commit("Remove the body");

    let plan = clone.plan().unwrap();

    assert_eq!(level(&plan, "rehearsal-push"), Level::Break);
    let text = plan.to_string();
    for wanted in [
        "| rehearsal-push | 0.1.0 | 0.2.0 | break |",
        "- removed field `Message.body`",
        "- removed `pub rehearsal_push::Message::body: alloc::string::String`",
    ] {
        assert!(text.contains(wanted), "no `{wanted}` in:\n{text}");
    }
    checker_says(&text, Some("struct_pub_field_missing"));
}

/// The checker has no rule for types of fields and arguments; the text of the API shows them.
#[test]
fn a_changed_type_is_a_break_that_only_the_text_of_the_api_shows() {
    let clone = Clone::new("types");
    clone
        .edit(CORE, "pub life: u32", "pub life: u64")
        .edit(CORE, "token(life: u32)", "token(life: u64)")
        .edit(PUSH, "u64::from(token.life)", "token.life")
        .commit("Allow longer lives");

    let plan = clone.plan().unwrap();

    let text = plan.to_string();
    for wanted in [
        "- changed `pub rehearsal_core::Token::life: u32` to `pub rehearsal_core::Token::life: u64`",
        "- changed `pub fn rehearsal_core::token(u32) -> rehearsal_core::Token`",
        // The break goes on to the crate that names the type, and not to the one that does not.
        "| rehearsal-push | 0.1.0 | 0.2.0 | break |",
        "- rehearsal-core breaks, and its types are in signatures here",
        "| huawei-emulator | 0.1.0 | 0.1.0 | unchanged |",
    ] {
        assert!(text.contains(wanted), "no `{wanted}` in:\n{text}");
    }
    checker_says(&text, None);
}

/// A new member of a struct that can be written out is an addition to the text of the API; only
/// the checker knows that it breaks those who write it out.
#[test]
fn a_field_that_everybody_has_to_fill_is_a_break_that_only_the_checker_shows() {
    let clone = Clone::new("filled");
    clone
        .edit(
            CORE,
            "    pub life: u32,\n",
            "    pub life: u32,\n    /// Its kind.\n    pub kind: u8,\n",
        )
        .edit(CORE, "life }", "life, kind: 1 }")
        .commit("Tell kinds of tokens apart");

    let plan = clone.plan().unwrap();

    if has_checker() {
        assert_eq!(level(&plan, "rehearsal-core"), Level::Break);
        checker_says(&plan.to_string(), Some("constructible_struct_adds_field"));
    } else {
        assert!(
            plan.to_string()
                .contains("NOT RUN: the semver checker is not installed")
        );
    }
}

#[test]
fn a_newer_compiler_is_more_than_an_addition() {
    let clone = Clone::new("compiler");
    clone
        .edit(
            "Cargo.toml",
            "rust-version = \"1.88\"",
            "rust-version = \"1.90\"",
        )
        .commit("Need Rust 1.90");

    let plan = clone.plan().unwrap();

    assert_eq!(level(&plan, "rehearsal-core"), Level::Compiler);
    let text = plan.to_string();
    assert!(
        text.contains("| rehearsal-core | 0.1.0 | 0.2.0 | newer compiler |"),
        "{text}"
    );
    assert!(
        text.contains("- changed rust-version: 1.88 to 1.90"),
        "{text}"
    );
}

fn names(plan: &Plan) -> Vec<&str> {
    plan.crates.iter().map(|one| one.name.as_str()).collect()
}

fn level(plan: &Plan, name: &str) -> Level {
    let found = plan.crates.iter().find(|one| one.name == name);
    found.expect("the crate is planned").level
}

/// What the checker says where it is installed; `cargo xtask release plan` installs it.
fn checker_says(text: &str, rule: Option<&str>) {
    if !has_checker() {
        assert!(
            text.contains("NOT RUN: the semver checker is not installed"),
            "{text}"
        );
        return;
    }
    match rule {
        Some(rule) => assert!(
            text.contains(&format!("- {rule}")),
            "no `{rule}` in:\n{text}"
        ),
        None => assert!(!text.contains("Semver checker"), "{text}"),
    }
}
