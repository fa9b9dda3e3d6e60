//! What a file of the store looks like: a line that says what it is, and a check of what follows.

use std::str;

use crate::store::Stored;
use crate::store::slot::Held;

/// The content of a file.
pub(super) enum Frame {
    Lease(Held),
    Record(Stored),
}

/// The bytes of a record's file.
pub(super) fn record(stored: &Stored) -> Vec<u8> {
    whole("token", stored.generation(), stored.record())
}

/// The bytes of a lease's file.
pub(super) fn lease(held: &Held) -> Vec<u8> {
    let text = format!("{} {} {}", held.from, held.span, held.holder);
    whole("lease", 0, text.as_bytes())
}

/// Reads a file of either kind, or says what is wrong with it.
pub(super) fn parse(bytes: &[u8]) -> Result<Frame, &'static str> {
    let line = bytes.iter().position(|byte| *byte == b'\n');
    let (head, body) = line.map_or((bytes, &[][..]), |at| (&bytes[..at], &bytes[at + 1..]));
    let head = str::from_utf8(head).map_err(|_| FOREIGN)?;
    let mut words = head.strip_prefix(MAGIC).ok_or(FOREIGN)?.split(' ');
    let mut word = || words.next().ok_or("is cut off");
    let (kind, generation, length, check) = (word()?, word()?, word()?, word()?);
    let generation: u64 = generation.parse().map_err(|_| CHANGED)?;
    if length.parse() != Ok(body.len()) {
        return Err("is cut off");
    }
    if check != format!("{:016x}", sum(kind, generation, body)) {
        return Err(CHANGED);
    }
    match kind {
        "token" => Ok(Frame::Record(Stored::new(generation, body.to_vec()))),
        "lease" => held(body).map(Frame::Lease).ok_or(CHANGED),
        _ => Err(FOREIGN),
    }
}

fn whole(kind: &str, generation: u64, body: &[u8]) -> Vec<u8> {
    let (length, check) = (body.len(), sum(kind, generation, body));
    let head = format!("{MAGIC}{kind} {generation} {length} {check:016x}\n");
    [head.as_bytes(), body].concat()
}

fn held(body: &[u8]) -> Option<Held> {
    let mut words = str::from_utf8(body).ok()?.splitn(3, ' ');
    Some(Held {
        from: words.next()?.parse().ok()?,
        span: words.next()?.parse().ok()?,
        holder: words.next()?.to_owned(),
    })
}

/// FNV-1a, against accidents and not against attackers: who can write the file can write anything.
fn sum(kind: &str, generation: u64, body: &[u8]) -> u64 {
    let parts = [kind.as_bytes(), &generation.to_le_bytes(), body];
    parts
        .iter()
        .flat_map(|part| *part)
        .fold(OFFSET, |sum, byte| {
            (sum ^ u64::from(*byte)).wrapping_mul(PRIME)
        })
}

const MAGIC: &str = "auth-core ";
const FOREIGN: &str = "is no file of this store";
const CHANGED: &str = "was changed";
const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x0100_0000_01b3;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_reads_as_it_was_written() {
        let stored = Stored::new(7, b"a\nb".to_vec());
        let Ok(Frame::Record(read)) = parse(&record(&stored)) else {
            panic!("a record");
        };
        assert_eq!((read.generation(), read.record()), (7, &b"a\nb"[..]));
        let held = Held {
            holder: "host 1".to_owned(),
            from: -5,
            span: 10_000,
        };
        let Ok(Frame::Lease(read)) = parse(&lease(&held)) else {
            panic!("a lease");
        };
        assert_eq!(read, held);
    }

    #[test]
    fn every_cut_and_every_changed_bit_is_noticed() {
        let whole = record(&Stored::new(7, b"some record".to_vec()));
        for end in 0..whole.len() {
            assert!(parse(&whole[..end]).is_err(), "cut at {end}");
        }
        for at in 0..whole.len() * 8 {
            let mut changed = whole.clone();
            changed[at / 8] ^= 1 << (at % 8);
            assert!(parse(&changed).is_err(), "bit {at}");
        }
    }
}
