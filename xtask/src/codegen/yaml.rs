//! A YAML file as a tree that knows its lines and keeps the order of its keys.

use std::collections::BTreeSet;

use anyhow::{Context, Result, bail};
use saphyr_parser::{Event, Parser, ScalarStyle, Span};
use serde_json::{Map, Number, Value};

/// A value and the line it begins on.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) line: usize,
    pub(crate) value: Yaml,
}

/// What YAML's core schema knows.
#[derive(Clone, Debug)]
pub(crate) enum Yaml {
    Null,
    Boolean(bool),
    Integer(i64),
    Float(f64),
    Text(String),
    List(Vec<Node>),
    Map(Vec<(Key, Node)>),
}

/// The key of a map and its line.
#[derive(Clone, Debug)]
pub(crate) struct Key {
    pub(crate) line: usize,
    pub(crate) text: String,
}

/// Parses a file; `name` stands in errors.
pub(crate) fn parse(name: &str, text: &str) -> Result<Node> {
    let mut events = Vec::new();
    for event in Parser::new_from_str(text) {
        let (event, span) = event.with_context(|| format!("{name}: not valid YAML"))?;
        match event {
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd => {}
            event => events.push((event, span)),
        }
    }
    let mut events = events.into_iter();
    let node = read(name, &mut events)?;
    if let Some((_, span)) = events.next() {
        bail!("{name}:{}: a second document", span.start.line());
    }
    Ok(node)
}

impl Node {
    /// The tree as JSON, in the order of the file.
    pub(crate) fn to_json(&self) -> String {
        let mut out = String::new();
        self.write_json(&mut out, 0);
        out.push('\n');
        out
    }

    /// The value as JSON; objects lose their order.
    pub(crate) fn value(&self) -> Value {
        match &self.value {
            Yaml::Null => Value::Null,
            Yaml::Boolean(value) => Value::Bool(*value),
            Yaml::Integer(value) => Value::from(*value),
            Yaml::Float(value) => Number::from_f64(*value).map_or(Value::Null, Value::Number),
            Yaml::Text(text) => Value::from(text.as_str()),
            Yaml::List(nodes) => nodes.iter().map(Self::value).collect(),
            Yaml::Map(entries) => Value::Object(
                entries
                    .iter()
                    .map(|(key, node)| (key.text.clone(), node.value()))
                    .collect::<Map<_, _>>(),
            ),
        }
    }

    fn write_json(&self, out: &mut String, depth: usize) {
        let line = |out: &mut String, depth: usize| {
            out.push('\n');
            out.extend(std::iter::repeat_n(' ', depth));
        };
        match &self.value {
            Yaml::List(nodes) if !nodes.is_empty() => {
                out.push('[');
                for (index, node) in nodes.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    line(out, depth + 1);
                    node.write_json(out, depth + 1);
                }
                line(out, depth);
                out.push(']');
            }
            Yaml::Map(entries) if !entries.is_empty() => {
                out.push('{');
                for (index, (key, node)) in entries.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    line(out, depth + 1);
                    out.push_str(&Value::from(key.text.as_str()).to_string());
                    out.push_str(": ");
                    node.write_json(out, depth + 1);
                }
                line(out, depth);
                out.push('}');
            }
            _ => out.push_str(&self.value().to_string()),
        }
    }
}

fn read<'a>(name: &str, events: &mut impl Iterator<Item = (Event<'a>, Span)>) -> Result<Node> {
    let Some((event, span)) = events.next() else {
        bail!("{name}: ends too early");
    };
    node(name, event, span, events)
}

fn node<'a>(
    name: &str,
    event: Event<'a>,
    span: Span,
    events: &mut impl Iterator<Item = (Event<'a>, Span)>,
) -> Result<Node> {
    let line = span.start.line();
    let value = match event {
        Event::Scalar(text, ScalarStyle::Plain, 0, None) => plain(&text),
        Event::Scalar(text, _, 0, None) => Yaml::Text(text.into_owned()),
        Event::SequenceStart(0, None) => {
            let mut nodes = Vec::new();
            loop {
                match events.next() {
                    Some((Event::SequenceEnd, _)) => break Yaml::List(nodes),
                    Some((event, span)) => nodes.push(node(name, event, span, events)?),
                    None => bail!("{name}: ends inside a list"),
                }
            }
        }
        Event::MappingStart(0, None) => {
            let mut entries = Vec::new();
            let mut seen = BTreeSet::new();
            loop {
                match events.next() {
                    Some((Event::MappingEnd, _)) => break Yaml::Map(entries),
                    Some((Event::Scalar(key, ..), span)) => {
                        let line = span.start.line();
                        if !seen.insert(key.to_string()) {
                            bail!("{name}:{line}: the key `{key}` stands here twice");
                        }
                        let text = key.into_owned();
                        entries.push((Key { line, text }, read(name, events)?));
                    }
                    Some((_, span)) => bail!("{name}:{}: a key is no text", span.start.line()),
                    None => bail!("{name}: ends inside a map"),
                }
            }
        }
        _ => bail!("{name}:{line}: anchors, aliases and tags are not in use here"),
    };
    Ok(Node { line, value })
}

/// Reads a scalar without quotes by YAML's core schema.
fn plain(text: &str) -> Yaml {
    match text {
        "" | "~" | "null" => Yaml::Null,
        "true" => Yaml::Boolean(true),
        "false" => Yaml::Boolean(false),
        _ if is_number(text) => match text.parse() {
            Ok(number) => Yaml::Integer(number),
            Err(_) => text
                .parse()
                .map_or_else(|_| Yaml::Text(text.to_owned()), Yaml::Float),
        },
        _ => Yaml::Text(text.to_owned()),
    }
}

/// Whether a scalar is a decimal number. One with leading zeros is a text: a telephone number or
/// a code.
fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let all_digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    all_digits(whole) && all_digits(fraction) && (whole == "0" || !whole.starts_with('0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_keep_their_order_and_scalars_their_type() {
        let node = parse("x", "b: 1\na: [yes, 'true', true, 2.5, ~, 0086]\nc: {}\n").unwrap();
        let json: String = node.to_json().split_whitespace().collect();
        assert_eq!(
            json,
            r#"{"b":1,"a":["yes","true",true,2.5,null,"0086"],"c":{}}"#
        );
    }

    #[test]
    fn a_key_that_stands_twice_is_an_error_with_its_line() {
        let error = parse("x.yaml", "a: 1\nb: 2\na: 3\n").unwrap_err();
        assert_eq!(error.to_string(), "x.yaml:3: the key `a` stands here twice");
    }
}
