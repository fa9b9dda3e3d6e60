//! Base addresses: which one a call goes to, and whether it may be trusted with a credential.

use std::net::IpAddr;

use bytes::Bytes;
use http::Uri;
use http::uri::{Authority, Parts, PathAndQuery, Scheme};

use crate::{Error, Platform, Result};

/// The base address of one role, without a slash at its end.
pub(crate) struct Base {
    pub(crate) role: &'static str,
    scheme: Scheme,
    authority: Authority,
    pub(crate) path: String,
}

impl Base {
    /// The address of a path and query on this server. Only those are read: the rest was, once.
    pub(crate) fn uri(&self, target: String) -> Result<Uri> {
        let target = PathAndQuery::from_maybe_shared(Bytes::from(target));
        let mut parts = Parts::default();
        parts.scheme = Some(self.scheme.clone());
        parts.authority = Some(self.authority.clone());
        parts.path_and_query = Some(target.map_err(unwritable)?);
        Uri::from_parts(parts).map_err(unwritable)
    }

    /// The same as text.
    pub(crate) fn url(&self, target: &str) -> String {
        format!("{}://{}{target}", self.scheme, self.authority)
    }
}

/// Reads an address that was put together from a base and encoded parts.
pub(crate) fn uri(address: String) -> Result<Uri> {
    Uri::try_from(address).map_err(unwritable)
}

fn unwritable(error: impl Into<http::Error>) -> Error {
    Error::config("the address cannot be written").because(error.into())
}

/// What the user said about addresses.
#[derive(Default)]
pub(crate) struct Choices {
    /// Address by role.
    pub(crate) servers: Vec<(&'static str, String)>,
    /// Sites to prefer over the first one of a role.
    pub(crate) sites: Vec<String>,
    /// What fills the places in an address.
    pub(crate) variables: Vec<(String, String)>,
    /// Hosts that may be spoken to without TLS.
    pub(crate) http_hosts: Vec<String>,
}

/// Settles the base address of every role, the default one first.
pub(crate) fn settle(platform: &Platform, choices: &Choices) -> Result<Vec<Base>> {
    let known = |role: &str| platform.servers.iter().any(|server| server.role == role);
    if let Some((role, _)) = choices.servers.iter().find(|(role, _)| !known(role)) {
        return Err(Error::config(format!("there is no server role `{role}`")));
    }
    let site_known = |site: &str| platform.servers.iter().any(|server| server.site == site);
    if let Some(site) = choices.sites.iter().find(|site| !site_known(site)) {
        return Err(Error::config(format!("there is no site `{site}`")));
    }
    let mut bases: Vec<Base> = Vec::new();
    for server in platform.servers {
        if bases.iter().any(|base| base.role == server.role) {
            continue;
        }
        let url = match choices
            .servers
            .iter()
            .rfind(|(role, _)| *role == server.role)
        {
            Some((_, url)) => url.clone(),
            None => {
                let chosen = platform.servers.iter().find(|other| {
                    other.role == server.role && choices.sites.iter().any(|s| s == other.site)
                });
                chosen.unwrap_or(server).url.to_owned()
            }
        };
        let url = fill(server.role, url, &choices.variables)?;
        bases.push(check(server.role, &url, &choices.http_hosts)?);
    }
    Ok(bases)
}

/// Puts values into the `{…}` of an address.
fn fill(role: &str, mut url: String, variables: &[(String, String)]) -> Result<String> {
    for (name, value) in variables {
        let place = format!("{{{name}}}");
        if !url.contains(&place) {
            continue;
        }
        let allowed =
            |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | ':' | '[' | ']');
        if value.is_empty() || !value.chars().all(allowed) {
            let message = format!("`{name}` of the `{role}` address is not a host name or port");
            return Err(Error::config(message));
        }
        url = url.replace(&place, value);
    }
    match (url.find('{'), url.find('}')) {
        (Some(start), Some(end)) if start < end => Err(Error::config(format!(
            "the `{role}` address needs a value for `{}`",
            &url[start + 1..end]
        ))),
        _ => Ok(url),
    }
}

/// Accepts https, and http where the host is this machine or was named. The text of an address can
/// hold a password, so no error repeats it.
fn check(role: &'static str, url: &str, http_hosts: &[String]) -> Result<Base> {
    let wrong = |what: &str| Error::config(format!("the `{role}` address {what}"));
    let uri: Uri = url.trim().parse().map_err(|_| wrong("is not an address"))?;
    let (Some(scheme), Some(authority)) = (uri.scheme(), uri.authority()) else {
        return Err(wrong("does not begin with https://"));
    };
    let host = authority.host();
    if host.is_empty() {
        return Err(wrong("names no host"));
    }
    if authority.as_str().contains('@') {
        return Err(wrong(
            "holds a user name; credentials have their own settings",
        ));
    }
    if uri.query().is_some() || url.contains('#') {
        return Err(wrong("holds a query or fragment"));
    }
    let named = |name: &String| name.eq_ignore_ascii_case(host);
    match scheme.as_str() {
        "https" => {}
        "http" if is_loopback(host) || http_hosts.iter().any(named) => {}
        "http" => {
            return Err(Error::config(format!(
                "the `{role}` address is plain http; use https, or name the host with \
                 `allow_http(\"{host}\")`"
            )));
        }
        _ => return Err(wrong("does not begin with https://")),
    }
    Ok(Base {
        role,
        scheme: scheme.clone(),
        authority: authority.clone(),
        path: uri.path().trim_end_matches('/').to_owned(),
    })
}

/// Whether a host is this machine, by a name or address that cannot leave it.
pub(crate) fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    match bare.parse::<IpAddr>() {
        Ok(address) => address.is_loopback(),
        Err(_) => {
            let last = bare.rsplit_once('.').map_or(bare, |(_, last)| last);
            last.eq_ignore_ascii_case("localhost")
        }
    }
}
