//! Just enough DER to find the parts of an RSA key.

/// Modulus and exponent of an RSA key in a `SubjectPublicKeyInfo`.
pub(super) fn spki(mut der: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut info = take(&mut der, SEQUENCE)?;
    let mut algorithm = take(&mut info, SEQUENCE)?;
    if take(&mut algorithm, OBJECT_ID)? != RSA_ENCRYPTION {
        return None;
    }
    match take(&mut info, BIT_STRING)? {
        [0, key @ ..] => rsa_public_key(key),
        _ => None,
    }
}

/// Modulus and exponent of an `RSAPublicKey`.
pub(super) fn rsa_public_key(mut der: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut key = take(&mut der, SEQUENCE)?;
    let n = take_integer(&mut key)?;
    let e = take_integer(&mut key)?;
    (der.is_empty() && key.is_empty()).then_some((n, e))
}

/// Whether a private key is wrapped in PKCS#8: an algorithm follows the version.
pub(super) fn is_pkcs8(mut der: &[u8]) -> bool {
    take(&mut der, SEQUENCE).is_some_and(|mut info| {
        take(&mut info, INTEGER).is_some() && take(&mut info, SEQUENCE).is_some()
    })
}

/// Takes the content of the next element, which must have the tag `tag`, off `input`.
fn take<'a>(input: &mut &'a [u8], tag: u8) -> Option<&'a [u8]> {
    let (&found, rest) = input.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (len, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        // Two length bytes reach 64 KiB; no key is longer.
        0x81 | 0x82 => {
            let (len, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            let len = len
                .iter()
                .fold(0, |len, byte| len << 8 | usize::from(*byte));
            (len, rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(len)?;
    if found != tag {
        return None;
    }
    *input = rest;
    Some(content)
}

/// Takes a positive integer off `input`, without the zero that keeps it positive.
fn take_integer<'a>(input: &mut &'a [u8]) -> Option<&'a [u8]> {
    let content = take(input, INTEGER)?;
    match content {
        [0, rest @ ..] => Some(rest),
        [first, ..] if *first < 0x80 => Some(content),
        _ => None,
    }
}

const BIT_STRING: u8 = 0x03;
const INTEGER: u8 = 0x02;
const OBJECT_ID: u8 = 0x06;
const SEQUENCE: u8 = 0x30;

/// The object identifier of an RSA key, 1.2.840.113549.1.1.1.
const RSA_ENCRYPTION: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_and_long_lengths_are_read() {
        let mut input: &[u8] = &[
            0x30, 0x01, 0xaa, 0x30, 0x81, 0x01, 0xbb, 0x30, 0x82, 0, 1, 0xcc,
        ];
        assert_eq!(take(&mut input, SEQUENCE), Some(&[0xaa][..]));
        assert_eq!(take(&mut input, SEQUENCE), Some(&[0xbb][..]));
        assert_eq!(take(&mut input, SEQUENCE), Some(&[0xcc][..]));
        assert_eq!(take(&mut input, SEQUENCE), None);
    }

    #[test]
    fn what_is_cut_off_or_of_another_tag_stays() {
        for bytes in [
            &[0x30][..],
            &[0x30, 2, 1],
            &[0x30, 0x82, 0],
            &[0x30, 0x80, 0, 0],
        ] {
            let mut input = bytes;
            assert_eq!(take(&mut input, SEQUENCE), None, "{bytes:02x?}");
            assert_eq!(input, bytes);
        }
        let mut input: &[u8] = &[0x02, 1, 5];
        assert_eq!(take(&mut input, SEQUENCE), None);
        assert_eq!(take_integer(&mut input), Some(&[5][..]));
    }

    #[test]
    fn a_negative_integer_is_refused() {
        assert_eq!(take_integer(&mut &[0x02, 1, 0x80][..]), None);
        assert_eq!(
            take_integer(&mut &[0x02, 2, 0, 0x80][..]),
            Some(&[0x80][..])
        );
        assert_eq!(take_integer(&mut &[0x02, 0][..]), None);
    }
}
