//! The directory: users and departments that are made, changed, listed and deleted.

use auth_core::Action;
use futures_util::TryStreamExt as _;
use huawei_emulator::welink_oauth::WelinkOauth;
use serde_json::json;
use welink_oauth::model::{
    BatchCreateUsers, CreateDepartment, CreateUser, DeleteDepartment, DeleteUser, GetUser,
    ListDepartments, ListUsers, RobotText, SendImageMessage, SendRobotMessage, UpdateUser,
};
use welink_oauth::{Client, Error};

use crate::stage::Stage;

fn options<T: Default>() -> T {
    T::default()
}

async fn department(client: &Client, name: &str) -> String {
    let department = CreateDepartment::new(name).parent_code("10001");
    let made = client.create_department(&department, &options()).await;
    made.unwrap().dept_code.unwrap()
}

#[tokio::test]
async fn what_is_written_is_read_until_it_is_deleted() {
    let stage = Stage::new("directory");
    let client = &stage.client;
    let code = department(client, "测试部").await;
    let user = CreateUser::new("赵六", "+86-13800000001")
        .corp_user_id("2001")
        .dept_codes([code.clone()]);
    let made = client.create_user(&user, &options()).await.unwrap();
    let id = made.user_id.unwrap();
    assert_eq!(id, "2001@welink");

    let change = UpdateUser::default().user_id(&id).position("测试");
    client.update_user(&change, &options()).await.unwrap();
    let found = client
        .get_user(&GetUser::default().corp_user_id("2001"), &options())
        .await
        .unwrap();
    assert_eq!(found.user_id, Some(id.clone()));
    assert_eq!(found.position.as_deref(), Some("测试"));
    assert_eq!(found.dept_codes, Some(vec![code.clone()]));

    let busy = DeleteDepartment::default().dept_code(&code);
    let error = client
        .delete_department(&busy, &options())
        .await
        .unwrap_err();
    assert_eq!(error.api().unwrap().code, "47009");
    let gone = DeleteUser::default().user_id(&id);
    client.delete_user(&gone, &options()).await.unwrap();
    let error: Error = client
        .get_user(&GetUser::default().user_id(&id), &options())
        .await
        .unwrap_err();
    assert_eq!(error.action(), Action::DropTarget);
    client.delete_department(&busy, &options()).await.unwrap();
    assert_eq!(stage.welink.departments(WelinkOauth::TENANT_ID).len(), 4);
}

#[tokio::test]
async fn listings_are_streams_over_all_pages() {
    let stage = Stage::new("listings");
    let client = &stage.client;
    let people: Vec<_> = (0..100)
        .map(|number| {
            json!({
                "userNameCn": format!("用户{number}"),
                "mobileNumber": format!("+86-139{number:08}"),
                "corpUserId": format!("P{number}"),
                "deptCodes": ["10002"],
            })
        })
        .collect();
    let batch: BatchCreateUsers = serde_json::from_value(json!({ "personInfos": people })).unwrap();
    let job = client.batch_create_users(&batch, &options()).await.unwrap();
    let job = job.job_id.unwrap();
    let result = client.get_batch_result(&job, &options()).await.unwrap();
    assert_eq!(result.total, Some(100));
    let data = result.data.unwrap();
    assert!(data.iter().all(|item| item.code.as_deref() == Some("0")));

    let sales = ListUsers::default().dept_code("10002").page_size(30);
    let users: Vec<_> = client
        .list_users_stream(&sales)
        .try_collect()
        .await
        .unwrap();
    assert_eq!(users.len(), 101);
    let log = stage.space.log();
    let pages = log.iter().filter(|it| it.operation == Some("list_users"));
    assert_eq!(pages.count(), 4);

    let all = ListDepartments::default()
        .dept_code("0")
        .recursiveflag(1.into());
    let departments: Vec<_> = client
        .list_departments_stream(&all)
        .try_collect()
        .await
        .unwrap();
    assert_eq!(departments.len(), 3);
}

#[tokio::test]
async fn messages_reach_those_who_can_be_reached() {
    let stage = Stage::new("messages");
    let image = SendImageMessage::new("https://example.com/a.png")
        .to_user_list([WelinkOauth::USER, "nobody@welink"]);
    let sent = stage.client.send_image_message(&image).await.unwrap();
    assert_eq!(sent.failed_user_id, Some(vec!["nobody@welink".to_owned()]));
    let inbox = stage.welink.inbox(WelinkOauth::USER);
    assert_eq!(Some(&inbox[0].item_id), sent.item_id.as_ref());

    let nobody = SendImageMessage::new("https://example.com/a.png").to_user_list(["nobody@welink"]);
    let error = stage.client.send_image_message(&nobody).await.unwrap_err();
    assert_eq!(error.action(), Action::DropTarget);

    let robot = stage.client.as_robot(WelinkOauth::ROBOT_TOKEN);
    let now = stage.space.now().duration_since(std::time::UNIX_EPOCH);
    let now = i64::try_from(now.unwrap().as_millis()).unwrap();
    let said = SendRobotMessage::new(RobotText::new("hello"), now, "u-1");
    robot.send_robot_message(&said).await.unwrap();
    let error = robot.send_robot_message(&said).await.unwrap_err();
    assert_eq!(error.api().unwrap().code, "58601");
    for _ in 0..2 {
        robot.say("again").await.unwrap();
    }
    let said: Vec<String> = stage
        .welink
        .inbox("example group")
        .into_iter()
        .map(|message| message.title)
        .collect();
    assert_eq!(said, ["hello", "again", "again"]);
    let long = robot.say("a".repeat(501)).await.unwrap_err();
    assert_eq!(long.action(), Action::FixRequest);
}
