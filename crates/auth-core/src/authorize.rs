//! Puts credentials on requests: which alternative, and where each part travels.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use smallvec::SmallVec;
use zeroize::Zeroizing;

use crate::request::{Body, header_name, push_pair};
use crate::{Carrier, Credential, Error, Fields, Request, Result, Scheme, Secret, Token};

/// The schemes that authenticate one call, each with its credential.
pub(crate) type Alternative<'a> = SmallVec<[(&'static Scheme, &'a Credential); 2]>;

/// What of a request a credential may change.
pub(crate) struct Parts {
    pub(crate) headers: HeaderMap,
    pub(crate) query: String,
    pub(crate) body: Bytes,
}

/// Picks the first alternative whose schemes all have a credential.
pub(crate) fn choose<'a>(
    alternatives: &[&[&'static Scheme]],
    credential: impl Fn(&str) -> Option<&'a Credential>,
    hint: impl Fn(&str) -> Option<&'static str>,
) -> Result<Alternative<'a>> {
    if alternatives.is_empty() {
        return Ok(Alternative::new());
    }
    let complete = |schemes: &&[&'static Scheme]| {
        let pairs = schemes
            .iter()
            .map(|scheme| Some((*scheme, credential(scheme.name)?)));
        pairs.collect::<Option<Alternative<'_>>>()
    };
    if let Some(found) = alternatives.iter().find_map(complete) {
        return Ok(found);
    }
    let describe = |scheme: &&Scheme| match hint(scheme.name) {
        Some(hint) => format!("`{}` (set {hint})", scheme.name),
        None => format!("`{}`", scheme.name),
    };
    let missing = |schemes: &&[&'static Scheme]| {
        let missing = schemes
            .iter()
            .filter(|scheme| credential(scheme.name).is_none());
        missing.map(describe).collect::<Vec<_>>().join(" and ")
    };
    let ways: Vec<_> = alternatives.iter().map(missing).collect();
    Err(Error::config(format!(
        "no credential for the scheme {}",
        ways.join(", or ")
    )))
}

/// Writes one credential to where its scheme carries it. `token` is what a provider gave.
pub(crate) fn apply(
    scheme: &Scheme,
    credential: &Credential,
    token: Option<&Token>,
    request: &Request,
    parts: &mut Parts,
) -> Result<()> {
    let token = match credential {
        Credential::Token(token) => Some(token),
        _ => token,
    };
    let known = match credential {
        Credential::Client { id, secret } => Some((id.as_str(), secret.known()?)),
        _ => None,
    };
    let client = known.as_ref().map(|(id, known)| (*id, &known.current));
    match &scheme.carrier {
        Carrier::Certificate => Ok(()),
        Carrier::Basic => {
            let Some((id, secret)) = client else {
                return Err(unfit(scheme, "a client id and secret"));
            };
            let pair = Zeroizing::new(format!("{id}:{}", secret.expose()));
            let text = Zeroizing::new(format!("Basic {}", STANDARD.encode(pair.as_bytes())));
            put(parts, scheme, header::AUTHORIZATION, &text)
        }
        Carrier::Bearer => match (token, credential) {
            (Some(token), _) => match token.header() {
                (name, value) if name == header::AUTHORIZATION => {
                    parts.headers.insert(header::AUTHORIZATION, value.clone());
                    Ok(())
                }
                _ => put_bearer(parts, scheme, token.secret()),
            },
            (None, Credential::Key(key)) => put_bearer(parts, scheme, key),
            _ => Err(unfit(scheme, "a token")),
        },
        Carrier::Header(carrier) => {
            let name = header_name(carrier)?;
            match (token, credential) {
                (Some(token), _) => match token.header() {
                    (own, value) if *own == name => {
                        parts.headers.insert(name, value.clone());
                        Ok(())
                    }
                    _ => put(parts, scheme, name, token.secret().expose()),
                },
                (None, Credential::Key(key)) => put(parts, scheme, name, key.expose()),
                _ => Err(unfit(scheme, "a token or key")),
            }
        }
        Carrier::Query(fields) => {
            for (name, value) in members(scheme, fields, client, credential, token)? {
                push_pair(&mut parts.query, name, &value);
            }
            Ok(())
        }
        Carrier::Body(fields) => {
            let members = members(scheme, fields, client, credential, token)?;
            parts.body = match &request.body {
                Body::Form(_) => splice_form(&parts.body, &members)?,
                Body::Json(_) => splice_json(&parts.body, &members)?,
                Body::Empty | Body::Other(_) => {
                    return Err(Error::config(format!(
                        "the credential of `{}` travels in a form or JSON body, and the request has none",
                        scheme.name
                    )));
                }
            };
            Ok(())
        }
    }
}

/// The members that carry a credential in a body or query.
fn members<'a>(
    scheme: &Scheme,
    fields: &Fields,
    client: Option<(&'a str, &'a Secret)>,
    credential: &'a Credential,
    token: Option<&'a Token>,
) -> Result<SmallVec<[(&'static str, &'a str); 3]>> {
    let key = match (token, credential) {
        (Some(token), _) => Some(token.secret().expose()),
        (None, Credential::Key(key)) => Some(key.expose()),
        _ => None,
    };
    let (id, secret) = (
        client.map(|(id, _)| id),
        client.map(|(_, secret)| secret.expose()),
    );
    let wanted = [
        (fields.client_id, id, "a client id and secret"),
        (fields.client_secret, secret, "a client id and secret"),
        (fields.token, key, "a token or key"),
    ];
    let mut members = SmallVec::new();
    for (name, value, what) in wanted {
        match (name, value) {
            (Some(name), Some(value)) => members.push((name, value)),
            (Some(_), None) => return Err(unfit(scheme, what)),
            (None, _) => {}
        }
    }
    Ok(members)
}

/// Puts members at the end of a form.
fn splice_form(body: &[u8], members: &[(&str, &str)]) -> Result<Bytes> {
    let body = std::str::from_utf8(body).map_err(|_| Error::config("the form is not a text"))?;
    // A byte takes three at most, and growing would leave a copy of the secret behind.
    let length: usize = members
        .iter()
        .map(|(name, value)| (name.len() + value.len()) * 3 + 2)
        .sum();
    let mut whole = Zeroizing::new(String::with_capacity(body.len() + length));
    whole.push_str(body);
    for (name, value) in members {
        push_pair(&mut whole, name, value);
    }
    Ok(Bytes::from_owner(Text(whole)))
}

/// A text as its bytes.
struct Text(Zeroizing<String>);

impl AsRef<[u8]> for Text {
    fn as_ref(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

/// Puts members at the beginning of a JSON object without reading the rest of it.
fn splice_json(body: &[u8], members: &[(&str, &str)]) -> Result<Bytes> {
    let Some(rest) = body.trim_ascii().strip_prefix(b"{") else {
        return Err(Error::config(
            "the credential travels in the JSON body, and that is not an object",
        ));
    };
    // A character takes six bytes at most, as `\u0000`.
    let length: usize = members
        .iter()
        .map(|(name, value)| (name.len() + value.len()) * 6 + 6)
        .sum();
    let mut whole = Zeroizing::new(Vec::with_capacity(rest.len() + length + 1));
    whole.push(b'{');
    for (name, value) in members {
        if whole.len() > 1 {
            whole.push(b',');
        }
        write_json(&mut whole, name);
        whole.push(b':');
        write_json(&mut whole, value);
    }
    if whole.len() > 1 && !rest.trim_ascii_start().starts_with(b"}") {
        whole.push(b',');
    }
    whole.extend_from_slice(rest);
    Ok(Bytes::from_owner(whole))
}

fn write_json(whole: &mut Vec<u8>, text: &str) {
    serde_json::to_writer(whole, text).expect("a text can always be written");
}

fn put_bearer(parts: &mut Parts, scheme: &Scheme, key: &Secret) -> Result<()> {
    let text = Zeroizing::new(format!("Bearer {}", key.expose()));
    put(parts, scheme, header::AUTHORIZATION, &text)
}

fn put(parts: &mut Parts, scheme: &Scheme, name: HeaderName, text: &str) -> Result<()> {
    let mut value = HeaderValue::from_str(text).map_err(|_| {
        Error::config(format!(
            "the credential of `{}` holds characters that no header can carry",
            scheme.name
        ))
    })?;
    value.set_sensitive(true);
    parts.headers.insert(name, value);
    Ok(())
}

fn unfit(scheme: &Scheme, needs: &str) -> Error {
    Error::config(format!("the scheme `{}` needs {needs}", scheme.name))
}
