//! A Redis server for one run, which can be stopped, continued, killed and started again.

use std::path::PathBuf;
use std::process::Stdio;

use anyhow::{Context, Result};
use rustix::process::Signal;
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};
use tokio::time::{Duration, sleep};

use crate::fleet::signal;

/// The server.
pub(crate) struct Server {
    directory: PathBuf,
    port: u16,
    child: Child,
}

impl Server {
    /// Starts one that keeps what it is told; `None` where there is no `redis-server`.
    pub(crate) async fn start(directory: PathBuf) -> Result<Option<Self>> {
        std::fs::create_dir_all(&directory)?;
        let port = TcpListener::bind("127.0.0.1:0").await?.local_addr()?.port();
        let Ok(child) = spawn(&directory, port) else {
            return Ok(None);
        };
        let server = Self {
            directory,
            port,
            child,
        };
        server.answers().await?;
        Ok(Some(server))
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Kills it and starts it again after a while.
    pub(crate) async fn restart(&mut self, away: Duration) -> Result<()> {
        self.child.kill().await?;
        sleep(away).await;
        self.child = spawn(&self.directory, self.port)?;
        self.answers().await
    }

    /// Stops it for a while: connections stay, nothing is answered.
    pub(crate) async fn pause(&self, away: Duration) -> Result<()> {
        let pid = self.child.id().context("the server has ended")?;
        signal(pid, Signal::STOP)?;
        sleep(away).await;
        signal(pid, Signal::CONT)
    }

    async fn answers(&self) -> Result<()> {
        for _ in 0..200 {
            if TcpStream::connect(("127.0.0.1", self.port)).await.is_ok() {
                return Ok(());
            }
            sleep(Duration::from_millis(25)).await;
        }
        anyhow::bail!("the redis-server does not answer")
    }
}

fn spawn(directory: &PathBuf, port: u16) -> std::io::Result<Child> {
    Command::new("redis-server")
        .args(["--port", &port.to_string(), "--bind", "127.0.0.1"])
        .args([
            "--save",
            "",
            "--appendonly",
            "yes",
            "--appendfsync",
            "always",
        ])
        .arg("--dir")
        .arg(directory)
        .stdout(Stdio::null())
        .kill_on_drop(true)
        .spawn()
}
