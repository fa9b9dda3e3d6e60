//! What people keep beside the directory: to-dos, calendars, conferences, shifts, files, approvals.

#![expect(deprecated, reason = "the platform advises against the older forms")]

use std::time::Duration;

use auth_core::{Action, Error, HttpSend as _, ReqwestSend};
use bytes::Bytes;
use http::Request;
use huawei_emulator::welink_oauth::WelinkOauth;
use serde_json::{Value, json};
use welink_oauth::model::{
    AddArticle, AddMeeting, AddTodo, ConferenceAttendee, CreateConference, CreateShareLink,
    CreateShifts, DeleteArticle, DeleteArticleOptions, DeleteConference, DeleteMeeting,
    DeleteShareLink, ListAppliedApprovals, ListApprovalTemplates, ListConferences,
    ListHandledApprovals, ListPastConferences, ListPunchRecords, ListShareLinks, ListShifts,
    PrepareDownload, PrepareUpload, ShiftDefinition, UpdateArticle, UpdateConference,
    UpdateConferenceParameters, UpdateMeeting, UpdateShift, UpdateTodo, UpdateTodoV1,
};

use crate::stage::Stage;

const BOSS: &str = WelinkOauth::ADMINISTRATOR;
const USER: &str = WelinkOauth::USER;
const OTHER: &str = "wangwu@welink";

/// What lies on a shelf of the first tenant.
fn records(stage: &Stage, shelf: &str) -> Vec<Value> {
    stage.welink.records(WelinkOauth::TENANT_ID, shelf)
}

#[track_caller]
fn assert_code<T: std::fmt::Debug>(answer: Result<T, Error>, code: &str) {
    assert_eq!(answer.unwrap_err().api().unwrap().code, code);
}

fn todo(id: &str, user: &str) -> AddTodo {
    let (name, en) = ("李四", "Li Si");
    let page = "h5://1/index.html";
    AddTodo::new(
        id,
        "A trip",
        user,
        name,
        en,
        page,
        "Office",
        BOSS,
        "张三",
        "Zhang San",
        "T-1",
    )
}

#[tokio::test]
async fn a_todo_goes_from_hand_to_hand_until_it_is_withdrawn() {
    let stage = Stage::new("todos");
    let client = &stage.client;
    let added = client.add_todo(&todo("1", USER)).await.unwrap();
    let added = added.data.unwrap();
    assert_eq!(added.tenant_id.as_deref(), Some(WelinkOauth::TENANT_ID));
    assert_code(client.add_todo(&todo("1", USER)).await, "55007");
    assert_code(client.add_todo(&todo("2", "nobody@welink")).await, "55006");

    let hand_on = |id: &'static str| UpdateTodo {
        task_id: id,
        user_id: OTHER,
        user_name_cn: "王五",
        user_name_en: "Wang Wu",
    };
    let handed = client.update_todo(hand_on("1")).await.unwrap();
    assert_eq!(handed.data.unwrap().user_id.as_deref(), Some(OTHER));
    assert_code(client.update_todo(hand_on("3")).await, "55006");
    assert_eq!(records(&stage, "todos")[0]["userId"], OTHER);

    let finish = |user| UpdateTodoV1 {
        task_id: "1",
        user_id: user,
    };
    // It is no longer the first one's to finish.
    let error = client.update_todo_v1(finish(USER)).await.unwrap_err();
    assert_eq!(error.action(), Action::FixCredentials);
    let done = client.update_todo_v1(finish(OTHER)).await.unwrap();
    assert_eq!(done.data, Some(json!(true)));
    assert_eq!(records(&stage, "todos")[0]["status"], "done");

    let gone = client.delete_todo("1").await.unwrap().data.unwrap();
    assert_eq!(gone.uuid, added.uuid);
    assert!(records(&stage, "todos").is_empty());
    assert_code(client.delete_todo("1").await, "55006");
    // What is kept is kept for one tenant.
    let tenant = client.as_tenant(WelinkOauth::SUBSCRIBER_ID).unwrap();
    client.add_todo(&todo("5", USER)).await.unwrap();
    assert_code(tenant.delete_todo("5").await, "55006");
}

#[tokio::test]
async fn a_meeting_is_in_the_calendars_of_those_who_exist() {
    let stage = Stage::new("calendar");
    let client = &stage.client;
    let (start, end) = ("2026-03-10 09:00:00", "2026-03-10 10:00:00");
    let meeting = AddMeeting::new(BOSS, [USER, OTHER, "nobody@welink"], "Review", start, end);
    let added = client.add_meeting(&meeting).await.unwrap().data.unwrap();
    assert_eq!(added.failed_users.unwrap(), ["nobody@welink"]);
    let id = added.cal_uid.unwrap();

    let change = |who| UpdateMeeting::new(who, &id, [USER, OTHER]).summary("Retrospective");
    assert_code(client.update_meeting(&change(USER)).await, "47000");
    client.update_meeting(&change(BOSS)).await.unwrap();
    assert_eq!(records(&stage, "meetings")[0]["summary"], "Retrospective");
    let backwards = change(BOSS).start_time(end).end_time(start);
    assert_code(client.update_meeting(&backwards).await, "43011");

    let delete = |users: &[&str]| {
        let users: Vec<String> = users.iter().map(|it| (*it).to_owned()).collect();
        DeleteMeeting::new(&id, BOSS, users)
    };
    client.delete_meeting(&delete(&[USER])).await.unwrap();
    let left = &records(&stage, "meetings")[0]["receiverUserList"];
    assert_eq!(left, &json!([OTHER]));
    client.delete_meeting(&delete(&[OTHER])).await.unwrap();
    assert!(records(&stage, "meetings").is_empty());
    assert_code(client.delete_meeting(&delete(&[OTHER])).await, "43011");
    let nobody = AddMeeting::new(BOSS, ["nobody@welink"], "Review", start, end);
    assert_code(client.add_meeting(&nobody).await, "43051");
}

#[tokio::test]
async fn a_conference_is_booked_runs_and_is_over() {
    let stage = Stage::new("conferences");
    let client = &stage.client;
    // 2026-03-10T17:00:00Z
    let now = stage.space.now().duration_since(std::time::UNIX_EPOCH);
    let wanted = 1_773_162_000_000 - i64::try_from(now.unwrap().as_millis()).unwrap();
    stage.space.set_clock_offset_ms(wanted);
    let attendees = [USER, OTHER].map(|id| ConferenceAttendee::default().name(id).account_id(id));
    let booked = CreateConference::default()
        .subject("Release")
        .start_time("2026-03-10 18:00")
        .length(30)
        .attendees(attendees);
    let made = client.create_conference(BOSS, &booked).await.unwrap();
    let made = made.data.unwrap().remove(0);
    assert_eq!(made.end_time.as_deref(), Some("2026-03-10 18:30"));
    let id = made.conference_id.unwrap();
    assert_code(
        client.create_conference("nobody@welink", &booked).await,
        "43051",
    );

    let of = async |user: &str| {
        let list = ListConferences::default().user_id(user).page_size(1);
        let all = client.list_conferences_stream(&list).collect().await;
        all.unwrap().len()
    };
    // Those who are asked see it, too.
    assert_eq!([of(BOSS).await, of(USER).await], [1, 1]);
    assert_eq!(of("zhaoliu@welink").await, 0);
    let people = client.get_conference_stream(&id, &Default::default());
    assert_eq!(people.collect().await.unwrap().len(), 2);
    let all = |user| ListConferences::default().user_id(user).query_all(true);
    assert_code(client.list_conferences(&all(USER)).await, "47000");
    client.list_conferences(&all(BOSS)).await.unwrap();

    let change = |user| UpdateConferenceParameters {
        conferenceid: &id,
        user_id: user,
    };
    let later = UpdateConference::default().length(60);
    assert_code(
        client.update_conference(change(USER), &later).await,
        "47000",
    );
    let changed = client
        .update_conference(change(BOSS), &later)
        .await
        .unwrap();
    let changed = changed.data.unwrap().remove(0);
    assert_eq!(changed.end_time.as_deref(), Some("2026-03-10 19:00"));

    let state = async || {
        let found = client.get_conference(&id, &Default::default()).await;
        let data = found.unwrap().data.unwrap().conference_data.unwrap();
        data.conference_state.unwrap()
    };
    assert_eq!(state().await, "Schedule");
    stage.space.advance_clock(Duration::from_secs(90 * 60));
    assert_eq!(state().await, "Created");
    stage.space.advance_clock(Duration::from_secs(60 * 60));
    assert_eq!(of(BOSS).await, 0);
    let past = ListPastConferences::default().user_id(USER);
    let past = client.list_past_conferences_stream(&past).collect().await;
    let past = past.unwrap();
    assert_eq!(past.len(), 1);
    let uuid = past[0].conf_uuid.as_deref().unwrap();
    let people = client.get_past_conference_stream(uuid, &Default::default());
    assert_eq!(people.collect().await.unwrap().len(), 2);

    let delete = DeleteConference {
        conferenceid: &id,
        user_id: BOSS,
    };
    client.delete_conference(delete).await.unwrap();
    assert_code(client.delete_conference(delete).await, "43011");
    assert_code(
        client.get_conference(&id, &Default::default()).await,
        "43011",
    );
}

#[tokio::test]
async fn shifts_are_kept_and_punches_are_read_day_by_day() {
    let stage = Stage::new("attendance");
    let client = &stage.client;
    let shift = |name: &str| ShiftDefinition::default().schedule_name(name);
    let two = CreateShifts::new([shift("Early"), shift("Late"), ShiftDefinition::default()]);
    let made = client.create_shifts(&two).await.unwrap().data.unwrap();
    assert_eq!(made.fail_num.as_deref(), Some("1"));
    let ids = made.succ_list.unwrap();
    let change = UpdateShift::new(&ids[1]).schedule_name("Night");
    client.update_shift(&change).await.unwrap();
    client.delete_shift(&ids[0]).await.unwrap();
    assert_code(client.delete_shift(&ids[0]).await, "43011");
    let listed = client.list_shifts(&ListShifts::default()).await.unwrap();
    // The number of shifts comes as a text.
    assert_eq!(listed.total_count, Some(1));
    let name = listed.data.unwrap().remove(0).schedule_name;
    assert_eq!(name.as_deref(), Some("Night"));

    for hour in 10..15 {
        let time = format!("2026-03-10 {hour}:00:00");
        let punch = json!({ "userId": USER, "corpUserId": "1002", "punchTime": time });
        stage
            .welink
            .add_record(WelinkOauth::TENANT_ID, "punches", punch);
    }
    let day = |to: &str| {
        ListPunchRecords::new(0, 2)
            .user_id_list(["1002"])
            .start_time("2026-03-10 11:00:00")
            .end_time(to)
    };
    let found = client.list_punch_records_stream(&day("2026-03-11 11:00:00"));
    assert_eq!(found.collect().await.unwrap().len(), 4);
    let long = client.list_punch_records(&day("2026-03-11 11:00:01")).await;
    assert_code(long, "43011");
}

#[tokio::test]
async fn a_file_is_uploaded_once_and_shared() {
    let stage = Stage::new("drive");
    let client = &stage.client;
    let door = ReqwestSend::builder().build().unwrap();
    let put = async |url: &str, body: &'static [u8]| {
        let request = Request::put(url).body(Bytes::from_static(body)).unwrap();
        door.send(request).await.unwrap().status().as_u16()
    };
    let file = PrepareUpload::new("a.txt", 5, "5D41402ABC4B2A76B9719D911017C592", "B");
    let prepared = client.prepare_upload(&file).await.unwrap().data.unwrap();
    let (id, url) = (prepared.file_sn.unwrap(), prepared.upload_url.unwrap());
    let url = url.expose();
    let download = PrepareDownload::new(&id);
    assert_code(client.prepare_download(&download).await, "43054");
    assert_eq!(put(&format!("{url}?objectLength=5"), b"hell").await, 400);
    let form = b"----------ImCloudOnebox\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\n\
                 hello\r\n----------ImCloudOnebox--\r\n";
    assert_eq!(put(&format!("{url}?objectLength=5"), form).await, 200);
    let found = client.prepare_download(&download).await.unwrap();
    let address = found.data.unwrap().download_url.unwrap();
    assert!(!format!("{address:?}").contains("http"), "{address:?}");
    let request = Request::get(address.expose()).body(Bytes::new()).unwrap();
    assert_eq!(&door.send(request).await.unwrap().into_body()[..], b"hello");
    // What the drive has is not sent again.
    let again = client.prepare_upload(&file).await.unwrap().data.unwrap();
    assert_eq!(again.upload_url.unwrap().expose(), "");
    assert_eq!(again.file_sn.as_deref(), Some(&*id));

    let long = PrepareUpload::new("b.txt", 10, "M", "B");
    let prepared = client.prepare_upload(&long).await.unwrap().data.unwrap();
    let url = prepared.upload_url.unwrap();
    let url = url.expose();
    for (query, body) in [
        ("parts", &b""[..]),
        ("partId=2", b"world"),
        ("partId=1", b"hello"),
    ] {
        assert_eq!(put(&format!("{url}?{query}"), body).await, 200, "{query}");
    }
    assert_eq!(put(&format!("{url}?commit"), b"{}").await, 200);
    let request = Request::get(url).body(Bytes::new()).unwrap();
    assert_eq!(
        &door.send(request).await.unwrap().into_body()[..],
        b"helloworld"
    );

    let link = CreateShareLink::new(&id).plain_access_code("abcdefghij0123456789");
    let link = client.create_share_link(&link).await.unwrap().data.unwrap();
    let links = async || {
        let links = client.list_share_links(&ListShareLinks::new(&id)).await;
        links.unwrap().data.unwrap().total_count.unwrap()
    };
    assert_eq!(links().await, 1);
    let delete = DeleteShareLink::default().link_code(link.link_code.unwrap());
    client.delete_share_link(&id, &delete).await.unwrap();
    assert_eq!(links().await, 0);
    assert_code(client.delete_share_link(&id, &delete).await, "43054");
}

#[tokio::test]
async fn approvals_are_read_by_those_they_are_about() {
    let stage = Stage::new("approvals");
    let client = &stage.client;
    for number in 0..5 {
        let status = if number == 0 { "approved" } else { "pending" };
        let approval = json!({
            "instanceId": number.to_string(), "name": "Leave", "modelId": "M-G-1",
            "startUserId": USER, "status": status, "handlers": [BOSS],
        });
        stage
            .welink
            .add_record(WelinkOauth::TENANT_ID, "approvals", approval);
    }
    let own = ListAppliedApprovals::default().page_size(2);
    let own = client.list_applied_approvals_stream(USER, &own);
    assert_eq!(own.collect().await.unwrap().len(), 5);
    let open = ListHandledApprovals::default()
        .status("pending")
        .page_size(3);
    let open = client.list_handled_approvals_stream(BOSS, &open);
    assert_eq!(open.collect().await.unwrap().len(), 4);
    let none = client.list_copied_approvals_stream(OTHER, &Default::default());
    assert!(none.collect().await.unwrap().is_empty());
    let nobody = ListAppliedApprovals::default();
    let nobody = client
        .list_applied_approvals("nobody@welink", &nobody)
        .await;
    assert_eq!(nobody.unwrap_err().action(), Action::DropTarget);
    let groups = client.list_approval_groups().await.unwrap().data.unwrap();
    let group = groups[1].group_id.clone().unwrap();
    let of_group = ListApprovalTemplates::default().group_id(group);
    let templates = client.list_approval_templates_stream(&of_group);
    assert_eq!(templates.collect().await.unwrap().len(), 1);
}

#[tokio::test]
async fn an_article_is_known_by_where_it_comes_from() {
    let stage = Stage::new("articles");
    let client = &stage.client;
    let article = AddArticle::new("cms", "1", "Holidays")
        .user_id(USER)
        .content("<p>…</p>");
    let made = client.add_article(&article).await.unwrap();
    assert_eq!(made.data.unwrap().source_article_id.as_deref(), Some("1"));
    assert_code(client.add_article(&article).await, "43011");
    let change = UpdateArticle::new("1", "cms").title("Holidays of the year");
    client.update_article(&change).await.unwrap();
    let kept = &records(&stage, "articles")[0];
    assert_eq!(kept["title"], "Holidays of the year");
    assert_eq!(kept["content"], "<p>…</p>");
    let delete = async || {
        let which = DeleteArticle {
            source_article_id: "1",
            source_name: "cms",
        };
        let options = DeleteArticleOptions::default();
        client.delete_article(which, &options).await
    };
    delete().await.unwrap();
    assert_code(delete().await, "43012");
}
