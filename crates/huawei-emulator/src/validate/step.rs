//! The way to a value.

/// The way to a value, kept on the stack so that a request without faults builds no text.
#[derive(Clone, Copy)]
pub(crate) enum Step<'a> {
    Start(&'a str),
    Member(&'a Self, &'a str),
    Item(&'a Self, usize),
}

impl Step<'_> {
    /// Writes it as a JSON pointer.
    pub(crate) fn render(&self, into: &mut String) {
        match self {
            Self::Start(name) => into.push_str(name),
            Self::Member(above, name) => {
                above.render(into);
                into.push('/');
                into.push_str(&name.replace('~', "~0").replace('/', "~1"));
            }
            Self::Item(above, index) => {
                above.render(into);
                into.push('/');
                into.push_str(&index.to_string());
            }
        }
    }
}
