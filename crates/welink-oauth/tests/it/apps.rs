//! The apps of a company, and who sees them.

use huawei_emulator::welink_oauth::WelinkOauth;
use welink_oauth::model::{GetAppVisibleScope, ListAppVisibleUsers, ListApps, UpdateApp};

use crate::stage::Stage;

#[tokio::test]
async fn those_who_see_an_app_are_read_page_by_page() {
    let stage = Stage::new("visible");
    let client = &stage.client;
    let all: Vec<String> = stage
        .welink
        .users(WelinkOauth::TENANT_ID)
        .iter()
        .map(|user| user["userId"].as_str().unwrap().to_owned())
        .collect();
    assert!(all.len() > 2, "{all:?}");
    let options = ListAppVisibleUsers::default().page_size(1);
    let users = client
        .list_app_visible_users_stream(&options)
        .collect()
        .await
        .unwrap();
    let names: Vec<_> = users
        .iter()
        .filter_map(|user| user.user_id.clone())
        .collect();
    assert_eq!(names, all);
    let departments = users[0].dept_info.as_ref().unwrap();
    assert_eq!(departments[0].dept_name_en.as_deref(), Some("Research"));
    let options = GetAppVisibleScope::default().page_size(1);
    let ids = client
        .get_app_visible_scope_stream(&options)
        .collect()
        .await
        .unwrap();
    assert_eq!(ids, all);
    // Those of the tenant that subscribed are others.
    let tenant = client.as_tenant(WelinkOauth::SUBSCRIBER_ID).unwrap();
    let options = ListAppVisibleUsers::default();
    let users = tenant
        .list_app_visible_users_stream(&options)
        .collect()
        .await
        .unwrap();
    assert_eq!(
        users[0].user_id.as_deref(),
        Some(WelinkOauth::SUBSCRIBERS_USER)
    );
}

#[tokio::test]
async fn an_app_is_changed_by_its_owner_alone() {
    let stage = Stage::new("app-settings");
    let client = &stage.client;
    let change = UpdateApp::new(WelinkOauth::CLIENT_ID)
        .name_en("Front office")
        .keyword("office");
    client.update_app(&change).await.unwrap();
    let app = client
        .get_app(WelinkOauth::CLIENT_ID, &Default::default())
        .await
        .unwrap();
    let app = app.data.unwrap();
    assert_eq!(app.name_en.as_deref(), Some("Front office"));
    let apps = client
        .list_apps_stream(&ListApps::default())
        .collect()
        .await
        .unwrap();
    assert_eq!(apps.len(), 1);
    assert_eq!(apps[0].keyword.as_deref(), Some("office"));
    let tenant = client.as_tenant(WelinkOauth::SUBSCRIBER_ID).unwrap();
    for error in [
        tenant.update_app(&change).await.unwrap_err(),
        client.get_app("1", &Default::default()).await.unwrap_err(),
    ] {
        assert_eq!(error.api().unwrap().code, "43011");
    }
}

#[tokio::test]
async fn an_administrator_of_the_company_manages_all_of_it() {
    let stage = Stage::new("domain-scope");
    let scopes = async |user: &str| {
        let answer = stage.client.get_admin_domain_scope(user).await?;
        Ok::<_, welink_oauth::Error>(answer.data.unwrap().domain_scopes.unwrap())
    };
    assert_eq!(scopes(WelinkOauth::ADMINISTRATOR).await.unwrap(), ["0"]);
    assert!(scopes(WelinkOauth::USER).await.unwrap().is_empty());
    let error = scopes("nobody@welink").await.unwrap_err();
    assert_eq!(error.api().unwrap().code, "47111");
}
