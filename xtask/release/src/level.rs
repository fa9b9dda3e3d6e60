//! How much a change asks of a version.

use std::fmt;

use semver::Version;

/// What a change means to those who use a crate, from nothing to a break.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Nothing changed.
    #[default]
    None,
    /// What is used stays as it is.
    Patch,
    /// Something can be used that could not be used before.
    Addition,
    /// A newer compiler is needed.
    Compiler,
    /// Something that was used is gone, or has another shape.
    Break,
}

impl Level {
    /// The least version after `last`. Before 1.0 the second number is the one that tells of a
    /// break, as cargo reads it.
    pub fn next(self, last: &Version) -> Version {
        let Version {
            major,
            minor,
            patch,
            ..
        } = *last;
        match (self, major) {
            (Self::None, _) => last.clone(),
            (Self::Patch, _) | (Self::Addition, 0) => Version::new(major, minor, patch + 1),
            (Self::Addition | Self::Compiler, _) | (Self::Break, 0) => {
                Version::new(major, minor + 1, 0)
            }
            (Self::Break, _) => Version::new(major + 1, 0, 0),
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "unchanged",
            Self::Patch => "patch",
            Self::Addition => "addition",
            Self::Compiler => "newer compiler",
            Self::Break => "break",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Level::{Addition, Break, Compiler, None, Patch};

    #[test]
    fn a_level_asks_for_the_next_version() {
        for (last, level, next) in [
            ("0.1.4", None, "0.1.4"),
            ("0.1.4", Patch, "0.1.5"),
            ("0.1.4", Addition, "0.1.5"),
            ("0.1.4", Compiler, "0.2.0"),
            ("0.1.4", Break, "0.2.0"),
            ("1.2.3", Patch, "1.2.4"),
            ("1.2.3", Addition, "1.3.0"),
            ("1.2.3", Compiler, "1.3.0"),
            ("1.2.3", Break, "2.0.0"),
        ] {
            let found = level.next(&last.parse().unwrap());
            assert_eq!(found.to_string(), next, "{last} after {level}");
        }
    }
}
