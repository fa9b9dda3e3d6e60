//! A browser driven over the WebDriver protocol: JSON over HTTP.

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use auth_core::{HttpSend, ReqwestSend};
use base64::Engine as _;
use bytes::Bytes;
use http::Request;
use serde_json::{Value, json};

/// A running browser with its driver.
pub(crate) struct Browser {
    driver: Child,
    transport: ReqwestSend,
    session: String,
    pictures: PathBuf,
}

impl Browser {
    /// Starts one that asks for pages in a language, with a fresh profile; nothing if there is none
    /// on this machine.
    pub(crate) async fn start(language: &str) -> Option<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let driver = std::env::var_os("PEERS_CHROMEDRIVER")?;
        let chromium = std::env::var("PEERS_CHROMIUM").ok()?;
        // A driver takes one port for both versions of IP, and ends if somebody has it for one.
        let started = (0..TRIES).find_map(|_| listening(&driver));
        let (driver, port) = started.expect("a driver that says where it listens");

        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("browser");
        let profile = folder.join(format!("profile-{}-{number}", std::process::id()));
        let mut arguments: Vec<String> = FLAGS.map(str::to_owned).to_vec();
        arguments.push(format!("--user-data-dir={}", profile.display()));
        arguments.push(format!("--lang={language}"));
        arguments.push(format!("--accept-lang={language}"));
        let options = json!({"binary": chromium, "args": arguments});
        let mut browser = Self {
            driver,
            transport: ReqwestSend::builder()
                .timeout(Duration::from_secs(120))
                .build()
                .unwrap(),
            session: format!("http://127.0.0.1:{port}/session"),
            pictures: folder,
        };
        let wanted = json!({"capabilities": {"alwaysMatch": {
            "browserName": "chrome",
            "goog:chromeOptions": options,
            "timeouts": {"implicit": 5000, "pageLoad": 60_000},
        }}});
        let session = browser.send("POST", "", Some(&wanted)).await;
        let id = session["sessionId"].as_str().expect("a session has an id");
        browser.session = format!("{}/{id}", browser.session);
        Some(browser)
    }

    /// Opens an address and waits until the page is there.
    pub(crate) async fn open(&self, address: &str) {
        self.send("POST", "/url", Some(&json!({ "url": address })))
            .await;
    }

    /// The address that the browser shows, fragment and all.
    pub(crate) async fn address(&self) -> String {
        let address = self.send("GET", "/url", None).await;
        address.as_str().expect("an address is a text").to_owned()
    }

    /// Clicks what leads to another page, and waits until that page is there: the driver returns
    /// from a click as soon as it is done, and what is read then may be of the page before.
    pub(crate) async fn follow(&self, selector: &str) {
        let before = self.element("html").await;
        self.click(selector).await;
        let deadline = tokio::time::sleep(PATIENCE);
        tokio::pin!(deadline);
        while !(self.is_gone(&before).await && self.is_loaded().await) {
            tokio::select! {
                () = &mut deadline => panic!("no other page came after the click on {selector}"),
                // Another program loads the page, in its own time.
                () = tokio::time::sleep(POLL) => {}
            }
        }
    }

    /// Clicks what a CSS selector finds first.
    pub(crate) async fn click(&self, selector: &str) {
        let element = self.element(selector).await;
        self.send(
            "POST",
            &format!("/element/{element}/click"),
            Some(&json!({})),
        )
        .await;
    }

    /// The text that a person sees there.
    pub(crate) async fn text(&self, selector: &str) -> String {
        let element = self.element(selector).await;
        let text = self
            .send("GET", &format!("/element/{element}/text"), None)
            .await;
        text.as_str().expect("a text").to_owned()
    }

    /// Keeps a picture of the page for whoever wants to look at it.
    pub(crate) async fn picture(&self, name: &str) {
        let picture = self.send("GET", "/screenshot", None).await;
        let picture = picture.as_str().expect("a picture in Base64");
        let picture = base64::prelude::BASE64_STANDARD.decode(picture).unwrap();
        std::fs::create_dir_all(&self.pictures).unwrap();
        std::fs::write(self.pictures.join(format!("{name}.png")), picture).unwrap();
    }

    /// Ends the session, which closes the browser.
    pub(crate) async fn stop(self) {
        self.send("DELETE", "", None).await;
    }

    async fn element(&self, selector: &str) -> String {
        let by = json!({"using": "css selector", "value": selector});
        let found = self.send("POST", "/element", Some(&by)).await;
        let mut ids = found.as_object().into_iter().flatten();
        let (_, id) = ids.next().unwrap_or_else(|| panic!("no {selector}"));
        id.as_str().expect("an element has an id").to_owned()
    }

    /// Whether an element belongs to a page that is not shown any more.
    async fn is_gone(&self, element: &str) -> bool {
        let path = format!("/element/{element}/name");
        let (status, value) = self.exchange("GET", &path, None).await;
        match value["error"].as_str() {
            Some("stale element reference" | "no such element") => true,
            // Between two pages the browser knows neither: the next look will tell.
            Some("unknown error") => false,
            other => {
                assert!(status == 200, "{path}: {other:?}");
                false
            }
        }
    }

    async fn is_loaded(&self) -> bool {
        let script = json!({"script": "return document.readyState", "args": []});
        let (status, state) = self.exchange("POST", "/execute/sync", Some(&script)).await;
        // Between two pages there is nowhere to run a script.
        status == 200 && state == "complete"
    }

    async fn send(&self, method: &str, path: &str, body: Option<&Value>) -> Value {
        let (status, value) = self.exchange(method, path, body).await;
        assert_eq!(status, 200, "{method} {path}: {value:#}");
        value
    }

    async fn exchange(&self, method: &str, path: &str, body: Option<&Value>) -> (u16, Value) {
        let body = body.map_or_else(Bytes::new, |body| Bytes::from(body.to_string()));
        let request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.session))
            .header("content-type", "application/json")
            .body(body)
            .unwrap();
        let answer = self.transport.send(request).await.unwrap();
        let mut value: Value = serde_json::from_slice(answer.body()).unwrap();
        (answer.status().as_u16(), value["value"].take())
    }
}

/// Starts a driver, which says at which port it listens, or ends.
fn listening(program: &OsStr) -> Option<(Child, String)> {
    let mut driver = Command::new(program)
        .arg("--port=0")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the driver starts");
    let output = BufReader::new(driver.stdout.take().expect("a pipe"));
    let port = output.lines().map_while(Result::ok).find_map(|line| {
        let (_, port) = line.split_once("started successfully on port ")?;
        Some(port.trim_end_matches('.').to_owned())
    });
    if port.is_none() {
        let _ = driver.wait();
    }
    Some((driver, port?))
}

impl Drop for Browser {
    fn drop(&mut self) {
        // A browser of a failed test goes with its driver.
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

/// How often a driver is started that finds no port.
const TRIES: usize = 5;
/// How long a page may take to come, and how often it is looked for.
const PATIENCE: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(20);

const FLAGS: [&str; 10] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=560,860",
];
