//! What the fuzz target `oneaccess_cas` does with its input; the target includes this file.

use oneaccess_sdk::CasUser;

/// An answer of CAS of any content: no panic, and nobody without a name.
pub(crate) fn run(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let users = [
        CasUser::from_text(&text),
        CasUser::from_json(data),
        CasUser::from_xml(&text),
    ];
    for user in users.into_iter().flatten() {
        assert!(!user.user.trim().is_empty(), "a user without a name");
    }
    let _ = oneaccess_sdk::saml::IdentityProvider::parse(&text);
}
