//! Where in a JSON text the reading stopped, found from the line and column of the error. A reader
//! that keeps track of the place would be compiled for every type once more.

use std::fmt::Write as _;

/// The path of the value at which `error` arose, as `a.list[2].b`; `.` for the whole text.
pub(crate) fn place(json: &[u8], error: &serde_json::Error) -> String {
    let Walk { mut steps, closed } = walk(read(json, error));
    if !is_of_container(error) {
        steps.extend(closed);
    }
    let mut path = String::new();
    for step in &steps {
        match step {
            Step::Element(index) => write!(path, "[{index}]").expect("writing to a string"),
            Step::Member(Some(name)) => {
                if !path.is_empty() {
                    path.push('.');
                }
                path.push_str(&String::from_utf8_lossy(name));
            }
            Step::Member(None) => {}
        }
    }
    match path.is_empty() {
        true => ".".to_owned(),
        false => path,
    }
}

/// The way from the top into what is being read.
#[derive(Default)]
struct Walk<'a> {
    steps: Vec<Step<'a>>,
    /// Where the text ends with a list or an object: its last element or member.
    closed: Option<Step<'a>>,
}

#[derive(Clone, Copy)]
enum Step<'a> {
    Element(usize),
    /// A member, by its name as it is written, once that is known.
    Member(Option<&'a [u8]>),
}

/// What was read when the error arose.
fn read<'a>(json: &'a [u8], error: &serde_json::Error) -> &'a [u8] {
    let before = error.line().saturating_sub(1);
    let lines = json.split_inclusive(|byte| *byte == b'\n').take(before);
    let start: usize = lines.map(<[u8]>::len).sum();
    &json[..json.len().min(start + error.column())]
}

/// Whether the error, at the end of an object or a list, is about that and not about the last
/// thing in it, which a type refused after reading it.
fn is_of_container(error: &serde_json::Error) -> bool {
    let text = error.to_string();
    !error.is_data() || BY_SERDE.iter().any(|start| text.starts_with(start))
}

fn walk(read: &[u8]) -> Walk<'_> {
    let mut walk = Walk::default();
    let mut at = 0;
    while let Some(byte) = read.get(at) {
        at += 1;
        if !byte.is_ascii_whitespace() {
            walk.closed = None;
        }
        match byte {
            b'"' => {
                let end = at + text_length(&read[at..]);
                if let Some(Step::Member(name @ None)) = walk.steps.last_mut()
                    && end < read.len()
                {
                    *name = Some(&read[at..end]);
                }
                at = end + 1;
            }
            b'{' => walk.steps.push(Step::Member(None)),
            b'[' => walk.steps.push(Step::Element(0)),
            b'}' | b']' => walk.closed = walk.steps.pop(),
            b',' => match walk.steps.last_mut() {
                Some(Step::Element(index)) => *index += 1,
                Some(Step::Member(name)) => *name = None,
                None => {}
            },
            _ => {}
        }
    }
    walk
}

/// The length of a text up to its closing quote.
fn text_length(rest: &[u8]) -> usize {
    let mut escaped = false;
    let end = rest.iter().position(|byte| {
        let ends = *byte == b'"' && !escaped;
        escaped = *byte == b'\\' && !escaped;
        ends
    });
    end.unwrap_or(rest.len())
}

/// How what serde itself says of a whole object or list begins.
const BY_SERDE: [&str; 6] = [
    "missing field",
    "duplicate field",
    "unknown field",
    "invalid length",
    "invalid type",
    "invalid value",
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;
    use serde::de::DeserializeOwned;

    use super::*;
    use crate::wire::lenient;

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only the reading is tested")]
    struct Whole {
        #[serde(default)]
        list: Vec<Part>,
        #[serde(default)]
        map: BTreeMap<String, u8>,
    }

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only the reading is tested")]
    struct Part {
        name: String,
        #[serde(default, deserialize_with = "lenient")]
        count: Option<i64>,
    }

    #[track_caller]
    fn check<T: DeserializeOwned + std::fmt::Debug>(json: &str, expected: &str) {
        let error = serde_json::from_str::<T>(json).unwrap_err();
        assert_eq!(place(json.as_bytes(), &error), expected, "{error}");
    }

    #[test]
    fn a_value_of_the_wrong_type_is_named() {
        check::<Whole>(r#"{"list": 5}"#, "list");
        check::<Whole>(r#"{"list": [{"name": "a"}, {"name": 5}]}"#, "list[1].name");
        check::<Whole>(r#"{"list": [{"name": {}, "count": 1}]}"#, "list[0].name");
        check::<Whole>(r#"{"map": {"a": 1, "b, \"c": "x"}}"#, r#"map.b, \"c"#);
        check::<Whole>("{\n \"map\": {\n  \"a\": 1,\n  \"b\": 256 } }", "map.b");
        check::<Whole>("5", ".");
        check::<Vec<u8>>("[1, 2, [3]]", "[2]");
    }

    #[test]
    fn a_value_that_is_refused_after_reading_is_named() {
        check::<Whole>(
            r#"{"list": [{"name": "a", "count": "x"}]}"#,
            "list[0].count",
        );
        check::<Whole>(
            r#"{"list": [{"count": "x", "name": "a"}]}"#,
            "list[0].count",
        );
    }

    #[test]
    fn an_object_without_a_member_is_named() {
        check::<Whole>(r#"{"list": [{"name": "a"}, {"count": 1}]}"#, "list[1]");
        check::<Part>("{}", ".");
    }

    #[test]
    fn where_the_text_breaks_off_is_named() {
        check::<Whole>(r#"{"list": [{"name": "a"#, "list[0].name");
        check::<Whole>(r#"{"list": [{"na"#, "list[0]");
        check::<Whole>("", ".");
        check::<Whole>("<html>", ".");
    }

    proptest::proptest! {
        #[test]
        fn any_text_has_a_place(text: String) {
            if let Err(error) = serde_json::from_str::<Whole>(&text) {
                place(text.as_bytes(), &error);
            }
        }
    }
}
