//! A secret that is exchanged while calls run.

use contract::rotation::{Load, Mount};
use huawei_emulator::iot_na::{App, IotNa};
use iot_na::model::GetDevice;
use iot_na::{Application, Client};

use crate::stage::{Stage, transport};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mounted_secret_that_is_exchanged_under_load_fails_no_call() {
    let stage = Stage::new("rotation");
    let device = stage.device("rotation-1").await;
    let mount = Mount::new("iot-na", IotNa::SECRET);
    let source = mount.source();
    let application = Application::new(IotNa::APP_ID, source.clone());
    let client = Client::builder(application, stage.space.url("iot-na"))
        .transport(transport())
        .build()
        .unwrap();
    let load = Load::start(move |_| {
        let (client, device) = (client.clone(), device.clone());
        async move {
            let device = client.get_device(&device, &GetDevice::default()).await;
            device.map(drop)
        }
    });
    let change = |secret: &str| stage.iot.add_app(App::new(IotNa::APP_ID, secret));
    // A third token lost in a row would be a fight with another process.
    let secrets = [1, 2].map(|number| format!("secret-{number}+&="));
    let void = || stage.iot.revoke_tokens();
    load.exchange(mount, &source, &secrets, change, void).await;
}
