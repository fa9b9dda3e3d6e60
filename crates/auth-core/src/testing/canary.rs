//! Looks for a secret in what a program prints, however it is written.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

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
        let mut forms = vec![
            ("as it is", secret.to_owned()),
            ("escaped", secret.escape_debug().to_string()),
            ("reversed", secret.chars().rev().collect()),
        ];
        let percent = utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string();
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
        let hex: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
        forms.push(("in hexadecimal", hex.to_uppercase()));
        forms.push(("in hexadecimal", hex));
        for before in 0..3 {
            let (standard, url_safe) = base64(secret.as_bytes(), before);
            forms.push(("in Base64", standard));
            forms.push(("in Base64", url_safe));
        }
        let bytes: Vec<String> = secret.bytes().map(|byte| byte.to_string()).collect();
        forms.push((BYTES, bytes.join(",")));
        forms.dedup();
        Self { forms }
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
const SHORTEST: usize = 8;

#[cfg(test)]
mod tests {
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
