//! What a fresh space has: one app, the tenant that owns it, one that subscribed to it, and people.

use serde_json::{Map, Value, json};

use super::apps::{App, Tenant};
use super::directory::Directory;

/// The id of the app, which is its client id.
pub(crate) const CLIENT_ID: &str = "20190828163922073733756";
/// The secret of the app; holds characters that an address has to encode.
pub(crate) const CLIENT_SECRET: &str = "8cf8+60c0/30b7=4357&a104%fa627c59085d";
/// The tenant that owns the app.
pub(crate) const TENANT_ID: &str = "F3C2A1B0D9E84756A1B2C3D4E5F60718";
/// A tenant that subscribed to the app.
pub(crate) const SUBSCRIBER_ID: &str = "0A1B2C3D4E5F60718293A4B5C6D7E8F9";
/// A user of the first tenant who administers it and the app.
pub(crate) const ADMINISTRATOR: &str = "zhangsan@welink";
/// A user of the first tenant who administers nothing.
pub(crate) const USER: &str = "lisi@welink";
/// A user of the tenant that subscribed.
pub(crate) const SUBSCRIBERS_USER: &str = "zhangsan@acme";
/// The token of a robot in a chat group.
pub(crate) const ROBOT_TOKEN: &str = "0f1e2d3c4b5a69788796a5b4c3d2e1f0";

pub(super) fn app() -> App {
    App::new(CLIENT_ID, CLIENT_SECRET, TENANT_ID)
}

pub(super) fn tenants() -> Vec<Tenant> {
    let tenant = |id: &str, domain: &str, name: &str| Tenant {
        id: id.to_owned(),
        domain: domain.to_owned(),
        name: name.to_owned(),
    };
    vec![
        tenant(TENANT_ID, "welink", "Example"),
        tenant(SUBSCRIBER_ID, "acme", "Acme"),
    ]
}

/// The people and departments of a tenant.
pub(super) fn directory(tenant: &Tenant) -> Directory {
    let mut directory = Directory::new(tenant);
    for (code, corp, parent, cn, en) in [
        ("10001", "RD", "0", "研发部", "Research"),
        ("10002", "SALES", "0", "销售部", "Sales"),
        ("10003", "RD-CLOUD", "10001", "云服务部", "Cloud"),
    ] {
        directory.departments.push(members(json!({
            "deptCode": code, "corpDeptCode": corp, "parentCode": parent,
            "deptNameCn": cn, "deptNameEn": en, "visibleRange": 1,
        })));
    }
    let people: &[_] = match tenant.domain.as_str() {
        "welink" => &[
            (
                "zhangsan",
                "1001",
                "张三",
                "Zhang San",
                "+86-15811847236",
                "10001",
            ),
            ("lisi", "1002", "李四", "Li Si", "+86-15811847237", "10002"),
            (
                "wangwu",
                "1003",
                "王五",
                "Wang Wu",
                "+86-15811847238",
                "10003",
            ),
        ],
        _ => &[(
            "zhangsan",
            "A-1",
            "张三",
            "Zhang San",
            "+86-15811840001",
            "10001",
        )],
    };
    for (id, corp, cn, en, mobile, department) in people {
        directory.users.push(members(json!({
            "userId": format!("{id}@{}", tenant.domain), "corpUserId": corp,
            "userNameCn": cn, "userNameEn": en, "mobileNumber": mobile, "sex": "M",
            "userStatus": "3", "isActivated": 1, "deptCodes": [department],
            "mainDeptCode": department, "userEmail": format!("{id}@{}.example", tenant.domain),
        })));
    }
    directory
}

/// The members of an object.
pub(super) fn members(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}
