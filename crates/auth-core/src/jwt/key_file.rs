//! Key files: the JSON that a console hands out, however it was pasted.

use std::env;
use std::fmt;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use zeroize::Zeroizing;

use crate::jwt::flaw::Flaw;
use crate::jwt::paste::{self, Fields};
use crate::jwt::{Algorithm, SigningKey, pem};
use crate::{Error, Result};

/// The file with a private key that a platform's console hands out: one JSON object of texts.
///
/// Which fields there are is the platform's business; this type finds them, forgives what happens
/// to such files between the console and a program, and keeps them out of sight:
///
/// - a byte order mark, CRLF, UTF-16 as some Windows programs write it;
/// - quotes around the whole, or a whole that is escaped for a shell or as a JSON string;
/// - the whole in Base64, in either alphabet, wrapped or not;
/// - real line feeds inside of texts, single quotes, a comma too many;
/// - a private key in any of the forms that [`SigningKey::from_pem`] takes.
///
/// An error names the field, the line and the column, and never what stands there. `Debug` shows
/// the names of the fields. The copies made while reading are overwritten.
///
/// ```
/// use auth_core::jwt::{Algorithm, KeyFile};
///
/// # let pem = include_str!("../../tests/data/rsa2048.pkcs8.pem");
/// # let text = serde_json::json!({"account": "100042", "key": pem}).to_string();
/// let file = KeyFile::parse(&text)?;
/// let account = file.require("account")?;
/// let key = file.signing_key("key", Algorithm::Ps256)?;
/// # assert_eq!(account, "100042");
/// # let _ = key;
///
/// let error = file.require("region").unwrap_err();
/// assert_eq!(error.to_string(), "the key file has no field `region`");
/// # Ok::<_, auth_core::Error>(())
/// ```
pub struct KeyFile {
    fields: Fields,
}

impl KeyFile {
    /// Reads the text of a key file.
    pub fn parse(text: &str) -> Result<Self> {
        match paste::fields(text) {
            Ok(fields) => Ok(Self { fields }),
            Err(flaw) => Err(Error::credentials(format!("the key file: {flaw}"))),
        }
    }

    /// Reads a key file from disk. Blocks the thread for as long as the disk takes.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let bytes = read(path).map_err(|error| {
            let what = format!("the key file {} cannot be read", path.display());
            Error::credentials(what).because(error)
        })?;
        let fields = paste::decode(&bytes).and_then(|text| paste::fields(&text));
        match fields {
            Ok(fields) => Ok(Self { fields }),
            Err(flaw) => Err(Error::credentials(format!(
                "the key file {}: {flaw}",
                path.display()
            ))),
        }
    }

    /// Reads a key file from an environment variable that holds its text, plain or in Base64, or its
    /// path.
    pub fn from_env(variable: &str) -> Result<Self> {
        let value = env::var(variable).map_err(|error| {
            let what = format!("the environment variable {variable} cannot be read");
            match error {
                // The other kind of error would print the value.
                env::VarError::NotPresent => Error::credentials(what).because(error),
                env::VarError::NotUnicode(_) => Error::credentials(what),
            }
        })?;
        let value = Zeroizing::new(value);
        let path = Path::new(value.trim());
        if path.is_file() {
            Self::from_file(path)
        } else {
            Self::parse(&value)
        }
    }

    /// The value of a field, if the file has it; a number as it is written. May be a secret.
    pub fn get(&self, field: &str) -> Option<&str> {
        self.fields
            .iter()
            .find(|(name, _)| name == field)
            .map(|(_, value)| value.expose())
    }

    /// The value of a field that must be there and not be empty. May be a secret.
    pub fn require(&self, field: &str) -> Result<&str> {
        match self.get(field).map(str::trim) {
            Some("") => Err(self.refuse(field, "is empty")),
            Some(value) => Ok(value),
            None => Err(Error::credentials(format!(
                "the key file has no field `{field}`"
            ))),
        }
    }

    /// The private key in a field.
    pub fn signing_key(&self, field: &str, algorithm: Algorithm) -> Result<SigningKey> {
        let der = pem::private_key(self.require(field)?)
            .map_err(|flaw: Flaw| self.refuse(field, &format!("has a flaw: {flaw}")))?;
        SigningKey::parse(algorithm, &der).map_err(|what| self.refuse(field, what))
    }

    fn refuse(&self, field: &str, what: &str) -> Error {
        Error::credentials(format!("the key file's field `{field}` {what}"))
    }
}

/// Shows the names of the fields.
impl fmt::Debug for KeyFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.fields.iter().map(|(name, _)| name).collect();
        f.debug_struct("KeyFile")
            .field("fields", &names)
            .finish_non_exhaustive()
    }
}

fn read(path: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
    // One byte more than is accepted, so that what is too long is still seen to be; in one piece,
    // because a vector that grows leaves copies behind.
    let limit = paste::TEXT_LEN_MAX + 1;
    let mut bytes = Zeroizing::new(Vec::with_capacity(limit));
    let file = File::open(path)?;
    file.take(limit as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}
