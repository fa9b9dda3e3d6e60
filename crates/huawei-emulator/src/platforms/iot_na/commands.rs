//! Commands: queued, delivered, answered, cancelled, expired.

use std::time::SystemTime;

use http::StatusCode;
use serde::Serialize;
use serde_json::{Value, json};

use crate::answer::{Answer, Refusal};
use crate::clock::unix_s;
use crate::platforms::Call;

use super::State;
use super::devices::Status;
use super::pages::Page;
use super::time::{stamp, within, written};

/// A command to a device.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Command {
    pub command_id: String,
    pub app_id: String,
    pub device_id: String,
    pub command: Value,
    pub callback_url: Option<String>,
    pub status: &'static str,
    pub result: Value,
    expire_time: i64,
    created_s: i64,
    issued: Option<String>,
    delivered: Option<String>,
    executed: Option<String>,
    retransmit: Value,
}

impl Command {
    /// The command as the platform writes it.
    fn answer(&self) -> Value {
        json!({
            "commandId": self.command_id,
            "appId": self.app_id,
            "deviceId": self.device_id,
            "command": self.command,
            "callbackUrl": self.callback_url,
            "expireTime": self.expire_time,
            "status": self.status,
            "result": self.result,
            "creationTime": stamp(self.created_s),
            "executeTime": self.executed,
            "platformIssuedTime": self.issued,
            "deliveredTime": self.delivered,
            "issuedTimes": i32::from(self.issued.is_some()),
            "maxRetransmit": self.retransmit,
        })
    }

    /// Whether the platform is still to do something about it.
    fn is_open(&self) -> bool {
        matches!(self.status, "PENDING" | "SENT" | "DELIVERED")
    }
}

/// A task that cancels the commands which wait for a device.
#[derive(Clone, Debug)]
pub(crate) struct CancelTask {
    task_id: String,
    app_id: String,
    device_id: String,
    created_s: i64,
    commands: Vec<String>,
    total: usize,
    status: &'static str,
}

/// What a command is made of.
pub(super) struct NewCommand<'a> {
    pub device_id: &'a str,
    pub app_id: &'a str,
    pub command: Value,
    pub callback_url: Option<String>,
    pub expire_time: i64,
    pub retransmit: Value,
}

impl State {
    /// `create_device_command`.
    pub(super) fn create_command(&mut self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let device_id = call.body()["deviceId"].as_str().unwrap_or_default();
        let answer = self.take_command(call, device_id)?;
        Ok(Answer::json(&answer).with_status(StatusCode::CREATED))
    }

    /// Takes the command of a call for a device, and gives it as it is in the answer.
    pub(super) fn take_command(
        &mut self,
        call: &Call<'_>,
        device_id: &str,
    ) -> Result<Value, Refusal> {
        let owner = self.owner(call)?;
        let body = call.body();
        let device = self.device(call, device_id)?;
        let now_s = unix_s(call.now);
        if device
            .seen_s
            .is_some_and(|seen| now_s - seen >= ZOMBIE_AFTER_S)
        {
            return Err(Refusal::code("100612").because("the device was silent for 7 days"));
        }
        let online = device.status == Status::Online;
        let callback_url = body["callbackUrl"].as_str().map(str::to_owned);
        if let Some(url) = &callback_url {
            self.check_address(&owner, url)
                .map_err(|reason| Refusal::code("100022").because(reason))?;
        }
        // Older clients write the number as text.
        let expire_time = match &body["expireTime"] {
            Value::String(text) => text.parse().unwrap_or(DEFAULT_LIFE_S),
            number => number.as_i64().unwrap_or(DEFAULT_LIFE_S),
        };
        if expire_time == 0 && !online {
            return Err(Refusal::code("100428").because("the device is not online"));
        }
        let of_device = self.commands.iter().filter(|it| it.device_id == device_id);
        if of_device.filter(|it| it.status == "PENDING").count() >= MOST_PENDING {
            let reason = "20 commands are pending for the device";
            return Err(Refusal::code("100223").because(reason));
        }
        let new = NewCommand {
            device_id,
            app_id: &owner,
            command: body["command"].clone(),
            callback_url,
            expire_time,
            retransmit: body["maxRetransmit"].clone(),
        };
        let at = self.queue_command(new, call.now);
        // As captured: new in the answer, and pending from then on.
        let mut answer = self.commands[at].answer();
        answer["status"] = Value::from("DEFAULT");
        if online {
            self.deliver_commands(device_id, call.now);
        }
        Ok(answer)
    }

    /// Adds a command that waits, and gives its place.
    pub(super) fn queue_command(&mut self, new: NewCommand<'_>, now: SystemTime) -> usize {
        self.commands.push(Command {
            command_id: format!("{:032x}", fastrand::u128(..)),
            app_id: new.app_id.to_owned(),
            device_id: new.device_id.to_owned(),
            command: new.command,
            callback_url: new.callback_url,
            status: "PENDING",
            result: Value::Null,
            expire_time: new.expire_time,
            created_s: unix_s(now),
            issued: None,
            delivered: None,
            executed: None,
            retransmit: new.retransmit,
        });
        self.commands.len() - 1
    }

    /// Hands the waiting commands to a device that is online.
    pub(super) fn deliver_commands(&mut self, device_id: &str, now: SystemTime) {
        for at in 0..self.commands.len() {
            let command = &mut self.commands[at];
            if command.device_id != device_id || command.status != "PENDING" {
                continue;
            }
            command.issued = Some(written(now));
            self.change(at, "SENT", Value::Null);
            self.commands[at].delivered = Some(written(now));
            self.change(at, "DELIVERED", Value::Null);
        }
    }

    /// Gives a command another status, and tells who asked for it.
    pub(super) fn change(&mut self, at: usize, status: &'static str, detail: Value) {
        let command = &mut self.commands[at];
        command.status = status;
        if status != "SENT" && status != "DELIVERED" {
            command.result = json!({"resultCode": status, "resultDetail": detail});
        }
        if let Some(url) = command.callback_url.clone() {
            let notice = json!({
                "deviceId": command.device_id,
                "commandId": command.command_id,
                "result": {"resultCode": status, "resultDetail": detail},
            });
            self.outbox.send("on_command_status_changed", &url, notice);
        }
        let (command_id, status) = (self.commands[at].command_id.clone(), status);
        self.command_ended(&command_id, status);
    }

    /// A device answers a command that was delivered to it.
    pub(super) fn answer_command(
        &mut self,
        command_id: &str,
        successful: bool,
        detail: Value,
        now: SystemTime,
    ) -> Result<(), &'static str> {
        let at = self
            .commands
            .iter()
            .position(|it| it.command_id == command_id);
        let at = at.ok_or("no command has this id")?;
        if self.commands[at].status != "DELIVERED" {
            return Err("the command was not delivered, or has ended");
        }
        self.commands[at].executed = Some(written(now));
        self.change(at, if successful { "SUCCESSFUL" } else { "FAILED" }, detail);
        Ok(())
    }

    /// Ends the commands whose time is over.
    pub(super) fn expire_commands(&mut self, now_s: i64) {
        for at in 0..self.commands.len() {
            let command = &self.commands[at];
            let over = command.created_s + command.expire_time <= now_s;
            match command.status {
                "PENDING" if over => self.change(at, "EXPIRED", Value::Null),
                "SENT" | "DELIVERED" if over && command.expire_time > 0 => {
                    self.change(at, "TIMEOUT", Value::Null);
                }
                _ => {}
            }
        }
    }

    /// `update_device_command`: cancels one.
    pub(super) fn cancel_command(&mut self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let owner = self.owner(call)?;
        let id = call.path("deviceCommandId");
        let found = self
            .commands
            .iter()
            .position(|it| it.command_id == id && it.app_id == owner);
        let at =
            found.ok_or_else(|| Refusal::code("100434").because("there is no such command"))?;
        if !self.commands[at].is_open() {
            return Err(Refusal::code("100435").because("the command has ended already"));
        }
        self.change(at, "CANCELED", Value::Null);
        Ok(Answer::json(&self.commands[at].answer()))
    }

    /// `list_device_commands`.
    pub(super) fn list_commands(&self, call: &Call<'_>) -> Result<Answer, Refusal> {
        Ok(paged(call, self.chosen_commands(call)?))
    }

    /// The commands that a call asks for, the newest first.
    pub(super) fn chosen_commands(&self, call: &Call<'_>) -> Result<Vec<Value>, Refusal> {
        let owner = self.owner(call)?;
        let (from, to) = (call.query("startTime"), call.query("endTime"));
        let chosen = self
            .commands
            .iter()
            .rev()
            .filter(|it| it.app_id == owner)
            .filter(|it| call.query("deviceId").is_none_or(|id| id == it.device_id))
            .filter(|it| within(&stamp(it.created_s), from, to));
        Ok(chosen.map(Command::answer).collect())
    }

    /// `create_command_cancel_task`: what waits now is cancelled when the task has run.
    pub(super) fn create_cancel_task(&mut self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let owner = self.owner(call)?;
        let device_id = call.body()["deviceId"].as_str().unwrap_or_default();
        let device_id = self.device(call, device_id)?.device_id.clone();
        let waiting: Vec<String> = self
            .commands
            .iter()
            .filter(|it| it.device_id == device_id && it.status == "PENDING")
            .map(|it| it.command_id.clone())
            .collect();
        let task = CancelTask {
            task_id: format!("{:032x}", fastrand::u128(..)),
            app_id: owner,
            device_id,
            created_s: unix_s(call.now),
            total: waiting.len(),
            commands: waiting,
            status: "RUNNING",
        };
        let answer = self.task_answer(&task);
        self.cancel_tasks.push(task);
        Ok(Answer::json(&answer).with_status(StatusCode::CREATED))
    }

    /// Runs the tasks that were made before this call.
    pub(super) fn run_cancel_tasks(&mut self) {
        for task in 0..self.cancel_tasks.len() {
            if self.cancel_tasks[task].status != "RUNNING" {
                continue;
            }
            let mut cancelled = 0;
            for id in self.cancel_tasks[task].commands.clone() {
                let at = self.commands.iter().position(|it| it.command_id == id);
                if let Some(at) = at.filter(|at| self.commands[*at].status == "PENDING") {
                    self.change(at, "CANCELED", Value::Null);
                    cancelled += 1;
                }
            }
            let total = self.cancel_tasks[task].total;
            self.cancel_tasks[task].status = match cancelled {
                // As captured: a task that found nothing has failed.
                0 => "FAILED",
                all if all == total => "SUCCESS",
                _ => "PART_SUCCESS",
            };
        }
    }

    /// `list_command_cancel_tasks`.
    pub(super) fn list_cancel_tasks(&self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let owner = self.owner(call)?;
        let (from, to) = (call.query("startTime"), call.query("endTime"));
        let items = self
            .cancel_tasks
            .iter()
            .rev()
            .filter(|it| it.app_id == owner)
            .filter(|it| call.query("taskId").is_none_or(|id| id == it.task_id))
            .filter(|it| call.query("deviceId").is_none_or(|id| id == it.device_id))
            .filter(|it| {
                call.query("status")
                    .is_none_or(|status| status == it.status)
            })
            .filter(|it| within(&stamp(it.created_s), from, to))
            .map(|it| self.task_answer(it))
            .collect();
        Ok(paged(call, items))
    }

    fn task_answer(&self, task: &CancelTask) -> Value {
        let commands = task.commands.iter().filter_map(|id| {
            let mut all = self.commands.iter();
            all.find(|it| it.command_id == *id).map(Command::answer)
        });
        json!({
            "taskId": task.task_id,
            "appId": task.app_id,
            "deviceId": task.device_id,
            "status": task.status,
            "totalCount": task.total,
            "deviceCommands": commands.collect::<Vec<_>>(),
        })
    }

    /// `invoke_device_service`: to a device that is online, or not at all.
    pub(super) fn invoke_service(&mut self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let device = self.device(call, call.path("deviceId"))?;
        if device.status != Status::Online {
            return Err(Refusal::code("100428").because("the device is not online"));
        }
        let app_id = device.app_id.clone();
        let header = &call.body()["header"];
        let request_id = match header["requestId"].as_str() {
            Some(id) => id.to_owned(),
            None => call.request_id.to_owned(),
        };
        let (device_id, service_id) = (call.path("deviceId"), call.path("serviceId"));
        let confirm = json!({
            "notifyType": "messageConfirm",
            "header": {
                "requestId": request_id,
                "from": format!("/devices/{device_id}/services/{service_id}"),
                "to": null, "status": "delivered", "timestamp": written(call.now),
            },
            "body": {},
        });
        self.notify(&app_id, "messageConfirm", confirm);
        let method = header["method"].as_str().unwrap_or_default();
        let response = json!({
            "notifyType": "commandRsp",
            "header": {
                "requestId": request_id,
                "from": format!("/devices/{device_id}/services/{service_id}"),
                "to": null, "deviceId": device_id, "serviceType": service_id,
                "method": format!("{method}-RSP"),
            },
            "body": call.body()["body"].as_object().cloned().unwrap_or_default(),
        });
        self.notify(&app_id, "commandRsp", response);
        Ok(Answer::json(&json!({
            "requestId": request_id, "status": "delivered", "timestamp": written(call.now),
        })))
    }
}

/// A page as lists of commands are written.
fn paged(call: &Call<'_>, items: Vec<Value>) -> Answer {
    let page = Page::of(call, items, 1000);
    Answer::json(&json!({
        "pagination": {
            "pageNo": page.number, "pageSize": page.size, "totalSize": page.total,
        },
        "data": page.items,
    }))
}

/// From so much silence on a device takes no commands: 7 days.
const ZOMBIE_AFTER_S: i64 = 7 * 86_400;
/// How long a command may wait unless it says otherwise: 48 hours.
const DEFAULT_LIFE_S: i64 = 172_800;
/// How many commands may wait for a device.
const MOST_PENDING: usize = 20;
