//! Good requests made from a document: with everything an operation takes, or as little as it can.

mod maker;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use self::maker::{Maker, header_select, list, members_of};
use crate::compare::{decode, pairs};
use crate::document::{Document, Operation, types};

/// How much of what an operation takes is in a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Extent {
    /// Every parameter and member there is.
    Full,
    /// Those that are required.
    Minimal,
}

/// A good request to an operation, still in parts.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Example {
    /// The operationId.
    pub operation: String,
    /// The HTTP method, in upper case.
    pub method: String,
    /// The path as the document has it, with places for parameters.
    pub path: String,
    /// The query that is part of the address.
    pub fixed_query: Vec<(String, String)>,
    /// The values of parameters: place, name, value.
    pub parameters: Vec<(String, String, Value)>,
    /// The media type of the body.
    pub media: Option<String>,
    /// The body; that of a form or of several parts as an object.
    pub body: Option<Value>,
}

/// Every different request to an operation that the maker can think of: full ones, so that each
/// member of a union has its turn, and minimal ones.
pub fn all(document: &Document, operation: &Operation<'_>) -> Vec<Example> {
    let mut made: Vec<Example> = Vec::new();
    for extent in [Extent::Full, Extent::Minimal] {
        for choice in 0..FORMS {
            let example = example(document, operation, extent, choice);
            if !made.contains(&example) {
                made.push(example);
            }
        }
    }
    made
}

/// A good request to an operation, as a sample. `choice` selects among the forms it may have.
pub fn sample(document: &Document, operation: &Operation<'_>, choice: usize) -> Value {
    example(document, operation, Extent::Full, choice).sample()
}

/// A good request to an operation. `choice` selects among the forms it may have.
///
/// # Panics
///
/// If the maker knows no text that keeps to a pattern of the document.
pub fn example(
    document: &Document,
    operation: &Operation<'_>,
    extent: Extent,
    choice: usize,
) -> Example {
    let mut maker = Maker {
        document,
        extent,
        choice,
        headers: Map::new(),
        open: Vec::new(),
    };
    let content = operation.source["requestBody"]["content"].as_object();
    let body = content.and_then(|content| content.iter().next());
    let fixed = operation.source["x-route"]["query"].as_object();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let fixed = fixed.into_iter().flatten();
    let select = body.and_then(|(_, media)| header_select(document, &media["schema"]));
    let chosen = maker.chosen_parameters(operation);
    let mut parameters = Vec::new();
    for parameter in document.parameters(operation) {
        let name = parameter["name"].as_str().expect("a parameter has a name");
        if !chosen.iter().any(|it| it == name) {
            continue;
        }
        let value = match &select {
            Some((header, keys)) if header == name => {
                let key = &keys[choice % keys.len()];
                match types(&document.resolve(&parameter["schema"])).first() {
                    Some(&"integer") => key.parse::<i64>().map_or(json!(key), Value::from),
                    _ => json!(key),
                }
            }
            _ => maker.value(&parameter["schema"], None),
        };
        let place = parameter["in"].as_str().unwrap_or_default();
        if place == "header" {
            maker
                .headers
                .insert(name.to_owned(), as_text(&value).into());
        }
        parameters.push((place.to_owned(), name.to_owned(), value));
    }
    let variants: Vec<&Value> = list(&operation.source["x-variants"]).collect();
    let value = body.map(|(_, media)| {
        let mut schema = media["schema"].clone();
        let variant = variants.get(choice % variants.len().max(1));
        if let Some(name) = variant.and_then(|variant| variant["request"].as_str()) {
            schema = json!({ "$ref": format!("#/components/schemas/{name}") });
        }
        let mut value = maker.value(&schema, None);
        for (name, fixed) in variant.into_iter().flat_map(|it| members_of(&it["when"])) {
            value[name] = fixed.clone();
        }
        maker.add_required_by_operation(operation, &schema, &mut value);
        value
    });
    Example {
        operation: operation.id.to_owned(),
        method: operation.method.to_uppercase(),
        path: operation
            .path
            .split('?')
            .next()
            .unwrap_or_default()
            .to_owned(),
        fixed_query: fixed
            .map(|(name, value)| (name.clone(), text(value)))
            .collect(),
        parameters,
        media: body.map(|(media, _)| media.clone()),
        body: value,
    }
}

/// A minimal successful answer of an operation, without the list at a dotted path, and a full
/// element of that list; with the HTTP status.
///
/// # Panics
///
/// If the operation has no such list.
pub(crate) fn answer(
    document: &Document,
    operation: &Operation<'_>,
    items: &str,
) -> (u16, Value, Value) {
    let mut maker = Maker {
        document,
        extent: Extent::Minimal,
        choice: 0,
        headers: Map::new(),
        open: Vec::new(),
    };
    let responses = operation.source["responses"].as_object();
    let mut responses = responses.into_iter().flatten();
    let found = responses.find_map(|(status, response)| {
        let status: u16 = status.parse().ok().filter(|status| *status < 300)?;
        let content = document.follow(response)["content"]
            .as_object()?
            .values()
            .next()?
            .clone();
        Some((status, content["schema"].clone()))
    });
    let (status, schema) = found.expect("a list has an answer");
    let mut body = maker.value(&schema, None);
    let outcome = document.outcome(operation);
    if outcome["carrier"] == "body"
        && let Some(name) = outcome["envelopes"][0]["code"].as_str()
        && let Some(code) = outcome["success"][0].as_str()
        && !name.contains('.')
    {
        body[name] = json!(code);
    }
    let list = items.split('.').fold(schema, |schema, part| {
        let rules = document.resolve(&schema);
        rules["properties"][part].clone()
    });
    let item = document.resolve(&list)["items"].clone();
    maker.extent = Extent::Full;
    (status, body, maker.value(&item, None))
}

impl Example {
    /// Sets a parameter or member of the body that the example has.
    pub fn set(&mut self, name: &str, value: impl Into<Value>) {
        let value = value.into();
        let parameters = self.parameters.iter_mut();
        for (_, _, found) in parameters.filter(|(_, known, _)| known == name) {
            found.clone_from(&value);
        }
        if let Some(found) = self.body.as_mut().and_then(|body| body.get_mut(name)) {
            *found = value;
        }
    }

    /// The request that a sample holds. What the document does not declare is left out.
    ///
    /// # Panics
    ///
    /// If the sample is no request.
    pub fn of_sample(document: &Document, operation: &Operation<'_>, sample: &Value) -> Self {
        let request = crate::sample::request(sample);
        let template = operation.path.split('?').next().unwrap_or_default();
        let segments = template.split('/').zip(request.uri().path().split('/'));
        let in_path: Vec<(String, String)> = segments
            .filter_map(|(place, text)| {
                let name = place.strip_prefix('{')?.strip_suffix('}')?;
                Some((name.to_owned(), decode(text)))
            })
            .collect();
        let query = pairs(request.uri().query().unwrap_or_default());
        let parameters = document
            .parameters(operation)
            .into_iter()
            .filter_map(|parameter| {
                let name = parameter["name"].as_str()?;
                let place = parameter["in"].as_str()?;
                let among = |all: &[(String, String)]| {
                    let found = all.iter().find(|(key, _)| key == name);
                    found.map(|(_, text)| text.clone())
                };
                let text = match place {
                    "path" => among(&in_path),
                    "query" => among(&query),
                    _ => {
                        let value = request.headers().get(name)?;
                        value.to_str().ok().map(str::to_owned)
                    }
                }?;
                let schema = document.resolve(&parameter["schema"]);
                let value = match types(&schema).first() {
                    Some(&"string") | None => Value::from(text),
                    Some(_) => serde_json::from_str(&text).unwrap_or(Value::from(text)),
                };
                Some((place.to_owned(), name.to_owned(), value))
            });
        let content = operation.source["requestBody"]["content"].as_object();
        let media = content.and_then(|content| content.keys().next().cloned());
        let body = sample.get("body").filter(|_| media.is_some()).cloned();
        let body = body.map(|body| match body {
            Value::String(form) => pairs(&form)
                .into_iter()
                .map(|(name, text)| (name, Value::from(text)))
                .collect(),
            body => body,
        });
        let fixed = operation.source["x-route"]["query"].as_object();
        let fixed = fixed.into_iter().flatten();
        let fixed = fixed.map(|(name, value)| (name.clone(), as_text(value)));
        Self {
            operation: operation.id.to_owned(),
            method: operation.method.to_uppercase(),
            path: template.to_owned(),
            fixed_query: fixed.collect(),
            parameters: parameters.collect(),
            media,
            body,
        }
    }

    /// The request in the form of the documents' samples.
    pub fn sample(&self) -> Value {
        let mut headers = Map::new();
        if let Some(media) = &self.media {
            headers.insert("Content-Type".to_owned(), json!(media));
        }
        let mut path = self.path.clone();
        let mut query = self.fixed_query.clone();
        for (place, name, value) in &self.parameters {
            let text = as_text(value);
            match place.as_str() {
                "path" => path = path.replace(&format!("{{{name}}}"), &encode(&text)),
                "query" => query.push((name.clone(), text)),
                _ => {
                    headers.insert(name.clone(), Value::from(text));
                }
            }
        }
        let mut sample = json!({
            "source": "made from the document",
            "method": self.method,
            "path": address(&path, &query),
            "headers": headers,
        });
        if let Some(value) = &self.body {
            sample["body"] = value.clone();
        }
        sample
    }

    /// Whether a parameter has a value.
    pub fn has(&self, name: &str) -> bool {
        self.value(name).is_some()
    }

    /// Whether members of the body have these values.
    pub fn fits(&self, members: &[(&str, &str)]) -> bool {
        members.iter().all(|(name, text)| {
            let value = self.body.as_ref().and_then(|body| body.get(name));
            value.is_some_and(|value| as_text(value) == *text)
        })
    }

    /// The value of a parameter that a call cannot be without.
    ///
    /// # Panics
    ///
    /// If it has none, or one of another type.
    pub fn parameter<T: DeserializeOwned>(&self, name: &str) -> T {
        let given = self.optional(name);
        given.unwrap_or_else(|| panic!("{}: no parameter {name}", self.operation))
    }

    /// The value of a parameter.
    ///
    /// # Panics
    ///
    /// If it is of another type.
    pub fn optional<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        let value = self.value(name)?.clone();
        let read = serde_json::from_value(value);
        Some(read.unwrap_or_else(|error| panic!("{} {name}: {error}", self.operation)))
    }

    /// The body of a call that cannot be without.
    ///
    /// # Panics
    ///
    /// If there is none, or one of another form.
    pub fn body<T: DeserializeOwned>(&self) -> T {
        let given = self.optional_body();
        given.unwrap_or_else(|| panic!("{}: no body", self.operation))
    }

    /// The body.
    ///
    /// # Panics
    ///
    /// If it has another form.
    pub fn optional_body<T: DeserializeOwned>(&self) -> Option<T> {
        let value = self.body.clone()?;
        let read = serde_json::from_value(value);
        Some(read.unwrap_or_else(|error| panic!("{} body: {error}", self.operation)))
    }

    /// A part that a body of several cannot be without.
    ///
    /// # Panics
    ///
    /// If it is not there, or has another form.
    pub fn part<T: DeserializeOwned>(&self, name: &str) -> T {
        let given = self.optional_part(name);
        given.unwrap_or_else(|| panic!("{}: no part {name}", self.operation))
    }

    /// A part of a body of several.
    ///
    /// # Panics
    ///
    /// If it has another form.
    pub fn optional_part<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        let part = self.body.as_ref()?.get(name)?.clone();
        let read = serde_json::from_value(part);
        Some(read.unwrap_or_else(|error| panic!("{} {name}: {error}", self.operation)))
    }

    fn value(&self, name: &str) -> Option<&Value> {
        let mut all = self.parameters.iter();
        let (_, _, value) = all.find(|(_, known, _)| known == name)?;
        Some(value)
    }
}

/// A path with a query.
pub fn address(path: &str, query: &[(String, String)]) -> String {
    let pairs = query
        .iter()
        .map(|(name, value)| format!("{}={}", encode(name), encode(value)));
    match pairs.collect::<Vec<_>>().join("&") {
        query if query.is_empty() => path.to_owned(),
        query => format!("{path}?{query}"),
    }
}

/// A scalar as addresses, headers and forms carry it.
pub(crate) fn as_text(value: &Value) -> String {
    let text = value.as_str().map(str::to_owned);
    text.unwrap_or_else(|| value.to_string())
}

fn encode(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

/// How many forms of each operation are tried, so that every member of a union has its turn.
const FORMS: usize = 14;
