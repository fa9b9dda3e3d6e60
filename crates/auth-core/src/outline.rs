//! What an answer looks like without what it says: for the `Debug` text of an error, which ends up
//! in logs, while an answer that nobody expected may hold a token, or a person's phone number.

/// The beginning of a body: the members of JSON with their values left out; of anything else the
/// words that are too short, and have too few digits, to be a key, a token or a phone number.
pub(crate) fn outline(body: &[u8]) -> String {
    let end = body.len().min(EXCERPT);
    let text = String::from_utf8_lossy(&body[..end]);
    match text.trim_start().starts_with(['{', '[', '"']) {
        true => members(&text),
        false => words(&text),
    }
}

/// What serde found wrong, without the value that it found it in.
pub(crate) fn fault(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let names_a_member = ["missing field", "duplicate field"];
    if names_a_member.iter().any(|start| text.starts_with(start)) || !error.is_data() {
        return text;
    }
    let found = text.split(['"', '`']).next().unwrap_or_default();
    let found = found.split(", expected ").next().unwrap_or_default();
    let found = found.trim_end();
    match text.rsplit_once(", expected ") {
        Some((_, expected)) => format!("{found}, expected {expected}"),
        None => found.to_owned(),
    }
}

/// JSON, whole or cut off, with `".."` for texts and `0` for numbers. Names of members stay if they
/// look like names.
fn members(text: &str) -> String {
    let mut shown = String::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let (part, after) = match c {
            '"' => rest.split_at(end_of_text(rest)),
            '-' | '0'..='9' => split(rest, |c| c.is_ascii_alphanumeric() || "+-.".contains(c)),
            c if c.is_alphabetic() => split(rest, char::is_alphabetic),
            c => rest.split_at(c.len_utf8()),
        };
        let is_name = after.trim_start().starts_with(':') && looks_like_a_name(part);
        shown.push_str(match c {
            '"' if is_name => part,
            '"' => "\"..\"",
            '-' | '0'..='9' => "0",
            c if c.is_alphabetic() && !["true", "false", "null"].contains(&part) => "..",
            _ => part,
        });
        rest = after;
    }
    shown
}

/// Where the text ends that begins with a quote; at the end of all if it is cut off.
fn end_of_text(text: &str) -> usize {
    let mut escaped = false;
    let end = text[1..].find(|c| {
        let ends = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        ends
    });
    end.map_or(text.len(), |end| end + 2)
}

fn looks_like_a_name(quoted: &str) -> bool {
    let name = quoted.trim_matches('"');
    name.len() <= LONGEST_NAME
        && name.chars().filter(char::is_ascii_digit).count() <= MOST_DIGITS
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c))
}

/// A text without the words that could be a key, a token or a phone number.
pub(crate) fn words(text: &str) -> String {
    let mut shown = String::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let (part, after) = match is_of_a_word(c) {
            true => split(rest, is_of_a_word),
            false => rest.split_at(c.len_utf8()),
        };
        shown.push_str(match is_harmless(part) {
            true => part,
            false => "..",
        });
        rest = after;
    }
    shown
}

fn is_of_a_word(c: char) -> bool {
    c.is_alphanumeric() || "_-+/=.%@~".contains(c)
}

fn is_harmless(word: &str) -> bool {
    word.len() <= LONGEST_WORD && word.chars().filter(char::is_ascii_digit).count() <= MOST_DIGITS
}

/// Splits where a run of such characters ends.
fn split(text: &str, is: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(|c| !is(c)).unwrap_or(text.len()))
}

/// How many bytes of a body are looked at.
const EXCERPT: usize = 1024;
/// Tokens and keys are longer, in bytes.
const LONGEST_WORD: usize = 16;
/// Names of members are longer than words, in bytes.
const LONGEST_NAME: usize = 24;
/// Status and error codes have as many; phone numbers have more.
const MOST_DIGITS: usize = 5;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::Deserialize;

    use super::*;

    proptest! {
        #[test]
        fn an_outline_of_anything_is_short_and_holds_no_token(
            body in prop::collection::vec(any::<u8>(), 0..300),
            json in "[\\[{\"][\\[\\]{}:,\"a-f0-9 \\\\é-]{0,200}",
            token in "[a-zA-Z0-9_-]{25,80}",
        ) {
            for text in [body, json.into_bytes()] {
                prop_assert!(outline(&text).len() <= 3 * text.len() + 4);
            }
            for text in [format!("<p>{token}</p>"), format!("{{\"a\":\"{token}\",\"{token}\":1}}")] {
                prop_assert!(!outline(text.as_bytes()).contains(&token));
            }
        }
    }

    #[test]
    fn json_shows_its_members_and_not_what_they_hold() {
        for (body, shown) in [
            (
                r#"{"access_token":"swordfish","expires_in":3600,"ok":true,"none":null}"#,
                r#"{"access_token":"..","expires_in":0,"ok":true,"none":null}"#,
            ),
            (
                r#"[{"a": "x\"y: \\", "b": [-1.5e3, "z"]}]"#,
                r#"[{"a": "..", "b": [0, ".."]}]"#,
            ),
            (r#"{"cut": "off in the mid"#, r#"{"cut": ".."#),
            (
                r#"{"+8613800000000": 1, "a b": 2}"#,
                r#"{"..": 0, "..": 0}"#,
            ),
            (r#"{"naked": Anna}"#, r#"{"naked": ..}"#),
            (r#""swordfish""#, r#"".."#),
        ] {
            assert_eq!(
                outline(body.as_bytes()).trim_end_matches('"'),
                shown.trim_end_matches('"')
            );
        }
    }

    #[test]
    fn a_page_shows_its_words_and_nothing_that_could_be_a_token_or_number() {
        let page =
            "<h1>502 Bad Gateway</h1> DgEAAN7qdDUMMYU0TvQ/eXpE4x+gvhoYh5/UuzL= +8613800000000";
        assert_eq!(outline(page.as_bytes()), "<h1>502 Bad Gateway</h1> .. ..");
        assert!(outline(&[b'a'; 5000]).len() < 5);
    }

    #[test]
    fn what_serde_found_is_told_without_the_value() {
        #[derive(Debug, Deserialize)]
        #[serde(rename_all = "snake_case")]
        enum Kind {
            Known,
        }
        #[derive(Debug, Deserialize)]
        struct Answer {
            #[expect(dead_code, reason = "only read")]
            number: u32,
            #[expect(dead_code, reason = "only read")]
            kind: Option<Kind>,
        }
        for (body, told) in [
            (r#"{}"#, "missing field `number` at line 1 column 2"),
            (
                r#"{"number": "swordfish, expected 1"}"#,
                "invalid type: string, expected u32 at line 1 column 34",
            ),
            (
                r#"{"number": 1, "kind": "swordfish"}"#,
                "unknown variant, expected `known` at line 1 column 33",
            ),
            (
                r#"{"number": -77}"#,
                "invalid value: integer, expected u32 at line 1 column 14",
            ),
        ] {
            let error = serde_json::from_str::<Answer>(body).unwrap_err();
            assert_eq!(fault(&error), told);
        }
    }
}
