//! Consent pages: what a browser sees and sends, and how a test goes without.

use huawei_emulator::{Consent, Emulator};
use serde_json::json;

use crate::client::{Answer, call, get, post};

const QUERY: &str = "response_type=code&client_id=200000001&scope=openid&state=a%2Bb%26c\
                     &redirect_uri=https%3A%2F%2Fwww.thirdwebdemo.com%2Fredirect_url";

fn text(answer: &Answer) -> String {
    String::from_utf8(answer.body.to_vec()).expect("a page is UTF-8")
}

fn location(answer: &Answer) -> &str {
    assert_eq!(answer.status, 302, "{}", answer.verdict());
    answer.headers["location"].to_str().unwrap()
}

/// The value of an attribute of the page, after this text.
fn after<'a>(page: &'a str, text: &str) -> &'a str {
    let (_, rest) = page
        .split_once(text)
        .unwrap_or_else(|| panic!("no {text} in {page}"));
    rest.split_once('"').map_or(rest, |(value, _)| value)
}

/// What the button of the page sends.
fn form(page: &str, decision: &str) -> String {
    let ticket = after(page, "name=emulator_ticket value=\"");
    let user = after(page, "name=user value=\"");
    format!("emulator_ticket={ticket}&user={user}&decision={decision}")
}

#[tokio::test]
async fn a_person_accepts_or_refuses_on_a_page_below_every_prefix() {
    let emulator = Emulator::start().await.unwrap();
    let space = emulator.space("a space");
    let roots = [
        emulator.base_url().to_owned(),
        emulator.url("huawei-oauth"),
        space.url("huawei-oauth").replace(' ', "%20"),
    ];
    for root in roots {
        let address = format!("{root}/oauth2/v3/authorize?{QUERY}");
        let page = get(&address).send().await;
        assert_eq!(page.status, 200, "{}", page.verdict());
        let page = text(&page);
        // Without an action, a form goes back to the address of its page.
        assert!(page.contains("<form method=post>"), "{page}");
        let accepted = post(&address).form(&form(&page, "accept")).send().await;
        let back = location(&accepted);
        let expected = "https://www.thirdwebdemo.com/redirect_url?code=DwEE";
        assert!(back.starts_with(expected), "{back}");
        assert!(back.ends_with("&state=a%2Bb%26c"), "{back}");
        let refused = post(&address).form(&form(&page, "refuse")).send().await;
        assert_eq!(
            location(&refused),
            "https://www.thirdwebdemo.com/redirect_url#error=1107&error_description=access+denied"
        );
    }
    let methods: Vec<String> = emulator
        .log()
        .iter()
        .map(|entry| entry.method.clone())
        .collect();
    assert_eq!(methods, ["GET", "POST", "POST", "GET", "POST", "POST"]);
}

#[tokio::test]
async fn a_form_that_is_not_from_the_page_of_this_request_decides_nothing() {
    let emulator = Emulator::start().await.unwrap();
    let address = format!("{}/oauth2/v3/authorize?{QUERY}", emulator.base_url());
    let page = text(&get(&address).send().await);
    let good = form(&page, "accept");
    let ticket = after(&page, "name=emulator_ticket value=\"");
    let cases = [
        (address.clone(), good.replace(ticket, "AAAA")),
        (address.clone(), good.replace(ticket, "")),
        (format!("{address}&nonce=other"), good.clone()),
    ];
    for (address, form) in cases {
        let answer = post(&address).form(&form).send().await;
        assert_eq!(answer.status, 200, "{form}");
        assert!(text(&answer).contains("not up to date"), "{form}");
    }
    let stranger = good.replace("user=", "user=nobody-");
    let answer = post(&address).form(&stranger).send().await;
    assert!(text(&answer).contains("no such account"));
    // What is no form of a page is no request of the document.
    let answer = post(&address).form("decision=accept").send().await;
    assert_eq!(answer.status, 405);
}

#[tokio::test]
async fn a_page_speaks_the_language_of_the_person() {
    let emulator = Emulator::start().await.unwrap();
    let address = format!("{}/oauth2/v3/authorize?{QUERY}", emulator.base_url());
    let chinese = get(&address).header("accept-language", "zh-CN,zh;q=0.9,en;q=0.8");
    let chinese = text(&chinese.send().await);
    assert!(chinese.contains("<html lang=zh-CN>") && chinese.contains("同意并继续"));
    // The switch leads to the same request in the other language.
    let link = after(&chinese, "<a href=\"").replace("&amp;", "&");
    assert!(
        link.starts_with('?') && link.ends_with("&emulator_lang=en"),
        "{link}"
    );
    let english = get(format!("{}/oauth2/v3/authorize{link}", emulator.base_url()));
    let english = english.header("accept-language", "zh-CN").send().await;
    let english = text(&english);
    assert!(english.contains("<html lang=en>") && english.contains(">Allow<"));
    // An app may ask for a language, too.
    let asked = get(format!("{address}&lang=zh-cn")).send().await;
    assert!(text(&asked).contains("<html lang=zh-CN>"));
}

#[tokio::test]
async fn a_page_runs_nothing_and_escapes_what_came_from_outside() {
    let emulator = Emulator::start().await.unwrap();
    let evil = "%22%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E";
    let address = format!(
        "{}/oauth2/v3/authorize?{QUERY}&x={evil}&lang=zh{evil}",
        emulator.base_url()
    );
    let answer = get(address).send().await;
    let policy = answer.headers["content-security-policy"].to_str().unwrap();
    assert!(
        policy.contains("default-src 'none'") && !policy.contains("script-src"),
        "{policy}"
    );
    assert_eq!(answer.headers["referrer-policy"], "no-referrer");
    assert!(!text(&answer).to_lowercase().contains("<script"));
}

#[tokio::test]
async fn a_test_decides_beforehand() {
    let emulator = Emulator::start().await.unwrap();
    let address = format!("{}/oauth2/v3/authorize?{QUERY}", emulator.base_url());
    emulator.set_consent(Consent::accept());
    assert!(location(&get(&address).send().await).contains("?code="));
    emulator.set_consent(Consent::Refuse);
    assert!(location(&get(&address).send().await).contains("#error=1107"));
    // The address counts for more than the space.
    let accepted = get(format!("{address}&emulator_consent=accept"))
        .send()
        .await;
    assert!(location(&accepted).contains("?code="));
    let asked = get(format!("{address}&emulator_consent=ask")).send().await;
    assert_eq!(asked.status, 200);
    // An account that is not there decides nothing.
    emulator.set_consent(Consent::accept_as("nobody"));
    assert!(text(&get(&address).send().await).contains("no such account"));
    // Other programs have the control API.
    let control = format!("{}/_emulator/consent", emulator.base_url());
    let refuse = json!({"decision": "refuse"});
    assert_eq!(call("PUT", &control).json(&refuse).send().await.status, 204);
    assert_eq!(get(&control).send().await.json(), refuse);
    let accept = json!({"decision": "accept", "user": "lilei"});
    call("PUT", &control).json(&accept).send().await;
    assert!(location(&get(&address).send().await).contains("?code="));
    let wrong = call("PUT", &control)
        .json(&json!({"decision": "maybe"}))
        .send()
        .await;
    assert_eq!(wrong.status, 400);
    emulator.reset();
    assert_eq!(get(&address).send().await.status, 200);
}
