use super::*;

fn def() -> ConfigDef {
    use ConfigType::{Boolean, Int, List, Password, String};
    ConfigDef::new()
        .define(ConfigKey::required("name", String, Importance::High, "Its name.").validator(NonEmptyString))
        .define(
            ConfigKey::new("tasks.max", Int, 1, Importance::High, "How many.")
                .validator(Range::at_least(1))
                .shown("Common", 2, Width::Short, "Tasks max"),
        )
        .define(ConfigKey::new("flag", Boolean, false, Importance::Low, "A flag."))
        .define(
            ConfigKey::new("mode", String, "a", Importance::Medium, "A mode.").validator(OneOf(&["a", "b"])),
        )
        .define(ConfigKey::new("list", List, ConfigValue::List(Vec::new()), Importance::Low, "A list."))
        .define(
            ConfigKey::new("secret", Password, ConfigValue::Null, Importance::Low, "A secret.")
                .dependents(&["gone"]),
        )
}

fn props(pairs: &[(&str, &str)]) -> Props {
    pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
}

#[test]
fn a_configuration_is_parsed() {
    let config = def()
        .parse(&props(&[("name", " x "), ("list", "a , b,c"), ("secret", "s3cret"), ("other", "1")]))
        .expect("fine");
    assert_eq!(
        (config.text("name"), config.integer("tasks.max"), config.boolean("flag")),
        ("x", Some(1), false)
    );
    assert_eq!(config.list("list"), ["a", "b", "c"]);
    assert_eq!(config.password("secret").map(|s| s.reveal()), Some("s3cret"));
    assert!(!format!("{config:?}").contains("s3cret"));
}

#[test]
fn what_is_wrong_is_said_in_kafkas_words() {
    let refused = |pairs: &[(&str, &str)]| def().parse(&props(pairs)).expect_err("refused").message;
    assert_eq!(refused(&[]), "Missing required configuration \"name\" which has no default value.");
    assert_eq!(refused(&[("name", "")]), "Invalid value  for configuration name: String must be non-empty");
    assert_eq!(
        refused(&[("name", "x"), ("tasks.max", "two")]),
        "Invalid value two for configuration tasks.max: Not a number of type INT"
    );
    assert_eq!(
        refused(&[("name", "x"), ("tasks.max", "0")]),
        "Invalid value 0 for configuration tasks.max: Value must be at least 1"
    );
    assert_eq!(
        refused(&[("name", "x"), ("flag", "yes")]),
        "Invalid value yes for configuration flag: Expected value to be either true or false"
    );
    assert_eq!(
        refused(&[("name", "x"), ("mode", "c")]),
        "Invalid value c for configuration mode: String must be one of: a, b"
    );
}

#[test]
fn validation_shows_everything_that_is_wrong() {
    let infos = def().infos("x", &props(&[("tasks.max", "two"), ("flag", "yes"), ("secret", "s3cret")]));
    let json = serde_json::to_value(&infos).expect("JSON");
    assert_eq!(json["error_count"], 5);
    assert_eq!(json["groups"], serde_json::json!(["Common"]));
    assert_eq!(
        json["configs"][1],
        serde_json::json!({
            "definition": {
                "name": "tasks.max", "type": "INT", "required": false, "default_value": "1", "importance": "HIGH",
                "documentation": "How many.", "group": "Common", "width": "SHORT", "display_name": "Tasks max",
                "dependents": [], "order": 2
            },
            "value": {
                "name": "tasks.max", "value": null, "recommended_values": [], "visible": true,
                "errors": [
                    "Invalid value two for configuration tasks.max: Not a number of type INT",
                    "Invalid value null for configuration tasks.max: Value must be non-null"
                ]
            }
        })
    );
    assert_eq!(json["configs"][5]["value"]["value"], "[hidden]");
    assert_eq!(
        json["configs"][6]["value"]["errors"][0],
        "gone is referred in the dependents, but not defined."
    );
    assert!(!json.to_string().contains("s3cret"));
}
