//! The size of a body without the arrays that do not count.

use memchr::memchr2;

/// The bytes of a JSON text, with the arrays at the paths emptied first.
///
/// Works on the text as it was sent, so that a request of 1000 tokens is neither copied nor written
/// anew.
pub(crate) fn counted_bytes(text: &[u8], excludes: &[Vec<String>]) -> usize {
    let left_out: usize = excludes
        .iter()
        .filter_map(|path| find(text, path))
        .filter(|span| text.get(span.start) == Some(&b'['))
        .map(|span| span.len() - 2)
        .sum();
    text.len() - left_out
}

/// Where the value at a path of member names stands.
fn find(text: &[u8], path: &[String]) -> Option<std::ops::Range<usize>> {
    let mut at = skip_space(text, 0);
    for name in path {
        at = member(text, at, name)?;
    }
    Some(at..skip_value(text, at)?)
}

/// Where the value of a member of the object at `at` begins.
fn member(text: &[u8], at: usize, name: &str) -> Option<usize> {
    if text.get(at) != Some(&b'{') {
        return None;
    }
    let mut at = skip_space(text, at + 1);
    let mut found = None;
    while text.get(at) == Some(&b'"') {
        let end = skip_value(text, at)?;
        let key: String = serde_json::from_slice(&text[at..end]).ok()?;
        let colon = skip_space(text, end);
        let value = skip_space(text, colon + 1);
        if key == name {
            // The last of several members of one name is the one that counts.
            found = Some(value);
        }
        at = skip_space(text, skip_value(text, value)?);
        if text.get(at) == Some(&b',') {
            at = skip_space(text, at + 1);
        }
    }
    found
}

/// The place after the value at `at`, of a text that is known to be JSON.
fn skip_value(text: &[u8], at: usize) -> Option<usize> {
    match text.get(at)? {
        b'"' => skip_string(text, at),
        b'{' | b'[' => {
            let mut depth = 0_usize;
            let mut at = at;
            loop {
                match text.get(at)? {
                    b'"' => {
                        at = skip_string(text, at)?;
                        continue;
                    }
                    b'{' | b'[' => depth += 1,
                    b'}' | b']' => depth -= 1,
                    _ => {}
                }
                at += 1;
                if depth == 0 {
                    return Some(at);
                }
            }
        }
        _ => {
            let rest = &text[at..];
            let end = rest
                .iter()
                .position(|byte| b",]} \t\r\n".contains(byte))
                .unwrap_or(rest.len());
            Some(at + end)
        }
    }
}

fn skip_string(text: &[u8], at: usize) -> Option<usize> {
    let mut at = at + 1;
    loop {
        at += memchr2(b'"', b'\\', text.get(at..)?)?;
        if text[at] == b'"' {
            return Some(at + 1);
        }
        at += 2;
    }
}

fn skip_space(text: &[u8], at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    at + rest
        .iter()
        .take_while(|byte| b" \t\r\n".contains(byte))
        .count()
}

#[cfg(test)]
mod tests {
    use super::counted_bytes;

    fn check(text: &str, path: &str, expected: usize) {
        let path: Vec<String> = path.split('.').map(str::to_owned).collect();
        assert_eq!(counted_bytes(text.as_bytes(), &[path]), expected, "{text}");
    }

    #[test]
    fn an_excluded_array_counts_as_empty() {
        check(r#"{"a":1}"#, "target.token", 7);
        check(
            r#"{"target":{"token":["x","]\""]}}"#,
            "target.token",
            r#"{"target":{"token":[]}}"#.len(),
        );
        check(
            r#"{"target": {"token" : [ ] }}"#,
            "target.token",
            r#"{"target": {"token" : [] }}"#.len(),
        );
        check(r#"{"token":"text"}"#, "token", 16);
        check(
            "{\"x\":\"\u{4e2d}\",\"token\":[[1],{\"b\":[2]}]}",
            "token",
            8 + 3 + 11,
        );
        check(
            r#"{"to\u006ben":[1]}"#,
            "token",
            r#"{"to\u006ben":[]}"#.len(),
        );
    }
}
