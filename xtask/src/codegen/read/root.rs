//! Reads the root of a document and what its parts share.

use std::cell::RefCell;
use std::collections::BTreeSet;

use anyhow::Result;

use crate::codegen::document::{
    Answer, Document, Named, Parameter, Scheme, SchemeKind, Server, Tag,
};
use crate::codegen::read::extension::{
    EVIDENCE, code, jwt, names_of, outcome, rate_limit, row_id, token_policy,
};
use crate::codegen::read::operation::{METHODS, answer, operation, parameter, webhook};
use crate::codegen::read::schema::{component, reference};
use crate::codegen::read::{At, Cursor, Fields};
use crate::codegen::yaml::Node;

/// Parameters and responses that operations refer to; each has to be used.
pub(super) struct Shared {
    parameters: Named<(At, Parameter)>,
    answers: Named<(At, Answer)>,
    used: RefCell<BTreeSet<(&'static str, String)>>,
}

/// Reads a whole document; `file` stands in errors.
pub(crate) fn document(file: &str, node: &Node) -> Result<Document> {
    let root = Cursor::root(file, node);
    let fields = root.fields()?;
    let version = fields.required("openapi")?;
    if version.text()? != "3.1.0" {
        return Err(version
            .at()
            .error("is another version of OpenAPI than 3.1.0"));
    }
    let title = info(&fields.required("info")?)?;
    let components = fields.required("components")?.fields()?;
    let shared = Shared::read(&components)?;
    let mut servers = servers(&fields.required("servers")?)?;
    let role = servers
        .first()
        .map(|server: &Server| server.role.clone())
        .unwrap_or_default();
    let mut operations = Vec::new();
    for (key, cursor) in fields.required("paths")?.entries()? {
        path(key, &cursor, &role, &shared, &mut servers, &mut operations)?;
    }
    let mut webhooks = Vec::new();
    if let Some(cursor) = fields.optional("webhooks") {
        for (_, cursor) in cursor.entries()? {
            let item = cursor.fields()?;
            webhooks.push(webhook(&item.required("post")?, &shared)?);
            item.done()?;
        }
    }
    let document = Document {
        title,
        servers,
        tags: fields
            .required("tags")?
            .list()?
            .iter()
            .map(tag)
            .collect::<Result<_>>()?,
        outcome: outcome(&fields.required("x-outcome")?)?,
        token_policy: fields.each("x-token-policy", token_policy)?,
        rate_limits: fields.each("x-rate-limits", rate_limit)?,
        errors: fields.each("x-errors", row_id)?,
        codes: fields.each("x-error-codes", code)?,
        operations,
        webhooks,
        schemas: schemas(&components.required("schemas")?)?,
        schemes: schemes(&components)?,
    };
    components.done()?;
    fields.done()?;
    shared.all_used()?;
    Ok(document)
}

impl Shared {
    fn read(components: &Fields<'_>) -> Result<Self> {
        let mut shared = Self {
            parameters: Named::new(),
            answers: Named::new(),
            used: RefCell::default(),
        };
        if let Some(cursor) = components.optional("parameters") {
            for (name, cursor) in cursor.entries()? {
                let at = cursor.at().clone();
                let parameter = (at.clone(), parameter(&cursor)?);
                shared.parameters.add(&at, name, parameter)?;
            }
        }
        if let Some(cursor) = components.optional("responses") {
            for (name, cursor) in cursor.entries()? {
                let at = cursor.at().clone();
                shared
                    .answers
                    .add(&at, name, (at.clone(), answer(&cursor, "")?))?;
            }
        }
        Ok(shared)
    }

    /// Reads a parameter or follows a reference to one.
    pub(super) fn parameter(&self, cursor: &Cursor<'_>) -> Result<Parameter> {
        let fields = cursor.fields()?;
        let Some(name) = fields.optional("$ref") else {
            return parameter(cursor);
        };
        let at = name.at().clone();
        let name = reference(&name, "parameters")?;
        fields.done()?;
        let Some((_, parameter)) = self.parameters.get(&name) else {
            return Err(at.error(format!("there is no parameter `{name}`")));
        };
        self.used.borrow_mut().insert(("parameter", name));
        Ok(parameter.clone())
    }

    pub(super) fn answer(&self, name: &str, at: &At) -> Result<Answer> {
        let Some((_, answer)) = self.answers.get(name) else {
            return Err(at.error(format!("there is no response `{name}`")));
        };
        self.used.borrow_mut().insert(("response", name.to_owned()));
        Ok(answer.clone())
    }

    fn all_used(&self) -> Result<()> {
        let used = self.used.borrow();
        let parameters = self
            .parameters
            .iter()
            .map(|(name, (at, _))| ("parameter", name, at));
        let answers = self
            .answers
            .iter()
            .map(|(name, (at, _))| ("response", name, at));
        for (kind, name, at) in parameters.chain(answers) {
            if !used.contains(&(kind, name.to_owned())) {
                return Err(at.error(format!("no operation uses this {kind}")));
            }
        }
        Ok(())
    }
}

fn info(cursor: &Cursor<'_>) -> Result<String> {
    let fields = cursor.fields()?;
    fields.required("version")?.text()?;
    fields.map("summary", Cursor::text)?;
    fields.map("description", Cursor::text)?;
    let title = fields.required("title")?.text()?;
    fields.done()?;
    Ok(title)
}

fn tag(cursor: &Cursor<'_>) -> Result<Tag> {
    let fields = cursor.fields()?;
    let tag = Tag {
        at: cursor.at().clone(),
        name: fields.required("name")?.text()?,
        description: fields.description()?,
    };
    fields.done()?;
    Ok(tag)
}

fn path(
    key: &str,
    cursor: &Cursor<'_>,
    default_role: &str,
    shared: &Shared,
    servers: &mut Vec<Server>,
    operations: &mut Vec<crate::codegen::document::Operation>,
) -> Result<()> {
    let item = cursor.fields()?;
    let mut role = default_role.to_owned();
    if let Some(cursor) = item.optional("servers") {
        let sites = self::servers(&cursor)?;
        let Some(first) = sites.first() else {
            return Err(cursor.at().error("is empty"));
        };
        role.clone_from(&first.role);
        if role == default_role {
            return Err(cursor.at().error("repeats the servers of the default role"));
        }
        let known: Vec<&Server> = servers
            .iter()
            .filter(|server| server.role == role)
            .collect();
        let same = known.len() == sites.len()
            && known
                .iter()
                .zip(&sites)
                .all(|(a, b)| (&a.site, &a.url) == (&b.site, &b.url));
        match (known.is_empty(), same) {
            (true, _) => servers.extend(sites),
            (false, true) => {}
            (false, false) => {
                return Err(cursor
                    .at()
                    .error(format!("role `{role}` has other servers at another path")));
            }
        }
    }
    for (name, constant) in METHODS {
        if let Some(cursor) = item.optional(name) {
            operations.push(operation(&cursor, constant, key, &role, shared)?);
        }
    }
    item.done()
}

/// Reads the sites of one role.
fn servers(cursor: &Cursor<'_>) -> Result<Vec<Server>> {
    let mut sites: Vec<Server> = Vec::new();
    for cursor in cursor.list()? {
        let fields = cursor.fields()?;
        let place = fields.required("x-server")?.fields()?;
        let server = Server {
            role: place.required("role")?.text()?,
            site: place.required("name")?.text()?,
            url: fields.required("url")?.text()?,
            description: fields.description()?,
        };
        place.done()?;
        if let Some(variables) = fields.optional("variables") {
            for (name, cursor) in variables.entries()? {
                let variable = cursor.fields()?;
                variable.required("default")?.text()?;
                variable.description()?;
                variable.done()?;
                if !server.url.contains(&format!("{{{name}}}")) {
                    return Err(cursor.at().error("is no variable of the address"));
                }
            }
        }
        fields.done()?;
        if sites
            .iter()
            .any(|other| other.role != server.role || other.site == server.site)
        {
            return Err(cursor
                .at()
                .error("servers of one list have one role and a name each"));
        }
        sites.push(server);
    }
    Ok(sites)
}

fn schemas(cursor: &Cursor<'_>) -> Result<Named<crate::codegen::schema::Schema>> {
    let mut schemas = Named::new();
    for (name, cursor) in cursor.entries()? {
        if !crate::codegen::names::is_type(name) {
            return Err(cursor.at().error("is no name for a type"));
        }
        schemas.add(cursor.at(), name, component(&cursor)?)?;
    }
    Ok(schemas)
}

fn schemes(components: &Fields<'_>) -> Result<Named<Scheme>> {
    let mut schemes = Named::new();
    for (name, cursor) in components.required("securitySchemes")?.entries()? {
        schemes.add(cursor.at(), name, scheme(&cursor)?)?;
    }
    Ok(schemes)
}

fn scheme(cursor: &Cursor<'_>) -> Result<Scheme> {
    let fields = cursor.fields()?;
    let kind = fields.required("type")?.text()?;
    let carrier = fields.map("x-carrier", |cursor| {
        let fields = cursor.fields()?;
        let in_body = fields
            .required("in")?
            .one_of(&[("body", true), ("query", false)])?;
        let members = names_of(&fields.required("fields")?)?;
        fields.done()?;
        for (part, _) in &members {
            if ![
                "client_id",
                "client_secret",
                "access_token",
                "client_assertion",
            ]
            .contains(&part.as_str())
            {
                return Err(cursor
                    .at()
                    .error(format!("`{part}` is no part of a credential")));
            }
        }
        Ok(SchemeKind::Fields {
            in_body,
            fields: members,
        })
    })?;
    let place = fields.map("in", Cursor::text)?;
    let header = fields.map("name", Cursor::text)?;
    let http = fields.map("scheme", Cursor::text)?;
    fields.map("bearerFormat", Cursor::text)?;
    // The tests of the flows stand in hand-written code; here they only have to be an object.
    fields.map("flows", |cursor| cursor.entries().map(|_| ()))?;
    let kind = match (
        kind.as_str(),
        http.as_deref(),
        place.as_deref(),
        header,
        carrier,
    ) {
        ("http", Some("basic"), None, None, None) => SchemeKind::Basic,
        ("http", Some("bearer"), None, None, None) | ("oauth2", None, None, None, None) => {
            SchemeKind::Bearer
        }
        ("http", Some(_), None, None, Some(carrier)) => carrier,
        ("apiKey", None, Some("header"), Some(name), None) => SchemeKind::Header(name),
        ("apiKey", None, Some("query"), Some(name), None) => SchemeKind::Query(name),
        ("mutualTLS", None, None, None, None) => SchemeKind::Certificate,
        _ => return Err(cursor.at().error("is no security scheme of the vocabulary")),
    };
    let scheme = Scheme {
        at: cursor.at().clone(),
        description: fields.description()?,
        kind,
        jwt: fields.map("x-jwt", jwt)?,
        evidence: fields.map("x-evidence", |cursor| cursor.one_of(EVIDENCE))?,
    };
    fields.done()?;
    Ok(scheme)
}
