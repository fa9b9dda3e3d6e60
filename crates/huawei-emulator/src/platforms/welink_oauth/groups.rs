//! Chat groups: made, filled, renamed, handed on, disbanded; and what apps say in them.
//!
//! The document has no code for a group or a member that does not exist: whatever a group service
//! cannot do is its system error.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Value, json};

use crate::answer::{Answer, Refusal};
use crate::clock::unix_ms;
use crate::platforms::Call;

use super::State;
use super::apps::{Caller, fresh_id};
use super::directory::{Directory, Record, list, text, update};
use super::messages::Delivery;

/// A chat group.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    /// What the platform tells of it.
    pub info: Record,
    /// The users in it, its owner first among them.
    pub members: Vec<String>,
}

impl Group {
    fn id(&self) -> &str {
        text(&self.info, "group_id")
    }

    fn owner(&self) -> &str {
        text(&self.info, "owner_account")
    }

    /// Whether so many more members have room.
    fn has_room_for(&self, more: usize) -> bool {
        let capacity = self.info.get("init_capacity").and_then(Value::as_u64);
        let wanted = u64::try_from(self.members.len() + more).unwrap_or(u64::MAX);
        capacity.is_none_or(|capacity| wanted <= capacity)
    }

    fn set(&mut self, name: &str, value: Value, call: &Call<'_>) {
        self.info.insert(name.to_owned(), value);
        let time = unix_ms(call.now).to_string();
        self.info.insert("modify_time".to_owned(), time.into());
    }

    fn answer(&self) -> Answer {
        success(json!({ "group_info": self.info }))
    }
}

/// The chat groups of a space.
#[derive(Debug, Default)]
pub(crate) struct Groups {
    all: Vec<Group>,
    /// The answers to what was said, by client id and the id that the app gave its message.
    said: HashMap<(String, String), Value>,
}

impl Groups {
    /// The group with this id.
    pub(crate) fn get(&self, id: &str) -> Option<&Group> {
        self.all.iter().find(|group| group.id() == id)
    }

    /// The groups of a tenant, each with its members.
    pub(crate) fn of_tenant(&self, tenant_id: &str) -> Vec<Value> {
        let all = self.all.iter();
        let own = all.filter(|group| text(&group.info, "tenant_id") == tenant_id);
        own.map(|group| {
            let mut whole = Value::Object(group.info.clone());
            whole["members"] = json!(group.members);
            whole
        })
        .collect()
    }

    /// The place of the group that a call names, if its caller may act on it.
    fn place(&self, caller: &Caller, id: &Value) -> Result<usize, Refusal> {
        let is_it =
            |group: &Group| group.id() == id && text(&group.info, "tenant_id") == caller.tenant_id;
        let place = self.all.iter().position(is_it);
        place.ok_or_else(|| cannot("there is no such group"))
    }
}

impl State {
    /// Answers a request about groups.
    pub(super) fn of_group(&mut self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let caller = self.apps.caller(call)?;
        let body = call.body();
        match call.operation.id.as_str() {
            "create_group" => return self.create_group(&caller, call),
            "send_group_message" => return self.send_group_message(&caller, call),
            _ => {}
        }
        let place = self.groups.place(&caller, &body["group_id"])?;
        let group = &mut self.groups.all[place];
        match call.operation.id.as_str() {
            "disband_group" => {
                let group = self.groups.all.remove(place);
                self.messages
                    .robots
                    .retain(|(_, said_in)| said_in != group.id());
                Ok(success(json!({})))
            }
            "transfer_group_owner" => {
                let target = body["target_account"].as_str().unwrap_or_default();
                if !group.members.iter().any(|member| member == target) {
                    return Err(cannot("the new owner is not in the group"));
                }
                group.set("owner_account", json!(target), call);
                Ok(group.answer())
            }
            "rename_group" => {
                group.set("name", body["name"].clone(), call);
                group.set("name_changed", json!(true), call);
                if body["en_name"].is_string() {
                    group.set("en_name", body["en_name"].clone(), call);
                }
                Ok(group.answer())
            }
            "set_group_capacity" => {
                let capacity = body["capacity"]
                    .as_u64()
                    .and_then(|it| usize::try_from(it).ok());
                if capacity.is_none_or(|capacity| capacity < group.members.len()) {
                    return Err(cannot("the group has more members than that"));
                }
                group.set("init_capacity", body["capacity"].clone(), call);
                Ok(group.answer())
            }
            "add_group_members" => {
                let crosses = group.info.get("cross_corp_group") == Some(&json!(true));
                let named = list(body, "user_account");
                let (good, illegal) = sorted(&self.directories, &caller, crosses, named);
                let fresh = |user: &String| !group.members.contains(user);
                let more: Vec<String> = good.into_iter().filter(fresh).collect();
                if !group.has_room_for(more.len()) {
                    return Err(cannot("the group has no room for them"));
                }
                group.members.extend(more);
                Ok(with_illegal(json!({}), illegal))
            }
            "remove_group_members" => {
                let named = list(body, "user_account");
                if named.iter().any(|user| user == group.owner()) {
                    return Err(cannot("the owner stays until another is the owner"));
                }
                // Of those who may be nobody's members any more only the group still knows.
                let here = |user: &&Value| !group.members.iter().any(|member| *user == member);
                let others: Vec<Value> = named.iter().filter(here).cloned().collect();
                let (_, unknown) = sorted(&self.directories, &caller, true, &others);
                if !unknown.is_empty() {
                    return Err(cannot("there is no such user"));
                }
                group
                    .members
                    .retain(|member| !named.iter().any(|user| user == member));
                Ok(success(json!({})))
            }
            _ => Err(Refusal::no_behaviour(call)),
        }
    }

    fn create_group(&mut self, caller: &Caller, call: &Call<'_>) -> Result<Answer, Refusal> {
        let body = call.body();
        let crosses = body["cross_corp_group"] == true;
        let owner = std::slice::from_ref(&body["owner_account"]);
        let (mut members, unknown) = sorted(&self.directories, caller, false, owner);
        if !unknown.is_empty() {
            return Err(cannot("there is no such owner"));
        }
        let named = list(body, "user_account");
        let (others, illegal) = sorted(&self.directories, caller, crosses, named);
        members.extend(others.into_iter().filter(|user| owner[0] != user.as_str()));
        let time = unix_ms(call.now).to_string();
        let mut info = Record::new();
        update(&mut info, body);
        info.remove("user_account");
        update(
            &mut info,
            &json!({
                "group_id": format!("{}", fastrand::u64(100_000_000_000..1_000_000_000_000)),
                "app_id": caller.client_id, "creator": body["owner_account"],
                "tenant_id": caller.tenant_id, "create_time": time, "modify_time": time,
            }),
        );
        let group = Group { info, members };
        if !group.has_room_for(0) {
            return Err(cannot("the group has no room for its members"));
        }
        let answer = with_illegal(json!({ "group_info": group.info }), illegal);
        self.groups.all.push(group);
        Ok(answer)
    }

    /// Says something in groups; what has the id of an earlier message is not said again.
    fn send_group_message(&mut self, caller: &Caller, call: &Call<'_>) -> Result<Answer, Refusal> {
        let body = call.body();
        let key = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
        let message = (caller.client_id.clone(), key("app_msg_id"));
        if let Some(answer) = self.groups.said.get(&message) {
            return Ok(success(answer.clone()));
        }
        let named = list(body, "group_id");
        if named.is_empty() {
            return Err(cannot("no group is named"));
        }
        let places = named.iter().map(|id| self.groups.place(caller, id));
        let places = places.collect::<Result<Vec<_>, _>>()?;
        let mut ids = Vec::new();
        for place in places {
            let group = &mut self.groups.all[place];
            let time = unix_ms(call.now).to_string();
            group
                .info
                .insert("last_active_time".to_owned(), time.into());
            let id = fresh_id();
            self.messages.deliver(
                call,
                Delivery {
                    receiver: group.id().to_owned(),
                    readers: group.members.clone(),
                    item_id: id.clone(),
                    title: words(&key("content")),
                },
            );
            ids.push(id);
        }
        let answer = json!({
            "msg_id": ids[0], "client_msg_id": body["app_msg_id"], "server_msg_id": ids,
            "app_service_id": body["app_service_info"]["app_service_id"],
            "server_send_time": unix_ms(call.now).to_string(),
        });
        if self.groups.said.len() >= MOST_SAID {
            self.groups.said.clear();
        }
        self.groups.said.insert(message, answer.clone());
        Ok(success(answer))
    }
}

/// The refusal that group services give to a token.
pub(super) fn unauthorised(refusal: Refusal) -> Refusal {
    let reason = refusal.reason();
    match refusal.code.as_deref() {
        Some("1000" | "47101" | "47103") => Refusal::code("IM.1211").because(reason),
        _ => refusal,
    }
}

/// Those among the accounts who can be in a group, and those who cannot.
fn sorted(
    directories: &BTreeMap<String, Directory>,
    caller: &Caller,
    crosses: bool,
    accounts: &[Value],
) -> (Vec<String>, Vec<Value>) {
    let knows = |account: &Value| {
        let mut within = directories
            .iter()
            .filter(|(tenant_id, _)| crosses || **tenant_id == caller.tenant_id);
        within.any(|(_, it)| it.users.iter().any(|user| account == text(user, "userId")))
    };
    let (mut good, mut illegal) = (Vec::new(), Vec::new());
    for account in accounts {
        match account.as_str().filter(|_| knows(account)) {
            Some(user) if good.iter().any(|it| it == user) => {}
            Some(user) => good.push(user.to_owned()),
            None => illegal.push(account.clone()),
        }
    }
    (good, illegal)
}

/// The words of a message: the text that the XML around it carries, if it is as the platform's own
/// clients write it.
fn words(content: &str) -> String {
    let plain = content
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&");
    let text = plain.split_once("<content><![CDATA[");
    let text = text.and_then(|(_, rest)| rest.split_once("]]></content>"));
    let text = text.map_or(content, |(text, _)| text);
    // What ends such a text is written in two of them.
    text.replace("]]]]><![CDATA[>", "]]>")
}

fn with_illegal(mut members: Value, illegal: Vec<Value>) -> Answer {
    if !illegal.is_empty() {
        members["illegal_account_list"] = json!(illegal);
    }
    success(members)
}

/// A success of a group service.
fn success(mut members: Value) -> Answer {
    members["error"] = json!({ "error_code": "IM.0000", "error_msg": "ok" });
    Answer::json(&members).with_code("IM.0000")
}

fn cannot(reason: &str) -> Refusal {
    Refusal::code("IM.0001").because(reason)
}

/// How many answers are kept for messages that come again.
const MOST_SAID: usize = 1000;
