//! What the fuzz target `jwks` does with its input; the target includes this file.

use auth_core::jwt::Jwks;

/// A key set of any content: no panic, and what was read reads the same when written.
pub(crate) fn run(data: &[u8]) {
    let Ok(keys) = Jwks::parse(data) else {
        return;
    };
    let written = serde_json::to_vec(&keys).expect("a key set can be written");
    let again = Jwks::parse(&written).expect("what was written can be read");
    assert_eq!(again.len(), keys.len());
}
