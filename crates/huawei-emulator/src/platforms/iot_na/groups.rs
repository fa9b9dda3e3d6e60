//! Groups of devices.

use http::StatusCode;
use serde_json::{Value, json};

use crate::answer::{Answer, Refusal};
use crate::platforms::Call;

use super::State;
use super::pages::Page;

/// A group.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    pub id: String,
    pub name: String,
    app_id: String,
    description: Value,
    most: u64,
    pub members: Vec<String>,
}

impl Group {
    fn answer(&self) -> Value {
        json!({
            "id": self.id,
            "name": self.name,
            "description": self.description,
            "appId": self.app_id,
            "maxDevNum": self.most,
            "curDevNum": self.members.len(),
            "creator": self.app_id,
        })
    }

    /// Whether so many members would be too many; 0 is no limit.
    fn is_too_small_for(&self, members: usize) -> bool {
        self.most > 0 && members > usize::try_from(self.most).unwrap_or(usize::MAX)
    }
}

impl State {
    fn group(&mut self, call: &Call<'_>, id: &str) -> Result<&mut Group, Refusal> {
        let owner = self.owner(call)?;
        let mut found = self.groups.iter_mut();
        found
            .find(|it| it.id == id && it.app_id == owner)
            .ok_or_else(|| Refusal::code("100603").because("there is no such group"))
    }

    /// The groups that a device is in.
    pub(super) fn groups_of(&self, device_id: &str) -> Vec<String> {
        let holds = |it: &&Group| it.members.iter().any(|member| member == device_id);
        let found = self.groups.iter().filter(holds);
        found.map(|it| it.id.clone()).collect()
    }

    /// Takes a device out of all groups.
    pub(super) fn forget_member(&mut self, device_id: &str) {
        for group in &mut self.groups {
            group.members.retain(|member| member != device_id);
        }
    }

    /// The devices of a list that are the owner's.
    fn owned(&self, owner: &str, list: &Value) -> Vec<String> {
        let named = list.as_array().into_iter().flatten();
        named
            .filter_map(Value::as_str)
            .filter(|id| {
                let mut devices = self.devices.iter();
                devices.any(|it| it.device_id == **id && it.app_id == owner)
            })
            .map(str::to_owned)
            .collect()
    }

    /// `create_device_group`.
    pub(super) fn create_group(&mut self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let owner = self.owner(call)?;
        let body = call.body();
        let name = body["name"].as_str().unwrap_or_default();
        if self.is_taken(&owner, name, "") {
            return Err(Refusal::code("100602").because("the name of the group is in use"));
        }
        let group = Group {
            id: format!("{:032x}", fastrand::u128(..)),
            name: name.to_owned(),
            app_id: owner.clone(),
            description: body["description"].clone(),
            most: body["maxDevNum"].as_u64().unwrap_or(0),
            members: self.owned(&owner, &body["deviceIds"]),
        };
        if group.is_too_small_for(group.members.len()) {
            return Err(Refusal::code("100609").because("too many devices for the group"));
        }
        let answer = group.answer();
        self.groups.push(group);
        Ok(Answer::json(&answer))
    }

    fn is_taken(&self, owner: &str, name: &str, but: &str) -> bool {
        let mut groups = self.groups.iter();
        groups.any(|it| it.app_id == owner && it.name == name && it.id != but)
    }

    /// `list_device_groups`: one on a page, unless the caller says otherwise.
    pub(super) fn list_groups(&self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let owner = self.owner(call)?;
        let items = self
            .groups
            .iter()
            .filter(|it| it.app_id == owner)
            .filter(|it| call.query("name").is_none_or(|name| name == it.name))
            .map(Group::answer)
            .collect();
        Ok(Answer::json(&Page::of(call, items, 1).body("list")))
    }

    /// `get_device_group`.
    pub(super) fn get_group(&mut self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let group = self.group(call, call.path("devGroupId"))?;
        Ok(Answer::json(&group.answer()))
    }

    /// `modify_device_group`.
    pub(super) fn modify_group(&mut self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let owner = self.owner(call)?;
        let id = call.path("devGroupId");
        let body = call.body();
        let name = body["name"].as_str().unwrap_or_default();
        let taken = self.is_taken(&owner, name, id);
        let group = self.group(call, id)?;
        if taken {
            return Err(Refusal::code("100602").because("the name of the group is in use"));
        }
        let changed = Group {
            name: name.to_owned(),
            description: match &body["description"] {
                Value::Null => group.description.clone(),
                text => text.clone(),
            },
            most: body["maxDevNum"].as_u64().unwrap_or(group.most),
            ..group.clone()
        };
        if changed.is_too_small_for(changed.members.len()) {
            return Err(Refusal::code("100601").because("the group has more members"));
        }
        *group = changed;
        Ok(Answer::json(&group.answer()))
    }

    /// `delete_device_group`.
    pub(super) fn delete_group(&mut self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let id = self.group(call, call.path("devGroupId"))?.id.clone();
        self.groups.retain(|it| it.id != id);
        Ok(Answer::empty(StatusCode::NO_CONTENT))
    }

    /// `list_device_group_members`.
    pub(super) fn list_members(&mut self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let id = call.query("devGroupId").unwrap_or_default();
        let members = self.group(call, id)?.members.clone();
        let items = members.into_iter().map(Value::from).collect();
        Ok(Answer::json(&Page::of(call, items, 10).body("deviceIds")))
    }

    /// `add_device_group_members`.
    pub(super) fn add_members(&mut self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let owner = self.owner(call)?;
        let body = call.body();
        let named = self.owned(&owner, &body["deviceIds"]);
        let group = self.group(call, body["devGroupId"].as_str().unwrap_or_default())?;
        let mut members = group.members.clone();
        let fresh = named.into_iter().filter(|id| !group.members.contains(id));
        let fresh: Vec<String> = fresh.collect();
        members.extend(fresh.iter().cloned());
        if group.is_too_small_for(members.len()) {
            return Err(Refusal::code("100601").because("the group is full"));
        }
        group.members = members;
        Ok(Answer::json(
            &json!({"devGroupId": group.id, "deviceIds": fresh}),
        ))
    }

    /// `remove_device_group_members`.
    pub(super) fn remove_members(&mut self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let body = call.body();
        let group = self.group(call, body["devGroupId"].as_str().unwrap_or_default())?;
        let named = body["deviceIds"].as_array().cloned().unwrap_or_default();
        group
            .members
            .retain(|member| !named.iter().any(|id| id == member));
        Ok(Answer::empty(StatusCode::OK))
    }
}
