//! Path templates.

use percent_encoding::percent_decode_str;

/// A path with `{name}` for its parameters, ready to be compared.
#[derive(Debug)]
pub(crate) struct Template {
    segments: Vec<Segment>,
    /// How many segments are fixed text: the more, the better the match.
    pub fixed: usize,
}

#[derive(Debug)]
enum Segment {
    Fixed(String),
    Parameter {
        before: String,
        name: String,
        after: String,
    },
}

impl Template {
    pub(crate) fn read(path: &str) -> Self {
        let segments: Vec<Segment> = path.split('/').map(Segment::read).collect();
        let fixed = |segment: &&Segment| matches!(segment, Segment::Fixed(_));
        Self {
            fixed: segments.iter().filter(fixed).count(),
            segments,
        }
    }

    /// The parameters of `path`, decoded, when it has this form.
    pub(crate) fn matches(&self, path: &str) -> Option<Vec<(String, String)>> {
        if path.split('/').count() != self.segments.len() {
            return None;
        }
        let mut parameters = Vec::new();
        for (segment, text) in self.segments.iter().zip(path.split('/')) {
            let text = percent_decode_str(text).decode_utf8_lossy();
            match segment {
                Segment::Fixed(fixed) if *fixed == text => {}
                Segment::Fixed(_) => return None,
                Segment::Parameter {
                    before,
                    name,
                    after,
                } => {
                    let value = text.strip_prefix(&**before)?.strip_suffix(&**after)?;
                    if value.is_empty() {
                        return None;
                    }
                    parameters.push((name.clone(), value.to_owned()));
                }
            }
        }
        Some(parameters)
    }
}

impl Segment {
    fn read(text: &str) -> Self {
        match text
            .split_once('{')
            .and_then(|(before, rest)| Some((before, rest.split_once('}')?)))
        {
            Some((before, (name, after))) => Self::Parameter {
                before: before.to_owned(),
                name: name.to_owned(),
                after: after.to_owned(),
            },
            None => Self::Fixed(text.to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Template;

    fn check(template: &str, path: &str, expected: Option<&[(&str, &str)]>) {
        let found = Template::read(template).matches(path);
        let found: Option<Vec<(&str, &str)>> = found.as_ref().map(|parameters| {
            let pairs = parameters.iter();
            pairs.map(|(name, value)| (&**name, &**value)).collect()
        });
        assert_eq!(found.as_deref(), expected, "{template} {path}");
    }

    #[test]
    fn a_template_matches_whole_segments() {
        let send = "/v3/{projectId}/messages:send";
        check(send, "/v3/7/messages:send", Some(&[("projectId", "7")]));
        check(
            send,
            "/v3/a%20b/messages:send",
            Some(&[("projectId", "a b")]),
        );
        check(send, "/v3//messages:send", None);
        check(send, "/v3/7/8/messages:send", None);
        check(send, "/v3/7/messages:revoke", None);
        check("/a/{id}.json", "/a/1.json", Some(&[("id", "1")]));
        check("/a/{id}.json", "/a/1.xml", None);
    }
}
