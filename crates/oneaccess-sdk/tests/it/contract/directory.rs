//! The directory behind the logins: what is written is what is read, and a snapshot says who left.

use auth_core::Action;
use huawei_emulator::oneaccess_sdk::OneAccess;
use oneaccess_sdk::directory::{LeaverLimit, Snapshot};
use oneaccess_sdk::model::{
    AddAccountRoles, AppAccountId, AppOrganizationId, AppRoleId, AuthorizeAppAccount,
    AuthorizeAppAccountParameters, BindUsers, ChangeRoleMembers, ChangeUserPassword,
    CreateAppAccount, CreateAppOrganization, CreateAppRole, CreateOrganization,
    CreateSharedAppAccount, CreateUser, GetUserByUsername, ListAppAccounts, ListAppRoles,
    ListJobPositions, ListOrganizations, ListUsers, RelationType, SetAccountOwner, SetJobPosition,
    SetJobTitle, UpdateAppAccount, UpdateAppOrganization, UpdateAppRole, UpdateOrganization,
    UpdateUser, UserOrgRelationListOption, VerifyAndChangeUserPassword,
};

use super::{Stage, success};

const APPLICATION: &str = OneAccess::APPLICATION_ID;

fn account_id(id: &str) -> AppAccountId<'_> {
    AppAccountId {
        application_id: APPLICATION,
        account_id: id,
    }
}

#[tokio::test]
async fn a_user_is_kept_as_told_until_deleted() {
    let stage = Stage::new("users");
    let client = &stage.client;
    let relation = UserOrgRelationListOption::new("10001", RelationType::One);
    let user = CreateUser::new("newcomer", "+86-13900000001")
        .name("新人")
        .org_code("10000")
        .password("Better-than-1")
        .email("newcomer@example.com")
        .user_org_relation_list(vec![relation]);
    let id = client.create_user(&user).await.unwrap().user_id;
    let found = client.get_user(&id).await.unwrap();
    assert_eq!(found.name.as_deref(), Some("新人"));
    assert_eq!(found.org_id.as_deref(), Some(OneAccess::ORG_ID));
    assert_eq!(found.user_org_relation_list.unwrap().len(), 1);
    let twice = client.create_user(&user).await.unwrap_err();
    assert_eq!(twice.action(), Action::FixRequest);

    let change = UpdateUser::default().name("改名");
    client.update_user(&id, &change).await.unwrap();
    let by_name = GetUserByUsername::new("newcomer");
    let found = client.get_user_by_username(&by_name).await.unwrap();
    assert_eq!(
        (found.user_id.as_str(), found.name.as_deref()),
        (&*id, Some("改名"))
    );

    let phone = stage.phone();
    success(
        phone
            .login_by_password("newcomer", "Better-than-1")
            .await
            .unwrap(),
    );
    let wrong = VerifyAndChangeUserPassword::new("Better-than-2", "not-the-old");
    assert!(
        client
            .verify_and_change_user_password(&id, &wrong)
            .await
            .is_err()
    );
    let right = VerifyAndChangeUserPassword::new("Better-than-2", "Better-than-1");
    client
        .verify_and_change_user_password(&id, &right)
        .await
        .unwrap();
    let reset = ChangeUserPassword::new("Better-than-3");
    client.change_user_password(&id, &reset).await.unwrap();
    success(
        phone
            .login_by_password("newcomer", "Better-than-3")
            .await
            .unwrap(),
    );

    client.disable_user(&id).await.unwrap();
    assert_eq!(client.get_user(&id).await.unwrap().disabled, Some(true));
    client.enable_user(&id).await.unwrap();
    client.delete_user(&id).await.unwrap();
    let gone = client.get_user(&id).await.unwrap_err();
    assert_eq!(gone.action(), Action::DropTarget);
}

#[tokio::test]
async fn lists_of_users_are_read_whole() {
    let stage = Stage::new("lists");
    for number in 0..25 {
        let mobile = format!("139000001{number:02}");
        let user = CreateUser::new(format!("u{number}"), mobile).org_code("10001");
        stage.client.create_user(&user).await.unwrap();
    }
    let all = stage.client.list_users_stream(10, &ListUsers::default());
    assert_eq!(all.collect().await.unwrap().len(), 30);
    let org = ListOrganizations::default();
    let roots = stage.client.list_organizations(0, 10, &org).await.unwrap();
    let below = ListOrganizations::default().org_id(&*roots.organizations[0].org_id);
    let below = stage
        .client
        .list_organizations(0, 10, &below)
        .await
        .unwrap();
    let id = below.organizations[0].org_id.as_str();
    let some = stage
        .client
        .list_users_stream(10, &ListUsers::default().org_id(id));
    assert_eq!(some.collect().await.unwrap().len(), 25);
    let limit = stage.client.list_users(0, 9, &ListUsers::default()).await;
    assert_eq!(limit.unwrap_err().action(), Action::FixRequest);
}

#[tokio::test]
async fn organizations_stand_in_a_tree() {
    let stage = Stage::new("organizations");
    let client = &stage.client;
    let new = CreateOrganization::new("20000", "分公司").parent_id(OneAccess::ORG_ID);
    let id = client.create_organization(&new).await.unwrap().org_id;
    let child = CreateOrganization::new("20001", "小组").parent_id(&*id);
    let child = client.create_organization(&child).await.unwrap().org_id;
    let again = client.create_organization(&new).await.unwrap_err();
    assert_eq!(again.api().unwrap().code, "ORG.0012");

    let count = async |options: ListOrganizations| {
        let page = client.list_organizations(0, 100, &options).await.unwrap();
        page.organizations.len()
    };
    assert_eq!(count(ListOrganizations::default()).await, 1);
    assert_eq!(count(ListOrganizations::default().all_child(true)).await, 3);
    let below = || ListOrganizations::default().org_id(OneAccess::ORG_ID);
    assert_eq!(count(below()).await, 2);
    assert_eq!(count(below().all_child(true)).await, 3);

    let change = UpdateOrganization::default().name("新名");
    client.update_organization(&id, &change).await.unwrap();
    assert_eq!(client.get_organization(&id).await.unwrap().name, "新名");
    assert!(client.delete_organization(&id).await.is_err());
    client.delete_organization(&child).await.unwrap();
    client.delete_organization(&id).await.unwrap();
    let gone = client.get_organization(&id).await.unwrap_err();
    assert_eq!(gone.action(), Action::DropTarget);
}

#[tokio::test]
async fn an_application_has_accounts_organizations_and_roles() {
    let stage = Stage::new("application");
    let client = &stage.client;
    let user = GetUserByUsername::new("zhangsan");
    let user = client.get_user_by_username(&user).await.unwrap().user_id;

    let organization = CreateAppOrganization::new("a1", "应用内组织");
    let organization = client
        .create_app_organization(APPLICATION, &organization)
        .await;
    let organization = organization.unwrap().org_id;
    let place = AppOrganizationId {
        application_id: APPLICATION,
        org_id: &organization,
    };
    let change = UpdateAppOrganization::default().name("改名");
    client
        .update_app_organization(place, &change)
        .await
        .unwrap();
    assert_eq!(
        client.get_app_organization(place).await.unwrap().name,
        "改名"
    );
    let listed = client.list_app_organizations_stream(APPLICATION, 10);
    assert_eq!(listed.collect().await.unwrap().len(), 1);

    let account = CreateAppAccount::new(&*user).org_code("a1");
    let account = client
        .create_app_account(APPLICATION, &account)
        .await
        .unwrap();
    let id = account.account_id;
    let twice = AuthorizeAppAccountParameters {
        user_id: &user,
        application_id: APPLICATION,
    };
    let twice = client
        .authorize_app_account(twice, &AuthorizeAppAccount::default())
        .await;
    assert_eq!(twice.unwrap_err().api().unwrap().code, "APP_ACCOUNT.0002");
    let other = AuthorizeAppAccountParameters {
        user_id: &user,
        application_id: OneAccess::OTHER_APPLICATION_ID,
    };
    client
        .authorize_app_account(other, &AuthorizeAppAccount::default())
        .await
        .unwrap();
    assert_eq!(client.list_user_app_accounts(&user).await.unwrap().total, 2);
    let change = UpdateAppAccount::default().name("账号");
    client
        .update_app_account(account_id(&id), &change)
        .await
        .unwrap();
    client.disable_app_account(account_id(&id)).await.unwrap();
    let found = client.get_app_account(account_id(&id)).await.unwrap();
    assert_eq!(
        (found.name.as_deref(), found.disabled),
        (Some("账号"), Some(true))
    );
    client.enable_app_account(account_id(&id)).await.unwrap();
    let full = client.delete_app_organization(place).await.unwrap_err();
    assert_eq!(full.api().unwrap().code, "APP.ORG.0028");

    let role = CreateAppRole::new("admin").name("管理员");
    let role = client
        .create_app_role(APPLICATION, &role)
        .await
        .unwrap()
        .role_id;
    let of_role = AppRoleId {
        application_id: APPLICATION,
        role_id: &role,
    };
    client
        .update_app_role(of_role, &UpdateAppRole::new("主管"))
        .await
        .unwrap();
    let members = ChangeRoleMembers::new(&*role, vec![id.clone(), "unknown".to_owned()]);
    let added = client
        .add_app_role_members(APPLICATION, &members)
        .await
        .unwrap();
    assert_eq!((added.success_list.len(), added.fail_list.len()), (1, 1));
    let more = AddAccountRoles::new(vec![role.clone()]);
    client
        .add_app_account_roles(account_id(&id), &more)
        .await
        .unwrap();
    let listed = client
        .list_app_role_members_stream(of_role, 10)
        .collect()
        .await
        .unwrap();
    assert_eq!(listed[0].id, id);
    let roles = client
        .get_app_account(account_id(&id))
        .await
        .unwrap()
        .roles
        .unwrap();
    assert_eq!(roles[0].role_name.as_deref(), Some("主管"));
    let listed = client.list_app_roles_stream(APPLICATION, 10, &ListAppRoles::default());
    assert_eq!(listed.collect().await.unwrap()[0].code, "admin");
    let nodes = client.list_app_role_nodes_stream(APPLICATION, 10);
    assert_eq!(nodes.collect().await.unwrap().len(), 1);
    client
        .remove_app_role_members(APPLICATION, &members)
        .await
        .unwrap();
    client.delete_app_role(of_role).await.unwrap();
    let gone = client.get_app_role(of_role).await.unwrap_err();
    assert_eq!(gone.action(), Action::DropTarget);

    client.delete_app_account(account_id(&id)).await.unwrap();
    client.delete_app_organization(place).await.unwrap();
    let listed = client.list_app_accounts_stream(APPLICATION, 10, &ListAppAccounts::default());
    assert!(listed.collect().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_public_account_has_users_and_an_owner() {
    let stage = Stage::new("public");
    let client = &stage.client;
    let shared = CreateSharedAppAccount::new("reception");
    let id = client
        .create_public_app_account(APPLICATION, &shared)
        .await
        .unwrap()
        .account_id;
    let orphan = CreateSharedAppAccount::new("old");
    let orphan = client
        .create_orphan_app_account(APPLICATION, &orphan)
        .await
        .unwrap();
    let users = BindUsers::new(vec!["zhangsan".to_owned(), "lisi".to_owned()]);
    client
        .bind_public_account_users(account_id(&id), &users)
        .await
        .unwrap();
    let one = BindUsers::new(vec!["lisi".to_owned()]);
    client
        .unbind_public_account_users(account_id(&id), &one)
        .await
        .unwrap();
    let users = client.list_public_account_users_stream(account_id(&id), 10);
    assert_eq!(users.collect().await.unwrap().len(), 1);
    let owner = SetAccountOwner::new("zhangsan");
    client
        .set_public_account_owner(account_id(&id), &owner)
        .await
        .unwrap();
    assert!(
        client
            .get_app_account(account_id(&id))
            .await
            .unwrap()
            .attr_manager_id
            .is_some()
    );
    let not_public = client.set_public_account_owner(account_id(&orphan.account_id), &owner);
    assert_eq!(not_public.await.unwrap_err().action(), Action::DropTarget);
}

#[tokio::test]
async fn positions_have_titles() {
    let stage = Stage::new("jobs");
    let client = &stage.client;
    let title = client
        .create_job_title(&SetJobTitle::new("工程师", "engineer"))
        .await;
    let title = title.unwrap().title_id.unwrap();
    client
        .update_job_title(&title, &SetJobTitle::new("高级工程师", "engineer"))
        .await
        .unwrap();
    assert_eq!(
        client.get_job_title(&title).await.unwrap().name.as_deref(),
        Some("高级工程师")
    );
    let position = SetJobPosition::new("10000", "开发", "dev").title_code("engineer");
    let position = client
        .create_job_position(&position)
        .await
        .unwrap()
        .position_id
        .unwrap();
    client
        .update_job_position(&position, &SetJobPosition::new("10000", "研发", "dev"))
        .await
        .unwrap();
    let all = client.list_job_positions_stream(10, &ListJobPositions::default());
    assert_eq!(
        all.collect().await.unwrap()[0].name.as_deref(),
        Some("研发")
    );
    client.delete_job_position(&position).await.unwrap();
    client.delete_job_title(&title).await.unwrap();
    assert!(client.get_job_title(&title).await.is_err());
}

#[tokio::test]
async fn a_snapshot_tells_joiners_leavers_and_who_is_disabled() {
    let stage = Stage::new("snapshot");
    let client = &stage.client;
    let users = client
        .list_users(0, 10, &ListUsers::default())
        .await
        .unwrap()
        .users;
    let mut accounts = Vec::new();
    for user in &users {
        let account = CreateAppAccount::new(&*user.user_id);
        let made = client
            .create_app_account(APPLICATION, &account)
            .await
            .unwrap();
        accounts.push(made.account_id);
    }
    let first = client.snapshot_app_accounts(APPLICATION).await.unwrap();
    assert!(matches!(first, Snapshot::Complete(_)), "{first:?}");
    assert_eq!(first.members().len(), 5);
    let kept = serde_json::to_string(first.members()).unwrap();
    let kept = serde_json::from_str(&kept).unwrap();

    client
        .delete_app_account(account_id(&accounts[0]))
        .await
        .unwrap();
    client
        .disable_app_account(account_id(&accounts[1]))
        .await
        .unwrap();
    let shared = CreateSharedAppAccount::new("reception");
    client
        .create_public_app_account(APPLICATION, &shared)
        .await
        .unwrap();
    let second = client.snapshot_app_accounts(APPLICATION).await.unwrap();
    let changes = second.changes_since(&kept, LeaverLimit::default()).unwrap();
    let logins = |list: &[oneaccess_sdk::directory::Member]| -> Vec<String> {
        list.iter().map(|member| member.login.clone()).collect()
    };
    assert_eq!(logins(&changes.left), ["zhangsan"]);
    assert_eq!(logins(&changes.disabled), ["lisi"]);
    assert_eq!(logins(&changes.joined), ["reception"]);
    assert!(changes.changed.is_empty() && changes.leavers_are_known);
    let refused = second
        .changes_since(&kept, LeaverLimit::at_most(0))
        .unwrap_err();
    assert_eq!((refused.missing, refused.before), (1, 5));

    let whole = client.snapshot_users("").await.unwrap();
    assert_eq!(whole.members().len(), 5);
    let one = whole
        .members()
        .iter()
        .find(|it| it.login == "lisi")
        .unwrap();
    assert_eq!(one.mobile.as_deref(), Some("13800000002"));
}
