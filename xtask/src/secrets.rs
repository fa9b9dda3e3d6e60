//! Looks for secrets among the files under git. Test vectors stand on a list, each with the reason
//! why it is none.

use std::fs;

use anyhow::{Result, bail};
use xshell::{Shell, cmd};

use crate::tools;

/// Looks at every file under git.
pub(crate) fn check(sh: &Shell) -> Result<()> {
    let list = cmd!(sh, "git ls-files --cached --others --exclude-standard")
        .quiet()
        .read()?;
    let mut faults = Vec::new();
    let mut used = vec![false; VECTORS.len()];
    for file in list.lines() {
        // Binary files hold no keys as text.
        let Ok(text) = fs::read_to_string(tools::root().join(file)) else {
            continue;
        };
        let found = find(&text);
        if found.is_empty() {
            continue;
        }
        match VECTORS.iter().position(|(known, _)| covers(known, file)) {
            Some(index) => used[index] = true,
            None => faults.extend(
                found
                    .iter()
                    .map(|(line, what)| format!("{file}:{line}: {what}")),
            ),
        }
    }
    for ((known, _), used) in VECTORS.iter().zip(used) {
        if !used {
            faults.push(format!(
                "{known}: nothing there looks like a secret; take it off the list"
            ));
        }
    }
    match faults.is_empty() {
        true => Ok(()),
        false => bail!(
            "this looks like secrets; a test vector belongs into VECTORS of xtask/src/secrets.rs:\n  {}",
            faults.join("\n  ")
        ),
    }
}

/// Whether a place on the list is that of a file; `*` stands for one folder.
fn covers(known: &str, file: &str) -> bool {
    let mut parts = file.split('/');
    let mut known = known.split('/').peekable();
    while let Some(wanted) = known.next() {
        match parts.next() {
            // The last part is the beginning of a name, or of all names.
            Some(part) if known.peek().is_none() => return part.starts_with(wanted),
            Some(part) if wanted == part || wanted == "*" => {}
            _ => return false,
        }
    }
    true
}

/// What looks like a secret, with its line. The secret itself is not repeated.
fn find(text: &str) -> Vec<(usize, &'static str)> {
    let mut found = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let what = KINDS.iter().find(|(_, is)| is(line));
        found.extend(what.map(|(what, _)| (index + 1, *what)));
    }
    found
}

type Kind = (&'static str, fn(&str) -> bool);

const KINDS: &[Kind] = &[
    ("a private key", |line| {
        let key = concat!("PRIVATE", " KEY-----");
        line.match_indices(key).any(|(at, _)| {
            let after = &line[at + key.len()..];
            // A key and not its heading alone: escaped line breaks, or the end of the line.
            line.contains("-----BEGIN") && (after.is_empty() || after.starts_with("\\n"))
        })
    }),
    ("a signed token", |line| {
        line.match_indices("eyJ").any(|(at, _)| {
            let token = run(&line[at..], |c| {
                c.is_ascii_alphanumeric() || "-_.".contains(c)
            });
            let parts: Vec<&str> = token.split('.').collect();
            parts.len() == 3 && parts.iter().all(|part| part.len() >= 16)
        })
    }),
    ("a token of a code host or registry", |line| {
        ["ghp_", "github_pat_", "cio"].iter().any(|mark| {
            line.match_indices(mark).any(|(at, _)| {
                let rest = run(&line[at + mark.len()..], |c| {
                    c.is_ascii_alphanumeric() || c == '_'
                });
                rest.len() >= 32
                    && rest.chars().any(|c| c.is_ascii_digit())
                    && !line[..at].ends_with(char::is_alphanumeric)
            })
        })
    }),
    // 64 hexadecimal digits are how the platforms write client secrets.
    ("a client secret", |line| {
        let lower = line.to_ascii_lowercase();
        lower.contains("secret")
            && lower
                .split(|c: char| !c.is_ascii_hexdigit())
                .any(|word| word.len() == 64 && word.chars().any(|c| c.is_ascii_digit()))
    }),
];

fn run(text: &str, is: impl Fn(char) -> bool) -> &str {
    let end = text.find(|c| !is(c)).unwrap_or(text.len());
    &text[..end]
}

/// Where there are test vectors: a file, or all files whose path begins so, and why they are none.
const VECTORS: &[(&str, &str)] = &[
    (
        "crates/*/tests/data/",
        "keys and tokens made for tests; nothing outside accepts them",
    ),
    (
        "crates/*/tests/samples/",
        "examples that the platforms publish, their secrets replaced",
    ),
    (
        "crates/auth-core/tests/it/door/",
        "headings of keys in the tests of client certificates",
    ),
    (
        "crates/auth-core/tests/it/jwt/",
        "damaged keys in the tests of key files",
    ),
    (
        "crates/huawei-emulator/keys/",
        "the emulator's own keys, which are public",
    ),
    (
        "crates/welink-oauth/src/js_pages.rs",
        "the ticket of an example in the platform's documents",
    ),
    ("fuzz/seeds/", "seeds made from the vectors of the tests"),
];

#[cfg(test)]
mod tests {
    use super::find;

    #[test]
    fn each_kind_of_secret_is_found_and_its_name_alone_is_not() {
        let part = "abcdefghijklmnop0123";
        for (text, wanted) in [
            (
                format!("-----BEGIN {}\n", concat!("PRIVATE", " KEY-----")),
                Some("a private key"),
            ),
            (
                format!("\"-----BEGIN RSA {}\\nMII", concat!("PRIVATE", " KEY-----")),
                Some("a private key"),
            ),
            (
                format!(
                    "a heading: `-----BEGIN {}` stands first",
                    concat!("PRIVATE", " KEY-----")
                ),
                None,
            ),
            (
                format!("token: eyJ{part}.{part}.{part}"),
                Some("a signed token"),
            ),
            (format!("eyJ{part} is a header"), None),
            (
                format!("key = ghp_{}", "a1".repeat(20)),
                Some("a token of a code host or registry"),
            ),
            (
                format!("client_secret={}", "0f".repeat(32)),
                Some("a client secret"),
            ),
            (format!("checksum = \"{}\"", "0f".repeat(32)), None),
            ("client_secret=CLIENT_SECRET".to_owned(), None),
        ] {
            let found = find(&text);
            assert_eq!(found.first().map(|(_, what)| *what), wanted, "{text}");
        }
    }
}
