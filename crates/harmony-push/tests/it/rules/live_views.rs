//! Live views that break one rule.

use serde_json::json;

use super::check;

#[test]
fn live_views_are_checked() {
    let card = "/payload/activityData/notificationData";
    let capsule = "/payload/activityData/capsuleData";
    let screen = "/payload/activityData/externalData";
    let flight = "send_message.7.flight";
    let long = "x".repeat(1025);
    for (name, pointer, value, field) in [
        (
            flight,
            "/payload/subEvent".to_owned(),
            json!("a-b"),
            "subEvent",
        ),
        (
            flight,
            "/payload/shareUrl".into(),
            json!("http://a"),
            "shareUrl",
        ),
        (flight, "/payload/version".into(), json!(-1), "version"),
        (flight, format!("{card}/type"), json!(3), "type"),
        (
            flight,
            format!("{card}/keywords"),
            json!({"trainNo": "1"}),
            "keywords",
        ),
        (
            flight,
            format!("{card}/contentTitle"),
            json!("Flight"),
            "contentTitle",
        ),
        (
            flight,
            format!("{card}/contentTitle"),
            json!(long),
            "contentTitle",
        ),
        (
            flight,
            format!("{card}/contentText"),
            json!([{"text": "gate"}]),
            "contentText",
        ),
        (
            flight,
            format!("{card}/contentText"),
            json!([{"text": long}]),
            "contentText",
        ),
        (flight, format!("{card}/keepTime"), json!(3601), "keepTime"),
        (
            flight,
            format!("{card}/firstTextBlock/firstLine"),
            json!(""),
            "firstLine",
        ),
        (
            flight,
            format!("{card}/spaceIconUrl"),
            json!("a"),
            "spaceIconUrl",
        ),
        (
            flight,
            format!("{card}/clickAction/actionType"),
            json!(5),
            "clickAction.actionType",
        ),
        (
            flight,
            format!("{card}/extend/clickAction/data/tel"),
            json!("1a"),
            "data.tel",
        ),
        (
            flight,
            format!("{card}/weather/highTemperature"),
            json!(14),
            "highTemperature",
        ),
        (
            flight,
            format!("{card}/weather/lowTemperature"),
            json!(-96),
            "lowTemperature",
        ),
        (
            flight,
            format!("{card}/weather"),
            json!({"highTemperature": 3}),
            "weather",
        ),
        (
            flight,
            format!("{capsule}/bgColor"),
            json!("red"),
            "bgColor",
        ),
        (
            flight,
            format!("{capsule}/bgColor"),
            json!("#ffffffff"),
            "bgColor",
        ),
        (flight, format!("{capsule}/type"), json!(2), "capsuleTimer"),
        (
            flight,
            format!("{screen}/bgColor"),
            json!("#FF317AF7"),
            "bgColor",
        ),
        (
            flight,
            format!("{screen}/body"),
            json!([{"text": "x".repeat(129)}]),
            "body",
        ),
        (
            "send_message.7.taxi",
            format!("{card}/richProgress/progress"),
            json!(101),
            "progress",
        ),
        (
            "send_message.7.taxi",
            format!("{card}/richProgress/color"),
            json!("#FFF"),
            "color",
        ),
        (
            "send_message.7.taxi",
            format!("{card}/richProgress/nodeIcons"),
            json!(["a"]),
            "nodeIcons",
        ),
        (
            "send_message.7.pick_up",
            format!("{capsule}/progress/progress"),
            json!(11),
            "progress",
        ),
        (
            "send_message.7.geofence",
            "/payload/trigger/displayTime".into(),
            json!(14),
            "displayTime",
        ),
        (
            "send_message.7.geofence",
            "/payload/trigger/condition/radius".into(),
            json!(199),
            "radius",
        ),
        (
            "send_message.7.geofence",
            "/payload/trigger/condition/latitude".into(),
            json!(91),
            "latitude",
        ),
    ] {
        check(name, &pointer, Some(value), field);
    }
    for (name, pointer, field) in [
        (flight, "/payload/status".to_owned(), "status"),
        (flight, format!("{card}/contentText"), "contentText"),
        (flight, format!("{card}/firstTextBlock"), "firstTextBlock"),
        (flight, format!("{card}/spaceIcon"), "spaceIcon"),
        (flight, format!("{card}/keywords"), "keywords"),
        (flight, format!("{capsule}/title"), "title"),
        (flight, format!("{screen}/bgImage"), "bgImage"),
        (
            "send_message.7.train",
            format!("{card}/spaceText"),
            "spaceText",
        ),
        (
            "send_message.7.taxi",
            format!("{card}/richProgress"),
            "richProgress",
        ),
        (
            "send_message.7.taxi",
            format!("{card}/richProgress/indicatorIcon"),
            "indicatorIcon",
        ),
        (
            "send_message.7.pick_up",
            format!("{card}/descPic"),
            "descPic",
        ),
        (
            "send_message.7.pick_up",
            format!("{capsule}/progress"),
            "progress",
        ),
        ("send_message.7.score", format!("{card}/game"), "game"),
        (
            "send_message.7.score",
            format!("{card}/game/host/score"),
            "score",
        ),
        (
            "send_message.7.own_card",
            format!("{card}/CustomLayout"),
            "CustomLayout",
        ),
        (
            "send_message.7.geofence",
            "/payload/trigger".to_owned(),
            "trigger",
        ),
    ] {
        check(name, &pointer, None, field);
    }
    let colours = json!([{"text": "{{flightNo}}", "foregroundColor": "#FF000001"}, {"text": "b", "foregroundColor": "#FF000002"}]);
    check(
        flight,
        &format!("{card}/contentText"),
        Some(colours),
        "contentText",
    );
}
