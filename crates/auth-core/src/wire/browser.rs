//! What a browser brings back in the address it was sent to.

use std::collections::BTreeMap;

use percent_encoding::percent_decode_str;

use crate::{Error, Result, Secret};

/// The parameters of one part of an address.
pub type Parameters = BTreeMap<String, Secret>;

/// The parameters that an address carries in its query and in its fragment.
#[derive(Debug, Default)]
pub struct WayBack {
    query: Parameters,
    fragment: Parameters,
}

impl WayBack {
    /// Reads an address, or only its query: `https://…/back?code=…`, `/back?code=…`, `code=…`.
    pub fn parse(address: &str) -> Self {
        let (front, fragment) = match address.split_once('#') {
            Some((front, fragment)) => (front, fragment),
            None => (address, ""),
        };
        let query = match front.split_once('?') {
            Some((_, query)) => query,
            None if front.contains('/') || !front.contains('=') => "",
            None => front,
        };
        Self {
            query: pairs(query),
            fragment: pairs(fragment),
        }
    }

    /// The parameters in the query.
    pub fn query(&self) -> &Parameters {
        &self.query
    }

    /// The parameters in the fragment.
    pub fn fragment(&self) -> &Parameters {
        &self.fragment
    }

    /// The index of the form that the address fits best: the first parameter of the form is there,
    /// and more of its parameters than those of any form before.
    pub fn best(&self, forms: &[(bool, &[&str])]) -> Result<usize> {
        let mut best = None;
        for (index, (in_query, names)) in forms.iter().enumerate() {
            let part = match in_query {
                true => &self.query,
                false => &self.fragment,
            };
            let count = names
                .iter()
                .filter(|name| part.contains_key(**name))
                .count();
            let fits = names.first().is_some_and(|name| part.contains_key(*name));
            if fits && best.is_none_or(|(_, most)| count > most) {
                best = Some((index, count));
            }
        }
        best.map(|(index, _)| index).ok_or_else(|| {
            Error::decode("the address carries none of the parameters that the platform sends")
        })
    }
}

fn pairs(text: &str) -> Parameters {
    text.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(name), Secret::new(decode(value)))
        })
        .collect()
}

fn decode(text: &str) -> String {
    percent_decode_str(&text.replace('+', " "))
        .decode_utf8_lossy()
        .into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value<'a>(parameters: &'a Parameters, name: &str) -> &'a str {
        parameters.get(name).map_or("", Secret::expose)
    }

    #[test]
    fn query_and_fragment_are_told_apart() {
        let back = WayBack::parse("https://app.example/back?code=a%2Fb+c&state=s#error=1101");
        assert_eq!(value(back.query(), "code"), "a/b c");
        assert_eq!(value(back.query(), "state"), "s");
        assert_eq!(value(back.fragment(), "error"), "1101");
        assert_eq!(value(back.query(), "error"), "");
    }

    #[test]
    fn a_bare_query_is_read_too() {
        assert_eq!(value(WayBack::parse("code=a&state=b").query(), "code"), "a");
        assert_eq!(value(WayBack::parse("/back?code=a").query(), "code"), "a");
        assert!(
            WayBack::parse("https://app.example/back")
                .query()
                .is_empty()
        );
    }

    #[test]
    fn the_form_with_most_parameters_wins_and_the_first_of_equals() {
        let forms: &[(bool, &[&str])] = &[(true, &["code", "state"]), (true, &["code", "message"])];
        let best = |address| WayBack::parse(address).best(forms).ok();
        assert_eq!(best("?code=a&state=b"), Some(0));
        assert_eq!(best("?code=47001&message=no"), Some(1));
        assert_eq!(best("?code=47001"), Some(0));
        assert_eq!(best("?state=b"), None);
    }

    #[test]
    fn values_hide_in_debug() {
        let text = format!("{:?}", WayBack::parse("?code=hush"));
        assert!(!text.contains("hush"), "{text}");
    }
}
