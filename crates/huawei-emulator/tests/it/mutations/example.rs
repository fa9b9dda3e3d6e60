//! Good requests made from a document: with everything an operation takes.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value, json};

use super::document::{Document, Operation, size, types};

/// Texts that fit the patterns of the documents.
const TEXTS: [&str; 12] = [
    "1",
    "a",
    "https://example.test/a",
    "#FF000000",
    "#FF0000",
    "2026-01-02",
    "2026-01-02 03:04:05",
    "20260102T030405Z",
    "20260102",
    "0123456789abcdef",
    "0123456789abcdef0123",
    "012345678901234567890123",
];

/// Makes values; the number chooses among the members of unions.
struct Maker<'a> {
    document: &'a Document,
    choice: usize,
    headers: Map<String, Value>,
    open: Vec<String>,
}

/// A good request to an operation, as a sample. `choice` selects among the forms it may have.
pub(crate) fn sample(document: &Document, operation: &Operation<'_>, choice: usize) -> Value {
    let mut maker = Maker {
        document,
        choice,
        headers: Map::new(),
        open: Vec::new(),
    };
    let content = operation.source["requestBody"]["content"].as_object();
    let body = content.and_then(|content| content.iter().next());
    if let Some((media, _)) = body {
        maker
            .headers
            .insert("Content-Type".to_owned(), json!(media));
    }
    let mut path = operation
        .path
        .split('?')
        .next()
        .unwrap_or_default()
        .to_owned();
    let mut query = Vec::new();
    let fixed = operation.source["x-route"]["query"].as_object();
    for (name, value) in fixed.into_iter().flatten() {
        query.push((name.clone(), value.as_str().unwrap_or_default().to_owned()));
    }
    let select = body.and_then(|(_, media)| header_select(document, &media["schema"]));
    for parameter in document.parameters(operation) {
        let name = parameter["name"].as_str().expect("a parameter has a name");
        let value = match &select {
            Some((header, keys)) if header == name => json!(keys[choice % keys.len()]),
            _ => maker.value(&parameter["schema"], None),
        };
        let text = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
        match parameter["in"].as_str() {
            Some("path") => path = path.replace(&format!("{{{name}}}"), &encode(&text)),
            Some("query") => query.push((name.to_owned(), text)),
            _ => {
                maker.headers.insert(name.to_owned(), Value::from(text));
            }
        }
    }
    let value = body.map(|(_, media)| maker.value(&media["schema"], None));
    let mut sample = json!({
        "source": "made from the document",
        "method": operation.method.to_uppercase(),
        "path": address(&path, &query),
        "headers": maker.headers,
    });
    if let Some(value) = value {
        sample["body"] = value;
    }
    sample
}

/// A path with a query.
pub(crate) fn address(path: &str, query: &[(String, String)]) -> String {
    let pairs = query
        .iter()
        .map(|(name, value)| format!("{}={}", encode(name), encode(value)));
    match pairs.collect::<Vec<_>>().join("&") {
        query if query.is_empty() => path.to_owned(),
        query => format!("{path}?{query}"),
    }
}

fn encode(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

/// The header that chooses a member somewhere in the body, with its values.
fn header_select(document: &Document, schema: &Value) -> Option<(String, Vec<String>)> {
    let body = document.resolve(schema);
    let members = body.get("properties")?.as_object()?;
    members.values().find_map(|member| {
        let member = document.resolve(member);
        let select = member
            .get("x-select")
            .filter(|select| select["by"] == "header")?;
        let keys = select["mapping"].as_object()?.keys().cloned().collect();
        Some((select["name"].as_str()?.to_owned(), keys))
    })
}

impl Maker<'_> {
    fn value(&mut self, source: &Value, parent: Option<&Map<String, Value>>) -> Value {
        let schema = self.document.resolve(source);
        let name = source["$ref"].as_str().unwrap_or_default().to_owned();
        self.open.push(name);
        let value = self.of(&schema, parent);
        self.open.pop();
        value
    }

    fn of(&mut self, schema: &Map<String, Value>, parent: Option<&Map<String, Value>>) -> Value {
        if let Some(members) = schema.get("anyOf").and_then(Value::as_array) {
            return self.member(schema, members, parent);
        }
        if let Some(constant) = schema.get("const") {
            return constant.clone();
        }
        if let Some(values) = schema.get("enum").and_then(Value::as_array) {
            return values[self.choice % values.len()].clone();
        }
        match types(schema).first() {
            Some(&"string") => Value::from(text(schema)),
            Some(&"integer" | &"number") => {
                schema.get("minimum").cloned().unwrap_or_else(|| json!(1))
            }
            Some(&"boolean") => json!(true),
            Some(&"array") => {
                let item = self.value(&schema["items"], None);
                let count = size(schema, "minItems").unwrap_or(0).max(1);
                Value::Array(vec![item; count])
            }
            Some(&"object") => self.object(schema),
            _ => json!({"any": 1}),
        }
    }

    fn member(
        &mut self,
        schema: &Map<String, Value>,
        members: &[Value],
        parent: Option<&Map<String, Value>>,
    ) -> Value {
        let Some(select) = schema.get("x-select") else {
            let real: Vec<&Value> = members.iter().filter(|it| it["type"] != "null").collect();
            return self.value(real[self.choice % real.len()], None);
        };
        let mapping = select["mapping"]
            .as_object()
            .expect("a selection has a mapping");
        let by = select["name"].as_str().unwrap_or_default();
        let key = match select["by"].as_str() {
            Some("header") => self
                .headers
                .get(by)
                .and_then(Value::as_str)
                .map(str::to_owned),
            Some("sibling") => parent.and_then(|parent| match parent.get(by)? {
                Value::String(text) => Some(text.clone()),
                other => Some(other.to_string()),
            }),
            _ => mapping.keys().nth(self.choice % mapping.len()).cloned(),
        };
        match key.and_then(|key| mapping.get(&key)) {
            Some(names) => {
                let names: Vec<&str> = names
                    .as_array()
                    .into_iter()
                    .flatten()
                    .filter_map(Value::as_str)
                    .collect();
                let name = names[self.choice / mapping.len() % names.len()];
                let target = json!({ "$ref": format!("#/components/schemas/{name}") });
                self.value(&target, None)
            }
            None => self.value(&members[self.choice % members.len()], None),
        }
    }

    fn object(&mut self, schema: &Map<String, Value>) -> Value {
        let Some(properties) = schema.get("properties").and_then(Value::as_object) else {
            return self.map(schema);
        };
        let empty = Vec::new();
        let list = |key: &str| schema.get(key).and_then(Value::as_array).unwrap_or(&empty);
        let left_out: Vec<&Value> = list("x-exactly-one-of")
            .iter()
            .filter_map(Value::as_array)
            .flat_map(|group| {
                let kept = self.choice % group.len();
                let others = group.iter().enumerate().filter(move |(at, _)| *at != kept);
                others.map(|(_, name)| name)
            })
            .collect();
        let selects = |source: &Value| {
            let schema = self.document.resolve(source);
            schema
                .get("x-select")
                .is_some_and(|select| select["by"] == "sibling")
        };
        // What a sibling chooses comes after the sibling.
        let (late, early): (Vec<_>, Vec<_>) = properties.iter().partition(|(_, it)| selects(it));
        let mut made = Map::new();
        for (name, source) in early.into_iter().chain(late) {
            let required = list("required").iter().any(|it| it == name);
            let target = source["$ref"].as_str().unwrap_or_default();
            let item = source["items"]["$ref"].as_str().unwrap_or_default();
            let open = |name: &str| !name.is_empty() && self.open.iter().any(|it| it == name);
            if left_out.iter().any(|it| *it == name) || !required && (open(target) || open(item)) {
                continue;
            }
            let value = self.value(source, Some(&made));
            made.insert(name.clone(), value);
        }
        Value::Object(made)
    }

    fn map(&mut self, schema: &Map<String, Value>) -> Value {
        let mut made = Map::new();
        for (pattern, source) in schema
            .get("patternProperties")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
        {
            let key = pattern.trim_matches(['^', '$']).replace("[0-9]+", "0");
            let value = self.value(source, None);
            made.insert(key, value);
        }
        let key = schema
            .get("propertyNames")
            .map(|names| self.value(names, None));
        let key = key.and_then(|key| key.as_str().map(str::to_owned));
        if let Some(source) = schema
            .get("additionalProperties")
            .filter(|it| it.is_object())
        {
            let value = self.value(source, None);
            made.insert(key.unwrap_or_else(|| "key".to_owned()), value);
        } else if schema.get("additionalProperties") == Some(&json!(true)) {
            made.insert(key.unwrap_or_else(|| "key".to_owned()), json!("value"));
        }
        Value::Object(made)
    }
}

/// A text that keeps to the rules of a schema.
fn text(schema: &Map<String, Value>) -> String {
    let least = size(schema, "minLength").unwrap_or(1).max(1);
    let most = size(schema, "maxLength").unwrap_or(usize::MAX);
    let pattern = schema.get("pattern").and_then(Value::as_str);
    let fits = |text: &String| {
        let length = text.chars().count();
        (least..=most).contains(&length)
            && pattern.is_none_or(|pattern| {
                // 900 copies of a class of all letters are too much to compile.
                let pattern = regex::Regex::new(&pattern.replace("{1,900}", "+"));
                pattern.is_ok_and(|pattern| pattern.is_match(text))
            })
    };
    let plain = TEXTS.iter().map(|text| (*text).to_owned());
    let long = ["a", "0"].map(|text| text.repeat(least));
    let known = schema
        .get("examples")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    let known = known.filter_map(Value::as_str).map(str::to_owned);
    let mut all = known.chain(plain).chain(long);
    all.find(fits)
        .unwrap_or_else(|| panic!("no text for {schema:?}"))
}
