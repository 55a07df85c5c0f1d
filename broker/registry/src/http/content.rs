//! Content types: what a request may be sent as, and which of its types the API answers with.

use super::CONTENT_TYPE;

/// What answers may be, the best first.
const ANSWERS: [&str; 3] = [CONTENT_TYPE, "application/vnd.schemaregistry+json", "application/json"];

/// A media type without its parameters, in lower case.
fn bare(text: &str) -> String {
    text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// Whether a body of this type is read; none given is one of ours.
pub fn accepts(content_type: Option<&str>) -> bool {
    content_type.is_none_or(|text| {
        let text = bare(text);
        text.is_empty() || text == "application/octet-stream" || ANSWERS.contains(&text.as_str())
    })
}

/// The type to answer with, of those in an `Accept` header; `None` when it wants none of ours.
pub fn negotiate(accept: Option<&str>) -> Option<&'static str> {
    let Some(accept) = accept.filter(|text| !text.trim().is_empty()) else { return Some(CONTENT_TYPE) };
    let mut best: Option<(f32, &'static str)> = None;
    for range in accept.split(',') {
        let name = bare(range);
        let weight =
            range.split(';').skip(1).find_map(|p| p.trim().strip_prefix("q=")?.trim().parse::<f32>().ok());
        let weight = weight.unwrap_or(1.0);
        // `*` alone and `*/anything` are no media ranges, but what clients write that take anything.
        let any = name == "*" || name.starts_with("*/") || name == "application/*";
        let found = if any { Some(CONTENT_TYPE) } else { ANSWERS.iter().copied().find(|a| *a == name) };
        if let Some(found) = found
            && weight > 0.0
            && best.is_none_or(|(least, _)| weight > least)
        {
            best = Some((weight, found));
        }
    }
    best.map(|(_, found)| found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_what_the_client_likes_best() {
        let json = "application/json";
        for (accept, answer) in [
            (None, Some(CONTENT_TYPE)),
            (Some("*/*"), Some(CONTENT_TYPE)),
            (Some("application/json"), Some(json)),
            (Some("application/json;q=0.1, application/vnd.schemaregistry.v1+json"), Some(CONTENT_TYPE)),
            (Some("Application/JSON; charset=utf-8, */*;q=0.1"), Some(json)),
            (
                Some(
                    "application/vnd.schemaregistry.v1+json, application/vnd.schemaregistry+json, application/json",
                ),
                Some(CONTENT_TYPE),
            ),
            (Some("application/vnd.schemaregistry+json"), Some("application/vnd.schemaregistry+json")),
            (Some("*"), Some(CONTENT_TYPE)),
            (Some("*/anything"), Some(CONTENT_TYPE)),
            (Some("text/html"), None),
            (Some("application/json;q=0"), None),
        ] {
            assert_eq!(negotiate(accept), answer, "{accept:?}");
        }
    }

    #[test]
    fn bodies_are_json_by_one_of_its_names() {
        for good in [
            None,
            Some("application/json; charset=utf-8"),
            Some("application/octet-stream"),
            Some(CONTENT_TYPE),
        ] {
            assert!(accepts(good), "{good:?}");
        }
        assert!(!accepts(Some("text/plain")) && !accepts(Some("application/xml")));
    }
}
