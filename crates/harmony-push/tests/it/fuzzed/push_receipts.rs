//! What the fuzz target `push_receipts` does with its input; the target includes this file.

use std::time::SystemTime;

use harmony_push::receipts::{self, SecretForm, Verifier};

/// A callback of any content, its header in the first line: no panic, and nothing accepted that
/// nobody signed.
pub(crate) fn run(data: &[u8]) {
    let end = data.iter().position(|byte| *byte == b'\n');
    let (header, body) = data.split_at(end.unwrap_or(0));
    let callbacks = [receipts::read(body), receipts::read_hms(body)];
    for receipt in callbacks.into_iter().flatten().flat_map(|it| it.receipts) {
        let _ = (receipt.status.disposition(), receipt.status.to_string());
    }
    let verifier = Verifier::builder("user", "c2VjcmV0")
        .form(SecretForm::Either)
        .build()
        .expect("a sound secret");
    let header = String::from_utf8_lossy(header);
    let verdict = verifier.verify(Some(&header), SystemTime::UNIX_EPOCH);
    assert!(verdict.is_err(), "a forged signature passed");
}
