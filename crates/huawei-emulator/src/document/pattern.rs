//! Patterns of texts.

use std::fmt;

use regex::Regex;

/// A regular expression of a document, compiled once.
#[derive(Debug)]
pub(crate) struct Pattern {
    text: String,
    regex: Regex,
    /// How many characters the whole text may have, where that was taken out of the expression.
    count: Option<(usize, usize)>,
}

impl Pattern {
    /// Compiles an expression.
    ///
    /// One like `^[…]{1,900}$` is compiled without its counts, which are checked by themselves:
    /// 900 copies of a class of all letters fill megabytes.
    pub(crate) fn new(text: &str) -> Self {
        let (simple, count) = match counted_class(text) {
            Some((class, count)) => (format!("^{class}*$"), Some(count)),
            None => (text.to_owned(), None),
        };
        Self {
            text: text.to_owned(),
            regex: Regex::new(&simple).expect("the patterns of the documents are sound"),
            count,
        }
    }

    /// Whether a text has this form.
    pub(crate) fn is_match(&self, text: &str) -> bool {
        let counted = self.count.is_none_or(|(least, most)| {
            let length = text.chars().count();
            (least..=most).contains(&length)
        });
        counted && self.regex.is_match(text)
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The class and the counts of an expression that is nothing but a counted class.
fn counted_class(text: &str) -> Option<(&str, (usize, usize))> {
    let inner = text.strip_prefix('^')?.strip_suffix("}$")?;
    let (class, counts) = inner.rsplit_once('{')?;
    let body = class.strip_prefix('[')?.strip_suffix(']')?;
    if body.ends_with('\\') || body.contains([']', '[']) {
        return None;
    }
    let (least, most) = counts.split_once(',').unwrap_or((counts, counts));
    Some((class, (least.parse().ok()?, most.parse().ok()?)))
}

#[cfg(test)]
mod tests {
    use super::Pattern;

    #[test]
    fn counts_are_checked_beside_the_expression() {
        let topic = Pattern::new(r"^[一-龥\w\-.~%]{1,900}$");
        assert!(topic.is_match("news_新闻-1.~%"));
        assert!(!topic.is_match(""));
        assert!(!topic.is_match("a b"));
        assert!(topic.is_match(&"新".repeat(900)));
        assert!(!topic.is_match(&"a".repeat(901)));
        assert_eq!(topic.to_string(), r"^[一-龥\w\-.~%]{1,900}$");
        let day = Pattern::new(r"^\d{4}-\d{2}-\d{2}$");
        assert!(day.is_match("2026-01-02") && !day.is_match("2026-1-2"));
    }
}
