//! Runs a program with everything told, and searches its output for the secrets it made.

use std::ffi::OsStr;
use std::fmt;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

use super::canary::Forms;

/// A run of a program or of a test that was watched: every [`Secret`](crate::Secret), token and key
/// that it made was noted, every span and event of every crate was written to its standard error
/// down to `TRACE`, and so was the `Debug` text of every [`Error`](crate::Error).
///
/// The output is searched for each secret of at least 8 bytes, in every form that
/// [`Canary`](super::Canary) knows. The program must be built with debug assertions and with
/// auth-core's feature `testing`; any other notes nothing, and [`secrets`](Self::secrets) is 0.
/// Programs that it starts are watched too, as far as it passes on what they print.
///
/// The example `leaks` of this crate is this as a runner for cargo, which searches a whole test
/// suite.
///
/// ```no_run
/// use std::process::Command;
///
/// use auth_core::testing::Watched;
///
/// # let folder = std::env::temp_dir();
/// let run = Watched::run(&mut Command::new("target/debug/server"), &folder, &[])?;
/// assert!(run.secrets() > 0, "nothing was searched for");
/// assert!(run.leaks().is_empty(), "{:?}", run.leaks());
/// # Ok::<_, std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct Watched {
    status: ExitStatus,
    stdout: Vec<u8>,
    stderr: Vec<u8>,
    secrets: usize,
    leaks: Vec<Leak>,
}

/// A place where a secret was printed. Does not repeat it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leak {
    form: &'static str,
    line: usize,
    stream: &'static str,
}

impl Watched {
    /// Runs a program to its end. Its output goes into files of `folder` while it runs, which are
    /// removed afterwards, as are its notes; `public` are texts that are no secrets, though the
    /// program treats them as such.
    ///
    /// # Errors
    ///
    /// If the program cannot be started, or the files cannot be written or read.
    pub fn run(command: &mut Command, folder: &Path, public: &[&str]) -> io::Result<Self> {
        let unique = format!("{}-{:016x}", std::process::id(), fastrand::u64(..));
        let file = |name: &str| Removed(folder.join(format!("{unique}.{name}")));
        let (notes, out, err) = (file("secrets"), file("stdout"), file("stderr"));
        let status = command
            .env(NOTES_FILE, &notes)
            // Files and not pipes: a child that lives on would keep a pipe open.
            .stdout(File::create(&out)?)
            .stderr(File::create(&err)?)
            .status()?;
        let (stdout, stderr) = (fs::read(&out)?, fs::read(&err)?);
        let secrets = match fs::read_to_string(&notes) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            noted => read(&noted?, public),
        };
        let forms = Forms::of(&secrets);
        let mut leaks = Vec::new();
        for (stream, bytes) in [("standard output", &stdout), ("standard error", &stderr)] {
            let found = forms.search(bytes).into_iter();
            leaks.extend(found.map(|(form, line)| Leak { form, line, stream }));
        }
        Ok(Self {
            status,
            stdout,
            stderr,
            secrets: secrets.len(),
            leaks,
        })
    }

    /// How the program ended.
    pub fn status(&self) -> ExitStatus {
        self.status
    }

    /// What it wrote to standard output.
    pub fn stdout(&self) -> &[u8] {
        &self.stdout
    }

    /// What it wrote to standard error, what it was made to tell included.
    pub fn stderr(&self) -> &[u8] {
        &self.stderr
    }

    /// How many secrets were searched for. With none nothing was checked.
    pub fn secrets(&self) -> usize {
        self.secrets
    }

    /// Where secrets were printed: each form of a line once.
    pub fn leaks(&self) -> &[Leak] {
        &self.leaks
    }
}

impl Leak {
    /// How the secret was written, in the words of [`Canary::find`](super::Canary::find).
    pub fn form(&self) -> &'static str {
        self.form
    }
}

/// `a secret, in Base64, in line 3 of standard error`
impl fmt::Display for Leak {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { form, line, stream } = self;
        write!(f, "a secret, {form}, in line {line} of {stream}")
    }
}

/// The secrets of the notes, each once, without the public ones.
fn read(noted: &str, public: &[&str]) -> Vec<Vec<u8>> {
    let mut secrets: Vec<Vec<u8>> = noted
        .lines()
        .map(|line| {
            let digit = |at| u8::from_str_radix(&line[at..at + 2], 16).expect("notes are in hex");
            (0..line.len() / 2).map(|at| digit(at * 2)).collect()
        })
        .collect();
    secrets.sort_unstable();
    secrets.dedup();
    secrets.retain(|secret| !public.iter().any(|text| text.as_bytes() == secret));
    secrets
}

/// A file that goes when nobody needs it any more.
struct Removed(PathBuf);

impl AsRef<Path> for Removed {
    fn as_ref(&self) -> &Path {
        &self.0
    }
}

impl AsRef<OsStr> for Removed {
    fn as_ref(&self) -> &OsStr {
        self.0.as_os_str()
    }
}

impl Drop for Removed {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// The variable that names the file for the notes of a watched process.
pub(super) const NOTES_FILE: &str = "AUTH_CORE_NOTE_SECRETS";
