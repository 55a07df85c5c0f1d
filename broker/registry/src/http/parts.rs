//! Paths and parameters.

use crate::subject::Subject;

/// A path, decoded.
pub(super) struct Parts {
    pub steps: Vec<String>,
    /// Of a path below `/contexts/{context}`.
    context: Option<String>,
}

impl Parts {
    pub fn of(path: &str) -> Option<Self> {
        let path = path.trim_matches('/');
        let mut steps = Vec::new();
        if !path.is_empty() {
            for step in path.split('/') {
                steps.push(decode(step, false)?);
            }
        }
        let mut context = None;
        if steps.len() > 2 && steps[0] == "contexts" {
            context = Some(steps[1].clone());
            steps.drain(..2);
        }
        Some(Self { steps, context })
    }

    /// A subject of the path.
    pub fn subject(&self, name: &str) -> Subject {
        match &self.context {
            Some(context) => Subject::in_context(context, name),
            None => Subject::parse(name),
        }
    }

    /// What stands for everything: the context of the path, if there is one.
    pub fn all(&self) -> Option<Subject> {
        self.context.as_ref().map(|context| Subject::in_context(context, ""))
    }

    /// The prefix of subjects that is asked for: of the context of the path, or else of all contexts.
    pub fn prefix(&self, prefix: Option<&str>) -> String {
        match (&self.context, prefix) {
            (Some(context), prefix) => Subject::in_context(context, prefix.unwrap_or_default()).to_string(),
            (None, prefix) => prefix.unwrap_or(":*:").to_owned(),
        }
    }
}

/// Parameters, decoded.
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    pub fn of(query: &str) -> Self {
        let pairs = query.split('&').filter(|pair| !pair.is_empty()).filter_map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Some((decode(name, true)?, decode(value, true)?))
        });
        Self(pairs.collect())
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// All values of a parameter, in order.
    pub fn all(&self, name: &str) -> Vec<String> {
        self.0.iter().filter(|(n, _)| n == name).map(|(_, value)| value.clone()).collect()
    }

    /// Whether a parameter is there and true; by itself it is.
    pub fn flag(&self, name: &str) -> bool {
        self.get(name).is_some_and(|value| value.is_empty() || value.eq_ignore_ascii_case("true"))
    }

    /// The part of a list that `offset` and `limit` ask for.
    pub fn page<T>(&self, items: Vec<T>) -> Vec<T> {
        let number = |name: &str| self.get(name).and_then(|value| value.parse::<i64>().ok());
        let offset = number("offset").and_then(|offset| usize::try_from(offset).ok()).unwrap_or(0);
        // A limit that is not positive is none.
        let limit =
            number("limit").filter(|l| *l > 0).and_then(|l| usize::try_from(l).ok()).unwrap_or(usize::MAX);
        items.into_iter().skip(offset).take(limit).collect()
    }
}

/// Percent-decoding; in parameters a plus is a space.
fn decode(text: &str, plus: bool) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'%' => {
                let hex = [bytes.next()?, bytes.next()?];
                if !hex.iter().all(u8::is_ascii_hexdigit) {
                    return None;
                }
                out.push(u8::from_str_radix(std::str::from_utf8(&hex).ok()?, 16).ok()?);
            }
            b'+' if plus => out.push(b' '),
            byte => out.push(byte),
        }
    }
    String::from_utf8(out).ok()
}
