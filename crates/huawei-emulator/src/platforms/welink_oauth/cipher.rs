//! How events are encrypted: AES-128-GCM with a nonce of 16 bytes.

use aes_gcm::aead::consts::U16;
use aes_gcm::aead::{Aead, KeyInit};
use aes_gcm::{AesGcm, aes::Aes128};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};

fn cipher(secret: &str) -> AesGcm<Aes128, U16> {
    let once = digest(&SHA1_FOR_LEGACY_USE_ONLY, secret.as_bytes());
    let twice = digest(&SHA1_FOR_LEGACY_USE_ONLY, once.as_ref());
    let mut key = [0; 16];
    key.copy_from_slice(&twice.as_ref()[..16]);
    AesGcm::new(&key.into())
}

/// Encrypts a text with the client secret of an app.
pub(super) fn encrypt(secret: &str, text: &str) -> String {
    let nonce = fastrand::u128(..).to_be_bytes();
    let sealed = cipher(secret).encrypt(&nonce.into(), text.as_bytes());
    STANDARD.encode(nonce) + &STANDARD.encode(sealed.unwrap_or_default())
}

/// Decrypts what was encrypted with the client secret of an app.
pub(super) fn decrypt(secret: &str, text: &str) -> Option<String> {
    let (nonce, sealed) = text.split_at_checked(24)?;
    let nonce: [u8; 16] = STANDARD.decode(nonce).ok()?.try_into().ok()?;
    let sealed = STANDARD.decode(sealed).ok()?;
    let opened = cipher(secret).decrypt(&nonce.into(), &*sealed).ok()?;
    String::from_utf8(opened).ok()
}

#[cfg(test)]
mod tests {
    use super::{decrypt, encrypt};

    #[test]
    fn the_published_event_and_its_reply_are_decrypted() {
        let secret = "8cf860c0-30b7-4357-a104-fa627c59085d";
        let event = "PGkTPQrrTwlqBEu5pzPyxw==3BWfWmYTj67h5qdD4og6el7GrxaXHqm0gndcv/X8zK6j9ablMO+571L\
                     bjQWJJogcIunLPkJf9Yo4iHAP+QIB3KcihrLj3IHrRhbE8KuQvzCPVAo=";
        let text = decrypt(secret, event).unwrap();
        assert!(text.contains("\"eventType\":\"corpAuth\""), "{text}");
        let again = encrypt(secret, &text);
        assert_ne!(again, event);
        assert_eq!(decrypt(secret, &again), Some(text));
        assert_eq!(decrypt("another", &again), None);
    }
}
