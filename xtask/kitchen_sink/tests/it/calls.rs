//! Operations: what is sent, and what comes of the answer.

use std::sync::Arc;
use std::time::Duration;

use auth_core::testing::{Reply, Script};
use auth_core::{Credential, File, HttpSend, Token};
use http::{Method, Request};
use kitchen_sink::Client;
use kitchen_sink::model::{
    AppKey, Authorize, Caller, ChangeThing, Colour, GetThing, Grade, ListGrades, ListRows,
    ListRowsOf, ListThings, Part, RenewToken, SetNote, SubmitForm, UploadFile,
};
use serde_json::json;

use crate::requests::create;

fn client(script: &Script) -> Client {
    client_over(script.transport())
}

/// A client with every credential there is.
pub(crate) fn client_over(transport: Arc<dyn HttpSend>) -> Client {
    let token = || Token::bearer("bearer-token", Duration::from_secs(60)).unwrap();
    let pair = || Credential::Client {
        id: "id".to_owned(),
        secret: "se+cret".into(),
    };
    let api = Client::api_builder()
        .server("api", "https://api.example.com")
        .server("login", "https://login.example.com")
        .credential("bearer", Credential::Token(token()))
        .credential("oauth", Credential::Token(token()))
        .credential("basic", pair())
        .credential("formSecret", pair())
        .credential("querySecret", pair())
        .credential("queryKey", Credential::Token(token()))
        .credential("assertion", Credential::Token(token()))
        .transport(transport)
        .build()
        .unwrap();
    Client::from_api(api)
}

fn body(request: &Request<bytes::Bytes>) -> String {
    String::from_utf8(request.body().to_vec()).unwrap()
}

fn header<'a>(request: &'a Request<bytes::Bytes>, name: &str) -> Option<&'a str> {
    request
        .headers()
        .get(name)
        .map(|value| value.to_str().unwrap())
}

const THING: &str = r#"{"id":"t","grade":"1","parts":[],"amount":"2"}"#;

#[tokio::test]
async fn parameters_go_where_the_document_says() {
    let script = Script::new().reply(Reply::text(200, THING));
    let options = GetThing::default()
        .verbose(true)
        .depth(3)
        .share(0.5)
        .colour(Colour::DarkBlue)
        .grade(Grade::Secret)
        .select()
        .note("")
        .x_lang("en")
        .x_secret("hush");
    let thing = client(&script).get_thing("a b", &options).await.unwrap();
    assert_eq!(thing.amount, 2);
    let request = &script.requests()[0];
    assert_eq!(
        request.uri(),
        "https://api.example.com/things/a%20b?verbose=true&depth=3&share=0.5&colour=dark%20blue&grade=-7&select=imsi&note="
    );
    assert_eq!(header(request, "x-lang"), Some("en"));
    assert_eq!(header(request, "x-secret"), Some("hush"));
    assert_eq!(
        header(request, "authorization"),
        Some("Bearer bearer-token")
    );
}

#[tokio::test]
async fn optional_parameters_are_left_out() {
    let script = Script::new().reply(Reply::text(200, THING));
    client(&script)
        .get_thing("a", &GetThing::default())
        .await
        .unwrap();
    assert_eq!(
        script.requests()[0].uri(),
        "https://api.example.com/things/a"
    );
}

#[tokio::test]
async fn nothing_is_sent_that_breaks_a_limit() {
    let script = Script::new();
    let client = client(&script);
    for text in [
        client
            .get_thing("123456789", &GetThing::default())
            .await
            .unwrap_err()
            .to_string(),
        client
            .get_thing("a", &GetThing::default().depth(10))
            .await
            .unwrap_err()
            .to_string(),
        client
            .create_thing(Grade::Good, &create().share(2.0))
            .await
            .unwrap_err()
            .to_string(),
        client
            .replace_things(&[Part::new("too long")])
            .await
            .unwrap_err()
            .to_string(),
        client
            .list_things(&ListThings::default())
            .await
            .unwrap_err()
            .to_string(),
    ] {
        assert!(text.contains('`'), "{text}");
    }
    assert_eq!(script.count(), 0);
}

#[tokio::test]
async fn rules_between_parameters_hold() {
    let script = Script::new();
    let client = client(&script);
    let refused = async |options: ListThings| {
        let error = client.list_things(&options).await.unwrap_err();
        error.to_string()
    };
    let text = refused(ListThings::default().page(1).owner("o")).await;
    assert!(
        text.contains("`colour` is required when `owner` is present"),
        "{text}"
    );
    let text = refused(ListThings::default().page(1).colour(Colour::Red)).await;
    assert!(
        text.contains("`owner` is required when `colour` is `RED` or `dark blue`"),
        "{text}"
    );
}

#[tokio::test]
async fn large_bodies_are_refused_without_the_lists_that_do_not_count() {
    let script = Script::new().otherwise(Reply::json(200, &json!({ "code": "0" })));
    let client = client(&script);
    let mut many = create();
    many.targets = vec!["t".repeat(1000).into(), "u".repeat(1000).into()];
    let created = client.create_thing(Grade::Good, &many).await.unwrap();
    assert_eq!(created.code, "0");
    let error = client
        .create_thing(Grade::Good, &create().note("n".repeat(1500)))
        .await
        .unwrap_err();
    assert!(
        error.to_string().contains("at most 1500 are allowed"),
        "{error}"
    );
}

#[tokio::test]
async fn a_partial_success_is_an_answer_to_look_at() {
    let script = Script::new()
        .reply(Reply::json(200, &json!({ "code": " 5 ", "text": "some" })))
        .reply(Reply::json(201, &json!({ "code": "0" })))
        .reply(Reply::json(200, &json!({ "code": "9", "text": "no" })));
    let client = client(&script);
    assert!(
        client
            .create_thing(Grade::Good, &create())
            .await
            .unwrap()
            .is_partial()
    );
    assert!(
        !client
            .create_thing(Grade::Good, &create())
            .await
            .unwrap()
            .is_partial()
    );
    let error = client
        .create_thing(Grade::Good, &create())
        .await
        .unwrap_err();
    assert_eq!(error.api().unwrap().code, "9");
    assert_eq!(header(&script.requests()[0], "push-kind"), Some("1"));
    assert_eq!(
        header(&script.requests()[0], "content-type"),
        Some("application/json")
    );
}

#[tokio::test]
async fn lists_go_out_and_come_back_and_may_be_missing() {
    let script = Script::new()
        .reply(Reply::text(200, format!("[{THING}]")))
        .reply(Reply::status(204));
    let client = client(&script);
    let parts = [Part::new("p").icon("i")];
    assert_eq!(
        client.replace_things(&parts).await.unwrap().unwrap().len(),
        1
    );
    assert_eq!(client.replace_things(&[]).await.unwrap(), None);
    assert_eq!(body(&script.requests()[0]), r#"[{"name":"p","icon":"i"}]"#);
    assert_eq!(
        header(&script.requests()[0], "authorization"),
        Some("Basic aWQ6c2UrY3JldA==")
    );
}

#[tokio::test]
async fn scalars_and_lists_of_them_are_answers() {
    let script = Script::new()
        .reply(Reply::text(200, "12"))
        .reply(Reply::text(200, r#"["a","b"]"#))
        .reply(Reply::text(200, "before"))
        .reply(Reply::text(200, r#"{"apns-expiration":7}"#));
    let client = client(&script);
    assert_eq!(client.get_count().await.unwrap(), 12);
    assert_eq!(client.list_names().await.unwrap(), ["a", "b"]);
    let place = SetNote {
        org_id: "o/1",
        user_id: "u",
        note: 3,
    };
    assert_eq!(client.set_note(place, "after").await.unwrap(), "before");
    let caller = Caller::new("a", "hush").x_l(Colour::Red);
    let key = AppKey {
        device_id: "d",
        app_id: "p",
    };
    let device = client.get_device(key, &caller).await;
    let requests = script.requests();
    assert_eq!(requests[0].uri().query(), Some("key=bearer-token"));
    assert_eq!(requests[2].uri().path(), "/orgs/o%2F1/users/u/notes/3");
    assert_eq!(body(&requests[2]), "after");
    assert_eq!(device.unwrap().apns_expiration.as_deref(), Some("7"));
    assert_eq!(requests[3].uri().path(), "/devices/d/apps/p");
    assert_eq!(header(&requests[3], "x-token"), Some("hush"));
    assert_eq!(header(&requests[3], "x-l"), Some("RED"));
}

#[tokio::test]
async fn an_optional_body_may_be_left_out() {
    let script = Script::new()
        .reply(Reply::status(204))
        .reply(Reply::status(204));
    let client = client(&script);
    client.update_thing("a", None).await.unwrap();
    client
        .update_thing("a", Some(&ChangeThing::default().name("n")))
        .await
        .unwrap();
    let requests = script.requests();
    assert_eq!(body(&requests[0]), "");
    assert_eq!(body(&requests[1]), r#"{"name":"n"}"#);
    assert_eq!(
        header(&requests[1], "content-type"),
        Some("application/json; charset=utf-8")
    );
}

#[tokio::test]
#[expect(deprecated, reason = "a deprecated operation still works")]
async fn an_operation_that_is_not_documented_answers_a_struct() {
    let script = Script::new().reply(Reply::status(200));
    let answer = client(&script).delete_thing("a").await.unwrap();
    assert_eq!(format!("{answer:?}"), "DeleteThingAnswer");
    assert_eq!(script.requests()[0].method(), Method::DELETE);
}

#[tokio::test]
async fn forms_files_and_routes_are_written() {
    let script = Script::new()
        .reply(Reply::text(200, "{}"))
        .reply(Reply::text(200, "<html>"))
        .reply(Reply::text(200, r#"{"kind":"n","value":1}"#));
    let client = client(&script);
    client
        .submit_form(&SubmitForm::new("a+b").on(true))
        .await
        .unwrap();
    let file = File::new("n.png", "image/png", "PNG");
    let upload = UploadFile::new(file, "hush").file_name("n");
    assert_eq!(client.upload_file(&upload).await.unwrap(), "<html>");
    client.call_route().await.unwrap();
    let requests = script.requests();
    let form = body(&requests[0]);
    for part in [
        "text=a%2Bb",
        "on=true",
        "client_id=id",
        "client_secret=se%2Bcret",
    ] {
        assert!(form.split('&').any(|pair| pair == part), "{form}");
    }
    let upload = body(&requests[1]);
    for part in [
        "name=\"file\"; filename=\"n.png\"",
        "PNG",
        "name=\"fileName\"",
        "hush",
    ] {
        assert!(upload.contains(part), "{upload}");
    }
    assert!(!upload.contains("thumbnail"), "{upload}");
    assert_eq!(
        requests[2].uri(),
        "https://api.example.com/rest.php?svc=Thing.get&fmt=JSON&app=id&key=se%2Bcret"
    );
}

#[tokio::test]
async fn credentials_fill_a_body_that_has_nothing_else() {
    let tokens = json!({ "access_token": "t" });
    let script = Script::new().otherwise(Reply::json(200, &tokens));
    let client = client(&script);
    client.log_in().await.unwrap();
    client.renew_token(&RenewToken::new("r")).await.unwrap();
    let requests = script.requests();
    assert_eq!(requests[0].uri(), "https://login.example.com/login");
    for part in ["grant_type=client_credentials", "client_id=id"] {
        assert!(body(&requests[0]).contains(part), "{}", body(&requests[0]));
    }
    for part in [
        "grant_type=refresh_token",
        "refresh_token=r",
        "client_assertion=bearer-token",
    ] {
        assert!(body(&requests[1]).contains(part), "{}", body(&requests[1]));
    }
}

#[tokio::test]
async fn an_address_for_a_browser_is_built_and_not_called() {
    let script = Script::new();
    let client = client(&script);
    let address = client
        .authorize(
            "https://app.example/back?x=1",
            &Authorize::default().state("s"),
        )
        .unwrap();
    assert_eq!(
        address,
        "https://login.example.com/authorize?response_type=code&redirect_uri=https%3A%2F%2Fapp.example%2Fback%3Fx%3D1&state=s"
    );
    assert_eq!(
        client.end_session().unwrap(),
        "https://api.example.com/close"
    );
    assert_eq!(script.count(), 0);
}

#[tokio::test]
async fn pages_are_read_as_one_stream() {
    let page = |names: &[&str], more: serde_json::Value| {
        let things: Vec<_> = names.iter().map(|name| json!({ "name": name })).collect();
        Reply::json(
            200,
            &json!({ "data": { "things": things, "total": 99, "more": more } }),
        )
    };
    let script = Script::new()
        .reply(page(&["a", "b"], json!(1)))
        .reply(page(&["c", "d"], json!("0")));
    let options = ListThings::default().colour(Colour::Red).owner("o");
    let things = client(&script)
        .list_things_stream(&options)
        .collect()
        .await
        .unwrap();
    let names: Vec<&str> = things.iter().map(|part| part.name.as_str()).collect();
    assert_eq!(names, ["a", "b", "c", "d"]);
    let queries: Vec<String> = script
        .requests()
        .iter()
        .map(|request| request.uri().query().unwrap_or_default().to_owned())
        .collect();
    assert_eq!(queries[0], "page=1&pageSize=2&colour=RED&owner=o");
    assert_eq!(queries[1], "page=2&pageSize=2&colour=RED&owner=o");
}

#[tokio::test]
async fn rows_are_counted_in_query_and_body() {
    let grades = |count: usize| Reply::json(200, &json!({ "grades": vec![1; count] }));
    let rows = |count: usize| Reply::json(200, &json!({ "rows": vec!["r"; count] }));
    let script = Script::new()
        .reply(grades(3))
        .reply(grades(1))
        .reply(rows(2))
        .reply(Reply::json(200, &json!({})));
    let client = client(&script);
    let ticket = "t".into();
    let parameters = ListGrades {
        org_id: "o",
        user_id: "u",
        ticket: &ticket,
        colour: &Colour::Red,
        offset: 0,
        limit: 3,
    };
    let grades = client
        .list_grades_stream(parameters)
        .collect()
        .await
        .unwrap();
    assert_eq!(grades, [Grade::Good; 4]);
    let which = ListRowsOf::new(4);
    let rows = client
        .list_rows_stream(&which, &ListRows::default())
        .collect()
        .await
        .unwrap();
    assert_eq!(rows, ["r", "r"]);
    let requests = script.requests();
    assert!(
        requests[1]
            .uri()
            .query()
            .unwrap()
            .contains("offset=3&limit=3")
    );
    assert_eq!(requests[2].uri().query(), Some("org_id="));
    assert_eq!(body(&requests[2]), r#"{"offset":4,"limit":2}"#);
    assert_eq!(body(&requests[3]), r#"{"offset":6,"limit":2}"#);
    assert_eq!(
        header(&requests[3], "content-type"),
        Some("application/json;charset=utf-8")
    );
}

#[test]
fn futures_can_move_between_threads() {
    fn send<T: Send>(_: T) {}
    let client = client(&Script::new());
    send(client.get_thing("a", &GetThing::default()));
    send(client.list_things_stream(&ListThings::default()));
}
