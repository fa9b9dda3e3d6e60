//! Conditions over topics: `'a' in topics && ('b' in topics || !('c' in topics))`.

/// A condition that was read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Condition {
    Topic(String),
    Not(Box<Self>),
    And(Box<Self>, Box<Self>),
    Or(Box<Self>, Box<Self>),
}

impl Condition {
    /// Whether it holds for a device, given which topics it subscribed to.
    pub(crate) fn holds(&self, subscribed: &dyn Fn(&str) -> bool) -> bool {
        match self {
            Self::Topic(name) => subscribed(name),
            Self::Not(inner) => !inner.holds(subscribed),
            Self::And(left, right) => left.holds(subscribed) && right.holds(subscribed),
            Self::Or(left, right) => left.holds(subscribed) || right.holds(subscribed),
        }
    }
}

/// Reads a condition, or says what is wrong with it.
pub(crate) fn parse(text: &str) -> Result<Condition, String> {
    let mut reader = Reader {
        rest: text,
        topics: 0,
        depth: 0,
    };
    let condition = reader.either()?;
    reader.skip_space();
    if !reader.rest.is_empty() {
        return Err(format!(
            "the condition goes on after its end: {}",
            reader.rest
        ));
    }
    if reader.topics > MOST_TOPICS {
        return Err(format!("a condition names {MOST_TOPICS} topics or fewer"));
    }
    Ok(condition)
}

struct Reader<'a> {
    rest: &'a str,
    topics: usize,
    depth: usize,
}

impl Reader<'_> {
    fn either(&mut self) -> Result<Condition, String> {
        let mut left = self.both()?;
        while self.take("||") {
            left = Condition::Or(Box::new(left), Box::new(self.both()?));
        }
        Ok(left)
    }

    fn both(&mut self) -> Result<Condition, String> {
        let mut left = self.single()?;
        while self.take("&&") {
            left = Condition::And(Box::new(left), Box::new(self.single()?));
        }
        Ok(left)
    }

    fn single(&mut self) -> Result<Condition, String> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err("the condition is nested too deeply".to_owned());
        }
        let single = if self.take("!") {
            Condition::Not(Box::new(self.single()?))
        } else if self.take("(") {
            let inner = self.either()?;
            if !self.take(")") {
                return Err("the condition lacks a closing bracket".to_owned());
            }
            inner
        } else {
            self.topic()?
        };
        self.depth -= 1;
        Ok(single)
    }

    fn topic(&mut self) -> Result<Condition, String> {
        if !self.take("'") {
            return Err("the condition wants a topic in straight quotes".to_owned());
        }
        let (name, rest) = self
            .rest
            .split_once('\'')
            .ok_or("the condition lacks a closing quote")?;
        let name = name.to_owned();
        self.rest = rest;
        if !(self.take("in") && self.take("topics")) {
            return Err("the condition wants `in topics` after a topic".to_owned());
        }
        self.topics += 1;
        Ok(Condition::Topic(name))
    }

    fn take(&mut self, word: &str) -> bool {
        self.skip_space();
        match self.rest.strip_prefix(word) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn skip_space(&mut self) {
        self.rest = self.rest.trim_start();
    }
}

/// How many topics a condition may name.
const MOST_TOPICS: usize = 5;

/// How deep brackets and negations may be nested.
const DEEPEST: usize = 50;

#[cfg(test)]
mod tests {
    use super::parse;

    fn check(text: &str, subscribed: &[&str], expected: Result<bool, &str>) {
        let found = parse(text).map(|it| it.holds(&|name| subscribed.contains(&name)));
        match (found, expected) {
            (Ok(found), Ok(expected)) => assert_eq!(found, expected, "{text}"),
            (Err(found), Err(part)) => assert!(found.contains(part), "{text}: {found}"),
            (found, expected) => panic!("{text}: {found:?} instead of {expected:?}"),
        }
    }

    #[test]
    fn conditions_combine_topics() {
        let text = "'a' in topics && ('b' in topics || !('c' in topics))";
        check(text, &["a"], Ok(true));
        check(text, &["a", "c"], Ok(false));
        check(text, &["a", "b", "c"], Ok(true));
        check(text, &["b"], Ok(false));
        check(
            "'a' in topics || 'b' in topics && 'c' in topics",
            &["a"],
            Ok(true),
        );
        check("\"a\" in topics", &[], Err("straight quotes"));
        check("'a' in topics 'b' in topics", &[], Err("goes on"));
        check("('a' in topics", &[], Err("closing bracket"));
        let six = ["'x' in topics"; 6].join("||");
        check(&six, &[], Err("5 topics"));
    }
}
