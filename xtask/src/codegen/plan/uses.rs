//! Which operations use which schemas, in which direction.

use std::collections::{BTreeMap, BTreeSet};

use crate::codegen::document::{Document, Evidence, Operation, Webhook};
use crate::codegen::schema::{By, Form, Schema};

/// How a schema is used.
#[derive(Clone, Default)]
pub(crate) struct Use {
    /// A client writes it.
    pub(crate) sent: bool,
    /// A client, or a receiver of calls, reads it.
    pub(crate) received: bool,
    /// It is a request's whole body, so that rules may look at it from its top.
    pub(crate) whole_body: bool,
    /// The tags whose operations use it, as indices into the document's list.
    pub(crate) tags: BTreeSet<usize>,
    /// Whether an operation of the platform's own documents uses it.
    pub(crate) documented: bool,
    /// The members that carry a credential and are filled in by the client.
    pub(crate) credentials: BTreeSet<String>,
    /// The codes that mean success for some of the targets.
    pub(crate) partial: BTreeSet<String>,
}

/// The component schemas that become Rust types, with their uses.
pub(crate) fn uses(document: &Document) -> BTreeMap<String, Use> {
    let mut uses = Uses {
        document,
        uses: BTreeMap::new(),
    };
    for operation in &document.operations {
        uses.operation(operation);
    }
    for webhook in &document.webhooks {
        uses.webhook(webhook);
    }
    uses.uses
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Direction {
    Received,
    Sent,
}

struct Uses<'a> {
    document: &'a Document,
    uses: BTreeMap<String, Use>,
}

/// The operation on whose behalf schemas are visited.
#[derive(Clone, Copy)]
struct User {
    tag: usize,
    documented: bool,
}

impl Uses<'_> {
    fn operation(&mut self, operation: &Operation) {
        let document = self.document;
        let user = self.user(&operation.tag, operation.evidence);
        for parameter in &operation.parameters {
            self.visit(&parameter.schema, Direction::Sent, user);
        }
        for scheme in operation.security.iter().flatten() {
            let Some(jwt) = &document.schemes[scheme.as_str()].jwt else {
                continue;
            };
            self.names(jwt.claims.as_deref(), Direction::Sent, user);
            self.names(jwt.key.as_deref(), Direction::Received, user);
        }
        if operation.browser.is_some() {
            // Never called: its body and its answer belong to the browser.
            return;
        }
        let bodies: Vec<&str> = match operation.variants.as_slice() {
            [] => operation
                .body
                .iter()
                .flat_map(|body| body.content[0].1.named())
                .collect(),
            variants => variants
                .iter()
                .map(|variant| variant.request.as_str())
                .collect(),
        };
        let credentials = credential_members(document, operation);
        for name in bodies {
            self.name(name, Direction::Sent, user);
            for member in structs_of(document, name) {
                if let Some(entry) = self.uses.get_mut(member) {
                    entry.credentials.extend(credentials.iter().cloned());
                }
            }
            if let Some(entry) = self.uses.get_mut(name) {
                entry.whole_body = true;
            }
        }
        if !operation.variants.is_empty() {
            for variant in &operation.variants {
                self.name(&variant.response, Direction::Received, user);
            }
        } else if let Some((_, schema)) = operation.success() {
            self.visit(schema, Direction::Received, user);
            if let Form::Ref(name) = &schema.form
                && let Some(entry) = self.uses.get_mut(name)
            {
                entry
                    .partial
                    .extend(document.outcome(operation).partial.iter().cloned());
            }
        }
    }

    fn webhook(&mut self, webhook: &Webhook) {
        let user = self.user(&webhook.tag, webhook.evidence);
        for (_, schema) in &webhook.body.content {
            self.visit(schema, Direction::Received, user);
        }
        for answer in webhook.answers.iter().filter(|answer| answer.is_success()) {
            for (_, schema) in &answer.content {
                self.visit(schema, Direction::Sent, user);
            }
        }
        if let Some(payload) = &webhook.callback.payload {
            self.names(payload.request.schema.as_deref(), Direction::Received, user);
            if let Some(reply) = &payload.reply {
                self.names(reply.schema.as_deref(), Direction::Sent, user);
            }
        }
        for scheme in webhook.security.iter().flatten() {
            if let Some(jwt) = &self.document.schemes[scheme.as_str()].jwt {
                self.names(jwt.claims.as_deref(), Direction::Received, user);
            }
        }
    }

    fn user(&self, tag: &str, evidence: Evidence) -> User {
        let tags = &self.document.tags;
        User {
            tag: tags
                .iter()
                .position(|other| other.name == tag)
                .unwrap_or_default(),
            documented: evidence == Evidence::Documented,
        }
    }

    fn names(&mut self, name: Option<&str>, direction: Direction, user: User) {
        if let Some(name) = name {
            self.name(name, direction, user);
        }
    }

    fn name(&mut self, name: &str, direction: Direction, user: User) {
        let entry = self.uses.entry(name.to_owned()).or_default();
        let known = entry.tags.contains(&user.tag)
            && (entry.documented || !user.documented)
            && match direction {
                Direction::Sent => entry.sent,
                Direction::Received => entry.received,
            };
        if known {
            return;
        }
        entry.tags.insert(user.tag);
        entry.documented |= user.documented;
        entry.sent |= direction == Direction::Sent;
        entry.received |= direction == Direction::Received;
        let document = self.document;
        self.visit(&document.schemas[name], direction, user);
    }

    fn visit(&mut self, schema: &Schema, direction: Direction, user: User) {
        for name in schema.named() {
            self.name(name, direction, user);
        }
        schema.walk(&mut |schema| {
            if let Some(jwt) = &schema.jwt {
                self.names(jwt.claims.as_deref(), Direction::Received, user);
            }
        });
    }
}

/// The members of a body that the schemes of an operation fill in.
pub(crate) fn credential_members(document: &Document, operation: &Operation) -> BTreeSet<String> {
    let schemes = operation.security.iter().flatten();
    schemes
        .filter_map(|name| match &document.schemes[name.as_str()].kind {
            crate::codegen::document::SchemeKind::Fields {
                in_body: true,
                fields,
            } => Some(fields),
            _ => None,
        })
        .flatten()
        .map(|(_, member)| member.clone())
        .collect()
}

/// The structs that a body can be: itself, or the members of a union.
pub(crate) fn structs_of<'a>(document: &'a Document, name: &'a str) -> Vec<&'a str> {
    match &document.schemas[name].form {
        Form::Union(union) => union
            .members
            .iter()
            .filter_map(|member| match &member.form {
                Form::Ref(name) => Some(name.as_str()),
                _ => None,
            })
            .flat_map(|name| structs_of(document, name))
            .collect(),
        _ => vec![name],
    }
}

/// The unions that a property of the object around them selects, with that property.
pub(crate) fn sibling<'a>(document: &'a Document, name: &str) -> Option<&'a str> {
    match &document.schemas[name].form {
        Form::Union(union) => union
            .select
            .as_ref()
            .filter(|select| select.by == By::Sibling)
            .map(|select| select.name.as_str()),
        _ => None,
    }
}
