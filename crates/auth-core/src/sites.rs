//! Addresses in reqwest's form. Reading a host takes a tenth of what a whole request does, and a
//! client speaks with few of them.

use std::sync::Arc;

use arc_swap::ArcSwap;
use http::Uri;
use http::uri::{Authority, Scheme};
use reqwest::Url;

use crate::address::is_loopback;
use crate::{Error, Result};

/// The hosts that a client has spoken with.
#[derive(Clone, Default)]
pub(crate) struct Sites(Arc<ArcSwap<Vec<Site>>>);

#[derive(Clone)]
struct Site {
    scheme: Scheme,
    authority: Authority,
    /// The address without path and query.
    url: Url,
    is_local: bool,
}

impl Sites {
    /// The address in reqwest's form, and whether it is on this machine.
    pub(crate) fn address(&self, uri: &Uri) -> Result<(Url, bool)> {
        let (Some(scheme), Some(authority)) = (uri.scheme(), uri.authority()) else {
            return Err(unreadable());
        };
        let known = self.0.load();
        let is_it = |site: &&Site| site.scheme == *scheme && site.authority == *authority;
        if let Some(site) = known.iter().find(is_it) {
            return Ok(site.address(uri));
        }
        let site = Site::read(scheme, authority)?;
        let address = site.address(uri);
        // A user name belongs to one request, and may have a password beside it.
        if !authority.as_str().contains('@') {
            self.0.rcu(|known| {
                let mut sites = Vec::clone(known);
                if sites.len() == MOST {
                    sites.clear();
                }
                sites.push(site.clone());
                sites
            });
        }
        Ok(address)
    }
}

impl Site {
    fn read(scheme: &Scheme, authority: &Authority) -> Result<Self> {
        // What the parser says may repeat the address.
        let url = Url::parse(&format!("{scheme}://{authority}/")).map_err(|_| unreadable())?;
        let is_local = url.host_str().is_some_and(is_loopback);
        Ok(Self {
            scheme: scheme.clone(),
            authority: authority.clone(),
            url,
            is_local,
        })
    }

    fn address(&self, uri: &Uri) -> (Url, bool) {
        let mut url = self.url.clone();
        url.set_path(uri.path());
        url.set_query(uri.query());
        (url, self.is_local)
    }
}

fn unreadable() -> Error {
    Error::config("the HTTP client cannot read the address")
}

/// So many hosts are kept; who speaks with more starts anew.
const MOST: usize = 32;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(address: &str) {
        let sites = Sites::default();
        let uri: Uri = address.parse().unwrap();
        for _ in 0..2 {
            let (url, _) = sites.address(&uri).unwrap();
            assert_eq!(url, Url::parse(&uri.to_string()).unwrap());
        }
    }

    #[test]
    fn an_address_is_what_the_parser_makes_of_it() {
        check("https://api.example.com");
        check("https://api.example.com/");
        check("https://API.example.com:443/a/b?c=d&e=%20f");
        check("http://127.0.0.1:8080/v3/1/messages:send");
        check("http://[::1]:8080/a//b/?");
        check("https://user:word@example.com/a");
    }

    #[test]
    fn only_hosts_on_this_machine_are_local() {
        let sites = Sites::default();
        let is_local = |address: &str| sites.address(&address.parse().unwrap()).unwrap().1;
        assert!(is_local("http://localhost:1/a"));
        assert!(!is_local("http://localhost.example.com:1/a"));
        assert!(is_local("http://localhost:1/b"));
        assert!(!is_local("https://localhost.example.com:1/a"));
    }

    #[test]
    fn hosts_are_few_and_user_names_are_not_kept() {
        let sites = Sites::default();
        for number in 0..100 {
            let uri = format!("https://host-{number}.example.com/a");
            sites.address(&uri.parse().unwrap()).unwrap();
        }
        assert!(sites.0.load().len() <= MOST);
        let kept = sites.0.load().len();
        let uri = "https://user:word@example.com/a".parse().unwrap();
        sites.address(&uri).unwrap();
        assert_eq!(sites.0.load().len(), kept);
    }

    #[test]
    fn an_address_without_a_host_is_refused() {
        let uri = "/a".parse().unwrap();
        assert!(Sites::default().address(&uri).is_err());
    }

    proptest! {
        #[test]
        fn any_path_and_query_is_what_the_parser_makes_of_it(
            path in "(/[a-zA-Z0-9._~%:@!$&'()*+,;=\\-]{0,8}){0,4}",
            query in "[a-zA-Z0-9._~%:@!$&'()*+,;=/?\\-]{0,16}",
        ) {
            check(&format!("https://example.com/base{path}?{query}"));
        }
    }
}
