//! Every paged list, read as one stream.

use std::collections::BTreeMap;

use contract::{check_lists, check_own_lists};
use huawei_emulator::welink_oauth::WelinkOauth;
use serde_json::json;
use welink_oauth::model::{
    CreateConference, CreateDepartment, CreateDepartmentOptions, CreateUser,
};

use crate::generated::list;
use crate::stage::Stage;

#[tokio::test]
async fn every_list_is_read_page_after_page_to_its_end_or_to_an_error() {
    let stage = Stage::new("lists");
    let list = async |example: &_| list(&stage.client, example).await;
    let count = check_lists("welink-oauth", &stage.space, &stage.tap, list).await;
    assert_eq!(count, 25);
}

#[tokio::test]
async fn what_the_platform_has_is_read_whole_in_pages_of_any_size() {
    let stage = Stage::new("own-lists");
    let client = &stage.client;
    let sales = "10002";
    for number in 0..5 {
        let department = CreateDepartment::new(format!("Team {number}")).parent_code(sales);
        let options = CreateDepartmentOptions::default();
        let made = client.create_department(&department, &options).await;
        made.unwrap();
        let user = CreateUser::new("赵六", format!("+86-1380000000{number}")).dept_codes([sales]);
        client
            .create_user(&user, &Default::default())
            .await
            .unwrap();
        let conference = CreateConference::default().subject("Now");
        let made = client.create_conference(WelinkOauth::USER, &conference);
        made.await.unwrap();
        let approval = json!({ "startUserId": WelinkOauth::USER, "status": "pending" });
        stage
            .welink
            .add_record(WelinkOauth::TENANT_ID, "approvals", approval);
    }
    let wanted = BTreeMap::from(
        [
            ("get_app_visible_scope", 8),
            ("list_app_visible_users", 8),
            ("list_applied_approvals", 5),
            ("list_apps", 1),
            ("list_conferences", 5),
            ("list_department_users", 6),
            ("list_department_users_isv", 6),
            ("list_department_users_simple", 6),
            ("list_departments", 5),
            ("list_departments_v1", 5),
            ("list_users", 6),
            ("list_users_simple", 6),
            ("list_users_v1", 6),
        ]
        .map(|(list, count)| (list.to_owned(), count)),
    );
    let given = |example: &mut contract::Example| {
        if example.operation.contains("department") || example.operation.starts_with("list_users") {
            let codes = ["deptCode", "corpDeptCode"];
            let given = &mut example.parameters;
            given.retain(|(_, name, _)| !codes.contains(&name.as_str()));
            given.push(("query".to_owned(), "deptCode".to_owned(), sales.into()));
        }
        example.set("userId", WelinkOauth::USER);
        wanted.contains_key(&example.operation)
    };
    let list = async |example: &_| list(client, example).await;
    let counts = check_own_lists("welink-oauth", &stage.space, &stage.tap, given, list).await;
    assert_eq!(counts, wanted);
}
