//! What a fresh space begins with: an application, another one, and people for every way a login
//! can go.

use super::applications::Application;
use super::people::{Organization, PasswordState, Person};

/// The ClientId of the first application.
pub(super) const CLIENT_ID: &str = "emulatedClient000000000000000001";
/// Its secret; holds characters that a form has to encode.
pub(super) const CLIENT_SECRET: &str = "emulated+secret/with=&%:signs";
/// Its id in the management API.
pub(super) const APPLICATION_ID: &str = "20240101090000000-A001-000000001";
/// The ClientId of the second application.
pub(super) const OTHER_CLIENT_ID: &str = "emulatedClient000000000000000002";
/// The id of the second application.
pub(super) const OTHER_APPLICATION_ID: &str = "20240101090000000-A002-000000002";
/// The organization at the top.
pub(super) const ORG_ID: &str = "20240101090000000-B001-000000001";
/// The password of all people that a fresh space has.
pub(super) const PASSWORD: &str = "Emulated-1";

/// The applications.
pub(super) fn applications() -> Vec<Application> {
    let first = Application::new(CLIENT_ID, CLIENT_SECRET, APPLICATION_ID, "Emulated app");
    let other = Application::new(
        OTHER_CLIENT_ID,
        CLIENT_SECRET,
        OTHER_APPLICATION_ID,
        "Other app",
    );
    vec![first, other]
}

/// The organizations.
pub(super) fn organizations() -> Vec<Organization> {
    let top = Organization::new(ORG_ID, "10000", "总部", None);
    let below = "20240101090000000-B002-000000002";
    let below = Organization::new(below, "10001", "开发组", Some(ORG_ID.to_owned()));
    vec![top, below]
}

/// The people.
pub(super) fn people() -> Vec<Person> {
    let person = |number: u8, user_name: &str, name: &str| {
        let id = format!("20240101090000000-C00{number}-00000000{number}");
        let mobile = format!("1380000000{number}");
        Person::new(&id, user_name, &mobile)
            .named(name)
            .with_password(PASSWORD)
            .in_organization(ORG_ID)
    };
    let mut second_factor = person(2, "lisi", "李四");
    second_factor.second_factor = true;
    let mut warned = person(3, "wangwu", "王五");
    warned.password_state = PasswordState::Warning;
    let mut expired = person(4, "zhaoliu", "赵六");
    expired.password_state = PasswordState::Expired;
    let mut disabled = person(5, "sunqi", "孙七");
    disabled.disabled = true;
    let mut first = person(1, "zhangsan", "张三");
    first.bind("weixin", "zhangsan", "1");
    vec![first, second_factor, warned, expired, disabled]
}
