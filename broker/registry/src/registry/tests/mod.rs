//! The state machine, through commands and the bytes of its records.

mod api;
mod import;
mod properties;

use super::*;
use crate::schema::{Schema, SchemaType};
use crate::subject::Subject;

/// A registry with its log.
#[derive(Default)]
struct Node {
    registry: Registry,
    log: Vec<(Vec<u8>, Option<Vec<u8>>)>,
}

impl Node {
    fn run(&mut self, command: Command) -> Result<Answer, RegistryError> {
        let step = self.registry.step(command)?;
        for record in step.records {
            let (key, value) = record.to_bytes();
            let read = Record::read(&key, value.as_deref()).unwrap().unwrap();
            assert_eq!(read, record, "what is written is read back");
            self.registry.apply(read);
            self.log.push((key, value));
        }
        Ok(step.answer)
    }

    fn register(&mut self, subject: &str, text: &str) -> Result<Registered, RegistryError> {
        self.register_with(subject, Schema::new(SchemaType::Avro, text), |_| {})
    }

    fn register_with(
        &mut self,
        subject: &str,
        schema: Schema,
        change: impl FnOnce(&mut Registration),
    ) -> Result<Registered, RegistryError> {
        let mut wanted = Registration {
            subject: Subject::parse(subject),
            schema,
            version: 0,
            id: None,
            normalize: false,
            propagate_tags: false,
        };
        change(&mut wanted);
        match self.run(Command::Register(Box::new(wanted)))? {
            Answer::Registered(registered) => Ok(*registered),
            other => panic!("{other:?}"),
        }
    }

    fn delete(&mut self, subject: &str, version: i32, permanent: bool) -> Result<Answer, RegistryError> {
        let (subject, version) = (Subject::parse(subject), VersionId::Number(version));
        self.run(Command::DeleteVersion { subject, version, permanent })
    }

    fn delete_subject(&mut self, subject: &str, permanent: bool) -> Result<Answer, RegistryError> {
        self.run(Command::DeleteSubject { subject: Subject::parse(subject), permanent })
    }

    fn mode(&mut self, subject: Option<&str>, mode: Mode, force: bool) -> Result<Answer, RegistryError> {
        self.run(Command::SetMode { subject: subject.map(Subject::parse), mode: Some(mode), force })
    }

    fn config(&mut self, subject: Option<&str>, config: Config) -> Result<Answer, RegistryError> {
        self.run(Command::SetConfig { subject: subject.map(Subject::parse), update: Box::new(config) })
    }

    /// The registry that another reads from the same log.
    fn replayed(&self) -> Registry {
        let mut registry = Registry::default();
        for (key, value) in &self.log {
            registry.apply(Record::read(key, value.as_deref()).unwrap().unwrap());
        }
        registry
    }
}

fn record(fields: &str) -> String {
    format!(r#"{{"type":"record","name":"R","fields":[{fields}]}}"#)
}

fn code<T: std::fmt::Debug>(result: Result<T, RegistryError>) -> u32 {
    result.expect_err("a refusal").error_code()
}
