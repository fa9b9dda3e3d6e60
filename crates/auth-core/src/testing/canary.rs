//! Looks for a secret in what a program prints, however it is written.

use std::collections::{BTreeSet, HashMap};
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use percent_encoding::{NON_ALPHANUMERIC, percent_encode};

/// A secret that must not be seen: logs, errors, `Debug` texts and panics are searched for it.
///
/// It is found as it is, escaped, reversed, percent-encoded, in hexadecimal, in Base64 of either
/// alphabet (also as a part of something longer), and as a list of bytes, which is how `Debug`
/// shows a `Vec<u8>`. Give a secret that stands nowhere else: the client secret of a test, or a
/// token of the emulator.
///
/// ```
/// use auth_core::Secret;
/// use auth_core::testing::Canary;
///
/// let canary = Canary::new("s3cret+of/this=test");
/// let secret = Secret::from("s3cret+of/this=test");
///
/// canary.assert_absent(&format!("{secret:?}"));
/// assert_eq!(canary.find("?client_secret=s3cret%2Bof%2Fthis%3Dtest"), Some("percent-encoded"));
/// ```
pub struct Canary {
    forms: Vec<(&'static str, String)>,
}

impl Canary {
    /// A secret to look for.
    ///
    /// # Panics
    ///
    /// If it has less than 8 bytes: so short a text is found by chance.
    pub fn new(secret: &str) -> Self {
        assert!(
            secret.len() >= SHORTEST,
            "a canary has at least {SHORTEST} bytes"
        );
        Self {
            forms: forms(secret.as_bytes()),
        }
    }

    /// In which form the secret stands in a text, if it does.
    pub fn find(&self, text: &str) -> Option<&'static str> {
        // Lists of bytes are written on one line or on many.
        let squeezed: String = text.split_whitespace().collect();
        let found = self.forms.iter().find(|(form, written)| match *form {
            BYTES => squeezed.contains(written),
            _ => text.contains(written.as_str()),
        });
        found.map(|(form, _)| *form)
    }

    /// Checks that the secret is in no form in a text.
    ///
    /// # Panics
    ///
    /// If it is; the message names form and line, and does not repeat the secret.
    pub fn assert_absent(&self, text: &str) {
        if let Some(form) = self.find(text) {
            let line = text.lines().position(|line| self.find(line).is_some());
            let line = line.map_or_else(String::new, |line| format!(" in line {}", line + 1));
            panic!("a secret was printed, {form}{line}");
        }
    }
}

/// Shows how many forms are looked for, and none of them.
impl fmt::Debug for Canary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Canary")
            .field("forms", &self.forms.len())
            .finish()
    }
}

/// Every way in which a secret is looked for.
fn forms(secret: &[u8]) -> Vec<(&'static str, String)> {
    let mut forms = Vec::new();
    if let Ok(text) = std::str::from_utf8(secret) {
        forms.push(("as it is", text.to_owned()));
        forms.push(("escaped", text.escape_debug().to_string()));
        forms.push(("reversed", text.chars().rev().collect()));
    }
    let percent = percent_encode(secret, NON_ALPHANUMERIC).to_string();
    // What need not be encoded may or may not be.
    let lenient = ["-", "_", ".", "~"]
        .iter()
        .fold(percent.clone(), |text, c| {
            text.replace(&format!("%{:02X}", c.as_bytes()[0]), c)
        });
    forms.push(("percent-encoded", lenient.replace("%20", "+")));
    forms.push(("percent-encoded", lower_escapes(&lenient)));
    forms.push(("percent-encoded", lower_escapes(&percent)));
    forms.push(("percent-encoded", lenient));
    forms.push(("percent-encoded", percent));
    // Letters and digits may be, too.
    let whole: String = secret.iter().map(|byte| format!("%{byte:02X}")).collect();
    forms.push(("percent-encoded", lower_escapes(&whole)));
    forms.push(("percent-encoded", whole));
    let hex: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
    forms.push(("in hexadecimal", hex.to_uppercase()));
    forms.push(("in hexadecimal", hex));
    for before in 0..3 {
        let (standard, url_safe) = base64(secret, before);
        forms.push(("in Base64", standard));
        forms.push(("in Base64", url_safe));
    }
    let bytes: Vec<String> = secret.iter().map(u8::to_string).collect();
    forms.push((BYTES, bytes.join(",")));
    forms.dedup();
    forms
}

/// The forms of many secrets, looked for at once: by their first bytes.
pub(super) struct Forms {
    by_start: HashMap<[u8; SHORTEST], Vec<(&'static str, String)>>,
}

impl Forms {
    /// The forms of secrets of at least 8 bytes.
    pub(super) fn of(secrets: &[Vec<u8>]) -> Self {
        let mut by_start: HashMap<_, Vec<_>> = HashMap::new();
        for (form, text) in secrets.iter().flat_map(|secret| forms(secret)) {
            let start = text.as_bytes().first_chunk();
            let start = *start.expect("no form is shorter than its secret");
            by_start.entry(start).or_default().push((form, text));
        }
        Self { by_start }
    }

    /// The forms that are found, each with its line, counted from 1.
    pub(super) fn search(&self, text: &[u8]) -> BTreeSet<(&'static str, usize)> {
        // Lists of bytes are written on one line or on many.
        let (kept, squeezed): (Vec<usize>, Vec<u8>) = (text.iter().enumerate())
            .filter(|(_, byte)| !byte.is_ascii_whitespace())
            .unzip();
        let lists = self.places(&squeezed, |form| form == BYTES).into_iter();
        let lists = lists.map(|(form, at)| (form, kept[at]));
        let others = self.places(text, |form| form != BYTES).into_iter();
        let line = |at: usize| 1 + text[..at].iter().filter(|byte| **byte == b'\n').count();
        let found = others.chain(lists);
        found.map(|(form, at)| (form, line(at))).collect()
    }

    /// The forms that are found, each with the place where it begins.
    fn places(&self, text: &[u8], wanted: impl Fn(&str) -> bool) -> Vec<(&'static str, usize)> {
        let mut found = Vec::new();
        for (at, start) in text.windows(SHORTEST).enumerate() {
            let start: &[u8; SHORTEST] = start.try_into().expect("a window of this size");
            for (form, written) in self.by_start.get(start).into_iter().flatten() {
                if wanted(form) && text[at..].starts_with(written.as_bytes()) {
                    found.push((*form, at));
                }
            }
        }
        found
    }
}

fn lower_escapes(text: &str) -> String {
    let mut lower = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('%') {
        let end = (at + 3).min(rest.len());
        lower.push_str(&rest[..at]);
        lower.push_str(&rest[at..end].to_ascii_lowercase());
        rest = &rest[end..];
    }
    lower + rest
}

/// What stays the same of a text in Base64 when `before` bytes stand in front of it, whatever they
/// are and whatever follows.
fn base64(secret: &[u8], before: usize) -> (String, String) {
    let mut bytes = vec![0; before];
    bytes.extend_from_slice(secret);
    // A character holds 6 bits: those with bits of neighbours are cut off.
    let skipped = (before * 8).div_ceil(6);
    let kept = bytes.len() * 8 / 6;
    let cut = |text: String| text[skipped..kept].to_owned();
    (
        cut(STANDARD_NO_PAD.encode(&bytes)),
        cut(URL_SAFE_NO_PAD.encode(&bytes)),
    )
}

const BYTES: &str = "as a list of bytes";
pub(super) const SHORTEST: usize = 8;

#[cfg(test)]
mod tests {
    use percent_encoding::utf8_percent_encode;

    use super::*;

    const SECRET: &str = "kanarien?\"vogel~>>+/=€";

    #[test]
    fn a_leak_is_found_however_it_is_written() {
        let canary = Canary::new(SECRET);
        let reversed: String = SECRET.chars().rev().collect();
        let hex: String = SECRET.bytes().map(|byte| format!("{byte:02x}")).collect();
        let percent = utf8_percent_encode(SECRET, NON_ALPHANUMERIC).to_string();
        for (form, text) in [
            ("as it is", SECRET.to_owned()),
            ("escaped", format!("{:?}", SECRET)),
            ("reversed", reversed),
            ("percent-encoded", percent.to_lowercase()),
            ("percent-encoded", percent.replace("%7E", "~")),
            ("in hexadecimal", hex.to_uppercase()),
            ("in hexadecimal", hex),
            ("in Base64", STANDARD_NO_PAD.encode(SECRET)),
            ("in Base64", STANDARD_NO_PAD.encode(format!("id:{SECRET}"))),
            (
                "in Base64",
                STANDARD_NO_PAD.encode(format!("user:{SECRET}!")),
            ),
            ("in Base64", URL_SAFE_NO_PAD.encode(format!("a{SECRET}\n"))),
            ("as a list of bytes", format!("{:?}", SECRET.as_bytes())),
            ("as a list of bytes", format!("{:#?}", SECRET.as_bytes())),
        ] {
            let text = format!("2026-11-26 DEBUG call: {text} and more");
            assert_eq!(canary.find(&text), Some(form), "{text}");
            let forms = Forms::of(&[b"another one".to_vec(), SECRET.into()]);
            let found = forms.search(format!("fine\n{text}").as_bytes());
            assert!(
                found.contains(&(form, 2)) || form == BYTES,
                "{found:?} {text}"
            );
            assert!(found.iter().any(|(found, _)| *found == form), "{found:?}");
        }
        assert_eq!(canary.find("nothing to see here: kanarien"), None);
    }

    #[test]
    #[should_panic = "a secret was printed, as it is in line 2"]
    fn the_message_names_form_and_line() {
        Canary::new(SECRET).assert_absent(&format!("fine\nnot {SECRET}\n"));
    }

    #[test]
    fn debug_does_not_show_the_secret() {
        let canary = Canary::new(SECRET);
        canary.assert_absent(&format!("{canary:?} {canary:#?}"));
    }
}
