//! Upgrades of software and firmware: packages, tasks that move on with the clock.

use http::StatusCode;
use serde_json::{Value, json};

use crate::answer::{Answer, Refusal};
use crate::clock::unix_s;
use crate::platforms::Call;

use super::State;
use super::devices::uuid;
use super::pages::Page;
use super::time::stamp;

/// Packages and tasks.
#[derive(Debug)]
pub(crate) struct Upgrades {
    pub packages: Vec<Value>,
    tasks: Vec<Task>,
}

/// An upgrade of some devices.
#[derive(Clone, Debug)]
struct Task {
    id: String,
    app_id: String,
    firmware: bool,
    version: Value,
    targets: Value,
    policy: Value,
    started_s: i64,
    parts: Vec<Part>,
}

/// The upgrade of one device, and how far it is.
#[derive(Clone, Debug)]
struct Part {
    id: String,
    device_id: String,
    /// How many of the steps are behind it; after the last it has ended.
    step: usize,
}

impl Default for Upgrades {
    /// A package of each kind.
    fn default() -> Self {
        let package = |id: &str, kind: &str| {
            json!({
                "fileId": id, "name": format!("{id}.zip"), "version": "V2.0", "fileType": kind,
                "deviceType": "WaterMeter", "model": "n001", "manufacturerName": "emulated",
                "protocolType": "LWM2M", "description": null, "date": "20260101T000000Z",
                "uploadTime": "20260101T000000Z",
            })
        };
        Self {
            packages: vec![
                package("firmware-2", "firmwarePackage"),
                package("software-2", "softwarePackage"),
            ],
            tasks: Vec::new(),
        }
    }
}

impl Task {
    fn operation(&self) -> &'static str {
        match self.firmware {
            true => "firmware_upgrade",
            false => "software_upgrade",
        }
    }

    /// The names of the steps; the device has ended after the last.
    fn steps(&self) -> &'static [(&'static str, &'static str)] {
        match self.firmware {
            true => &FIRMWARE_STEPS,
            false => &SOFTWARE_STEPS,
        }
    }

    fn word(&self, part: &Part) -> &'static str {
        match part.step {
            0 => "wait",
            step if step > self.steps().len() => "success",
            _ => "processing",
        }
    }

    fn count(&self, word: &str) -> usize {
        self.parts.iter().filter(|it| self.word(it) == word).count()
    }

    fn status(&self) -> &'static str {
        match (self.count("wait"), self.count("success")) {
            (waiting, _) if waiting == self.parts.len() => "wait",
            (_, done) if done == self.parts.len() => "success",
            _ => "processing",
        }
    }

    fn answer(&self) -> Value {
        let ended = self.status() == "success";
        json!({
            "operationId": self.id,
            "createTime": stamp(self.started_s),
            "startTime": stamp(self.started_s),
            "stopTime": ended.then(|| stamp(self.started_s + self.life_s())),
            "operateType": self.operation(),
            "targets": self.targets,
            "policy": self.policy.as_object().cloned().unwrap_or_default(),
            "status": self.status(),
            "staResult": {
                "total": self.parts.len(), "wait": self.count("wait"),
                "processing": self.count("processing"), "success": self.count("success"),
                "fail": 0, "stop": 0, "timeout": 0,
            },
            "extendPara": {},
        })
    }

    /// How long an upgrade takes, in seconds.
    fn life_s(&self) -> i64 {
        STEP_S * i64::try_from(self.steps().len() + 1).unwrap_or(1)
    }
}

impl State {
    /// `create_firmware_upgrade_task` and `create_software_upgrade_task`.
    pub(super) fn create_upgrade(&mut self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let owner = self.owner(call)?;
        let firmware = call.operation.id == "create_firmware_upgrade_task";
        let body = call.body();
        let wanted = match firmware {
            true => "firmwarePackage",
            false => "softwarePackage",
        };
        let mut packages = self.upgrades.packages.iter();
        let package = packages
            .find(|it| it["fileId"] == body["fileId"] && it["fileType"] == wanted)
            .ok_or_else(|| Refusal::code("123002").because("there is no such package"))?;
        let version = package["version"].clone();
        let targets = &body["targets"];
        let named = |name: &str| -> Vec<String> {
            let list = targets[name].as_array().into_iter().flatten();
            list.filter_map(Value::as_str).map(str::to_owned).collect()
        };
        let groups = named("deviceGroups");
        let members = self
            .groups
            .iter()
            .filter(|it| groups.contains(&it.id) || groups.contains(&it.name))
            .flat_map(|it| it.members.clone());
        let devices: Vec<String> = named("devices").into_iter().chain(members).collect();
        let known = |id: &String| {
            let mut all = self.devices.iter();
            all.any(|it| it.device_id == *id && it.app_id == owner)
        };
        if devices.is_empty() || !devices.iter().all(known) {
            return Err(Refusal::code("123002").because("there is no such device"));
        }
        let parts = devices.into_iter().map(|device_id| Part {
            id: uuid(),
            device_id,
            step: 0,
        });
        let task = Task {
            id: uuid(),
            app_id: owner.clone(),
            firmware,
            version,
            targets: targets.clone(),
            policy: body["policy"].clone(),
            started_s: unix_s(call.now),
            parts: parts.collect(),
        };
        let answer = json!({"operationId": task.id});
        self.upgrades.tasks.push(task);
        Ok(Answer::json(&answer))
    }

    /// Moves every upgrade on to where it is by now, and tells of each step.
    pub(super) fn run_upgrades(&mut self, now_s: i64) {
        let mut notices = Vec::new();
        for task in &mut self.upgrades.tasks {
            let due = usize::try_from((now_s - task.started_s) / STEP_S).unwrap_or(0);
            let steps = task.steps();
            let due = due.min(steps.len() + 1);
            for at in 0..task.parts.len() {
                while task.parts[at].step < due {
                    task.parts[at].step += 1;
                    let part = &task.parts[at];
                    notices.push((task.app_id.clone(), notice(task, part, steps)));
                }
            }
        }
        for (app_id, notice) in notices {
            let kind = notice["notifyType"].as_str().unwrap_or_default().to_owned();
            self.notify(&app_id, &kind, notice);
        }
    }

    /// `list_upgrade_packages`.
    pub(super) fn list_packages(&self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let names = [
            "fileType",
            "deviceType",
            "model",
            "manufacturerName",
            "version",
        ];
        let fits = |it: &&Value| {
            let mut names = names.iter();
            names.all(|name| call.query(name).is_none_or(|wanted| it[*name] == wanted))
        };
        let items = self.upgrades.packages.iter().filter(fits).cloned();
        let page = Page::of(call, items.collect(), 10);
        Ok(Answer::json(&page.body("data")))
    }

    /// `get_upgrade_package`.
    pub(super) fn get_package(&self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let mut all = self.upgrades.packages.iter();
        let found = all.find(|it| it["fileId"] == call.path("fileId"));
        found
            .map(Answer::json)
            .ok_or_else(|| Refusal::code("123002").because("there is no such package"))
    }

    /// `delete_upgrade_package`.
    pub(super) fn delete_package(&mut self, call: &Call<'_>) -> Result<Answer, Refusal> {
        self.get_package(call)?;
        let packages = &mut self.upgrades.packages;
        packages.retain(|it| it["fileId"] != call.path("fileId"));
        Ok(Answer::empty(StatusCode::NO_CONTENT))
    }

    fn upgrade(&self, call: &Call<'_>) -> Result<&Task, Refusal> {
        let owner = self.owner(call)?;
        let id = call.path("operationId");
        let mut all = self.upgrades.tasks.iter();
        all.find(|it| it.id == id && it.app_id == owner)
            .ok_or_else(|| Refusal::code("123002").because("there is no such task"))
    }

    /// `get_upgrade_task`.
    pub(super) fn get_upgrade(&self, call: &Call<'_>) -> Result<Answer, Refusal> {
        Ok(Answer::json(&self.upgrade(call)?.answer()))
    }

    /// `list_upgrade_tasks`.
    pub(super) fn list_upgrades(&self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let owner = self.owner(call)?;
        let items = self
            .upgrades
            .tasks
            .iter()
            .filter(|it| it.app_id == owner)
            .filter(|it| {
                call.query("operationType")
                    .is_none_or(|kind| kind == it.operation())
            })
            .filter(|it| {
                call.query("operationStatus")
                    .is_none_or(|word| word == it.status())
            })
            .filter(|it| {
                let mut parts = it.parts.iter();
                call.query("deviceId")
                    .is_none_or(|id| parts.any(|part| part.device_id == id))
            })
            .map(Task::answer)
            .collect();
        Ok(Answer::json(&Page::of(call, items, 10).body("data")))
    }

    /// `list_upgrade_subtasks`.
    pub(super) fn list_upgrade_parts(&self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let task = self.upgrade(call)?;
        let wanted = call.query("subOperationStatus");
        let items = task
            .parts
            .iter()
            .filter(|part| wanted.is_none_or(|wanted| wanted == task.word(part)))
            .map(|part| {
                json!({
                    "subOperationId": part.id,
                    "createTime": stamp(task.started_s),
                    "startTime": stamp(task.started_s),
                    "stopTime": null,
                    "operateType": task.operation(),
                    "deviceId": part.device_id,
                    "status": task.word(part),
                    "detailInfo": null,
                    "extendInfo": {"curVersion": "V1.0", "targetVersion": task.version},
                })
            })
            .collect();
        Ok(Answer::json(&Page::of(call, items, 10).body("data")))
    }
}

/// What is told of a step, or of the end.
fn notice(task: &Task, part: &Part, steps: &[(&str, &str)]) -> Value {
    let mut notice = json!({
        "deviceId": part.device_id,
        "appId": task.app_id,
        "operationId": task.id,
        "subOperationId": part.id,
    });
    let mut set = |name: &str, value: Value| notice[name] = value;
    match (steps.get(part.step - 1), task.firmware) {
        (Some((step, text)), true) => {
            set("notifyType", json!("fwUpgradeStateChangeNotify"));
            set("step", json!(step));
            set("stepDesc", json!(text));
        }
        (Some((step, _)), false) => {
            set("notifyType", json!("swUpgradeStateChangeNotify"));
            set("swUpgradeState", json!(step));
        }
        (None, firmware) => {
            set("curVersion", task.version.clone());
            set("targetVersion", task.version.clone());
            set("sourceVersion", json!("V1.0"));
            // Documented as a number, and sent as a text.
            set("upgradeTime", json!(task.life_s().to_string()));
            if firmware {
                set("notifyType", json!("fwUpgradeResultNotify"));
                set("status", json!("SUCCESS"));
                set("statusDesc", json!("upgrade success"));
            } else {
                set("notifyType", json!("swUpgradeResultNotify"));
                set("swUpgradeResult", json!("SUCCESS"));
                set("resultDesc", json!("upgrade success"));
                set("errorCode", Value::Null);
                set("description", Value::Null);
            }
        }
    }
    notice
}

const FIRMWARE_STEPS: [(&str, &str); 3] =
    [("1", "downloading"), ("2", "downloaded"), ("3", "updating")];
const SOFTWARE_STEPS: [(&str, &str); 4] = [
    ("downloading", ""),
    ("downloaded", ""),
    ("updating", ""),
    ("idle", ""),
];
/// How long each step takes, in seconds.
const STEP_S: i64 = 5;
