//! A Redis server for one test, which can be ended and started again.
//!
//! Without a `redis-server` on this machine the tests that need one do nothing but say so; `cargo
//! xtask test` brings one where it can, and reports what was not run.

use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use auth_core::{RedisStore, TokenStore};
use tokio::time::sleep;

use crate::fleet::secrets::Directory;
use crate::fleet::world::key;

/// A server on a port of its own, which keeps what it is told on disk.
pub(crate) struct Server {
    program: &'static str,
    kind: Kind,
    directory: Directory,
    pub(crate) port: u16,
    child: Child,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// One of a cluster, which has to be made of them yet.
    Node,
    Plain,
    /// With the certificate of the tests for TLS.
    Tls,
}

impl Server {
    pub(crate) async fn start(name: &str) -> Option<Self> {
        Self::start_as("redis-server", Kind::Plain, name).await
    }

    pub(crate) async fn start_as(program: &'static str, kind: Kind, name: &str) -> Option<Self> {
        let directory = Directory::new(name);
        let port = free_port();
        let server = Self {
            child: spawn(program, kind, &directory, port)?,
            program,
            kind,
            directory,
            port,
        };
        server.answers().await;
        Some(server)
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    pub(crate) fn store(&self) -> RedisStore {
        RedisStore::new(&self.url()).unwrap()
    }

    async fn answers(&self) {
        let probe = self.store();
        for _ in 0..200 {
            let answers = match self.kind {
                Kind::Plain => probe.read(&key()).await.is_ok(),
                Kind::Node | Kind::Tls => TcpStream::connect(("127.0.0.1", self.port)).is_ok(),
            };
            if answers {
                return;
            }
            sleep(Duration::from_millis(25)).await;
        }
        panic!("the server does not answer");
    }

    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub(crate) async fn restart(&mut self) {
        self.child = spawn(self.program, self.kind, &self.directory, self.port).unwrap();
        self.answers().await;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Makes a cluster of three nodes.
pub(crate) async fn cluster(name: &str) -> Option<[Server; 3]> {
    let node = async |number: u8| {
        let name = format!("{name}-{number}");
        Server::start_as("redis-server", Kind::Node, &name).await
    };
    let nodes = [node(1).await?, node(2).await?, node(3).await?];
    let addresses = nodes
        .each_ref()
        .map(|node| format!("127.0.0.1:{}", node.port));
    let made = Command::new("redis-cli")
        .args(["--cluster", "create"])
        .args(addresses)
        .arg("--cluster-yes")
        .output()
        .expect("a redis-cli comes with the server");
    let said = String::from_utf8_lossy(&made.stdout);
    assert!(made.status.success(), "{said}");
    Some(nodes)
}

#[expect(clippy::print_stderr, reason = "a test that was not run says so")]
fn spawn(program: &str, kind: Kind, directory: &Directory, port: u16) -> Option<Child> {
    let port = port.to_string();
    let mut command = Command::new(program);
    match kind {
        Kind::Plain => command.args(["--port", &port]),
        Kind::Node => command
            .args(["--port", &port, "--cluster-enabled", "yes"])
            .args(["--cluster-port", &free_port().to_string()]),
        Kind::Tls => command
            .args([
                "--port",
                "0",
                "--tls-port",
                &port,
                "--tls-auth-clients",
                "no",
            ])
            .args(["--tls-cert-file", &tls("server.pem")])
            .args(["--tls-key-file", &tls("server.pem")])
            .args(["--tls-ca-cert-file", &tls("authority.pem")]),
    };
    let started = command
        .args(["--bind", "127.0.0.1", "--save", ""])
        .args(["--appendonly", "yes", "--appendfsync", "always", "--dir"])
        .arg(&directory.0)
        .stdout(Stdio::null())
        .spawn();
    if started.is_err() {
        eprintln!("NOT RUN: there is no {program} on this machine");
    }
    started.ok()
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

fn tls(file: &str) -> String {
    let data = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/tls");
    data.join(file).display().to_string()
}
