//! Subjects and the contexts they live in: `:.context:name`, or `name` in the default context.

use std::fmt;

/// The default context.
pub const DEFAULT_CONTEXT: &str = ".";
/// A context that holds no schemas but settings for all contexts.
pub const GLOBAL_CONTEXT: &str = ".__GLOBAL";

/// A subject with its context. Ordered and equal by its written form.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Subject {
    context: String,
    name: String,
}

impl Subject {
    /// Reads `name`, `:.context:name` or `:.context:` (a context by itself). `:.:name` is `name`.
    pub fn parse(text: &str) -> Self {
        if text.starts_with(":.") {
            let rest = &text[1..];
            return match rest.split_once(':') {
                Some((context, name)) => Self { context: context.to_owned(), name: name.to_owned() },
                None => Self { context: rest.to_owned(), name: String::new() },
            };
        }
        Self { context: DEFAULT_CONTEXT.to_owned(), name: text.to_owned() }
    }

    /// A subject of a path below `/contexts/{context}`: the context counts unless the subject names its own.
    pub fn in_context(context: &str, text: &str) -> Self {
        let subject = Self::parse(text);
        let context = context.trim_start_matches(':').trim_end_matches(':');
        if subject.context != DEFAULT_CONTEXT || text.starts_with(":.") || context.is_empty() {
            return subject;
        }
        let context = if context.starts_with('.') { context.to_owned() } else { format!(".{context}") };
        Self { context, ..subject }
    }

    /// What a reference of a schema of this subject means: in its own context, unless another is named.
    #[must_use]
    pub fn referenced(&self, text: &str) -> Subject {
        let subject = Self::parse(text);
        if subject.context == DEFAULT_CONTEXT {
            return Self { context: self.context.clone(), name: subject.name };
        }
        subject
    }

    /// The context with its leading dot.
    pub fn context(&self) -> &str {
        &self.context
    }

    /// The name within the context.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it stands for a whole context rather than for a subject.
    pub fn is_context(&self) -> bool {
        self.name.is_empty()
    }

    /// Whether it lies in the default context.
    pub fn is_default_context(&self) -> bool {
        self.context == DEFAULT_CONTEXT
    }

    /// The context by itself as settings are keyed: empty for the default one.
    pub fn context_prefix(&self) -> String {
        if self.is_default_context() { String::new() } else { format!(":{}:", self.context) }
    }

    /// Whether schemas may be registered here, or, with `settings`, whether configuration may be kept for it.
    pub fn is_valid(&self, settings: bool) -> bool {
        let control = |text: &str| text.chars().any(char::is_control);
        !control(&self.context)
            && !control(&self.name)
            && !matches!(self.name.as_str(), "__GLOBAL" | "__EMPTY")
            && (settings || self.context != GLOBAL_CONTEXT)
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.context_prefix(), self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn written_and_read() {
        for (text, context, name, written) in [
            ("s", ".", "s", "s"),
            (":.c:s", ".c", "s", ":.c:s"),
            (":.c:", ".c", "", ":.c:"),
            (":.c", ".c", "", ":.c:"),
            (":.:s", ".", "s", "s"),
            (":.c:a:b", ".c", "a:b", ":.c:a:b"),
            (":x:y", ".", ":x:y", ":x:y"),
            ("", ".", "", ""),
        ] {
            let subject = Subject::parse(text);
            assert_eq!((subject.context(), subject.name()), (context, name), "{text}");
            assert_eq!(subject.to_string(), written);
        }
    }

    #[test]
    fn contexts_of_paths_and_references() {
        assert_eq!(Subject::in_context("c", "s").to_string(), ":.c:s");
        assert_eq!(Subject::in_context(".c", "s").to_string(), ":.c:s");
        assert_eq!(Subject::in_context(":.c:", "s").to_string(), ":.c:s");
        assert_eq!(Subject::in_context("c", ":.d:s").to_string(), ":.d:s");
        assert_eq!(Subject::in_context(".", "s").to_string(), "s");
        assert_eq!(Subject::parse(":.c:s").referenced("r").to_string(), ":.c:r");
        assert_eq!(Subject::parse(":.c:s").referenced(":.d:r").to_string(), ":.d:r");
        assert_eq!(Subject::parse("s").referenced("r").to_string(), "r");
    }

    #[test]
    fn what_is_no_subject() {
        for text in ["a\u{0}b", "a\nb", "__GLOBAL", "__EMPTY", ":.__GLOBAL:x"] {
            assert!(!Subject::parse(text).is_valid(false), "{text:?}");
        }
        assert!(Subject::parse(":.__GLOBAL:").is_valid(true));
        assert!(Subject::parse("a/b c").is_valid(false));
    }
}
