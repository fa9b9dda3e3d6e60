//! Key files as people paste them.

use auth_core::jwt::{Algorithm, KeyFile, PublicKey, Signer, SigningKey};
use auth_core::{Action, Result};
use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::key;

const PEM: &str = include_str!("../../data/rsa2048.pkcs8.pem");
const PKCS1: &str = include_str!("../../data/rsa2048.pkcs1.pem");

fn json() -> Value {
    json!({"account": "100042", "id": "f00d", "key": PEM, "uri": "https://x.example/?id="})
}

/// Checks that `text` is read as the good file.
fn check(what: &str, text: &str) {
    let file = KeyFile::parse(text).expect(what);
    assert_eq!(file.require("account").expect(what), "100042", "{what}");
    assert_eq!(file.get("uri"), Some("https://x.example/?id="), "{what}");
    let found = file.signing_key("key", Algorithm::Ps256).expect(what);
    assert_eq!(
        found.public_key(),
        key(Algorithm::Ps256).public_key(),
        "{what}"
    );
}

/// Checks that `pem` is read as the good key, alone and in a file.
fn check_key(what: &str, pem: &str) {
    let good = key(Algorithm::Ps256).public_key();
    let alone = SigningKey::from_pem(Algorithm::Ps256, pem).expect(what);
    assert_eq!(alone.public_key(), good, "{what}");
    let file = KeyFile::parse(&json!({"key": pem}).to_string()).expect(what);
    let found = file.signing_key("key", Algorithm::Rs256).expect(what);
    assert_eq!(
        (found.public_key(), found.algorithm()),
        (good, Algorithm::Rs256),
        "{what}"
    );
}

/// Checks that `text` is refused with `message`.
fn refuse<T: std::fmt::Debug>(result: Result<T>, message: &str) {
    let error = result.expect_err(message);
    assert_eq!(error.to_string(), message);
    assert_eq!(error.action(), Action::FixCredentials);
}

fn escape(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}

#[test]
fn files_are_read_however_they_were_pasted() {
    let plain = json().to_string();
    check("as it is", &plain);
    check("pretty", &format!("{:#}\n", json()));
    check("CRLF", &format!("{:#}\r\n", json()).replace('\n', "\r\n"));
    check("byte order mark", &format!("\u{feff}{plain}"));
    check("single quotes around", &format!("'{plain}'\n"));
    check("double quotes around", &format!("\"{plain}\""));
    check("a JSON string", &Value::from(plain.clone()).to_string());
    check(
        "a JSON string twice",
        &Value::from(Value::from(plain.clone()).to_string()).to_string(),
    );
    check("escaped for a shell", &escape(&plain));
    check("only the quotes escaped", &plain.replace('"', "\\\""));
    check("escaped twice", &escape(&escape(&plain)));
    check("real line feeds in the key", &plain.replace("\\n", "\n"));
    check("line feeds escaped twice", &plain.replace("\\n", "\\\\n"));
    check("single quotes for double", &plain.replace('"', "'"));
    check("a comma too many", &plain.replace('}', ",}"));
    check("escaped slashes", &plain.replace('/', "\\/"));
    check(
        "escaped signs",
        &plain.replace('=', "\\u003d").replace('+', "\\u002B"),
    );
    check(
        "more fields of any kind",
        &plain.replacen('{', "{\"a\":[{\"b\":\"]\"}],\"c\":null,", 1),
    );
}

#[test]
fn files_in_base64_are_read() {
    let plain = json().to_string();
    let standard = BASE64_STANDARD.encode(&plain);
    let lines: Vec<_> = standard.as_bytes().chunks(76).collect();
    let wrapped = lines.join(&b"\r\n"[..]);
    check("standard", &standard);
    check("url-safe, bare", &BASE64_URL_SAFE_NO_PAD.encode(&plain));
    check("wrapped", std::str::from_utf8(&wrapped).expect("text"));
    check("quoted", &format!("\"{standard}\""));
    check("twice", &BASE64_STANDARD.encode(&standard));
    check("of a shell's form", &BASE64_STANDARD.encode(escape(&plain)));
    check(
        "of a marked file",
        &BASE64_STANDARD.encode(format!("\u{feff}{plain}\n")),
    );
}

#[test]
fn keys_are_read_however_they_were_pasted() {
    let body: String = PEM.lines().filter(|line| !line.starts_with('-')).collect();
    for (kind, pem) in [("PKCS#8", PEM), ("PKCS#1", PKCS1)] {
        check_key(kind, pem);
        check_key("line feeds as text", &pem.replace('\n', "\\n"));
        check_key("line feeds as text, twice", &pem.replace('\n', "\\\\n"));
        check_key("CRLF", &pem.replace('\n', "\r\n"));
        check_key("CRLF as text", &pem.replace('\n', "\\r\\n"));
        check_key("blanks for line feeds", &pem.replace('\n', " "));
        check_key("nothing for line feeds", &pem.replace('\n', ""));
        check_key("quoted", &format!("\"{}\"", pem.trim_end()));
        check_key("continued lines", &pem.replace('\n', "\\\n"));
        check_key("indented", &pem.replace('\n', "\n    "));
        check_key("in Base64", &BASE64_STANDARD.encode(pem));
        check_key(
            "after another block",
            &format!("-----BEGIN X-----\nAA==\n-----END X-----\n{pem}"),
        );
    }
    check_key("bare", &body);
    check_key("bare without padding", body.trim_end_matches('='));
    check_key("bare, url-safe", &body.replace('+', "-").replace('/', "_"));
    check_key(
        "bare, escaped",
        &body.replace('/', "\\/").replace('=', "\\u003d"),
    );
    check_key(
        "body in one line",
        &format!("-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----\n"),
    );
}

#[test]
fn a_file_that_cannot_be_read_says_where() {
    let cases = [
        ("", "the key file: the text is empty"),
        (
            "{\"a\": \"b\"",
            "the key file: line 1, column 10: a comma or a closing brace is expected",
        ),
        (
            "{\n  \"a\" \"b\"}",
            "the key file: line 2, column 7: a colon is expected",
        ),
        (
            "{\"a\": \"b\", \"a\": \"c\"}",
            "the key file: line 1, column 12: this field is there twice",
        ),
        (
            "{\"a\": \"b}",
            "the key file: line 1, column 7: the closing quote is missing",
        ),
        (
            "{\"a\": [1",
            "the key file: line 1, column 7: the closing bracket is missing",
        ),
        (
            "{a: 1}",
            "the key file: line 1, column 2: a field's name in quotes is expected",
        ),
        (
            "{\"a\": }",
            "the key file: line 1, column 7: a value in quotes is expected",
        ),
        (
            "{} {}",
            "the key file: line 1, column 4: more text after the closing brace",
        ),
        (
            "key=hush",
            "the key file: the text is neither a JSON object nor one in Base64",
        ),
        (
            PEM,
            "the key file: this is a key alone; the whole JSON file is wanted",
        ),
    ];
    for (text, message) in cases {
        refuse(KeyFile::parse(text), message);
    }
    let body: String = PEM.lines().filter(|line| !line.starts_with('-')).collect();
    refuse(
        KeyFile::parse(&body),
        "the key file: this is a key alone; the whole JSON file is wanted",
    );
    let long = "x".repeat(200_000);
    refuse(
        KeyFile::parse(&long),
        "the key file: the text is too long for a key file",
    );
}

#[test]
fn a_key_that_cannot_be_read_says_in_which_field_and_where() {
    let cases = [
        (
            PEM.replacen("MIIE", "MII*", 1),
            "has a flaw: line 2, column 4: a character that is not Base64",
        ),
        (
            PEM.replace("-----END PRIVATE KEY-----", ""),
            "has a flaw: line 1, column 12: the END line is missing: the key is cut off",
        ),
        (
            PEM.replacen("KEY-----", "KEY", 1),
            "has a flaw: line 1, column 12: the BEGIN line does not end in five dashes",
        ),
        (
            PEM.replacen("vAIB", "vIB", 1),
            "has a flaw: the Base64 is cut off or damaged at its end",
        ),
        (
            PEM.replacen("MIIE", "MIIF", 1),
            "is not an unencrypted RSA key in PKCS#8 or PKCS#1, or it is cut off",
        ),
        (
            PEM.replace("-----", "----"),
            "has a flaw: the BEGIN and END lines are damaged: each has five dashes on both sides",
        ),
        (String::new(), "is empty"),
        (
            include_str!("../../data/ec.pkcs8.pem").to_owned(),
            "is not an RSA key",
        ),
        (
            include_str!("../../data/rsa1024.pem").to_owned(),
            "has fewer than 2048 bits: make a new one",
        ),
    ];
    for (pem, message) in cases {
        let file = KeyFile::parse(&json!({"key": pem}).to_string()).expect("a key file");
        let message = format!("the key file's field `key` {message}");
        refuse(file.signing_key("key", Algorithm::Ps256), &message);
    }
}

#[test]
fn fields_that_are_missing_or_empty_are_named() {
    let file = KeyFile::parse(r#"{"a": " ", "b": null, "c": 10165352386300000012345678901}"#);
    let file = file.expect("a key file");
    refuse(file.require("a"), "the key file's field `a` is empty");
    refuse(file.require("b"), "the key file has no field `b`");
    refuse(
        file.signing_key("key", Algorithm::Ps256),
        "the key file has no field `key`",
    );
    assert_eq!(file.get("c"), Some("10165352386300000012345678901"));
}

#[test]
fn a_file_hides_in_debug() {
    let file = KeyFile::parse(&json().to_string()).expect("a key file");
    let text = format!("{file:?}");
    assert_eq!(
        text,
        r#"KeyFile { fields: ["account", "id", "key", "uri"], .. }"#
    );
}

#[test]
fn files_on_disk_are_read_in_the_encodings_that_programs_write() {
    let plain = json().to_string();
    let directory = std::env::temp_dir().join(format!("key-file-{}", std::process::id()));
    std::fs::create_dir_all(&directory).expect("a directory");
    let path = directory.join("key.json");
    let little: Vec<u8> = "\u{feff}"
        .encode_utf16()
        .chain(plain.encode_utf16())
        .flat_map(u16::to_le_bytes)
        .collect();
    let big: Vec<u8> = "\u{feff}"
        .encode_utf16()
        .chain(plain.encode_utf16())
        .flat_map(u16::to_be_bytes)
        .collect();
    for bytes in [plain.as_bytes(), &little, &big] {
        std::fs::write(&path, bytes).expect("it is written");
        let file = KeyFile::from_file(&path).expect("a key file");
        assert_eq!(file.require("id").expect("an id"), "f00d");
    }

    let shown = path.display();
    std::fs::write(&path, b"{\n\"a\": \"\xff\"}").expect("it is written");
    refuse(
        KeyFile::from_file(&path),
        &format!("the key file {shown}: line 2, column 7: a byte that is not UTF-8"),
    );
    std::fs::write(&path, vec![b'A'; 300_000]).expect("it is written");
    refuse(
        KeyFile::from_file(&path),
        &format!("the key file {shown}: the text is too long for a key file"),
    );
    std::fs::remove_dir_all(&directory).expect("it is removed");
    refuse(
        KeyFile::from_file(&path),
        &format!("the key file {shown} cannot be read"),
    );
}

#[test]
fn public_keys_are_read_as_leniently() {
    let pem = include_str!("../../data/rsa2048.public.pem");
    let good = key(Algorithm::Rs256).public_key();
    for text in [
        pem.to_owned(),
        pem.replace('\n', "\\n"),
        pem.replace('\n', " "),
    ] {
        assert_eq!(PublicKey::from_pem(&text).expect("the key is good"), good);
    }
    let error = PublicKey::from_pem(PEM).expect_err("a private key");
    let message =
        "the public key: line 1, column 12: this is a private key; the public one is wanted";
    assert_eq!(error.to_string(), message);
}
