//! The changelog: "Unreleased" becomes a release.

use anyhow::{Result, bail};

/// Puts a heading over what stands under "Unreleased", and the notes below it.
pub fn release(changelog: &str, heading: &str, notes: &str) -> Result<String> {
    let Some((head, tail)) = changelog.split_once(UNRELEASED) else {
        bail!("CHANGELOG.md has no line `## Unreleased`");
    };
    let (body, rest) = match tail.find("\n## ") {
        Some(at) => tail.split_at(at + 1),
        None => (tail, ""),
    };
    let body = body.trim();
    if body.is_empty() && notes.is_empty() {
        bail!("CHANGELOG.md says nothing under `## Unreleased`");
    }
    let mut text = format!("{head}{UNRELEASED}\n## {heading}\n");
    for part in [body, notes.trim()] {
        if !part.is_empty() {
            text.push_str(&format!("\n{part}\n"));
        }
    }
    if !rest.is_empty() {
        text.push('\n');
        text.push_str(rest);
    }
    Ok(text)
}

const UNRELEASED: &str = "## Unreleased\n";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_unreleased_gets_a_heading_and_notes() {
        let text =
            "# Changelog\n\n## Unreleased\n\n- `a`: new.\n\n## 2026-01-01: a 0.1.0\n\n- old\n";
        let wanted = "# Changelog\n\n## Unreleased\n\n## 2026-02-01: a 0.2.0\n\n- `a`: new.\n\n### a\n\n- gone\n\n## 2026-01-01: a 0.1.0\n\n- old\n";
        let found = release(text, "2026-02-01: a 0.2.0", "### a\n\n- gone\n").unwrap();
        assert_eq!(found, wanted);
        assert!(release("# Changelog\n", "x", "").is_err());
        assert!(release("## Unreleased\n\n", "x", "").is_err());
    }
}
