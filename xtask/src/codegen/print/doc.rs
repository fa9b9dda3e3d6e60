//! Writes documentation comments: text of the document as Markdown, wrapped.

use serde_json::Value;

use crate::codegen::document::{Availability, Evidence, Rule, Then, Want};
use crate::codegen::plan::Resolved;

/// A documentation comment, paragraph by paragraph.
#[derive(Default)]
pub(crate) struct Doc {
    blocks: Vec<String>,
}

impl Doc {
    /// Starts with a sentence that is Markdown already.
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self {
            blocks: vec![text.into()],
        }
    }

    /// Starts with a text of the document.
    pub(crate) fn of(text: &str) -> Self {
        let mut doc = Self::default();
        doc.text(text);
        doc
    }

    /// Adds a text of the document; its line breaks part paragraphs.
    pub(crate) fn text(&mut self, text: &str) {
        let paragraphs = text.split('\n').map(str::trim);
        self.blocks
            .extend(paragraphs.filter(|text| !text.is_empty()).map(markdown));
    }

    /// Adds a paragraph that is Markdown already; an empty one is left out.
    pub(crate) fn add(&mut self, text: impl Into<String>) {
        let text = text.into();
        if !text.is_empty() {
            self.blocks.push(text);
        }
    }

    /// Writes the comment for an item that is indented by `depth` spaces.
    pub(crate) fn print(&self, out: &mut String, depth: usize) {
        self.lines(out, depth, "///");
    }

    /// Writes a comment that is no documentation.
    pub(crate) fn print_as_comment(&self, out: &mut String, depth: usize) {
        self.lines(out, depth, "//");
    }

    fn lines(&self, out: &mut String, depth: usize, mark: &str) {
        let width = 100 - depth - mark.len() - 1;
        for (index, block) in self.blocks.iter().enumerate() {
            // Lists and link targets stay together.
            let previous = index
                .checked_sub(1)
                .map(|index| self.blocks[index].as_str());
            let together = previous.is_some_and(|previous| joins(previous, block));
            if index > 0 && !together {
                out.push_str(mark);
                out.push('\n');
            }
            for line in wrap(block, width) {
                out.push_str(mark);
                out.push(' ');
                out.push_str(&line);
                out.push('\n');
            }
        }
    }
}

fn joins(previous: &str, block: &str) -> bool {
    let is_item = |text: &str| text.starts_with("- ");
    let is_target = |text: &str| text.starts_with('[') && text.contains("]: ");
    (is_item(previous) && is_item(block)) || (is_target(previous) && is_target(block))
}

fn wrap(block: &str, width: usize) -> Vec<String> {
    let indent = if block.starts_with("- ") { "  " } else { "" };
    if block.starts_with('[') && block.contains("]: ") || block.starts_with('#') {
        return vec![block.to_owned()];
    }
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    for word in words(block) {
        let length = line.chars().count() + 1 + word.chars().count();
        if !line.is_empty() && length > width {
            lines.push(std::mem::take(&mut line));
            line.push_str(indent);
            line.push_str(&at_line_start(&word));
            continue;
        }
        if !line.is_empty() && line != indent {
            line.push(' ');
        }
        line.push_str(&word);
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

/// Splits at white space outside code spans and links.
fn words(block: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut in_code = false;
    for c in block.chars() {
        if c == '`' {
            in_code = !in_code;
        }
        if c == ' ' && !in_code {
            if !word.is_empty() {
                words.push(std::mem::take(&mut word));
            }
            continue;
        }
        word.push(c);
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

/// Keeps a word from becoming a list item, heading or quote where it begins a line.
fn at_line_start(word: &str) -> String {
    let digits = word.trim_start_matches(|c: char| c.is_ascii_digit());
    let is_number = digits.len() < word.len() && matches!(digits, "." | ")");
    match word {
        "-" | "+" | "*" | "=" | "==" => format!("\\{word}"),
        _ if word.starts_with(['#', '>', '|']) || word.starts_with("---") => format!("\\{word}"),
        _ if is_number => format!("{}\\{digits}", &word[..word.len() - digits.len()]),
        _ => word.to_owned(),
    }
}

/// Escapes what Markdown would read into a plain text; links become links.
pub(crate) fn markdown(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    let balanced = text.matches('`').count().is_multiple_of(2);
    let mut before = ' ';
    while let Some(c) = rest.chars().next() {
        if c == '`' && balanced {
            let end = rest[1..].find('`').map_or(rest.len(), |end| end + 2);
            out.push_str(&rest[..end]);
            rest = &rest[end..];
            before = '`';
            continue;
        }
        if (rest.starts_with("https://") || rest.starts_with("http://")) && before != '`' {
            let end = rest
                .find(|c: char| c.is_whitespace() || "<>\"'`，。；）".contains(c))
                .unwrap_or(rest.len());
            let address = rest[..end].trim_end_matches(['.', ',', ';', ':', ')', '?', '!']);
            match address.contains(['{', '*', '[']) || address.len() < 10 {
                true => out.push_str(&format!("`{address}`")),
                false => out.push_str(&format!("<{address}>")),
            }
            rest = &rest[address.len()..];
            before = '>';
            continue;
        }
        let after = rest[c.len_utf8()..].chars().next().unwrap_or(' ');
        let inside_word = before.is_alphanumeric() && after.is_alphanumeric();
        if matches!(c, '<' | '>' | '[' | ']' | '*' | '\\' | '`' | '~') || (c == '_' && !inside_word)
        {
            out.push('\\');
        }
        out.push(c);
        before = c;
        rest = &rest[c.len_utf8()..];
    }
    out
}

/// The text with a capital at its beginning.
pub(crate) fn capital(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).collect(),
        None => String::new(),
    }
}

/// The text with a full stop at its end.
pub(crate) fn sentence(text: &str) -> String {
    let text = capital(text.trim());
    match text.ends_with(['.', '!', '?', ':']) {
        true => text,
        false => text + ".",
    }
}

/// The imperative of a summary as a statement: "Send a message." becomes "Sends a message.".
pub(crate) fn statement(summary: &str) -> String {
    let mut words: Vec<String> = summary.split(' ').map(str::to_owned).collect();
    words[0] = third_person(&words[0]);
    if let [_, link, verb, ..] = words.as_slice()
        && matches!(link.as_str(), "or" | "and")
        && VERBS.contains(&verb.as_str())
    {
        words[2] = third_person(verb);
    }
    words.join(" ")
}

fn third_person(word: &str) -> String {
    let (verb, mark) = match word.strip_suffix(',') {
        Some(verb) => (verb, ","),
        None => (word, ""),
    };
    let is_vowel = |c: char| "aeiou".contains(c);
    let ending = match verb.strip_suffix('y') {
        Some(stem) if !stem.ends_with(is_vowel) => return format!("{stem}ies{mark}"),
        _ if verb.ends_with(['s', 'x', 'z']) || verb.ends_with("ch") || verb.ends_with("sh") => {
            "es"
        }
        _ => "s",
    };
    format!("{verb}{ending}{mark}")
}

/// A text in a code span.
pub(crate) fn code(text: &str) -> String {
    match text.contains('`') || text.trim() != text || text.is_empty() {
        true => format!("`` {text} ``"),
        false => format!("`{text}`"),
    }
}

/// The limits of a value, in words.
pub(crate) fn limits(resolved: &Resolved<'_>) -> Vec<String> {
    let limits = &resolved.limits;
    let mut words = Vec::new();
    let each = match resolved.ty {
        crate::codegen::plan::Type::List(_) => " each",
        _ => "",
    };
    words.extend(span(
        limits.min_items,
        limits.max_items,
        "element",
        "elements",
    ));
    words.extend(span(
        limits.min_properties,
        limits.max_properties,
        "member",
        "members",
    ));
    if let Some(length) = span(
        limits.min_length,
        limits.max_length,
        "character",
        "characters",
    ) {
        words.push(length.trim_end_matches('.').to_owned() + each + ".");
    }
    if let Some(most) = limits.max_bytes {
        words.push(format!("At most {most} bytes in UTF-8."));
    }
    match (&limits.minimum, &limits.maximum) {
        (Some(least), Some(most)) => words.push(format!("{least} to {most}.")),
        (Some(least), None) => words.push(format!("At least {least}.")),
        (None, Some(most)) => words.push(format!("At most {most}.")),
        (None, None) => {}
    }
    if let Some(pattern) = &limits.pattern {
        words.push(format!("Matches {}.", code(pattern)));
    }
    words
}

fn span(least: Option<usize>, most: Option<usize>, one: &str, many: &str) -> Option<String> {
    let unit = |count: usize| if count == 1 { one } else { many };
    match (least.filter(|least| *least > 0), most) {
        (None, None) => None,
        (Some(least), None) => Some(format!("At least {least} {}.", unit(least))),
        (None, Some(most)) => Some(format!("At most {most} {}.", unit(most))),
        (Some(least), Some(most)) if least == most => Some(format!("{least} {}.", unit(most))),
        (Some(least), Some(most)) => Some(format!("{least} to {most} {}.", unit(most))),
    }
}

/// What a platform assumes in place of an absent value.
pub(crate) fn default(value: Option<&Value>) -> Option<String> {
    value.map(|value| format!("{} when absent.", code(&plain(value))))
}

/// The other names that a member was seen under.
pub(crate) fn aliases(names: &[String]) -> Option<String> {
    let names: Vec<String> = names.iter().map(|name| code(name)).collect();
    (!names.is_empty()).then(|| format!("Also seen as {}.", names.join(", ")))
}

/// A value as it reads in a sentence.
pub(crate) fn plain(value: &Value) -> String {
    match value {
        Value::String(text) if text.is_empty() => "\"\"".to_owned(),
        Value::String(text) => text.clone(),
        value => value.to_string(),
    }
}

/// Where a fact comes from, if not from the platform's documents.
pub(crate) fn evidence(evidence: Evidence) -> &'static str {
    match evidence {
        Evidence::Documented => "",
        Evidence::ClientCode => "Seen in client code, not in the platform's documents.",
        Evidence::Inferred => "Inferred.",
    }
}

/// Whether an operation is everywhere.
pub(crate) fn availability(availability: Option<Availability>) -> &'static str {
    match availability {
        None => "",
        Some(Availability::Engine) => {
            "Documented only for the engine that the service runs on; it may be missing."
        }
        Some(Availability::Retired) => "The platform has withdrawn the page that documents it.",
    }
}

/// A rule of `x-required-if` as a sentence.
pub(crate) fn rule(rule: &Rule) -> String {
    let list = |names: &[String]| {
        let names: Vec<String> = names.iter().map(|name| code(name)).collect();
        names.join(", ")
    };
    let what = match &rule.then {
        Then::All(names) if names.len() == 1 => format!("{} is required", list(names)),
        Then::All(names) => format!("{} are required", list(names)),
        Then::Any(names) => format!("At least one of {} is required", list(names)),
    };
    match condition(&rule.when) {
        Some(when) => format!("{what} when {when}."),
        None => format!("{what}."),
    }
}

/// A condition in words; nothing if it always holds.
pub(crate) fn condition(when: &[(String, Want)]) -> Option<String> {
    let parts: Vec<String> = when
        .iter()
        .map(|(name, want)| match want {
            Want::Absent => format!("{} is absent", code(name)),
            Want::Present => format!("{} is present", code(name)),
            Want::OneOf(values) => {
                let values: Vec<String> = values.iter().map(|value| code(&plain(value))).collect();
                format!("{} is {}", code(name), values.join(" or "))
            }
        })
        .collect();
    (!parts.is_empty()).then(|| parts.join(" and "))
}

/// The verbs that stand second in a summary.
const VERBS: &[&str] = &[
    "activate", "add", "cancel", "change", "close", "create", "delete", "disable", "enable", "end",
    "get", "list", "move", "refresh", "remove", "replace", "send", "set", "update", "verify",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markdown_in_a_plain_text_is_escaped() {
        for (text, wanted) in [
            ("a <b> [c] *d*", r"a \<b\> \[c\] \*d\*"),
            ("see https://x.example/a_b.", "see <https://x.example/a_b>."),
            ("`a<b>` and user_id, _id", r"`a<b>` and user_id, \_id"),
            ("https://{host}/x", "`https://{host}/x`"),
        ] {
            assert_eq!(markdown(text), wanted);
        }
    }

    #[test]
    fn lines_keep_to_their_width_and_start_harmlessly() {
        let text = "word ".repeat(17);
        for (word, wanted) in [("1.", "1\\."), ("-", "\\-"), ("#x", "\\#x"), ("it", "it")] {
            let mut out = String::new();
            Doc::new(format!("{text}another {word} more")).print(&mut out, 4);
            assert!(out.lines().all(|line| line.len() <= 96), "{out}");
            assert!(out.contains(&format!("\n/// {wanted} more")), "{out}");
        }
    }

    #[test]
    fn summaries_become_statements() {
        for (summary, wanted) in [
            ("Send a message.", "Sends a message."),
            ("Query or replace it.", "Queries or replaces it."),
            ("Push, then wait.", "Pushes, then wait."),
            ("Obtain and use.", "Obtains and use."),
        ] {
            assert_eq!(statement(summary), wanted);
        }
    }

    #[test]
    fn limits_read_as_sentences() {
        assert_eq!(span(Some(1), Some(64), "c", "cs").unwrap(), "1 to 64 cs.");
        assert_eq!(span(Some(1), None, "c", "cs").unwrap(), "At least 1 c.");
        assert_eq!(span(Some(3), Some(3), "c", "cs").unwrap(), "3 cs.");
        assert_eq!(span(Some(0), None, "c", "cs"), None);
    }
}
