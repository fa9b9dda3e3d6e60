//! Chat groups and what is said in them, and reminders.

use std::time::UNIX_EPOCH;

use auth_core::{Action, Error};
use huawei_emulator::welink_oauth::WelinkOauth;
use welink_oauth::model::{
    AddGroupMembers, AppServiceInfo, CreateGroup, DisbandGroup, PushContextAware,
    RemoveGroupMembers, RenameGroup, SendCardMessage, SendGroupMessage, SetGroupCapacity,
    TransferGroupOwner, UpdateMessageStatus,
};

use crate::stage::Stage;

const OWNER: &str = WelinkOauth::ADMINISTRATOR;
const MEMBER: &str = WelinkOauth::USER;
const OTHER: &str = "wangwu@welink";
/// All that XML has a meaning for.
const DEPLOYED: &str = "a < b && c[d[0]]>0: \"deployed\"";

#[test]
fn a_text_for_groups_is_written_as_the_clients_of_the_platform_write_it() {
    let published = &crate::samples::sample("send_group_message.request")["body"];
    let robot = AppServiceInfo::new("1", "robot");
    let id = published["app_msg_id"].as_str().unwrap();
    let message = SendGroupMessage::text(robot, id, ["123xx", "456xx"], "hello");
    assert_eq!(&serde_json::to_value(message).unwrap(), published);
}

/// Makes a group of the owner and one member, and gives its id.
async fn group(stage: &Stage) -> String {
    let group = CreateGroup::new(OWNER, "Release").user_account([MEMBER, "nobody@welink"]);
    let made = stage.client.create_group(&group).await.unwrap();
    let illegal = made.illegal_account_list.unwrap();
    assert_eq!(illegal, ["nobody@welink"]);
    let info = made.group_info.unwrap();
    assert_eq!(info.owner_account.as_deref(), Some(OWNER));
    info.group_id.unwrap()
}

fn members(stage: &Stage) -> Vec<String> {
    let groups = stage.welink.groups(WelinkOauth::TENANT_ID);
    serde_json::from_value(groups[0]["members"].clone()).unwrap()
}

fn message(id: &str, groups: &[&str]) -> SendGroupMessage {
    let robot = AppServiceInfo::new("1", "robot");
    SendGroupMessage::text(robot, id, groups.iter().copied(), DEPLOYED)
}

/// The platform has one code for all that its group services cannot do.
#[track_caller]
fn assert_impossible<T: std::fmt::Debug>(answer: Result<T, Error>, reason: &str) {
    let error = answer.unwrap_err();
    assert_eq!(error.api().unwrap().code, "IM.0001", "{error}");
    let said = &error.api().unwrap().message;
    assert!(said.contains(reason), "{said}");
}

#[tokio::test]
async fn a_group_has_the_members_that_it_was_given() {
    let stage = Stage::new("group-members");
    let client = &stage.client;
    let id = group(&stage).await;
    assert_eq!(members(&stage), [OWNER, MEMBER]);

    let add = AddGroupMembers::new([MEMBER, OTHER, WelinkOauth::SUBSCRIBERS_USER], &id);
    let added = client.add_group_members(&add).await.unwrap();
    // The people of another company stay outside, unless the group was made for them, too.
    let outside = added.illegal_account_list.unwrap();
    assert_eq!(outside, [WelinkOauth::SUBSCRIBERS_USER]);
    assert_eq!(members(&stage), [OWNER, MEMBER, OTHER]);

    let remove = |user: &str| RemoveGroupMembers::new(&id, [user.to_owned()]);
    client.remove_group_members(&remove(MEMBER)).await.unwrap();
    client.remove_group_members(&remove(MEMBER)).await.unwrap();
    let nobody = client.remove_group_members(&remove("nobody@welink")).await;
    assert_impossible(nobody, "no such user");
    assert_eq!(members(&stage), [OWNER, OTHER]);

    let small = SetGroupCapacity::new(&id, 1);
    assert_impossible(client.set_group_capacity(&small).await, "more members");
    let full = SetGroupCapacity::new(&id, 2);
    let info = client.set_group_capacity(&full).await.unwrap().group_info;
    assert_eq!(info.unwrap().init_capacity, Some(2));
    let add = AddGroupMembers::new([MEMBER], &id);
    assert_impossible(client.add_group_members(&add).await, "no room");
}

#[tokio::test]
async fn only_a_member_becomes_the_owner_and_the_owner_stays() {
    let stage = Stage::new("group-owner");
    let client = &stage.client;
    let id = group(&stage).await;
    let remove = RemoveGroupMembers::new(&id, [OWNER]);
    assert_impossible(client.remove_group_members(&remove).await, "owner");
    let stranger = TransferGroupOwner::new(&id, OTHER);
    assert_impossible(client.transfer_group_owner(&stranger).await, "not in");
    let transfer = TransferGroupOwner::new(&id, MEMBER);
    let group = client.transfer_group_owner(&transfer).await.unwrap();
    let owner = group.group_info.unwrap().owner_account;
    assert_eq!(owner.as_deref(), Some(MEMBER));
    client.remove_group_members(&remove).await.unwrap();
    assert_eq!(members(&stage), [MEMBER]);
}

#[tokio::test]
async fn members_read_what_is_said_while_they_are_in_the_group() {
    let stage = Stage::new("group-messages");
    let client = &stage.client;
    let id = group(&stage).await;
    let first = message("m-1", &[&id]);
    let sent = client.send_group_message(&first).await.unwrap();
    // A message with an id that came before is not said again.
    let again = client.send_group_message(&first).await.unwrap();
    assert_eq!(sent.server_msg_id, again.server_msg_id);
    let remove = RemoveGroupMembers::new(&id, [MEMBER]);
    client.remove_group_members(&remove).await.unwrap();
    let second = message("m-2", &[&id]);
    client.send_group_message(&second).await.unwrap();
    let read = |who: &str| stage.welink.inbox(who).len();
    assert_eq!([read(&id), read(OWNER), read(MEMBER)], [2, 2, 1]);
    assert_eq!(stage.welink.inbox(MEMBER)[0].title, DEPLOYED);

    // Where one of the groups does not exist, nobody gets anything.
    let wrong = message("m-3", &[&id, "1"]);
    assert_impossible(client.send_group_message(&wrong).await, "no such group");
    assert_eq!(read(&id), 2);
}

#[tokio::test]
async fn a_robot_speaks_in_its_group_until_that_is_disbanded() {
    let stage = Stage::new("group-robot");
    let client = &stage.client;
    let id = group(&stage).await;
    stage.welink.add_robot("a-robot", &id);
    let robot = client.as_robot("a-robot");
    robot.say("hello").await.unwrap();
    assert_eq!(stage.welink.inbox(MEMBER)[0].title, "hello");

    let rename = RenameGroup::new(&id, "Released").en_name("Released");
    let group = client.rename_group(&rename).await.unwrap();
    let info = group.group_info.unwrap();
    assert_eq!(info.name.as_deref(), Some("Released"));
    assert_eq!(info.name_changed, Some(true));

    let disband = DisbandGroup::new(&id);
    client.disband_group(&disband).await.unwrap();
    assert_impossible(client.disband_group(&disband).await, "no such group");
    assert_impossible(client.rename_group(&rename).await, "no such group");
    let error = robot.say("hello").await.unwrap_err();
    assert_eq!(error.api().unwrap().code, "58404");
    assert_eq!(error.action(), Action::DropTarget);
}

#[tokio::test]
async fn a_group_is_that_of_its_tenant() {
    let stage = Stage::new("group-tenants");
    let id = group(&stage).await;
    let tenant = stage.client.as_tenant(WelinkOauth::SUBSCRIBER_ID).unwrap();
    let rename = RenameGroup::new(&id, "Ours");
    assert_impossible(tenant.rename_group(&rename).await, "no such group");
    let made_by = CreateGroup::new(OWNER, "Ours");
    assert_impossible(tenant.create_group(&made_by).await, "no such owner");
    let both = CreateGroup::new(OWNER, "Both")
        .cross_corp_group(true)
        .user_account([WelinkOauth::SUBSCRIBERS_USER]);
    let made = stage.client.create_group(&both).await.unwrap();
    assert_eq!(made.illegal_account_list, None);
    // A token that is worth nothing has a code of its own here, and is renewed like everywhere.
    stage.welink.revoke_access_tokens();
    stage.client.rename_group(&rename).await.unwrap();
    let codes: Vec<_> = stage
        .space
        .log()
        .into_iter()
        .filter_map(|it| it.code.clone())
        .collect();
    assert!(codes.contains(&"IM.1211".to_owned()), "{codes:?}");
}

#[tokio::test]
async fn a_reminder_goes_to_people_and_ends_within_a_week() {
    let stage = Stage::new("reminders");
    let client = &stage.client;
    let now = stage.space.now().duration_since(UNIX_EPOCH).unwrap();
    // 2026-03-10T17:00:00Z
    let wanted = 1_773_162_000_000 - i64::try_from(now.as_millis()).unwrap();
    stage.space.set_clock_offset_ms(wanted);
    let push = |to: &str, end: &str| PushContextAware::new([to.to_owned()], "周报").end_date(end);
    // In Beijing it is the 11th.
    for (end, good) in [
        ("2026-03-10", false),
        ("2026-03-11", true),
        ("2026-03-18", true),
        ("2026-03-19", false),
    ] {
        let pushed = client.push_context_aware(&push(MEMBER, end)).await;
        assert_eq!(pushed.is_ok(), good, "{end}: {pushed:?}");
        match pushed {
            Ok(pushed) => assert!(pushed.data.unwrap().push_id.is_some()),
            Err(error) => assert_eq!(error.api().unwrap().code, "43011"),
        }
    }
    assert_eq!(stage.welink.inbox(MEMBER).len(), 2);
    let nobody = push("nobody@welink", "2026-03-11");
    let error = client.push_context_aware(&nobody).await.unwrap_err();
    assert_eq!(error.action(), Action::DropTarget);
}

#[tokio::test]
async fn the_label_of_a_card_changes_for_those_who_are_named() {
    let stage = Stage::new("labels");
    let client = &stage.client;
    let card = SendCardMessage::new("Approve", "A trip", "Office").to_user_list([MEMBER, OTHER]);
    let item = client
        .send_card_message(&card)
        .await
        .unwrap()
        .item_id
        .unwrap();
    let label = |to: &str| {
        UpdateMessageStatus::new(&item)
            .message_status("{\"CN\":\"完成\",\"EN\":\"Done\"}")
            .to_user_list([to.to_owned()])
    };
    client.update_message_status(&label(MEMBER)).await.unwrap();
    let status = |who: &str| stage.welink.inbox(who)[0].message["messageStatus"].clone();
    assert!(status(MEMBER).is_string());
    assert!(status(OTHER).is_null());
    let error = client
        .update_message_status(&label(OWNER))
        .await
        .unwrap_err();
    assert_eq!(error.api().unwrap().code, "51019");
}
