//! Keys as people paste them, brought back to the bytes they stand for.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use zeroize::Zeroizing;

use crate::jwt::flaw::Flaw;

/// The bytes of the private key in `text`.
pub(super) fn private_key(text: &str) -> Result<Zeroizing<Vec<u8>>, Flaw> {
    read(text, &["PRIVATE KEY", "RSA PRIVATE KEY"])
}

/// The bytes of the public key in `text`.
pub(super) fn public_key(text: &str) -> Result<Zeroizing<Vec<u8>>, Flaw> {
    read(text, &["PUBLIC KEY", "RSA PUBLIC KEY"])
}

/// Decodes Base64 in either alphabet, with or without padding, blanks and escapes in between.
/// `part` is a part of `text`, in which positions are counted.
pub(super) fn base64(text: &str, part: &str) -> Result<Zeroizing<Vec<u8>>, Flaw> {
    let start = part.as_ptr() as usize - text.as_ptr() as usize;
    let mut symbols = Zeroizing::new(Vec::with_capacity(part.len()));
    let mut padded = false;
    let mut rest = part.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let offset = start + part.len() - rest.len();
        let (symbol, after) = match byte {
            b'\\' => unescape(after),
            _ => (byte, after),
        };
        match symbol {
            b'-' => symbols.push(b'+'),
            b'_' => symbols.push(b'/'),
            b'=' => padded = true,
            _ if symbol.is_ascii_whitespace() => {}
            _ if padded => {
                return Err(Flaw::at(
                    text,
                    offset,
                    "more text after the end of the Base64",
                ));
            }
            b'+' | b'/' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => symbols.push(symbol),
            _ => return Err(Flaw::at(text, offset, "a character that is not Base64")),
        }
        rest = after;
    }
    LENIENT
        .decode(&*symbols)
        .map(Zeroizing::new)
        .map_err(|_| Flaw::new("the Base64 is cut off or damaged at its end"))
}

fn read(text: &str, wanted: &[&str]) -> Result<Zeroizing<Vec<u8>>, Flaw> {
    let bare = unquote(text);
    if bare.is_empty() {
        return Err(Flaw::new("the key is empty"));
    }
    match block(text, bare, wanted)? {
        Some(body) => base64(text, body),
        None if bare.contains("PRIVATE KEY") || bare.contains("PUBLIC KEY") => Err(Flaw::new(
            "the BEGIN and END lines are damaged: each has five dashes on both sides",
        )),
        None => {
            let bytes = base64(text, bare)?;
            match std::str::from_utf8(&bytes) {
                // A whole PEM text in Base64, as secret stores hand it out.
                Ok(inner) if inner.contains(BEGIN) => match block(inner, inner, wanted)? {
                    Some(body) => base64(inner, body),
                    None => Err(Flaw::new("the key is wrapped too often")),
                },
                _ => Ok(bytes),
            }
        }
    }
}

/// The body of the first wanted block of `part`; nothing if there are no blocks at all.
fn block<'a>(text: &str, part: &'a str, wanted: &[&str]) -> Result<Option<&'a str>, Flaw> {
    let mut rest = part;
    let mut other = None;
    while let Some((_, after)) = rest.split_once(BEGIN) {
        let offset = after.as_ptr() as usize - text.as_ptr() as usize;
        let Some((label, after)) = after
            .split_once(DASHES)
            .filter(|(label, _)| label.len() <= LABEL_LEN_MAX)
        else {
            let what = "the BEGIN line does not end in five dashes";
            return Err(Flaw::at(text, offset, what));
        };
        let Some((body, after)) = after.split_once(END) else {
            return Err(Flaw::at(
                text,
                offset,
                "the END line is missing: the key is cut off",
            ));
        };
        let label = label.trim();
        if wanted.contains(&label) {
            if body.contains("ENCRYPTED") {
                return Err(Flaw::at(text, offset, ENCRYPTED));
            }
            return Ok(Some(body));
        }
        other.get_or_insert_with(|| Flaw::at(text, offset, unwanted(label)));
        rest = after;
    }
    match other {
        Some(flaw) => Err(flaw),
        None => Ok(None),
    }
}

fn unwanted(label: &str) -> &'static str {
    match label {
        "CERTIFICATE" => "this is a certificate, not the key wanted",
        "EC PRIVATE KEY" => "this is an elliptic-curve key; an RSA key is wanted",
        "ENCRYPTED PRIVATE KEY" => ENCRYPTED,
        "OPENSSH PRIVATE KEY" => {
            "this is a key in OpenSSH's format; `ssh-keygen -p -m PKCS8 -f <file>` converts it"
        }
        "PRIVATE KEY" | "RSA PRIVATE KEY" => "this is a private key; the public one is wanted",
        "PUBLIC KEY" | "RSA PUBLIC KEY" => "this is a public key; the private one is wanted",
        _ => "this is not the kind of key wanted",
    }
}

/// The text without the byte order mark, blanks and quotes around it.
pub(super) fn unquote(text: &str) -> &str {
    let mut bare = text;
    loop {
        bare = bare.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
        let inner = ['"', '\'', '`']
            .iter()
            .find_map(|quote| bare.strip_prefix(*quote)?.strip_suffix(*quote));
        match inner {
            Some(inner) => bare = inner,
            None => return bare,
        }
    }
}

/// The character that an escape in the middle of Base64 stands for, and what follows. Takes what
/// JSON writers, shells and several of them in a row make of line feeds, `/`, `+` and `=`.
fn unescape(after: &[u8]) -> (u8, &[u8]) {
    let slashes = after.iter().take_while(|byte| **byte == b'\\').count();
    match &after[slashes..] {
        [b'n' | b'r' | b't', rest @ ..] => (b' ', rest),
        [b'u', b'0', b'0', high, low, rest @ ..] => match (hex(*high), hex(*low)) {
            (Some(high), Some(low)) => (high << 4 | low, rest),
            _ => (b'\\', rest),
        },
        [next, rest @ ..] => (*next, rest),
        [] => (b' ', &[]),
    }
}

pub(super) fn hex(digit: u8) -> Option<u8> {
    char::from(digit)
        .to_digit(16)
        .and_then(|value| u8::try_from(value).ok())
}

const BEGIN: &str = "-----BEGIN ";
const DASHES: &str = "-----";
/// Longer than any label in use; what is longer has swallowed the key.
const LABEL_LEN_MAX: usize = 40;
const END: &str = "-----END";
const ENCRYPTED: &str = "the key is encrypted; `openssl pkey -in <file>` decrypts it";

const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);
