//! What went wrong, in one line, what helps, in another, and the exit code (`docs/cli.md`).

use std::fmt;

use highway_client::{ClientError, ErrorCode};

/// It could not be done.
pub const EXIT_FAILED: u8 = 1;
/// The command line or the configuration is wrong.
pub const EXIT_USAGE: u8 = 2;
/// The topic, partition or group does not exist.
pub const EXIT_NOT_FOUND: u8 = 3;
/// It exists already, has members, or another state that forbids it.
pub const EXIT_CONFLICT: u8 = 4;
/// Not allowed.
pub const EXIT_DENIED: u8 = 5;
/// Nobody answers.
pub const EXIT_UNREACHABLE: u8 = 6;
/// A check found something.
pub const EXIT_CHECK: u8 = 7;
/// Stopped by Ctrl-C.
pub const EXIT_INTERRUPTED: u8 = 130;

/// What to print, and how to exit. Without text nothing is printed.
#[derive(Debug)]
pub struct Failure {
    /// Exit code.
    pub code: u8,
    /// What went wrong.
    pub error: String,
    /// What helps.
    pub hint: Option<String>,
}

impl Failure {
    /// With this code.
    pub fn new(code: u8, error: impl fmt::Display) -> Self {
        Self { code, error: error.to_string(), hint: None }
    }

    /// The command line is wrong.
    pub fn usage(error: impl fmt::Display) -> Self {
        Self::new(EXIT_USAGE, error)
    }

    /// Ends without a word.
    pub fn silent(code: u8) -> Self {
        Self { code, error: String::new(), hint: None }
    }

    /// What helps, unless something was said already.
    #[must_use]
    pub fn hint(mut self, hint: impl fmt::Display) -> Self {
        self.hint.get_or_insert_with(|| hint.to_string());
        self
    }
}

impl From<std::io::Error> for Failure {
    /// A reader that has enough (`| head`) is no failure.
    fn from(error: std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::BrokenPipe => Self::silent(0),
            _ => Self::new(EXIT_FAILED, error),
        }
    }
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        match &error {
            ClientError::Broker { subject, code, message } => {
                let words = message.as_deref().or_else(|| plain_words(*code)).unwrap_or("the broker refused");
                let words = words.trim_end_matches('.');
                Self {
                    hint: hint_for(*code),
                    ..Self::new(exit_of(*code), format!("{subject}: {words} ({code})"))
                }
            }
            ClientError::NoPartition { .. } => Self::new(EXIT_NOT_FOUND, error),
            error if error.is_connection() => Self::new(EXIT_UNREACHABLE, error)
                .hint("start a node with `highway dev`, or name another one with --bootstrap HOST:PORT"),
            error => Self::new(EXIT_FAILED, error),
        }
    }
}

fn exit_of(code: ErrorCode) -> u8 {
    match code.0 {
        // Topic, group, member or partition that is not there.
        3 | 69 | 100 => EXIT_NOT_FOUND,
        // Topic exists, group has members, group reads the topic, duplicate resource.
        25 | 36 | 68 | 86 | 99 => EXIT_CONFLICT,
        // Authorization and authentication.
        29..=31 | 33 | 34 | 53 | 54 | 58 | 61..=66 => EXIT_DENIED,
        7 => EXIT_UNREACHABLE,
        _ => EXIT_FAILED,
    }
}

fn plain_words(code: ErrorCode) -> Option<&'static str> {
    Some(match code.0 {
        1 => "this offset is not kept, or not there yet",
        3 => "it does not exist",
        5 => "it has no leader at present",
        10 => "the record or batch is larger than the broker allows",
        15 => "its coordinator is not available at present",
        17 => "the name is not allowed, or the topic is internal",
        19 | 20 => "too few replicas are in sync",
        25 => "it has members",
        36 => "it exists already",
        37 => "this number of partitions is not allowed",
        38 => "this number of replicas is not allowed",
        40 => "a setting is not allowed",
        68 => "it has members",
        69 => "it does not exist",
        86 => "a member of the group reads this topic",
        _ => return None,
    })
}

fn hint_for(code: ErrorCode) -> Option<String> {
    let hint = match code.0 {
        10 => "raise max.message.bytes of the topic, or send smaller batches (--batch-size)",
        25 | 68 | 86 => "stop its members first; `highway group describe GROUP` lists them",
        _ => return None,
    };
    Some(hint.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_its_code() {
        let broker = |code| Failure::from(ClientError::broker("topic x", ErrorCode(code), None));
        assert_eq!(broker(3).code, EXIT_NOT_FOUND);
        assert_eq!(broker(3).error, "topic x: it does not exist (UNKNOWN_TOPIC_OR_PARTITION)");
        assert_eq!(broker(36).code, EXIT_CONFLICT);
        assert_eq!(broker(29).code, EXIT_DENIED);
        assert_eq!(broker(42).code, EXIT_FAILED);
        let pipe = Failure::from(std::io::Error::from(std::io::ErrorKind::BrokenPipe));
        assert_eq!((pipe.code, pipe.error.as_str()), (0, ""));
    }
}
