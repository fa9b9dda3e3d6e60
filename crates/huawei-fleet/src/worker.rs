//! One process of the fleet: tasks that read a device with the shipped client.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::Result;
use auth_core::{Clock, Error, FileStore, HttpSend, RedisStore, ReqwestSend, TokenStore};
use huawei_emulator::iot_na::IotNa;
use iot_na::model::GetDevice;
use iot_na::{Application, Client};
use tokio::time::sleep;

use crate::said::{Failure, Said, Why, now, say};
use crate::told::{ToldSend, ToldStore};
use crate::{Plan, StoreKind};

pub(crate) async fn run(plan: Plan) -> Result<()> {
    let store = Arc::new(ToldStore(store(&plan)?));
    let client = client(&plan, Arc::new(ToldSend(ReqwestSend::shared()?)), store)?;
    let calls = Arc::new(AtomicU64::new(0));
    for _ in 0..plan.tasks {
        let (client, calls) = (client.clone(), Arc::clone(&calls));
        let device = plan.device.clone();
        tokio::spawn(async move {
            // Not all at once.
            sleep(Duration::from_millis(fastrand::u64(..3_000))).await;
            loop {
                let began = now();
                let result = client.get_device(&device, &GetDevice::default()).await;
                calls.fetch_add(1, Ordering::Relaxed);
                if let Err(error) = result {
                    say(Said::Failed(Failure {
                        began,
                        why: why(&error),
                        text: error.to_string(),
                    }));
                }
                sleep(Duration::from_millis(1_500 + fastrand::u64(..3_000))).await;
            }
        });
    }
    loop {
        say(Said::Calls(calls.load(Ordering::Relaxed)));
        sleep(Duration::from_millis(200)).await;
    }
}

/// The client of a member of the fleet, as an application builds it.
pub(crate) fn client(
    plan: &Plan,
    door: Arc<dyn HttpSend>,
    store: Arc<dyn TokenStore>,
) -> Result<Client> {
    let application = Application::new(IotNa::APP_ID, IotNa::SECRET);
    let client = Client::builder(application, plan.platform.as_str())
        .transport(door)
        .clock(Clock::wrong_by(plan.clock))
        .store(store);
    Ok(client.build()?)
}

pub(crate) fn store(plan: &Plan) -> Result<Arc<dyn TokenStore>> {
    Ok(match plan.store {
        StoreKind::File => Arc::new(FileStore::new(&*plan.place)?),
        StoreKind::Redis => Arc::new(RedisStore::new(&plan.place)?),
    })
}

/// What the error says, as a reader would find out.
fn why(error: &Error) -> Why {
    let text = format!("{error:?} {error}");
    let says = |part: &str| text.contains(part);
    match error.api() {
        Some(api) if api.code == VOIDED => return Why::Voided,
        Some(api) if api.status == 503 => return Why::Refused,
        _ => {}
    }
    if says("the token store `") {
        Why::Store
    } else if says("another process, which has the lease") || says("another process has the lease")
    {
        Why::Holder
    } else if says("it waited for the platform") {
        Why::Login
    } else if says("HTTP 503") {
        Why::Refused
    } else if says("within the time of the call") {
        Why::Late
    } else {
        Why::Unknown
    }
}

/// The code of a token that is not valid any more.
const VOIDED: &str = "1010005";
