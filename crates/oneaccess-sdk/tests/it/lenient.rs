//! Numbers and truth values that come as texts: the platform's tables and samples disagree about them.

use oneaccess_sdk::Login;
use oneaccess_sdk::model::{AppAccountPage, Event, UserPage};
use serde_json::json;

use crate::fake::Fake;

#[test]
fn users_and_accounts_are_read_either_way() {
    for (yes, grade) in [(json!(true), json!(3)), (json!("true"), json!("3"))] {
        let page = json!({"total": 1, "users": [{
            "user_id": "u", "user_name": "n", "disabled": yes, "locked": yes, "pwd_must_modify": yes,
            "grade": grade,
        }]});
        let page: UserPage = serde_json::from_value(page).unwrap();
        let user = &page.users[0];
        assert_eq!(user.disabled, Some(true));
        assert_eq!(
            (user.locked, user.pwd_must_modify),
            (Some(true), Some(true))
        );
        assert_eq!(user.grade, Some(3));
        let page = json!({"total": 1, "accounts": [
            {"id": "a", "account_name": "n", "disabled": yes},
        ]});
        let page: AppAccountPage = serde_json::from_value(page).unwrap();
        assert_eq!(page.accounts[0].disabled, Some(true));
        let event = Event::parse(
            "UPDATE_USER",
            &json!({"id": "u", "disabled": yes}).to_string(),
        );
        let Ok(Event::UpdateUser(user)) = event else {
            panic!("{event:?}");
        };
        assert_eq!(user.disabled, Some(true));
    }
}

#[tokio::test]
async fn logins_are_read_either_way() {
    for (expire, length) in [(json!(43_200), json!(8)), (json!("43200"), json!("8"))] {
        let answer = json!({"status": "SUCCESS", "session_token": "s", "expire": expire});
        let fake = Fake::new(move |_| (200, answer.to_string()));
        let login = fake.phone().login_by_wechat("code").await.unwrap();
        let session = login.success().unwrap();
        assert_eq!(session.expires_in().unwrap().as_secs(), 43_200);

        let policy = json!({"minLength": length}).to_string();
        let answer = json!({"status": " PASSWORD_WARN", "state_token": "s", "data": policy});
        let fake = Fake::new(move |_| (200, answer.to_string()));
        let login = fake.phone().login_by_wechat("code").await.unwrap();
        let Login::PasswordWarning(step) = login else {
            panic!("{login:?}");
        };
        assert_eq!(step.policy().unwrap().min_length, Some(8));
    }
}
