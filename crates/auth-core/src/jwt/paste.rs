//! JSON objects as people paste them: the layers around them taken off, the fields read leniently.
//!
//! A reader of its own, because the usual one copies secrets into memory that nobody overwrites,
//! quotes them in its errors, and rightly refuses half of what arrives here.

use zeroize::Zeroizing;

use crate::Secret;
use crate::jwt::flaw::Flaw;
use crate::jwt::pem;

/// The fields of an object, in their order.
pub(super) type Fields = Vec<(String, Secret)>;

/// Reads the object in `text`, whatever was wrapped around it.
pub(super) fn fields(text: &str) -> Result<Fields, Flaw> {
    if text.len() > TEXT_LEN_MAX {
        return Err(Flaw::new("the text is too long for a key file"));
    }
    let mut text = Zeroizing::new(text.to_owned());
    for _ in 0..LAYERS_MAX {
        let bare = pem::unquote(&text);
        let inner = match bare.as_bytes() {
            [] => return Err(Flaw::new("the text is empty")),
            [b'\\', ..] => unescape(bare),
            [b'{', rest @ ..] if rest.trim_ascii_start().starts_with(br"\") => unescape(bare),
            [b'{', ..] => {
                let start = bare.as_ptr() as usize - text.as_ptr() as usize;
                return Reader {
                    text: &text,
                    end: start + bare.len(),
                    at: start,
                }
                .object();
            }
            _ if bare.starts_with("-----BEGIN") => return Err(Flaw::new(KEY_ALONE)),
            _ => unwrap_base64(bare)?,
        };
        text = inner;
    }
    Err(Flaw::new("the text is wrapped too often"))
}

/// Makes text of a file's bytes: UTF-8, or UTF-16 with its mark.
pub(super) fn decode(bytes: &[u8]) -> Result<Zeroizing<String>, Flaw> {
    let unit: fn([u8; 2]) -> u16 = match bytes {
        [0xff, 0xfe, ..] => u16::from_le_bytes,
        [0xfe, 0xff, ..] => u16::from_be_bytes,
        _ => {
            return match std::str::from_utf8(bytes) {
                Ok(text) => Ok(Zeroizing::new(text.to_owned())),
                Err(error) => {
                    let good = std::str::from_utf8(&bytes[..error.valid_up_to()]);
                    let good = good.unwrap_or_default();
                    Err(Flaw::at(good, good.len(), "a byte that is not UTF-8"))
                }
            };
        }
    };
    let units = bytes[2..]
        .chunks_exact(2)
        .map(|pair| unit([pair[0], pair[1]]));
    let mut text = Zeroizing::new(String::with_capacity(bytes.len() * 2));
    for symbol in char::decode_utf16(units) {
        text.push(symbol.map_err(|_| Flaw::new("the file is not the UTF-16 it claims to be"))?);
    }
    Ok(text)
}

fn unwrap_base64(text: &str) -> Result<Zeroizing<String>, Flaw> {
    let neither = || Flaw::new("the text is neither a JSON object nor one in Base64");
    let bytes = pem::base64(text, text).map_err(|_| neither())?;
    match bytes.first() {
        Some(0x30) => Err(Flaw::new(KEY_ALONE)),
        _ => decode(&bytes).map_err(|_| neither()),
    }
}

/// Takes one layer of escapes off, as a shell or a JSON writer put it there.
fn unescape(text: &str) -> Zeroizing<String> {
    // No escape is shorter than what it stands for, so the text never moves.
    let mut plain = Zeroizing::new(String::with_capacity(text.len()));
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\\') {
        plain.push_str(before);
        rest = escape(after, &mut plain);
    }
    plain.push_str(rest);
    plain
}

/// Adds what an escape stands for to `plain`; returns what follows it. `after` is the text after
/// the backslash. An escape that JSON does not have stays as it is.
fn escape<'a>(after: &'a str, plain: &mut String) -> &'a str {
    let mut rest = after.chars();
    match rest.next() {
        Some(symbol @ ('"' | '\'' | '/' | '\\')) => plain.push(symbol),
        Some('n') => plain.push('\n'),
        Some('r') => plain.push('\r'),
        Some('t') => plain.push('\t'),
        Some('b' | 'f') => {}
        Some('u') => match unicode(rest.as_str()) {
            Some((symbol, rest)) => {
                plain.push(symbol);
                return rest;
            }
            None => plain.push_str("\\u"),
        },
        Some(other) => {
            plain.push('\\');
            plain.push(other);
        }
        None => plain.push('\\'),
    }
    rest.as_str()
}

/// The character behind `\u`, of one escape or two, and what follows.
fn unicode(text: &str) -> Option<(char, &str)> {
    let (high, rest) = unit(text)?;
    if let Some(symbol) = char::from_u32(high.into()) {
        return Some((symbol, rest));
    }
    let (low, rest) = unit(rest.strip_prefix("\\u")?)?;
    let symbol = char::decode_utf16([high, low]).next()?.ok()?;
    Some((symbol, rest))
}

fn unit(text: &str) -> Option<(u16, &str)> {
    let (digits, rest) = text.split_at_checked(4)?;
    let value = digits.bytes().try_fold(0, |value, digit| {
        pem::hex(digit).map(|digit| value << 4 | u16::from(digit))
    })?;
    Some((value, rest))
}

/// Reads one object of a text, from `at` to `end`.
struct Reader<'a> {
    text: &'a str,
    end: usize,
    at: usize,
}

impl Reader<'_> {
    fn object(mut self) -> Result<Fields, Flaw> {
        let mut fields = Fields::new();
        self.at += 1;
        loop {
            match self.peek() {
                Some(b'}') => break,
                Some(b'"' | b'\'') => {}
                _ => return Err(self.flaw("a field's name in quotes is expected")),
            }
            let start = self.at;
            let name = std::mem::take(&mut *self.string()?);
            if fields.iter().any(|(known, _)| *known == name) {
                return Err(Flaw::at(self.text, start, "this field is there twice"));
            }
            if self.peek() != Some(b':') {
                return Err(self.flaw("a colon is expected"));
            }
            self.at += 1;
            if let Some(value) = self.value()? {
                fields.push((name, value));
            }
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => break,
                _ => return Err(self.flaw("a comma or a closing brace is expected")),
            }
        }
        self.at += 1;
        match self.peek() {
            None => Ok(fields),
            Some(_) => Err(self.flaw("more text after the closing brace")),
        }
    }

    /// A text, or a number as it is written; nothing for what no key file needs.
    fn value(&mut self) -> Result<Option<Secret>, Flaw> {
        match self.peek() {
            Some(b'"' | b'\'') => {
                let mut text = self.string()?;
                Ok(Some(Secret::new(std::mem::take(&mut *text))))
            }
            Some(b'{' | b'[') => self.skip().map(|()| None),
            Some(b'-' | b'0'..=b'9' | b'a'..=b'z') => {
                let start = self.at;
                let rest = &self.text.as_bytes()[start..self.end];
                let is_part = |byte: &&u8| byte.is_ascii_alphanumeric() || b"+-.".contains(byte);
                self.at += rest.iter().take_while(is_part).count();
                let word = &self.text[start..self.at];
                Ok((word != "null").then(|| Secret::new(word)))
            }
            _ => Err(self.flaw("a value in quotes is expected")),
        }
    }

    /// A text in quotes of either kind; line feeds in it are taken as they are.
    fn string(&mut self) -> Result<Zeroizing<String>, Flaw> {
        let start = self.at + 1;
        let quote = self.text.as_bytes()[self.at];
        let mut escaped = false;
        let stop = self.text.as_bytes()[start..self.end]
            .iter()
            .position(|byte| {
                let is_end = *byte == quote && !escaped;
                escaped = *byte == b'\\' && !escaped;
                is_end
            });
        let Some(stop) = stop else {
            return Err(self.flaw("the closing quote is missing"));
        };
        self.at = start + stop + 1;
        Ok(unescape(&self.text[start..start + stop]))
    }

    /// Skips an object or an array.
    fn skip(&mut self) -> Result<(), Flaw> {
        let start = self.at;
        let mut depth = 0_usize;
        loop {
            match self.peek() {
                Some(b'"' | b'\'') => {
                    self.string()?;
                    continue;
                }
                Some(b'{' | b'[') => depth += 1,
                Some(b'}' | b']') => depth -= 1,
                Some(_) => {}
                None => return Err(Flaw::at(self.text, start, "the closing bracket is missing")),
            }
            self.at += 1;
            if depth == 0 {
                return Ok(());
            }
        }
    }

    /// The next byte that is not a blank.
    fn peek(&mut self) -> Option<u8> {
        let rest = &self.text.as_bytes()[self.at..self.end];
        self.at = self.end - rest.trim_ascii_start().len();
        self.text.as_bytes()[..self.end].get(self.at).copied()
    }

    fn flaw(&self, what: &'static str) -> Flaw {
        Flaw::at(self.text, self.at, what)
    }
}

/// The longest text that is looked at, in bytes; key files have less than 5,000.
pub(super) const TEXT_LEN_MAX: usize = 128 * 1024;

const KEY_ALONE: &str = "this is a key alone; the whole JSON file is wanted";

/// How often a text may be wrapped: quotes, escapes and Base64 on top of each other.
const LAYERS_MAX: usize = 5;
