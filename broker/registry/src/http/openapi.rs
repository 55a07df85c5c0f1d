//! The description of the API (OpenAPI 3.1), and what it says is served.

use std::sync::OnceLock;

use serde_json::Value;

/// The description as it is kept: YAML, for people to edit.
const TEXT: &str = include_str!("../../openapi.yaml");

/// The description as JSON.
pub fn document() -> &'static Value {
    static DOCUMENT: OnceLock<Value> = OnceLock::new();
    // A test reads it; a document that cannot be read would be null.
    DOCUMENT.get_or_init(|| serde_saphyr::from_str(TEXT).unwrap_or_default())
}

/// The methods that are served at a path, in capitals.
pub fn methods(steps: &[&str]) -> Vec<String> {
    let methods = |item: &Value| {
        let known = |name: &&String| ["get", "put", "post", "delete"].contains(&name.as_str());
        let members = item.as_object().into_iter().flat_map(|members| members.keys());
        members.filter(known).map(|name| name.to_ascii_uppercase()).collect()
    };
    // A path by its name comes before one with a parameter.
    let fitting = |exact: bool| {
        let paths = document()["paths"].as_object().into_iter().flatten();
        paths.into_iter().find(|(path, _)| fits(path, steps, exact)).map(|(_, item)| methods(item))
    };
    fitting(true).or_else(|| fitting(false)).unwrap_or_default()
}

fn fits(path: &str, steps: &[&str], exact: bool) -> bool {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    parts.len() == steps.len()
        && parts.iter().zip(steps).all(|(part, step)| part == step || (!exact && part.starts_with('{')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_can_be_read_and_says_what_is_served() {
        assert_eq!(document()["openapi"], "3.1.0");
        assert_eq!(methods(&[]), ["GET", "POST"]);
        assert_eq!(methods(&["subjects", "a/b", "versions"]), ["GET", "POST"]);
        assert_eq!(methods(&["schemas", "types"]), ["GET"]);
        assert!(methods(&["nothing"]).is_empty());
    }
}
