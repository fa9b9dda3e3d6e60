//! The command line.

use std::ffi::OsString;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use lexopt::prelude::{Long, Short, Value, ValueExt};

/// What the program is asked to do.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Arguments {
    pub command: Command,
    pub listen: SocketAddr,
    pub url: Option<String>,
}

/// A command with the options only it has.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Command {
    Help,
    Init {
        folder: PathBuf,
    },
    Serve {
        record: Option<PathBuf>,
        state: Option<PathBuf>,
    },
    Version,
}

impl Arguments {
    pub(crate) fn parse(
        arguments: impl IntoIterator<Item = OsString>,
    ) -> Result<Self, lexopt::Error> {
        let mut parser = lexopt::Parser::from_args(arguments);
        let mut listen = SocketAddr::from((Ipv4Addr::LOCALHOST, PORT));
        let (mut url, mut record, mut state) = (None, None, None);
        let (mut init, mut folder) = (false, None);
        while let Some(argument) = parser.next()? {
            match argument {
                Short('h') | Long("help") => return Ok(Self::only(Command::Help)),
                Short('V') | Long("version") => return Ok(Self::only(Command::Version)),
                Short('l') | Long("listen") => listen = parser.value()?.parse()?,
                Long("url") => url = Some(parser.value()?.string()?),
                Long("record") => record = Some(PathBuf::from(parser.value()?)),
                Long("state") => state = Some(PathBuf::from(parser.value()?)),
                Value(word) if !init && word == "init" => init = true,
                Value(word) if init && folder.is_none() => folder = Some(PathBuf::from(word)),
                other => return Err(other.unexpected()),
            }
        }
        let command = match (init, folder) {
            (true, Some(folder)) => Command::Init { folder },
            (true, None) => return Err("init wants a directory".into()),
            (false, _) => Command::Serve { record, state },
        };
        Ok(Self {
            command,
            listen,
            url,
        })
    }

    fn only(command: Command) -> Self {
        Self {
            command,
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, PORT)),
            url: None,
        }
    }
}

/// The port that nobody has to name.
const PORT: u16 = 8700;

/// The text of `--help`.
pub(crate) const HELP: &str = "\
Emulates Huawei's identity and messaging platforms on one local port.

Usage:
  huawei-emulator [--listen ADDRESS] [--state DIR] [--record DIR]
  huawei-emulator init DIR [--listen ADDRESS] [--url URL]

Without a command it serves until it is interrupted. Open its address in a
browser to see the requests with their verdicts, and the phone with its pushes.

Commands:
  init DIR               Write what a client needs into DIR: a key file, client
                         ids and secrets, device tokens, and an .env with all.

Options:
  -l, --listen ADDRESS   Where to listen [default: 127.0.0.1:8700]. In a
                         container: 0.0.0.0:8700.
      --state DIR        Begin with the accounts and devices of the files that
                         init wrote to DIR.
      --record DIR       Write each exchange as a sample file below DIR, without
                         secrets.
      --url URL          The address that init writes into .env, if clients
                         reach the emulator by another name.
  -h, --help             Print this.
  -V, --version          Print the version.

Addresses:
  /<platform>/...        The platform: harmony-push, huawei-oauth, welink-oauth,
                         oneaccess-sdk, iot-na. The prefix may be left out.
  /_space/<id>/...       The same with a state of its own, for one test.
  /_emulator/...         The control API: reset, clock, faults, log, devices.
";

#[cfg(test)]
mod tests {
    use super::{Arguments, Command};

    fn check(line: &str, expected: Result<Command, &str>) {
        let words = line.split_whitespace().map(Into::into);
        let found = Arguments::parse(words).map(|arguments| arguments.command);
        match (found, expected) {
            (Ok(found), Ok(expected)) => assert_eq!(found, expected, "{line}"),
            (Err(found), Err(part)) => assert!(found.to_string().contains(part), "{found}"),
            (found, expected) => panic!("{line}: {found:?} instead of {expected:?}"),
        }
    }

    #[test]
    fn commands_are_told_apart() {
        let serve = |record: Option<&str>, state: Option<&str>| Command::Serve {
            record: record.map(Into::into),
            state: state.map(Into::into),
        };
        check("", Ok(serve(None, None)));
        check("--state a --record b", Ok(serve(Some("b"), Some("a"))));
        check(
            "init here",
            Ok(Command::Init {
                folder: "here".into(),
            }),
        );
        check("--listen 0.0.0.0:1 --help", Ok(Command::Help));
        check("-V", Ok(Command::Version));
        check("init", Err("directory"));
        check("serve", Err("serve"));
        check("--listen nowhere", Err("nowhere"));
    }
}
