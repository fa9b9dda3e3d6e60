//! Multipart forms.

use bytes::Bytes;

/// One part of a multipart form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FormPart {
    pub name: String,
    pub content: Bytes,
}

/// The parts of a form; nothing when the body is not one.
pub(crate) fn read(content_type: &str, body: &Bytes) -> Option<Vec<FormPart>> {
    let boundary = parameter(content_type, "boundary")?;
    let delimiter = format!("--{boundary}");
    let delimiter = delimiter.as_bytes();
    let mut parts = Vec::new();
    let mut at = find(body, delimiter, 0)? + delimiter.len();
    loop {
        if body[at..].starts_with(b"--") {
            return Some(parts);
        }
        let start = at + body[at..].starts_with(b"\r\n").then_some(2)?;
        let end = find(body, &[b"\r\n", delimiter].concat(), start)?;
        let blank = find(body, b"\r\n\r\n", start).filter(|&blank| blank < end)?;
        let head = std::str::from_utf8(&body[start..blank]).ok()?;
        let disposition = head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("content-disposition")
                .then_some(value)
        })?;
        parts.push(FormPart {
            name: parameter(disposition, "name")?,
            content: body.slice(blank + 4..end),
        });
        at = end + 2 + delimiter.len();
    }
}

/// A parameter of a header value.
fn parameter(header: &str, name: &str) -> Option<String> {
    header.split(';').skip(1).find_map(|piece| {
        let (key, value) = piece.trim().split_once('=')?;
        key.eq_ignore_ascii_case(name)
            .then(|| value.trim_matches('"').to_owned())
    })
}

fn find(text: &[u8], wanted: &[u8], from: usize) -> Option<usize> {
    let rest = text.get(from..)?;
    rest.windows(wanted.len())
        .position(|window| window == wanted)
        .map(|at| from + at)
}

#[cfg(test)]
mod tests {
    use super::{Bytes, FormPart, read};

    #[test]
    fn parts_are_cut_at_the_boundary() {
        let body = Bytes::from_static(
            b"--xx\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\nhi\r\n\
              --xx\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a.png\"\r\n\
              Content-Type: image/png\r\n\r\n\x89P\r\nNG\r\n--xx--\r\n",
        );
        let parts = read("multipart/form-data; boundary=\"xx\"", &body);
        let part = |name: &str, content: &'static [u8]| FormPart {
            name: name.to_owned(),
            content: Bytes::from_static(content),
        };
        assert_eq!(
            parts,
            Some(vec![part("note", b"hi"), part("file", b"\x89P\r\nNG"),])
        );
        assert_eq!(read("multipart/form-data", &body), None);
        assert_eq!(read("multipart/form-data; boundary=yy", &body), None);
    }
}
