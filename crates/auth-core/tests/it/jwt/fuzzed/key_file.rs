//! What the fuzz target `key_file` does with its input; the target includes this file.

use auth_core::jwt::{Algorithm, KeyFile};

/// A key file of any content: no panic, and no piece of the key in an error.
pub(crate) fn run(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let Ok(file) = KeyFile::parse(&text) else {
        return;
    };
    if let Err(error) = file.signing_key("private_key", Algorithm::Ps256) {
        let shown = format!("{error} {error:?}");
        for word in file
            .get("private_key")
            .unwrap_or_default()
            .split_whitespace()
        {
            assert!(
                word.len() < 30 || !shown.contains(word),
                "a piece of the key is shown"
            );
        }
    }
}
