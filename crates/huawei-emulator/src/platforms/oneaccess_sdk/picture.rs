//! The two pictures of a slide puzzle, as PNG: black and white, not compressed.

/// The picture with a dark square where the piece belongs.
pub(super) fn background(x: u32) -> Vec<u8> {
    png(WIDTH, |column, row| {
        let in_hole = (x..x + PIECE).contains(&column) && (TOP..TOP + PIECE).contains(&row);
        !in_hole && (column / 16 + row / 16) % 2 == 0
    })
}

/// The piece: a strip as high as the picture, with a frame around what fits into the hole.
pub(super) fn piece() -> Vec<u8> {
    png(PIECE, |column, row| {
        let edge = [0, 1, PIECE - 2, PIECE - 1].contains(&column)
            || [TOP, TOP + 1, TOP + PIECE - 2, TOP + PIECE - 1].contains(&row);
        (TOP..TOP + PIECE).contains(&row) && edge
    })
}

/// A picture of one bit a pixel.
fn png(width: u32, is_white: impl Fn(u32, u32) -> bool) -> Vec<u8> {
    let mut rows = Vec::new();
    for row in 0..HEIGHT {
        // Every row begins with the number of its filter: none.
        rows.push(0);
        for first in (0..width).step_by(8) {
            let bits = (first..first + 8).fold(0, |bits: u8, column| {
                (bits << 1) | u8::from(column < width && is_white(column, row))
            });
            rows.push(bits);
        }
    }
    let mut header = Vec::new();
    header.extend(width.to_be_bytes());
    header.extend(HEIGHT.to_be_bytes());
    header.extend([1, 0, 0, 0, 0]);
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    for (name, content) in [
        (b"IHDR", header),
        (b"IDAT", zlib(&rows)),
        (b"IEND", Vec::new()),
    ] {
        let length = u32::try_from(content.len()).unwrap_or_default();
        png.extend(length.to_be_bytes());
        let start = png.len();
        png.extend(name);
        png.extend(content);
        png.extend(crc32(&png[start..]).to_be_bytes());
    }
    png
}

/// The bytes in the form of zlib, stored as they are; up to 65535 of them.
fn zlib(bytes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(bytes.len()).unwrap_or_default();
    let mut stored = vec![0x78, 0x01, 1];
    stored.extend(length.to_le_bytes());
    stored.extend((!length).to_le_bytes());
    stored.extend(bytes);
    let (low, high) = bytes.iter().fold((1u32, 0u32), |(low, high), byte| {
        let low = (low + u32::from(*byte)) % 65_521;
        (low, (high + low) % 65_521)
    });
    stored.extend(((high << 16) | low).to_be_bytes());
    stored
}

fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = !0u32;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            let low = crc & 1;
            crc = (crc >> 1) ^ (0xedb8_8320 * low);
        }
    }
    !crc
}

/// The size of the background and of the piece, in pixels: those of AJ-Captcha.
const WIDTH: u32 = 310;
const HEIGHT: u32 = 155;
const PIECE: u32 = 47;
/// How far down the hole is.
const TOP: u32 = 54;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_those_of_the_standards() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
        assert!(zlib(b"Wikipedia").ends_with(&0x11e6_0398u32.to_be_bytes()));
    }

    #[test]
    fn a_picture_begins_as_a_png_does() {
        assert!(background(100).starts_with(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x01\x36"));
        assert!(piece().ends_with(b"IEND\xaeB`\x82"));
    }
}
