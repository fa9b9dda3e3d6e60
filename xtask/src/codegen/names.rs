//! How names of a document become names of Rust.

/// The name of a field, parameter or method: the rule of the vocabulary, keywords escaped.
pub(crate) fn field(name: &str) -> String {
    escape(&snake(name))
}

/// The rule of the vocabulary by itself: `openID` gives `open_id`, `X-L` gives `x_l`.
pub(crate) fn snake(name: &str) -> String {
    let chars: Vec<char> = name.chars().collect();
    let mut out = String::new();
    for (index, &c) in chars.iter().enumerate() {
        if !c.is_ascii_alphanumeric() {
            if !out.is_empty() && !out.ends_with('_') {
                out.push('_');
            }
            continue;
        }
        if c.is_ascii_uppercase() && index > 0 {
            let before = chars[index - 1];
            let after = chars.get(index + 1);
            let word_ends = before.is_ascii_lowercase() || before.is_ascii_digit();
            let word_begins =
                before.is_ascii_uppercase() && after.is_some_and(char::is_ascii_lowercase);
            if (word_ends || word_begins) && !out.ends_with('_') {
                out.push('_');
            }
        }
        out.push(c.to_ascii_lowercase());
    }
    out.trim_end_matches('_').to_owned()
}

/// The name of a type or variant: split at other characters, words capitalised.
pub(crate) fn pascal(value: &str) -> String {
    value
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(|word| {
            let (first, rest) = word.split_at(1);
            match word.to_ascii_uppercase() == word {
                true => first.to_owned() + &rest.to_ascii_lowercase(),
                false => first.to_ascii_uppercase() + rest,
            }
        })
        .collect()
}

/// The name of a static: `send_message` gives `SEND_MESSAGE`.
pub(crate) fn constant(name: &str) -> String {
    snake(name).to_ascii_uppercase()
}

/// Whether a name can be that of a type or a variant.
pub(crate) fn is_type(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_uppercase())
        && name.chars().all(|c| c.is_ascii_alphanumeric())
}

/// Whether a name can be that of a field before keywords are escaped.
pub(crate) fn is_field(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

/// What serde's `rename_all = "camelCase"` makes of a field.
pub(crate) fn camel(field: &str) -> String {
    let mut out = String::new();
    let mut upper = false;
    for c in field.trim_start_matches("r#").chars() {
        match c {
            '_' => upper = true,
            c if upper => {
                out.push(c.to_ascii_uppercase());
                upper = false;
            }
            c => out.push(c),
        }
    }
    out
}

fn escape(name: &str) -> String {
    match name {
        "self" | "super" | "crate" => format!("{name}_"),
        name if KEYWORDS.contains(&name) => format!("r#{name}"),
        name => name.to_owned(),
    }
}

const KEYWORDS: &[&str] = &[
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "do", "dyn",
    "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let",
    "loop", "macro", "match", "mod", "move", "mut", "override", "priv", "pub", "ref", "return",
    "static", "struct", "trait", "true", "try", "type", "typeof", "unsafe", "unsized", "use",
    "virtual", "where", "while", "yield",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_rule_of_the_vocabulary() {
        for (name, wanted) in [
            ("openID", "open_id"),
            ("account_Ids", "account_ids"),
            ("X-L", "x_l"),
            ("deviceDataHistoryDTOs", "device_data_history_dt_os"),
            ("HTTPServer", "http_server"),
            ("userId2Name", "user_id2_name"),
            ("_id", "id"),
            ("apns-expiration", "apns_expiration"),
            ("isHD", "is_hd"),
        ] {
            assert_eq!(snake(name), wanted, "{name}");
        }
    }

    #[test]
    fn keywords_are_escaped() {
        assert_eq!(field("type"), "r#type");
        assert_eq!(field("self"), "self_");
    }

    #[test]
    fn wire_values_make_variants() {
        for (value, wanted) in [
            ("MISS_CALL", "MissCall"),
            ("noRight", "NoRight"),
            ("IM", "Im"),
            ("x-y z", "XYZ"),
        ] {
            assert_eq!(pascal(value), wanted);
        }
    }

    #[test]
    fn camel_case_is_that_of_serde() {
        assert_eq!(camel("device_id"), "deviceId");
        assert_eq!(camel("r#type"), "type");
        assert_eq!(camel("user_id2_name"), "userId2Name");
    }
}
