//! Bodies of `multipart/form-data`, as RFC 7578 has them.

use std::fmt::{self, Display};

use bytes::Bytes;

/// A `multipart/form-data` body, part by part.
///
/// ```
/// use auth_core::{File, Multipart};
///
/// let body = Multipart::new()
///     .text("fileName", "parcel.png")
///     .file("file", &File::new("parcel.png", "image/png", &b"..."[..]));
/// ```
pub struct Multipart {
    boundary: String,
    body: Vec<u8>,
}

/// A file of a `multipart/form-data` body.
#[derive(Clone)]
#[non_exhaustive]
pub struct File {
    /// The name of the file.
    pub name: String,
    /// The media type, for example `image/png`.
    pub content_type: String,
    /// The content.
    pub content: Bytes,
}

impl Multipart {
    /// Starts a body without parts. Its boundary is random.
    pub fn new() -> Self {
        Self::with_boundary(format!("{:032x}", fastrand::u128(..)))
    }

    /// Adds a field.
    pub fn text(self, name: &str, value: impl Display) -> Self {
        self.part(name, "", value.to_string().as_bytes())
    }

    /// Adds a field if there is a value.
    pub fn text_opt(self, name: &str, value: Option<impl Display>) -> Self {
        match value {
            Some(value) => self.text(name, value),
            None => self,
        }
    }

    /// Adds a file.
    pub fn file(self, name: &str, file: &File) -> Self {
        // A line break would end the header; the platform is told of an unknown kind instead.
        let content_type = match file.content_type.contains(char::is_control) {
            true => "application/octet-stream",
            false => &file.content_type,
        };
        let more = format!(
            "; filename=\"{}\"\r\nContent-Type: {content_type}",
            quoted(&file.name),
        );
        self.part(name, &more, &file.content)
    }

    /// Adds a file if there is one.
    pub fn file_opt(self, name: &str, file: Option<&File>) -> Self {
        match file {
            Some(file) => self.file(name, file),
            None => self,
        }
    }

    /// The value of `Content-Type`, and the whole body.
    pub(crate) fn finish(mut self) -> (String, Bytes) {
        let end = format!("--{}--\r\n", self.boundary);
        self.body.extend_from_slice(end.as_bytes());
        let content_type = format!("multipart/form-data; boundary={}", self.boundary);
        (content_type, self.body.into())
    }

    fn with_boundary(boundary: String) -> Self {
        Self {
            boundary,
            body: Vec::new(),
        }
    }

    fn part(mut self, name: &str, more: &str, content: &[u8]) -> Self {
        let head = format!(
            "--{}\r\nContent-Disposition: form-data; name=\"{}\"{more}\r\n\r\n",
            self.boundary,
            quoted(name),
        );
        self.body.reserve(head.len() + content.len() + 2);
        self.body.extend_from_slice(head.as_bytes());
        self.body.extend_from_slice(content);
        self.body.extend_from_slice(b"\r\n");
        self
    }
}

impl Default for Multipart {
    fn default() -> Self {
        Self::new()
    }
}

/// Shows the size only: parts can hold secrets.
impl fmt::Debug for Multipart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Multipart")
            .field("bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

impl File {
    /// A file with its name, media type and content.
    pub fn new(
        name: impl Into<String>,
        content_type: impl Into<String>,
        content: impl Into<Bytes>,
    ) -> Self {
        Self {
            name: name.into(),
            content_type: content_type.into(),
            content: content.into(),
        }
    }
}

/// Shows the size of the content only.
impl fmt::Debug for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("File")
            .field("name", &self.name)
            .field("content_type", &self.content_type)
            .field("bytes", &self.content.len())
            .finish()
    }
}

/// A name between quotes, escaped as browsers do.
fn quoted(name: &str) -> String {
    name.replace('"', "%22")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_stand_between_boundaries() {
        let file = File::new("a.txt", "text/plain", "hello");
        let (content_type, body) = Multipart::with_boundary("x1".into())
            .text("kind", 7)
            .file("file", &file)
            .finish();
        assert_eq!(content_type, "multipart/form-data; boundary=x1");
        assert_eq!(
            body,
            "--x1\r\nContent-Disposition: form-data; name=\"kind\"\r\n\r\n7\r\n\
             --x1\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\
             Content-Type: text/plain\r\n\r\nhello\r\n--x1--\r\n"
        );
    }

    #[test]
    fn a_file_name_cannot_break_out_of_its_quotes() {
        let file = File::new("a\"\r\nX: y", "text/plain\r\nX: y", "");
        let (_, body) = Multipart::new().file("f", &file).finish();
        let text = String::from_utf8_lossy(&body);
        assert!(text.contains("filename=\"a%22%0D%0AX: y\""), "{text}");
        assert!(
            text.contains("Content-Type: application/octet-stream\r\n"),
            "{text}"
        );
    }

    #[test]
    fn absent_parts_are_left_out_and_boundaries_differ() {
        let (one, body) = Multipart::new()
            .text_opt("a", None::<u8>)
            .file_opt("b", None)
            .finish();
        let (two, _) = Multipart::new().finish();
        assert!(body.starts_with(b"--") && body.ends_with(b"--\r\n"));
        assert_ne!(one, two);
    }

    #[test]
    fn content_stays_out_of_debug() {
        let file = File::new("a", "b", "hush");
        let body = Multipart::new().text("a", "hush").file("b", &file);
        let text = format!("{file:?} {body:?}");
        assert!(!text.contains("hush"), "{text}");
    }
}
