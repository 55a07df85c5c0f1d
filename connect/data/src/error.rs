//! What goes wrong with data and configurations, in Kafka Connect's classes and words.

use std::fmt;

/// The Java exception a JVM worker would have thrown. Dead letter queues carry its name in a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorClass {
    /// `org.apache.kafka.connect.errors.DataException`: data does not go with its schema or a transform's needs.
    Data,
    /// `org.apache.kafka.connect.errors.SchemaBuilderException`: a schema that cannot be.
    SchemaBuilder,
    /// `org.apache.kafka.connect.errors.ConnectException`: everything else of Connect's own.
    Connect,
    /// `org.apache.kafka.common.config.ConfigException`: a configuration that cannot be.
    Config,
    /// `org.apache.kafka.common.errors.SerializationException`: bytes that a (de)serializer refuses.
    Serialization,
    /// `java.lang.IllegalArgumentException`.
    IllegalArgument,
    /// `java.lang.NumberFormatException`.
    NumberFormat,
    /// `java.lang.IndexOutOfBoundsException`.
    IndexOutOfBounds,
    /// `java.lang.NullPointerException`: a null that Kafka's code trips over.
    NullPointer,
    /// `java.lang.ClassCastException`: a value of a class that Kafka's code does not expect.
    ClassCast,
}

impl ErrorClass {
    /// The full name of the Java class.
    pub fn java_name(self) -> &'static str {
        match self {
            Self::Data => "org.apache.kafka.connect.errors.DataException",
            Self::SchemaBuilder => "org.apache.kafka.connect.errors.SchemaBuilderException",
            Self::Connect => "org.apache.kafka.connect.errors.ConnectException",
            Self::Config => "org.apache.kafka.common.config.ConfigException",
            Self::Serialization => "org.apache.kafka.common.errors.SerializationException",
            Self::IllegalArgument => "java.lang.IllegalArgumentException",
            Self::NumberFormat => "java.lang.NumberFormatException",
            Self::IndexOutOfBounds => "java.lang.IndexOutOfBoundsException",
            Self::NullPointer => "java.lang.NullPointerException",
            Self::ClassCast => "java.lang.ClassCastException",
        }
    }
}

/// An error with the class a JVM worker would have reported and its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataError {
    /// What kind of error.
    pub class: ErrorClass,
    /// The text: Kafka's own where Kafka has one.
    pub message: String,
}

/// What most functions of this crate return.
pub type Result<T> = std::result::Result<T, DataError>;

impl DataError {
    /// An error of this class with this text.
    pub fn new(class: ErrorClass, message: impl Into<String>) -> Self {
        Self { class, message: message.into() }
    }

    /// A `DataException`.
    pub fn data(message: impl Into<String>) -> Self {
        Self::new(ErrorClass::Data, message)
    }

    /// A `ConfigException`.
    pub fn config(message: impl Into<String>) -> Self {
        Self::new(ErrorClass::Config, message)
    }

    /// Kafka's `ConfigException(name, value, message)`: "Invalid value V for configuration N: M".
    pub fn config_value(name: &str, value: impl fmt::Display, message: impl fmt::Display) -> Self {
        Self::config(format!("Invalid value {value} for configuration {name}: {message}"))
    }

    /// A `SchemaBuilderException`.
    pub fn schema(message: impl Into<String>) -> Self {
        Self::new(ErrorClass::SchemaBuilder, message)
    }

    /// A `ConnectException`.
    pub fn connect(message: impl Into<String>) -> Self {
        Self::new(ErrorClass::Connect, message)
    }
}

impl fmt::Display for DataError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for DataError {}
