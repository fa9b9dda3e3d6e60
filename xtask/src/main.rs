//! Build commands of this workspace, run as `cargo xtask <command>`.

use std::env;

use anyhow::{Result, bail};

fn main() -> Result<()> {
    let args: Vec<String> = env::args().skip(1).collect();
    bail!("no command `{}`\n{USAGE}", args.join(" "))
}

const USAGE: &str = "\
usage: cargo xtask <command>";
