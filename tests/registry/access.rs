//! Who may come in: users, TLS, and the rule for listeners that are not loopback.

use std::process::Command;
use std::time::Duration;

use highway_tests::http::ask;
use highway_tests::{Node, drivers};

/// Of `password`, 1000 rounds, made with Python's hashlib.
const HASHED: &str =
    "$pbkdf2-sha256$i=1000$c2FsdHNhbHRzYWx0c2FsdA$8nX7hwFEzIB8aPajJTYK8weHQc5Ngz0pFVAKvSu4jQA";

#[test]
fn users_have_to_say_who_they_are() {
    let folder = tempfile::tempdir().expect("a folder");
    let users = folder.path().join("users");
    std::fs::write(&users, format!("# users\nann:secret\nbob:{HASHED}\n")).expect("written");
    let node = Node::builder().set("highway.registry.users", users.to_str().expect("UTF-8")).start();
    let get =
        |headers: &[(&str, &str)]| ask(node.registry(), "GET", "/subjects", headers, "").expect("an answer");
    let refused = get(&[]);
    assert_eq!((refused.status, refused.json()["error_code"].as_i64()), (401, Some(401)));
    assert!(refused.header("www-authenticate").is_some_and(|ask| ask.starts_with("Basic ")), "{refused:?}");
    // ann:secret, bob:password, ann:wrong
    for (pair, status) in [("YW5uOnNlY3JldA==", 200), ("Ym9iOnBhc3N3b3Jk", 200), ("YW5uOndyb25n", 401)] {
        assert_eq!(get(&[("authorization", &format!("Basic {pair}"))]).status, status, "{pair}");
    }
}

#[test]
fn a_listener_for_everybody_asks_for_users() {
    let refused = Node::builder().set("highway.registry.listener", "0.0.0.0:0").try_start().err();
    let said = refused.expect("it does not start").log;
    assert!(said.contains("highway.registry.users"), "{said}");
    let refused = Node::builder().set("highway.registry.users", "no/such/file").try_start().err();
    let said = refused.expect("it does not start").log;
    assert!(said.contains("highway.registry.users: no/such/file"), "{said}");
}

#[test]
fn tls_is_spoken_with_the_files_that_are_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).expect("a certificate");
    let path = |name: &str| folder.path().join(name).display().to_string();
    std::fs::write(path("cert.pem"), made.cert.pem()).expect("written");
    std::fs::write(path("key.pem"), made.signing_key.serialize_pem()).expect("written");
    let mut builder = Node::builder();
    for listener in ["registry", "admin"] {
        builder = builder
            .set(&format!("highway.{listener}.tls.certificate"), &path("cert.pem"))
            .set(&format!("highway.{listener}.tls.key"), &path("key.pem"));
    }
    let node = builder.start();
    for (address, target, part) in [(node.registry(), "subjects", "[]"), (node.admin(), "livez", "")] {
        let port = address.rsplit_once(':').expect("HOST:PORT").1;
        let mut curl = Command::new("curl");
        curl.args(["--silent", "--show-error", "--fail", "--noproxy", "*", "--cacert", &path("cert.pem")]);
        curl.arg("--connect-to").arg(format!("localhost:{port}:127.0.0.1:{port}"));
        curl.arg(format!("https://localhost:{port}/{target}"));
        let said = drivers::run("curl", curl, Duration::from_secs(60)).expect_success("curl over TLS");
        assert!(said.contains(part), "{said}");
    }
    // Plain HTTP is not answered.
    assert!(ask(node.registry(), "GET", "/subjects", &[], "").is_err());
}
