//! The encryption of events, written without the client's own code: a mistake made there is found
//! here.

use aes::cipher::{BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};
use aes::{Aes128, Aes192, Aes256, Block};
use aes_gcm::AesGcm;
use aes_gcm::aead::Aead;
use aes_gcm::aead::consts::U12;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::events::{EventEncryption, EventSettings};
use super::ids::random_text;

/// A message as it travels: as it is while there is no key.
pub(super) fn encrypt(settings: &EventSettings, message: &str) -> String {
    let Some(key) = &settings.encryption_key else {
        return message.to_owned();
    };
    let plain = format!("{}&{message}", random_text(16));
    let sealed = match settings.encryption {
        EventEncryption::Ecb => blocks(key.as_bytes(), pad(plain.into_bytes()), true),
        EventEncryption::Gcm => seal(key.as_bytes(), plain.as_bytes()),
    };
    STANDARD.encode(sealed.unwrap_or_default())
}

/// A message that came back.
pub(super) fn decrypt(settings: &EventSettings, data: &str) -> Option<String> {
    let Some(key) = &settings.encryption_key else {
        return Some(data.to_owned());
    };
    let sealed = STANDARD.decode(data).ok()?;
    let plain = match settings.encryption {
        EventEncryption::Ecb => {
            let mut plain = blocks(key.as_bytes(), sealed, false)?;
            let padding = usize::from(*plain.last()?);
            plain.truncate(plain.len().checked_sub(padding)?);
            plain
        }
        EventEncryption::Gcm => open(key.as_bytes(), &sealed)?,
    };
    let text = String::from_utf8(plain).ok()?;
    let (_, message) = text.split_at_checked(17)?;
    Some(message.to_owned())
}

/// Whether a key has a length that AES knows.
pub(super) fn fits(key: &str) -> bool {
    matches!(key.len(), 16 | 24 | 32)
}

fn pad(mut bytes: Vec<u8>) -> Vec<u8> {
    let padding = 16 - bytes.len() % 16;
    let letter = u8::try_from(padding).unwrap_or_default();
    bytes.extend(std::iter::repeat_n(letter, padding));
    bytes
}

fn blocks(key: &[u8], mut bytes: Vec<u8>, encrypt: bool) -> Option<Vec<u8>> {
    match key.len() {
        16 => each(&Aes128::new_from_slice(key).ok()?, &mut bytes, encrypt),
        24 => each(&Aes192::new_from_slice(key).ok()?, &mut bytes, encrypt),
        32 => each(&Aes256::new_from_slice(key).ok()?, &mut bytes, encrypt),
        _ => return None,
    }
    Some(bytes)
}

fn each<C>(key: &C, bytes: &mut [u8], encrypt: bool)
where
    C: BlockCipherEncrypt
        + BlockCipherDecrypt
        + aes::cipher::BlockSizeUser<BlockSize = aes::cipher::consts::U16>,
{
    for chunk in bytes.chunks_exact_mut(16) {
        let mut block = Block::default();
        block.copy_from_slice(chunk);
        if encrypt {
            key.encrypt_block(&mut block);
        } else {
            key.decrypt_block(&mut block);
        }
        chunk.copy_from_slice(&block);
    }
}

fn seal(key: &[u8], plain: &[u8]) -> Option<Vec<u8>> {
    let iv: [u8; 12] = std::array::from_fn(|_| fastrand::u8(..));
    let nonce = iv.into();
    let sealed = match key.len() {
        16 => AesGcm::<Aes128, U12>::new_from_slice(key)
            .ok()?
            .encrypt(&nonce, plain),
        24 => AesGcm::<Aes192, U12>::new_from_slice(key)
            .ok()?
            .encrypt(&nonce, plain),
        _ => AesGcm::<Aes256, U12>::new_from_slice(key)
            .ok()?
            .encrypt(&nonce, plain),
    };
    Some([&iv[..], &sealed.ok()?].concat())
}

fn open(key: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
    let (iv, rest) = sealed.split_first_chunk::<12>()?;
    let nonce = (*iv).into();
    match key.len() {
        16 => AesGcm::<Aes128, U12>::new_from_slice(key)
            .ok()?
            .decrypt(&nonce, rest),
        24 => AesGcm::<Aes192, U12>::new_from_slice(key)
            .ok()?
            .decrypt(&nonce, rest),
        _ => AesGcm::<Aes256, U12>::new_from_slice(key)
            .ok()?
            .decrypt(&nonce, rest),
    }
    .ok()
}
