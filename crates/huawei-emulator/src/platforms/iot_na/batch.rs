//! Batch tasks: a command to many devices, or a file that takes its time.

use http::StatusCode;
use serde_json::{Value, json};

use crate::answer::{Answer, Refusal};
use crate::clock::unix_s;
use crate::platforms::Call;

use super::State;
use super::commands::NewCommand;
use super::pages::Page;
use super::time::stamp;

/// A batch task.
#[derive(Clone, Debug)]
pub(crate) struct Batch {
    id: String,
    app_id: String,
    name: String,
    kind: String,
    timeout: i64,
    started_s: i64,
    param: Value,
    tags: Value,
    parts: Vec<Part>,
}

/// What a task does to one device.
#[derive(Clone, Debug)]
struct Part {
    device_id: String,
    command_id: Option<String>,
    status: &'static str,
}

impl Batch {
    fn count(&self, status: &str) -> usize {
        self.parts.iter().filter(|it| it.status == status).count()
    }

    fn is_open(&self) -> bool {
        self.count("Pending") + self.count("WaitResult") > 0
    }

    fn answer(&self) -> Value {
        let (total, success) = (self.parts.len(), self.count("Success"));
        let complete = total - self.count("Pending") - self.count("WaitResult");
        let percent = |part: usize| (part * 100).checked_div(total).unwrap_or(100);
        json!({
            "taskId": self.id,
            "taskName": self.name,
            "appId": self.app_id,
            "operator": self.app_id,
            "taskFrom": "App",
            "taskType": self.kind,
            "status": if self.is_open() { "Running" } else { "Complete" },
            "startTime": stamp(self.started_s),
            "timeout": self.timeout,
            "progress": percent(complete),
            "totalCnt": total,
            "successCnt": success,
            "failCnt": self.count("Fail"),
            "timeoutCnt": self.count("Timeout"),
            "expiredCnt": 0,
            "completeCnt": complete,
            "successRate": percent(success),
            "param": self.param,
            "tags": self.tags.as_array().cloned().unwrap_or_default(),
        })
    }
}

impl State {
    /// `create_batch_task`: one unfinished task for an application.
    pub(super) fn create_batch(&mut self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let owner = self.owner(call)?;
        let body = call.body();
        let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
        let of_owner = self.batches.iter().filter(|it| it.app_id == owner);
        if of_owner.clone().any(Batch::is_open) {
            return Err(Refusal::code("105001").because("another batch task is not finished"));
        }
        if of_owner.clone().any(|it| it.name == text("taskName")) {
            return Err(Refusal::code("105002").because("the name of the task is in use"));
        }
        let kind = text("taskType");
        let param = &body["param"];
        let parts = match kind.as_str() {
            "DeviceCmd" => self.command_many(call, &owner, param),
            // What a file says cannot be seen here: one part that takes its time.
            _ => vec![Part {
                device_id: String::new(),
                command_id: None,
                status: "Pending",
            }],
        };
        let batch = Batch {
            id: format!("{:032x}", fastrand::u128(..)),
            app_id: owner,
            name: text("taskName"),
            kind,
            timeout: body["timeout"].as_i64().unwrap_or(10),
            started_s: unix_s(call.now),
            param: param.clone(),
            tags: body["tags"].clone(),
            parts,
        };
        let answer = json!({"taskID": batch.id});
        self.batches.push(batch);
        Ok(Answer::json(&answer))
    }

    /// Queues the command of a task for every device that it means.
    fn command_many(&mut self, call: &Call<'_>, owner: &str, param: &Value) -> Vec<Part> {
        let listed = |name: &str| -> Vec<String> {
            let list = param[name].as_array().into_iter().flatten();
            list.filter_map(Value::as_str).map(str::to_owned).collect()
        };
        let of_owner = self.devices.iter().filter(|it| it.app_id == owner);
        let with_info = |name: &str, wanted: &Value| -> Vec<String> {
            let fits = of_owner
                .clone()
                .filter(|it| it.info.get(name) == Some(wanted));
            fits.map(|it| it.device_id.clone()).collect()
        };
        let groups = listed("groupList");
        let mut targets = match param["type"].as_str() {
            Some("DeviceList") => listed("deviceList"),
            Some("DeviceType") => with_info("deviceType", &param["deviceType"]),
            Some("DeviceArea") => with_info("location", &param["deviceLocation"]),
            Some("GroupList" | "GroupIdList") => self
                .groups
                .iter()
                .filter(|it| groups.contains(&it.id) || groups.contains(&it.name))
                .flat_map(|it| it.members.clone())
                .collect(),
            _ => of_owner.map(|it| it.device_id.clone()).collect(),
        };
        targets.sort();
        targets.dedup();
        let mut parts = Vec::new();
        for device_id in targets {
            let known = self
                .devices
                .iter()
                .any(|it| it.device_id == device_id && it.app_id == owner);
            if !known {
                parts.push(Part {
                    device_id,
                    command_id: None,
                    status: "Fail",
                });
                continue;
            }
            let new = NewCommand {
                device_id: &device_id,
                app_id: owner,
                command: param["command"].clone(),
                callback_url: param["callbackUrl"].as_str().map(str::to_owned),
                expire_time: 172_800,
                retransmit: param["maxRetransmit"].clone(),
            };
            let at = self.queue_command(new, call.now);
            let command_id = self.commands[at].command_id.clone();
            parts.push(Part {
                device_id,
                command_id: Some(command_id),
                status: "Pending",
            });
        }
        parts
    }

    /// A command has another status: the part of a task that it stands for follows.
    pub(super) fn command_ended(&mut self, command_id: &str, status: &str) {
        let parts = self.batches.iter_mut().flat_map(|it| &mut it.parts);
        for part in parts.filter(|it| it.command_id.as_deref() == Some(command_id)) {
            part.status = match status {
                "SUCCESSFUL" => "Success",
                "EXPIRED" | "TIMEOUT" => "Timeout",
                "CANCELED" | "FAILED" => "Fail",
                _ => "WaitResult",
            };
        }
    }

    /// Brings tasks forward that wait for nothing but time, and ends those whose time is over.
    pub(super) fn run_batches(&mut self, now_s: i64) {
        for batch in &mut self.batches {
            let age = now_s - batch.started_s;
            let over = age >= batch.timeout * 60;
            for part in &mut batch.parts {
                match part.status {
                    "Pending" | "WaitResult" if over => part.status = "Timeout",
                    "Pending" if part.command_id.is_none() && age >= FILE_S => {
                        part.status = "Success";
                    }
                    _ => {}
                }
            }
        }
        // Commands for devices that are online go out after the answer.
        let online: Vec<String> = self
            .devices
            .iter()
            .filter(|it| it.status == super::devices::Status::Online)
            .map(|it| it.device_id.clone())
            .collect();
        let now = std::time::SystemTime::UNIX_EPOCH
            + std::time::Duration::from_secs(u64::try_from(now_s).unwrap_or_default());
        for device_id in online {
            self.deliver_commands(&device_id, now);
        }
    }

    fn batch(&self, call: &Call<'_>, id: &str) -> Result<&Batch, Refusal> {
        let owner = self.owner(call)?;
        let mut all = self.batches.iter();
        all.find(|it| it.id == id && it.app_id == owner)
            .ok_or_else(|| Refusal::code("101001").because("there is no such task"))
    }

    /// `get_batch_task`.
    pub(super) fn get_batch(&self, call: &Call<'_>) -> Result<Answer, Refusal> {
        Ok(Answer::json(
            &self.batch(call, call.path("taskId"))?.answer(),
        ))
    }

    /// `list_batch_task_details`.
    pub(super) fn list_batch_details(&self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let batch = self.batch(call, call.query("taskId").unwrap_or_default())?;
        let fits = |part: &&Part| {
            call.query("status").is_none_or(|it| it == part.status)
                && call.query("deviceId").is_none_or(|it| it == part.device_id)
                && call
                    .query("commandId")
                    .is_none_or(|it| part.command_id.as_deref() == Some(it))
        };
        let items = batch.parts.iter().filter(fits).map(|part| {
            let failed = part.status == "Fail" && part.command_id.is_none();
            json!({
                "status": part.status,
                "output": null,
                "error": failed.then_some("{\"error_code\":\"100403\",\"error_desc\":\"The device is not existed.\"}"),
                "param": {"deviceId": part.device_id, "commandId": part.command_id},
            })
        });
        let items = items.collect();
        let page = Page::of(call, items, 50);
        Ok(Answer::json(&page.body("taskDetails")).with_status(StatusCode::OK))
    }
}

/// How long a task with a file takes, in seconds.
const FILE_S: i64 = 10;
