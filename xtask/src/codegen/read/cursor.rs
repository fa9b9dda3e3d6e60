//! Walks a YAML tree and notes which keys were read, so that none goes unnoticed.

use std::cell::Cell;
use std::rc::Rc;

use anyhow::{Error, Result, anyhow};
use serde_json::Value;

use crate::codegen::yaml::{Key, Node, Yaml};

/// Where something stands in a document: what an error needs to name.
#[derive(Clone, Debug)]
pub(crate) struct At(Rc<Place>);

#[derive(Debug)]
struct Place {
    file: String,
    line: usize,
    path: String,
}

/// A node with the place it stands at.
#[derive(Clone)]
pub(crate) struct Cursor<'a> {
    node: &'a Node,
    at: At,
}

/// A map of which the keys are taken one by one.
pub(crate) struct Fields<'a> {
    at: At,
    entries: Vec<(&'a Key, &'a Node, Cell<bool>)>,
}

impl At {
    /// An error about this place.
    pub(crate) fn error(&self, reason: impl std::fmt::Display) -> Error {
        let place = &self.0;
        match place.path.as_str() {
            "" => anyhow!("{}:{}: {reason}", place.file, place.line),
            path => anyhow!("{}:{}: {path}: {reason}", place.file, place.line),
        }
    }

    fn below(&self, step: &str, line: usize) -> Self {
        let path = match self.0.path.as_str() {
            "" => step.to_owned(),
            path => format!("{path}.{step}"),
        };
        Self(Rc::new(Place {
            file: self.0.file.clone(),
            line,
            path,
        }))
    }
}

impl<'a> Cursor<'a> {
    /// Starts at the root of a file.
    pub(crate) fn root(file: &str, node: &'a Node) -> Self {
        let at = At(Rc::new(Place {
            file: file.to_owned(),
            line: node.line,
            path: String::new(),
        }));
        Self { node, at }
    }

    pub(crate) fn at(&self) -> &At {
        &self.at
    }

    pub(crate) fn fields(&self) -> Result<Fields<'a>> {
        let Yaml::Map(entries) = &self.node.value else {
            return Err(self.at.error("is no object"));
        };
        Ok(Fields {
            at: self.at.clone(),
            entries: entries
                .iter()
                .map(|(key, node)| (key, node, Cell::new(false)))
                .collect(),
        })
    }

    /// The entries of a map whose keys are names, in the order of the file.
    pub(crate) fn entries(&self) -> Result<Vec<(&'a str, Self)>> {
        let Yaml::Map(entries) = &self.node.value else {
            return Err(self.at.error("is no object"));
        };
        Ok(entries
            .iter()
            .map(|(key, node)| {
                let at = self.at.below(&key.text, key.line);
                (key.text.as_str(), Self { node, at })
            })
            .collect())
    }

    pub(crate) fn list(&self) -> Result<Vec<Self>> {
        let Yaml::List(nodes) = &self.node.value else {
            return Err(self.at.error("is no list"));
        };
        Ok(nodes
            .iter()
            .enumerate()
            .map(|(index, node)| Cursor {
                node,
                at: self.at.below(&index.to_string(), node.line),
            })
            .collect())
    }

    pub(crate) fn text(&self) -> Result<String> {
        match &self.node.value {
            Yaml::Text(text) => Ok(text.clone()),
            _ => Err(self.at.error("is no text")),
        }
    }

    pub(crate) fn texts(&self) -> Result<Vec<String>> {
        self.list()?.iter().map(Self::text).collect()
    }

    /// A text, or a number as text: row ids of error codes are written both ways.
    pub(crate) fn word(&self) -> Result<String> {
        match &self.node.value {
            Yaml::Text(text) => Ok(text.clone()),
            Yaml::Integer(number) => Ok(number.to_string()),
            _ => Err(self.at.error("is neither text nor number")),
        }
    }

    pub(crate) fn boolean(&self) -> Result<bool> {
        match self.node.value {
            Yaml::Boolean(value) => Ok(value),
            _ => Err(self.at.error("is neither true nor false")),
        }
    }

    pub(crate) fn integer(&self) -> Result<i64> {
        match self.node.value {
            Yaml::Integer(value) => Ok(value),
            _ => Err(self.at.error("is no whole number")),
        }
    }

    pub(crate) fn count(&self) -> Result<usize> {
        usize::try_from(self.integer()?).map_err(|_| self.at.error("is negative"))
    }

    pub(crate) fn value(&self) -> Value {
        self.node.value()
    }

    pub(crate) fn is_null(&self) -> bool {
        matches!(self.node.value, Yaml::Null)
    }

    pub(crate) fn is_map(&self) -> bool {
        matches!(self.node.value, Yaml::Map(_))
    }

    pub(crate) fn is_list(&self) -> bool {
        matches!(self.node.value, Yaml::List(_))
    }

    /// One word out of a list of allowed ones.
    pub(crate) fn one_of<T: Copy>(&self, allowed: &[(&str, T)]) -> Result<T> {
        let text = self.text()?;
        allowed
            .iter()
            .find(|(word, _)| *word == text)
            .map(|(_, value)| *value)
            .ok_or_else(|| {
                let words: Vec<&str> = allowed.iter().map(|(word, _)| *word).collect();
                self.at
                    .error(format!("`{text}` is none of {}", words.join(", ")))
            })
    }
}

impl<'a> Fields<'a> {
    pub(crate) fn at(&self) -> &At {
        &self.at
    }

    /// Takes a key that may be missing.
    pub(crate) fn optional(&self, name: &str) -> Option<Cursor<'a>> {
        let (key, node, read) = self.entries.iter().find(|(key, ..)| key.text == name)?;
        read.set(true);
        Some(Cursor {
            node,
            at: self.at.below(name, key.line),
        })
    }

    /// Takes a key that has to be there.
    pub(crate) fn required(&self, name: &str) -> Result<Cursor<'a>> {
        self.optional(name)
            .ok_or_else(|| self.at.error(format!("`{name}` is missing")))
    }

    /// Takes a key that may be missing and reads it.
    pub(crate) fn map<T>(
        &self,
        name: &str,
        read: impl FnOnce(&Cursor<'a>) -> Result<T>,
    ) -> Result<Option<T>> {
        self.optional(name).map(|cursor| read(&cursor)).transpose()
    }

    /// Takes a list that may be missing and reads its elements.
    pub(crate) fn each<T>(
        &self,
        name: &str,
        read: impl FnMut(&Cursor<'a>) -> Result<T>,
    ) -> Result<Vec<T>> {
        match self.optional(name) {
            Some(cursor) => cursor.list()?.iter().map(read).collect(),
            None => Ok(Vec::new()),
        }
    }

    /// Takes a switch that may be missing.
    pub(crate) fn flag(&self, name: &str) -> Result<bool> {
        Ok(self.map(name, Cursor::boolean)?.unwrap_or(false))
    }

    /// Takes a description: every item of a document has one.
    pub(crate) fn description(&self) -> Result<String> {
        let text = self.required("description")?;
        let words = text.text()?;
        if words.trim().is_empty() {
            return Err(text.at().error("is empty"));
        }
        Ok(words)
    }

    /// Ends the reading: a key that was not taken is not in the vocabulary.
    pub(crate) fn done(self) -> Result<()> {
        match self.entries.iter().find(|(.., read)| !read.get()) {
            None => Ok(()),
            Some((key, ..)) => Err(self
                .at
                .below(&key.text, key.line)
                .error("is not in the vocabulary")),
        }
    }
}
