//! Programs that tests compare with or drive: brought before the tests run, named to them by
//! variables, and reported where they cannot be had.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use xshell::{Shell, cmd};

use crate::tools::{self, quiet};

/// What was brought, and what could not be.
pub(crate) struct Peers {
    /// The variables by which tests find it.
    pub(crate) variables: Vec<(&'static str, OsString)>,
    /// The tests that will not run, each with its reason.
    pub(crate) missing: Vec<String>,
}

/// Brings all of them.
pub(crate) fn bring(sh: &Shell) -> Peers {
    let mut missing = Vec::new();
    let mut variables: Vec<(&'static str, OsString)> = Vec::new();
    let mut note = |what: &str, brought: Result<Vec<(&'static str, PathBuf)>>| match brought {
        Ok(found) => variables.extend(found.into_iter().map(|(name, it)| (name, it.into()))),
        Err(error) => missing.push(format!("{what}: {error:#}")),
    };
    let python = tools::python(sh, "peers", PYTHON, "python");
    note(
        "tests against Python peers",
        python.map(|python| vec![("PEERS_PYTHON", python)]),
    );
    let node = npm(sh, "openid", NODE);
    note(
        "sign-in at an OpenID provider of others",
        node.map(|folder| vec![("PEERS_NODE", folder)]),
    );
    note("sign-in in a real browser", browser(sh));
    note("tests against a Redis server", redis(sh));
    note("tests against a Valkey server", valkey(sh));
    Peers { variables, missing }
}

/// Installs npm packages into a folder of the workspace's own. A second call with the same packages
/// does nothing.
fn npm(sh: &Shell, name: &str, packages: &[&str]) -> Result<PathBuf> {
    let folder = tools::tools_dir().join(name);
    let stamp = folder.join("packages.txt");
    let wanted = packages.join("\n");
    let version = cmd!(sh, "node --version").quiet().ignore_stderr().read();
    match version.ok().and_then(|version| major(&version)) {
        None => bail!("no node on this machine"),
        Some(found) if found < OLDEST_NODE => bail!("node {found} is too old"),
        Some(_) => {}
    }
    if sh.read_file(&stamp).is_ok_and(|found| found == wanted) {
        return Ok(folder);
    }
    sh.create_dir(&folder)?;
    cmd!(
        sh,
        "npm install --silent --no-audit --no-fund --ignore-scripts --prefix {folder} {packages...}"
    )
    .quiet()
    .run()
    .with_context(|| format!("npm cannot install {}", packages.join(" ")))?;
    sh.write_file(&stamp, wanted)?;
    Ok(folder)
}

/// Finds Chromium and its driver, or installs them where that is a matter of apt-get.
fn browser(sh: &Shell) -> Result<Vec<(&'static str, PathBuf)>> {
    let find = || {
        let chromium = on_path(&["chromium", "chromium-browser", "google-chrome"])?;
        Some((chromium, on_path(&["chromedriver"])?))
    };
    if find().is_none() {
        install(sh, &["chromium", "chromium-driver"])?;
    }
    let (chromium, driver) = find().context("chromium and chromedriver are not on the path")?;
    Ok(vec![
        ("PEERS_CHROMIUM", chromium),
        ("PEERS_CHROMEDRIVER", driver),
    ])
}

/// The first number of a version like `v20.20.2`.
fn major(version: &str) -> Option<u32> {
    let number = version.trim().strip_prefix('v')?.split('.').next()?;
    number.parse().ok()
}

/// Finds a Redis server, or installs one where that is a matter of apt-get. The tests find it on the
/// path themselves.
fn redis(sh: &Shell) -> Result<Vec<(&'static str, PathBuf)>> {
    if on_path(&["redis-server"]).is_none() {
        install(sh, &["redis-server"])?;
        println!("installed redis-server with apt-get");
    }
    Ok(Vec::new())
}

/// The same for Valkey, which not every release of a distribution has.
fn valkey(sh: &Shell) -> Result<Vec<(&'static str, PathBuf)>> {
    if on_path(&["valkey-server"]).is_none() {
        install(sh, &["valkey-server"])?;
        println!("installed valkey-server with apt-get");
    }
    Ok(Vec::new())
}

/// Installs packages of the system, as root.
fn install(sh: &Shell, packages: &[&str]) -> Result<()> {
    let named = packages.join(" and ");
    let is_root = cmd!(sh, "id -u").quiet().ignore_stderr().read();
    if !is_root.is_ok_and(|id| id == "0") || on_path(&["apt-get"]).is_none() {
        bail!("neither {named} here, nor root with apt-get to install it");
    }
    // Without its lists apt-get knows no package; with old ones it may still do.
    quiet(sh, "apt-get", &["update", "--quiet"]);
    cmd!(
        sh,
        "apt-get install --yes --quiet --no-install-recommends {packages...}"
    )
    .env("DEBIAN_FRONTEND", "noninteractive")
    .quiet()
    .ignore_stdout()
    .run()
    .with_context(|| format!("apt-get cannot install {named}"))
}

/// The first of these programs that is on the path.
fn on_path(names: &[&str]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let mut places = names
        .iter()
        .flat_map(|name| folders.iter().map(move |folder| folder.join(name)));
    places.find(|place| Path::is_file(place))
}

/// Another implementation of JOSE, and what the documents' checker needs.
const PYTHON: &[&str] = &[
    "cryptography",
    "jsonschema",
    "openapi-spec-validator",
    "pyjwt",
    "pyyaml",
];

/// An OpenID provider, certified by those who make the standard.
const NODE: &[&str] = &["oidc-provider@9.13.3"];

/// The oldest node that the provider was seen to run on.
const OLDEST_NODE: u32 = 20;

#[cfg(test)]
mod tests {
    use super::major;

    #[test]
    fn the_major_version_of_node_is_read() {
        assert_eq!(major("v20.20.2\n"), Some(20));
        assert_eq!(major("v8.0.0"), Some(8));
        assert_eq!(major("nonsense"), None);
    }
}
