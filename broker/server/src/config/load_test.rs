use super::*;

fn of(pairs: &[(&str, &str)]) -> LoadedConfig {
    let mut config = LoadedConfig::default();
    for (key, value) in pairs {
        config.set(key, value, Origin::Flag);
    }
    config
}

#[test]
fn defaults_are_loopback_and_local() {
    let config = of(&[]).check().unwrap();
    assert_eq!(config.log_dirs, [PathBuf::from("./data")]);
    let admin = config.admin.unwrap();
    assert_eq!((admin.host.as_str(), admin.port), ("127.0.0.1", 8080));
    assert_eq!(config.node_id, NodeId(1));
}

#[test]
fn an_own_key_with_a_slip_names_the_right_one() {
    let error = of(&[("highway.durabilty", "fsync")]).check().unwrap_err().to_string();
    assert!(error.contains("did you mean highway.durability?"), "{error}");
}

#[test]
fn a_foreign_key_is_one_warning_and_an_inert_one_says_why() {
    let config = of(&[
        ("zookeeper.connect", "x:2181"),
        ("num.io.threads", "8"),
        ("my.key", "1"),
        ("num.partitions", "3"),
    ]);
    let remarks = config.remarks();
    assert!(
        remarks.iter().any(|r| r.starts_with("my.key") && r.contains("not a known setting")),
        "{remarks:?}"
    );
    assert!(
        remarks.iter().any(|r| r.starts_with("num.io.threads") && r.contains("no effect")),
        "{remarks:?}"
    );
    assert!(!remarks.iter().any(|r| r.starts_with("num.partitions")), "{remarks:?}");
    assert!(config.check().is_ok());
}

#[test]
fn an_ill_typed_value_names_key_and_origin() {
    let error = of(&[("num.partitions", "many")]).check().unwrap_err().to_string();
    assert!(error.contains("num.partitions=many (flag)"), "{error}");
}

#[test]
fn later_sources_win_and_are_named() {
    let mut config = of(&[("num.partitions", "2")]);
    let variables =
        [("HIGHWAY_NUM_PARTITIONS", "7"), ("HIGHWAY_ADMIN_LISTENER", "off"), ("HIGHWAY_NOTHING", "1")];
    config.read_environment(variables.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())));
    let checked = config.check().unwrap();
    assert_eq!(checked.admin, None);
    let shown = checked.show();
    let partitions = shown.iter().find(|(k, _)| k == "num.partitions").unwrap();
    assert_eq!(partitions.1.value, "7");
    assert_eq!(partitions.1.origin.to_string(), "environment HIGHWAY_NUM_PARTITIONS");
}

#[test]
fn an_open_admin_listener_names_the_setting_that_allows_it() {
    let error = of(&[("highway.admin.listener", "0.0.0.0:8080")]).check().unwrap_err().to_string();
    assert!(error.contains("highway.allow.anonymous=true"), "{error}");
}
