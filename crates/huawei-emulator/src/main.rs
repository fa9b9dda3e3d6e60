//! The emulator as a program.

mod arguments;

use std::io::{self, Write};
use std::process::ExitCode;

use huawei_emulator::Emulator;
use tokio::signal;

use crate::arguments::{Arguments, Command, HELP};

fn main() -> ExitCode {
    let arguments = match Arguments::parse(std::env::args_os().skip(1)) {
        Ok(arguments) => arguments,
        Err(error) => {
            complain(&format!("{error}\nTry `huawei-emulator --help`."));
            return ExitCode::from(2);
        }
    };
    match run(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&error.to_string());
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> io::Result<()> {
    match arguments.command {
        Command::Help => say(HELP),
        Command::Version => say(&format!("huawei-emulator {}\n", env!("CARGO_PKG_VERSION"))),
        Command::Init { folder } => {
            let address = arguments.listen;
            let url = arguments.url.unwrap_or_else(|| format!("http://{address}"));
            let written = huawei_emulator::init(&folder, &url)?;
            let place = folder.display();
            for name in &written {
                say(&format!("wrote {place}/{name}\n"))?;
            }
            if written.is_empty() {
                say(&format!("{place} has all files already\n"))?;
            }
            say(&format!("now run: huawei-emulator --state {place}\n"))
        }
        Command::Serve { record, state } => {
            let mut builder = Emulator::builder().listen(arguments.listen);
            if let Some(folder) = record {
                builder = builder.record(folder);
            }
            if let Some(folder) = state {
                builder = builder.state(folder);
            }
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .enable_all()
                .build()?;
            runtime.block_on(async {
                let stop = Stop::listen()?;
                let emulator = builder.start().await?;
                say(&format!("listening on {}\n", emulator.base_url()))?;
                stop.asked().await?;
                emulator.stop().await;
                Ok(())
            })
        }
    }
}

/// The signals that end the program, listened to from the moment this is made.
struct Stop {
    #[cfg(unix)]
    interrupt: signal::unix::Signal,
    /// What containers are stopped with.
    #[cfg(unix)]
    terminate: signal::unix::Signal,
}

impl Stop {
    fn listen() -> io::Result<Self> {
        #[cfg(unix)]
        use signal::unix::{SignalKind, signal};
        Ok(Self {
            #[cfg(unix)]
            interrupt: signal(SignalKind::interrupt())?,
            #[cfg(unix)]
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn asked(self) -> io::Result<()> {
        #[cfg(unix)]
        {
            let Self {
                mut interrupt,
                mut terminate,
            } = self;
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        }
        #[cfg(not(unix))]
        signal::ctrl_c().await?;
        Ok(())
    }
}

fn say(text: &str) -> io::Result<()> {
    let mut output = io::stdout().lock();
    output.write_all(text.as_bytes())?;
    output.flush()
}

fn complain(text: &str) {
    let _ = writeln!(io::stderr(), "huawei-emulator: {text}");
}
