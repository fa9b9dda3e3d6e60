//! What becomes of a release that is prepared: a commit and tags, or a refusal without a trace.

use xtask_release::prepare::Ci;

use crate::fixture::Clone;

const PUSH: &str = "crates/rehearsal-push/src/lib.rs";
const PUSH_MANIFEST: &str = "crates/rehearsal-push/Cargo.toml";

#[test]
fn a_release_is_committed_and_tagged_and_not_pushed() {
    let clone = Clone::new("released");
    clone
        .edit(
            "crates/rehearsal-core/src/lib.rs",
            "pub fn token(life: u32)",
            "pub fn make(life: u32)",
        )
        .edit(PUSH, "    /// Its body.\n    pub body: String,\n", "")
        .commit("Rename and remove");
    let upstream = clone.git("rev-parse origin/main");

    clone
        .prepare(&[("rehearsal-push", "0.3.0")], &Ci::Run)
        .unwrap();

    assert_eq!(clone.git("status --porcelain"), "");
    assert_eq!(
        clone.git("log -1 --format=%s"),
        "Release rehearsal-core 0.2.0, rehearsal-push 0.3.0"
    );
    let tags = clone.git("tag --points-at HEAD");
    assert!(tags.contains("rehearsal-core-v0.2.0\n"), "{tags}");
    assert!(tags.contains("rehearsal-push-v0.3.0\n"), "{tags}");
    assert!(tags.contains("release-20"), "{tags}");
    assert!(!tags.contains("huawei-emulator"), "{tags}");
    assert_eq!(
        clone
            .git("ls-remote origin refs/heads/main")
            .split('\t')
            .next(),
        Some(&*upstream)
    );
    // The workspace asks for the version that will be published, and the lock file agrees.
    assert!(
        clone
            .read("Cargo.toml")
            .contains("rehearsal-core = { version = \"0.2.0\"")
    );
    assert!(
        clone
            .read("Cargo.lock")
            .contains("name = \"rehearsal-push\"\nversion = \"0.3.0\"")
    );
    let changelog = clone.read("CHANGELOG.md");
    for wanted in [
        "## Unreleased\n\n## 20",
        ": rehearsal-core 0.2.0, rehearsal-push 0.3.0\n\n- `rehearsal-push`: something new.\n\n### ",
        "- removed `pub rehearsal_push::Message::body: alloc::string::String`",
        "## 2026-01-01: all 0.1.0",
    ] {
        assert!(changelog.contains(wanted), "no `{wanted}` in:\n{changelog}");
    }
}

#[test]
fn a_version_that_is_too_small_is_refused() {
    let clone = Clone::new("small");
    clone
        .edit(PUSH, "    /// Its body.\n    pub body: String,\n", "")
        .commit("Remove the body");

    let error = clone.refusal(&[("rehearsal-push", "0.1.1")]);

    assert!(
        error
            .contains("rehearsal-push 0.1.1 is too small: what changed is a break and needs 0.2.0"),
        "{error}"
    );
    assert!(
        error.contains("removed `pub rehearsal_push::Message::body"),
        "{error}"
    );

    // A manifest that is ahead is a choice, too.
    clone
        .edit(PUSH_MANIFEST, "version = \"0.1.0\"", "version = \"0.1.5\"")
        .commit("Choose");
    let error = clone.refusal(&[]);
    assert!(
        error.contains("rehearsal-push 0.1.5 is too small"),
        "{error}"
    );
}

#[test]
fn a_tree_that_is_not_clean_is_refused() {
    let clone = Clone::new("dirty");
    clone.write("crates/rehearsal-push/src/notes.txt", "half done");

    let error = clone.refusal(&[]);

    assert!(
        error.contains("commit or remove what has changed first"),
        "{error}"
    );
    assert!(error.contains("notes.txt"), "{error}");
}

#[test]
fn a_release_without_a_change_is_refused() {
    let error = Clone::new("idle").refusal(&[]);
    assert!(
        error.contains("nothing has changed since the last release"),
        "{error}"
    );
}

#[test]
fn checks_that_are_red_stop_the_release() {
    let clone = Clone::new("red");
    clone
        .write("red", "")
        .edit(PUSH, "/// Its title.", "/// The title.")
        .commit("Be red");

    let error = clone.refusal(&[]);

    assert!(
        error.contains("nothing was committed, and the tree is as it was"),
        "{error}"
    );
}

/// The checks are red, and would be seen if they ran.
#[test]
fn checks_that_passed_elsewhere_count_for_their_very_commit() {
    let clone = Clone::new("elsewhere");
    clone
        .write("red", "")
        .edit(PUSH, "/// Its title.", "/// The title.")
        .commit("Be red");
    let head = clone.git("rev-parse HEAD");

    for other in [&clone.git("rev-parse HEAD^"), "HEAD", "main", &head[..12]] {
        let error = clone.refusal_of(&[], &Ci::PassedAt(other.to_owned()));
        assert!(
            error.contains(&format!(
                "the checks that passed looked at {other}, and what is to be released is {head}"
            )),
            "{error}"
        );
    }

    clone.prepare(&[], &Ci::PassedAt(head.clone())).unwrap();
    assert_eq!(clone.git("rev-parse HEAD^"), head);
    assert_eq!(
        clone.git("log -1 --format=%b").trim(),
        format!("Every check passed at {head}.")
    );
}

/// What is compiled here is not what is packed: the document was forgotten.
#[test]
fn a_crate_that_cannot_be_packed_stops_the_release() {
    let clone = Clone::new("unpackable");
    clone
        .edit("crates/huawei-emulator/Cargo.toml", "\"documents\", ", "")
        .commit("Pack less");

    let error = clone.refusal(&[]);

    assert!(error.contains("a crate cannot be packed"), "{error}");
}

#[test]
fn a_dependency_that_users_cannot_get_is_found_before_the_tag() {
    let clone = Clone::new("path");
    clone
        .edit(
            PUSH_MANIFEST,
            "rehearsal-core.workspace = true",
            "rehearsal-core = { path = \"../rehearsal-core\" }",
        )
        .commit("Depend by path");
    let error = clone.refusal(&[]);
    assert!(
        error.contains("rehearsal-push: depends on `rehearsal-core` by its path alone"),
        "{error}"
    );

    let clone = Clone::new("unpublished");
    clone
        .edit("xtask/src/main.rs", "//! The checks.", "//! The checks.\n")
        .write("xtask/src/lib.rs", "//! Nothing.\n")
        .edit(
            PUSH_MANIFEST,
            "rehearsal-core.workspace = true",
            "rehearsal-core.workspace = true\nxtask = { version = \"0.0.0\", path = \"../../xtask\" }",
        )
        .commit("Depend on a tool");
    let error = clone.refusal(&[]);
    assert!(
        error.contains("rehearsal-push: depends on `xtask`, which is not published"),
        "{error}"
    );
}

#[test]
fn a_missing_readme_or_licence_and_a_large_file_are_found_before_the_tag() {
    let clone = Clone::new("readme");
    clone
        .remove("crates/rehearsal-core/README.md")
        .commit("Say less");
    let error = clone.refusal(&[]);
    assert!(
        error.contains("rehearsal-core: the README `README.md` is not there"),
        "{error}"
    );

    let clone = Clone::new("large");
    clone
        .write("crates/rehearsal-core/src/data.txt", &"x".repeat(3 << 20))
        .remove("crates/rehearsal-core/LICENSE-MIT")
        .commit("Keep data and no licence");
    let error = clone.refusal(&[]);
    assert!(
        error.contains("rehearsal-core: `src/data.txt` has 3145728 bytes"),
        "{error}"
    );
    assert!(
        error.contains("rehearsal-core: the licence is not among the packed files"),
        "{error}"
    );
}
