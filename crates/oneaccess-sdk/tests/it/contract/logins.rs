//! Every way to log in, and every way it can go on.

use auth_core::{Action, Secret};
use huawei_emulator::oneaccess_sdk::{Application, OneAccess, PasswordState};
use oneaccess_sdk::model::{
    BindAlipayPhone, BindSocialAccount, EmailCodeType, RegisterByMobile, ResetPasswordByMobile,
    SmsType, SocialBindStep,
};
use oneaccess_sdk::{Login, attempts_left, locked_for};

use super::{Stage, success};

const PASSWORD: &str = OneAccess::PASSWORD;
const MOBILE: &str = "13800000001";

#[tokio::test]
async fn a_code_of_wechat_logs_in_once() {
    let stage = Stage::new("wechat");
    let code = stage.platform.social_code("weixin", "zhangsan");
    let session = success(stage.phone().login_by_wechat(code.as_str()).await.unwrap());
    stage.assert_accepted("login_by_wechat");
    assert!(session.id_token().is_some());
    assert_eq!(session.expires_in().unwrap().as_secs(), 43_200);
    let again = stage.phone().login_by_wechat(code).await.unwrap_err();
    assert_eq!(again.action(), Action::SignInAgain);
}

#[tokio::test]
async fn passwords_log_in_by_name_number_and_address() {
    let stage = Stage::new("passwords");
    let phone = stage.phone();
    success(phone.login_by_password("zhangsan", PASSWORD).await.unwrap());
    for identifier in ["zhangsan", MOBILE, "zhangsan@example.com"] {
        let login = phone.login_by_any_identifier(identifier, PASSWORD).await;
        success(login.unwrap());
    }
    success(
        phone
            .login_by_mobile_password(MOBILE, PASSWORD)
            .await
            .unwrap(),
    );
}

#[tokio::test]
async fn wrong_passwords_count_down_to_a_lock_and_are_sent_once() {
    let stage = Stage::new("lock");
    let phone = stage.phone();
    for left in (0..5).rev() {
        let before = stage.space.request_count();
        let error = phone
            .login_by_password("zhangsan", "wrong")
            .await
            .unwrap_err();
        assert_eq!(attempts_left(&error), Some(left), "{error}");
        assert_eq!(error.action(), Action::FixCredentials);
        assert_eq!(stage.space.request_count(), before + 1);
    }
    let before = stage.space.request_count();
    let error = phone
        .login_by_password("zhangsan", PASSWORD)
        .await
        .unwrap_err();
    assert_eq!(error.action(), Action::Backoff);
    assert_eq!(stage.space.request_count(), before + 1);
    let wait = locked_for(&error).unwrap();
    assert!(wait.as_secs() > 1700 && wait.as_secs() <= 1800, "{wait:?}");
    stage.space.advance_clock(wait);
    success(phone.login_by_password("zhangsan", PASSWORD).await.unwrap());
}

#[tokio::test]
async fn codes_by_sms_and_mail_log_in() {
    let stage = Stage::new("codes");
    let phone = stage.phone();
    let code = stage.sms(MOBILE, SmsType::LoginSms).await;
    success(
        phone
            .login_by_mobile_code(MOBILE, code.as_str())
            .await
            .unwrap(),
    );
    let again = phone.login_by_mobile_code(MOBILE, code).await.unwrap_err();
    assert_eq!(again.action(), Action::FixRequest);

    let email = "zhangsan@example.com";
    let proof = stage.proof(email).await;
    phone
        .send_email_code(email, EmailCodeType::LoginEms, proof)
        .await
        .unwrap();
    let code = stage.platform.code(email).unwrap();
    success(phone.login_by_email_code(email, code).await.unwrap());
    assert!(
        !phone
            .list_country_codes()
            .await
            .unwrap()
            .phone_area_code_definitions
            .is_empty()
    );
}

#[tokio::test]
async fn a_puzzle_is_solved_near_the_place_and_proves_one_code() {
    let stage = Stage::new("puzzle");
    let phone = stage.phone();
    let puzzle = phone.captcha().await.unwrap();
    let place = stage
        .platform
        .captcha_solution(puzzle.token().expose())
        .unwrap();
    let wrong = puzzle.solve(place + 30.0, MOBILE).await.unwrap_err();
    assert_eq!(wrong.api().unwrap().code, "CAPTCHA.0002");
    let proof = stage.proof(MOBILE).await;
    let other = phone
        .send_sms_code("13800000002", SmsType::LoginSms, proof)
        .await;
    assert_eq!(other.unwrap_err().api().unwrap().code, "CAPTCHA.0004");
}

#[tokio::test]
async fn social_platforms_log_in_whoever_is_bound() {
    let stage = Stage::new("social");
    let phone = stage.phone();
    // Each is bound first, to the person of the number.
    let logins = [
        phone.login_by_wechat_mini_program("emulated-a").await,
        phone.login_by_alipay("emulated-a").await,
        phone.login_by_alipay_mini_program("emulated-a").await,
        phone.login_by_qq("token", "a").await,
        phone.login_by_weibo("token", "a").await,
        phone.login_by_apple("emulated-a").await,
    ];
    for login in logins {
        let Login::BindOrRegister(step) = login.unwrap() else {
            panic!("the account is bound to nobody");
        };
        assert_eq!(
            step.ways(),
            [SocialBindStep::VerifyPhone, SocialBindStep::VerifyEmail]
        );
        let proof = stage.proof(MOBILE).await;
        step.send_sms_code(MOBILE, proof).await.unwrap();
        let code = stage.platform.code(MOBILE).unwrap();
        let account = BindSocialAccount::new(code).mobile(MOBILE);
        success(step.bind(&account).await.unwrap());
    }
    success(
        phone
            .login_by_wechat_mini_program("emulated-a")
            .await
            .unwrap(),
    );
    success(phone.login_by_apple("emulated-a").await.unwrap());
    success(
        phone
            .login_by_carrier_token(format!("emulated-{MOBILE}"))
            .await
            .unwrap(),
    );
    let code = format!("emulated-{MOBILE}");
    success(
        phone
            .login_by_wechat_mini_program_mobile(code)
            .await
            .unwrap(),
    );
}

#[tokio::test]
async fn a_social_account_is_bound_in_every_way_there_is() {
    let stage = Stage::new("binding");
    let phone = stage.phone();
    let begin = async |uid: &str| {
        let code = stage.platform.social_code("weixin", uid);
        match phone.login_by_wechat(code).await.unwrap() {
            // What a server keeps between two requests of a browser.
            Login::BindOrRegister(step) => phone.bind_or_register(step.state_token().clone()),
            other => panic!("{other:?}"),
        }
    };
    let new = "13900000001";
    let code = stage.sms(new, SmsType::BindMobileSms).await;
    let account = BindSocialAccount::new(code).mobile(new);
    let step = begin("b1").await;
    let nobody = step.bind(&account).await.unwrap_err();
    assert_eq!(nobody.action(), Action::DropTarget);
    let code = stage.sms(new, SmsType::BindMobileSms).await;
    let account = BindSocialAccount::new(code).mobile(new);
    success(step.register_and_bind(&account).await.unwrap());
    let used = step.register_and_bind(&account).await.unwrap_err();
    assert_eq!(used.action(), Action::SignInAgain);

    let by_password = begin("b2")
        .await
        .bind_by_password("zhangsan", PASSWORD)
        .await;
    success(by_password.unwrap());
    let phone_of = |mobile| BindAlipayPhone::new(format!("emulated-{mobile}"));
    let bound = begin("b3")
        .await
        .bind_by_alipay_mobile(&phone_of(MOBILE))
        .await;
    success(bound.unwrap());
    let step = begin("b4").await;
    let registered = step
        .register_by_alipay_mobile(&phone_of("13900000002"))
        .await;
    success(registered.unwrap());
}

#[tokio::test]
async fn an_old_password_warns_and_can_wait_or_be_changed() {
    let stage = Stage::new("warning");
    let phone = stage.phone();
    let begin = async || match phone.login_by_password("wangwu", PASSWORD).await.unwrap() {
        Login::PasswordWarning(step) => step,
        other => panic!("{other:?}"),
    };
    let step = begin().await;
    let policy = step.policy().unwrap();
    assert_eq!((policy.min_length, policy.max_length), (Some(8), Some(32)));
    assert!(policy.reg_ex.is_some());
    success(step.skip().await.unwrap());
    let step = phone.password_warning(begin().await.state_token().clone());
    let short = step.update(PASSWORD, "short").await.unwrap_err();
    assert_eq!(short.api().unwrap().code, "PWD.0002");
    success(step.update(PASSWORD, "Better-than-1").await.unwrap());
    success(
        phone
            .login_by_password("wangwu", "Better-than-1")
            .await
            .unwrap(),
    );
}

#[tokio::test]
async fn an_expired_password_must_be_changed() {
    let stage = Stage::new("expired");
    let phone = stage.phone();
    let login = phone.login_by_password("zhaoliu", PASSWORD).await.unwrap();
    assert!(login.clone().success().is_err());
    let Login::PasswordExpired(step) = login else {
        panic!("{login:?}");
    };
    assert!(step.policy().is_some());
    let step = phone.password_expired(step.state_token().clone());
    success(step.update(PASSWORD, "Better-than-1").await.unwrap());
}

#[tokio::test]
async fn a_second_factor_comes_by_sms_or_mail() {
    let stage = Stage::new("factor");
    let phone = stage.phone();
    let begin = async || match phone.login_by_password("lisi", PASSWORD).await.unwrap() {
        Login::SecondFactor(step) => phone.second_factor(step.state_token().clone()),
        other => panic!("{other:?}"),
    };
    let step = begin().await;
    let mobile = step.mobile().await.unwrap();
    assert_eq!(mobile, "13800000002");
    let proof = stage.proof(&mobile).await;
    step.send_sms_code(mobile.as_str(), proof).await.unwrap();
    let wrong = step
        .verify_sms(mobile.as_str(), "000000x")
        .await
        .unwrap_err();
    assert_eq!(wrong.api().unwrap().code, "SDK.SMS.1005");
    let code = stage.platform.code(&mobile).unwrap();
    success(step.verify_sms(mobile, code).await.unwrap());

    let step = begin().await;
    let email = "lisi@example.com";
    let proof = stage.proof(email).await;
    step.send_email_code(email, proof).await.unwrap();
    let code = stage.platform.code(email).unwrap();
    success(step.verify_email(email, code).await.unwrap());
}

#[tokio::test]
async fn a_warning_comes_before_a_second_factor() {
    let stage = Stage::new("both");
    let phone = stage.phone();
    let platform = &stage.platform;
    platform.set_password_state("lisi", PasswordState::Warning);
    let Login::PasswordWarning(step) = phone.login_by_password("lisi", PASSWORD).await.unwrap()
    else {
        panic!("a warning");
    };
    let next = step.skip().await.unwrap();
    assert!(matches!(next, Login::SecondFactor(_)), "{next:?}");
    assert!(next.state_token().is_some());
}

#[tokio::test]
async fn who_is_disabled_is_denied() {
    let stage = Stage::new("denied");
    let login = stage
        .phone()
        .login_by_password("sunqi", PASSWORD)
        .await
        .unwrap();
    assert!(matches!(login, Login::Denied), "{login:?}");
    assert_eq!(login.success().unwrap_err().action(), Action::SignInAgain);
}

#[tokio::test]
async fn a_state_token_dies_and_belongs_to_its_application() {
    let stage = Stage::new("states");
    let phone = stage.phone();
    let Login::PasswordWarning(step) = phone.login_by_password("wangwu", PASSWORD).await.unwrap()
    else {
        panic!("a warning");
    };
    let unknown = phone.password_warning("unknown").skip().await.unwrap_err();
    assert_eq!(unknown.action(), Action::SignInAgain);
    let other = phone.second_factor(step.state_token().clone());
    assert_eq!(
        other.mobile().await.unwrap_err().action(),
        Action::SignInAgain
    );
    stage
        .space
        .advance_clock(std::time::Duration::from_secs(601));
    assert_eq!(step.skip().await.unwrap_err().action(), Action::SignInAgain);
}

#[tokio::test]
async fn people_register_themselves_where_they_may() {
    let stage = Stage::new("register");
    let phone = stage.phone();
    let mobile = "13900000009";
    let code = stage.sms(mobile, SmsType::RegisterSms).await;
    let person = RegisterByMobile::new(mobile, code)
        .user_name("newcomer")
        .name("新人")
        .pwd("Better-than-1");
    success(phone.register_by_mobile(&person).await.unwrap());
    success(
        phone
            .login_by_password("newcomer", "Better-than-1")
            .await
            .unwrap(),
    );

    let unknown = "13900000010";
    let code = stage.sms(unknown, SmsType::LoginSms).await;
    let error = phone.login_by_mobile_code(unknown, code).await.unwrap_err();
    assert_eq!(error.action(), Action::DropTarget);
    let platform = &stage.platform;
    let mut application: Application = platform.application(OneAccess::CLIENT_ID).unwrap();
    application.registers = true;
    platform.add_application(application);
    let code = stage.sms(unknown, SmsType::LoginSms).await;
    success(phone.login_by_mobile_code(unknown, code).await.unwrap());
}

#[tokio::test]
async fn a_forgotten_password_is_reset_by_sms() {
    let stage = Stage::new("forgotten");
    let phone = stage.phone();
    let code = stage.sms(MOBILE, SmsType::ForgetPwdSms).await;
    let reset = ResetPasswordByMobile::new(MOBILE, Secret::new(code), "Better-than-1");
    phone.reset_password_by_mobile(&reset).await.unwrap();
    success(
        phone
            .login_by_password("zhangsan", "Better-than-1")
            .await
            .unwrap(),
    );
}
