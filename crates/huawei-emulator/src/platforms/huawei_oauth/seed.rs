//! What HUAWEI ID begins with in a fresh space.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use super::accounts::{Accounts, Agent, AgentSource};
use super::{App, User};

/// The state of a fresh space.
#[derive(Clone, Debug)]
pub(crate) struct Seed(pub Accounts);

/// The state of a fresh space as a state file has it.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Source {
    #[serde(default)]
    users: Vec<User>,
    #[serde(default)]
    apps: Vec<App>,
    #[serde(default)]
    agents: Vec<AgentSource>,
}

impl Seed {
    /// Reads a state file, or says what is wrong with it.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        let source: Source = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let agents = source.agents.into_iter().map(|source| {
            let name = source.sub_account.clone();
            Agent::new(source).map_err(|reason| format!("agent {name}: {reason}"))
        });
        Ok(Self(Accounts {
            agents: agents.collect::<Result<_, _>>()?,
            users: source.users,
            apps: source.apps,
        }))
    }

    /// Writes a state file.
    pub(crate) fn write(&self) -> String {
        let Accounts {
            users,
            apps,
            agents,
        } = &self.0;
        let source = Source {
            users: users.clone(),
            apps: apps.clone(),
            agents: agents.iter().map(|agent| agent.source.clone()).collect(),
        };
        serde_json::to_string_pretty(&source).unwrap_or_default() + "\n"
    }
}

impl Default for Seed {
    /// Three apps of two developers, an agent, and a user of every kind of trouble.
    fn default() -> Self {
        static BUILT_IN: LazyLock<Seed> = LazyLock::new(built_in);
        BUILT_IN.clone()
    }
}

fn built_in() -> Seed {
    let users = vec![
        User::new(USER, "李雷")
            .email("lilei@example.com")
            .phone("0086", "19100000008")
            .picture("https://example.com/lilei.jpg")
            .age_range(4)
            .risk(2, ["spamMailbox"]),
        User::new("anna", "Anna")
            .email("anna@example.com")
            .phone("007", "9000000043")
            .site(8),
        User {
            nickname: None,
            ..User::new("no-nickname", "")
                .phone("0086", "18200000074")
                .phone_proven(false)
        },
        User::new("no-phone", "韩梅梅")
            .email("hanmeimei@example.com")
            .age_range(3),
    ];
    let with_addresses = |app: App| {
        let addresses = [
            "http://127.0.0.1:3000/callback",
            "http://localhost:3000/callback",
        ];
        addresses.into_iter().fold(app, App::redirect_uri)
    };
    let apps = vec![
        with_addresses(App::new(CLIENT_ID, CLIENT_SECRET))
            .redirect_uri("https://www.thirdwebdemo.com/redirect_url")
            .name("Demo Shop")
            .group("group-1"),
        with_addresses(App::new(SECOND_CLIENT_ID, "emulatedSecret2"))
            .name("Second App")
            .group("group-1"),
        with_addresses(App::new(OTHER_CLIENT_ID, "emulatedSecret3"))
            .name("Another Developer's App")
            .developer("developer-2")
            .scopes("openid profile"),
    ];
    let agent = AgentSource {
        sub_account: AGENT_ID.to_owned(),
        key_id: format!("{AGENT_ID}e4a1b2c3d4e5f60718293a4b"),
        pem: include_str!("../../../keys/second.pem").to_owned(),
        merchants: vec![CLIENT_ID.to_owned()],
    };
    Seed(Accounts {
        users,
        apps,
        agents: vec![Agent::new(agent).expect("the keys of the crate are sound")],
    })
}

/// A user who has everything.
pub(crate) const USER: &str = "lilei";
pub(crate) const CLIENT_ID: &str = "200000001";
/// Holds the characters that a form has to encode.
pub(crate) const CLIENT_SECRET: &str = "emulated+secret/1==";
pub(crate) const SECOND_CLIENT_ID: &str = "200000002";
pub(crate) const OTHER_CLIENT_ID: &str = "200000003";
pub(crate) const AGENT_ID: &str = "210000001";
