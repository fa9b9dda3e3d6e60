//! What holds for any input.

use std::collections::BTreeMap;
use std::time::SystemTime;

use oneaccess_sdk::CasUser;
use oneaccess_sdk::events::{Encryption, Receiver, Secrets};
use proptest::prelude::*;
use serde_json::json;

use crate::fuzzed::{oneaccess_callback, oneaccess_cas, oneaccess_login};

fn secrets(mode: Encryption, key: &str) -> Secrets {
    let secrets = Secrets::new("token").signature_key("key");
    secrets.encryption_key(key, mode).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn what_is_encrypted_is_read_again(
        message in any::<String>(),
        ecb in any::<bool>(),
        length in prop::sample::select(vec![16, 24, 32]),
    ) {
        let mode = if ecb { Encryption::Ecb } else { Encryption::Gcm };
        let secrets = secrets(mode, &"k".repeat(length));
        let data = secrets.encrypt(&message).unwrap();
        prop_assert_eq!(secrets.decrypt(&data).unwrap(), message);
    }

    #[test]
    fn a_message_changed_anywhere_is_refused(
        message in "[a-z&{}\":]{0,40}",
        at in any::<prop::sample::Index>(),
        flip in 1u8..128,
    ) {
        let secrets = secrets(Encryption::Gcm, "0123456789abcdef");
        let data = secrets.encrypt(&message).unwrap();
        let event = "CHECK_URL";
        let signature = secrets.sign("n", "1573784783795", event, &data).unwrap();
        let body = json!({
            "nonce": "n", "timestamp": 1_573_784_783_795_i64, "eventType": event, "data": data,
            "signature": signature,
        });
        let receiver = Receiver::new(secrets);
        let now = SystemTime::UNIX_EPOCH;
        let sound = body.to_string();
        prop_assert!(receiver.open(Some("Bearer token"), sound.as_bytes(), now).is_ok());
        let mut changed = data.into_bytes();
        let at = at.index(changed.len());
        changed[at] ^= flip;
        let mut body = body;
        body["data"] = String::from_utf8_lossy(&changed).into();
        let changed = body.to_string();
        prop_assert!(receiver.open(Some("Bearer token"), changed.as_bytes(), now).is_err());
    }

    #[test]
    fn an_answer_of_cas_in_xml_and_json_say_the_same(
        user in "[a-zA-Z<>&'\"\u{4e00}-\u{4e20}][a-zA-Z0-9<>&'\"]{0,10}",
        attributes in prop::collection::btree_map("[a-z]{3,8}x", "[a-z<>&]{1,8}x", 0..4),
    ) {
        let escape = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;");
        let inside: String = attributes
            .iter()
            .map(|(name, value)| format!("<cas:{name}>{}</cas:{name}>", escape(value)))
            .collect();
        let xml = format!(
            "<cas:serviceResponse xmlns:cas='http://www.yale.edu/tp/cas'>\
             <cas:authenticationSuccess><cas:user>{}</cas:user>\
             <cas:attributes>{inside}</cas:attributes></cas:authenticationSuccess>\
             </cas:serviceResponse>",
            escape(&user),
        );
        let json = json!({"serviceResponse": {"authenticationSuccess": {
            "user": user, "attributes": attributes,
        }}});
        let from_xml = CasUser::from_xml(&xml).unwrap();
        let from_json = CasUser::from_json(json.to_string().as_bytes()).unwrap();
        prop_assert_eq!(&from_xml, &from_json);
        let named: BTreeMap<String, String> = from_xml
            .attributes
            .into_iter()
            .map(|(name, value)| (name, value.as_str().unwrap().to_owned()))
            .collect();
        prop_assert_eq!(named, attributes);
    }

    #[test]
    fn any_bytes_are_read_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        oneaccess_callback::run(&bytes);
        oneaccess_cas::run(&bytes);
        oneaccess_login::run(&bytes);
    }
}
