//! A file as a descriptor (`google.protobuf.FileDescriptorProto`), for clients that ask for `format=serialized`. Options of
//! our own reading (`file_options` and field options known by name) are carried over; custom ones are not.

use super::descriptor::{FILE_FLAGS, FILE_TEXTS};
use super::model::{
    EnumDef, Extend, Field, FieldType, Label, Message, ProtoFile, ProtoOption, Reserved, TypeDef,
};
use super::print::type_name;
use super::schema::ProtobufSchema;

/// Bytes of a message being written.
#[derive(Default)]
struct Out(Vec<u8>);

impl Out {
    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }

    fn number(&mut self, field: u32, value: u64) {
        self.varint(u64::from(field) << 3);
        self.varint(value);
    }

    fn bytes(&mut self, field: u32, value: &[u8]) {
        self.varint(u64::from(field) << 3 | 2);
        self.varint(value.len() as u64);
        self.0.extend_from_slice(value);
    }

    fn text(&mut self, field: u32, value: &str) {
        self.bytes(field, value.as_bytes());
    }

    fn message(&mut self, field: u32, write: impl FnOnce(&mut Out)) {
        let mut inner = Out::default();
        write(&mut inner);
        self.bytes(field, &inner.0);
    }
}

/// The descriptor of a schema's own file.
pub(super) fn encode(schema: &ProtobufSchema) -> Vec<u8> {
    let (file, mut out) = (&schema.file, Out::default());
    let encoder = Encoder { schema, proto3: file.syntax.as_deref() == Some("proto3") };
    out.text(1, "default.proto");
    if !file.package.is_empty() {
        out.text(2, &file.package);
    }
    for (path, _) in &file.imports {
        out.text(3, path);
    }
    for of in &file.types {
        encoder.type_def(&mut out, (4, 5), of, &file.package);
    }
    for service in &file.services {
        out.message(6, |out| {
            out.text(1, &service.name);
            for method in &service.methods {
                out.message(2, |out| {
                    out.text(1, &method.name);
                    out.text(2, &encoder.full(&file.package, &method.request));
                    out.text(3, &encoder.full(&file.package, &method.response));
                    if method.request_streams {
                        out.number(5, 1);
                    }
                    if method.response_streams {
                        out.number(6, 1);
                    }
                });
            }
        });
    }
    encoder.extends(&mut out, 7, &file.extends, &file.package);
    file_options(&mut out, file);
    for (index, (_, kind)) in file.imports.iter().enumerate() {
        match kind {
            Some("public") => out.number(10, index as u64),
            Some(_) => out.number(11, index as u64),
            None => {}
        }
    }
    match (&file.edition, &file.syntax) {
        (Some(edition), _) => {
            out.text(12, "editions");
            out.number(14, edition.parse().unwrap_or(1000));
        }
        (None, Some(syntax)) if syntax != "proto2" => out.text(12, syntax),
        _ => {}
    }
    out.0
}

fn file_options(out: &mut Out, file: &ProtoFile) {
    let mut options = Out::default();
    for ProtoOption { name, value } in &file.options {
        if let Some((number, _)) = FILE_TEXTS.iter().find(|(_, n)| n == name) {
            options.bytes(*number, &unescaped(value.trim_matches('"')));
        } else if let Some((number, _)) = FILE_FLAGS.iter().find(|(_, n)| n == name) {
            options.number(*number, u64::from(value == "true"));
        }
    }
    if !options.0.is_empty() {
        out.bytes(8, &options.0);
    }
}

/// A string as it is meant; escapes that stand for bytes are rare and taken for the simple ones only.
fn unescaped(text: &str) -> Vec<u8> {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('n') => out.push('\n'),
                Some('t') => out.push('\t'),
                Some('r') => out.push('\r'),
                Some(other) => out.push(other),
                None => {}
            },
            c => out.push(c),
        }
    }
    out.into_bytes()
}

struct Encoder<'a> {
    schema: &'a ProtobufSchema,
    proto3: bool,
}

impl Encoder<'_> {
    /// The full name of a type, with the dot before it.
    fn full(&self, scope: &str, name: &str) -> String {
        match self.schema.resolve(scope, name) {
            Some(no) => format!(".{}", self.schema.types[no].full),
            None => format!(".{}", name.trim_start_matches('.')),
        }
    }

    fn type_def(&self, out: &mut Out, (messages, enums): (u32, u32), of: &TypeDef, scope: &str) {
        match of {
            TypeDef::Message(message) => {
                let full =
                    if scope.is_empty() { message.name.clone() } else { format!("{scope}.{}", message.name) };
                out.message(messages, |out| self.message(out, message, &full));
            }
            TypeDef::Enum(of) => out.message(enums, |out| enumeration(out, of)),
        }
    }

    /// The depth is that of the text.
    fn message(&self, out: &mut Out, message: &Message, full: &str) {
        out.text(1, &message.name);
        let mut made = message.oneofs.len();
        let mut made_names = Vec::new();
        for field in &message.fields {
            // Proto3 has a oneof for each optional field.
            let optional = self.proto3 && field.label == Some(Label::Optional);
            let oneof = optional.then(|| {
                made_names.push(format!("_{}", field.name));
                made += 1;
                made - 1
            });
            out.message(2, |out| self.field(out, field, full, oneof, optional));
        }
        for (index, oneof) in message.oneofs.iter().enumerate() {
            for field in &oneof.fields {
                out.message(2, |out| self.field(out, field, full, Some(index), false));
            }
        }
        for of in &message.types {
            self.type_def(out, (3, 4), of, full);
        }
        for field in &message.fields {
            if let FieldType::Map(key, value) = &field.of {
                out.message(3, |out| {
                    out.text(1, &entry_name(&field.name));
                    let part = |name: &str, number, of: FieldType| Field {
                        label: Some(Label::Optional),
                        of,
                        name: name.to_owned(),
                        number,
                        options: Vec::new(),
                    };
                    out.message(2, |out| {
                        self.field(out, &part("key", 1, FieldType::Scalar(*key)), full, None, false)
                    });
                    out.message(2, |out| {
                        self.field(out, &part("value", 2, (**value).clone()), full, None, false)
                    });
                    out.message(7, |out| out.number(7, 1));
                });
            }
        }
        for range in &message.extensions {
            for range in range.split(", ") {
                let (from, to) = range.split_once(" to ").unwrap_or((range, range));
                out.message(5, |out| {
                    out.number(1, from.parse().unwrap_or(0));
                    out.number(2, to.parse().unwrap_or(536_870_911_u64) + 1);
                });
            }
        }
        self.extends(out, 6, &message.extends, full);
        for name in message.oneofs.iter().map(|oneof| &oneof.name).chain(&made_names) {
            out.message(8, |out| out.text(1, name));
        }
        for reserved in &message.reserved {
            match reserved {
                Reserved::Name(name) => out.text(10, name),
                Reserved::Range(from, to) => out.message(9, |out| {
                    out.number(1, *from as u64);
                    out.number(2, (*to + 1) as u64);
                }),
            }
        }
    }

    fn extends(&self, out: &mut Out, field: u32, extends: &[Extend], scope: &str) {
        for extend in extends {
            for of in &extend.fields {
                out.message(field, |out| {
                    out.text(2, &self.full(scope, &extend.name));
                    self.field(out, of, scope, None, false);
                });
            }
        }
    }

    fn field(&self, out: &mut Out, field: &Field, scope: &str, oneof: Option<usize>, optional: bool) {
        out.text(1, &field.name);
        out.number(3, u64::from(field.number));
        out.number(
            4,
            match (&field.of, field.label) {
                (FieldType::Map(..), _) | (_, Some(Label::Repeated)) => 3,
                (_, Some(Label::Required)) => 2,
                _ => 1,
            },
        );
        match &field.of {
            FieldType::Scalar(scalar) => out.number(5, scalar.number()),
            FieldType::Map(..) => {
                out.number(5, 11);
                out.text(6, &format!(".{scope}.{}", entry_name(&field.name)));
            }
            FieldType::Named(_) | FieldType::Group(_) => {
                let is_enum = self
                    .schema
                    .target(scope, &field.of)
                    .is_some_and(|no| matches!(self.schema.types[no].of, TypeDef::Enum(_)));
                let group = matches!(field.of, FieldType::Group(_));
                out.number(
                    5,
                    if group {
                        10
                    } else if is_enum {
                        14
                    } else {
                        11
                    },
                );
                out.text(6, &self.full(scope, &type_name(&field.of)));
            }
        }
        let option =
            |name: &str| field.options.iter().find(|option| option.name == name).map(|o| o.value.as_str());
        if let Some(value) = option("default") {
            out.bytes(7, &unescaped(value.trim_matches('"')));
        }
        if let Some(value) = option("json_name") {
            out.bytes(10, &unescaped(value.trim_matches('"')));
        }
        let mut options = Out::default();
        for (number, name) in [(2, "packed"), (3, "deprecated")] {
            if let Some(value) = option(name) {
                options.number(number, u64::from(value == "true"));
            }
        }
        if !options.0.is_empty() {
            out.bytes(8, &options.0);
        }
        if let Some(index) = oneof {
            out.number(9, index as u64);
        }
        if optional {
            out.number(17, 1);
        }
    }
}

fn enumeration(out: &mut Out, of: &EnumDef) {
    out.text(1, &of.name);
    for (name, number, _) in &of.values {
        out.message(2, |out| {
            out.text(1, name);
            // Negative numbers take ten bytes.
            out.number(2, i64::from(*number) as u64);
        });
    }
    if of.options.iter().any(|option| option.name == "allow_alias" && option.value == "true") {
        out.message(3, |out| out.number(2, 1));
    }
}

/// The message of a map's entries, as protoc names it.
fn entry_name(field: &str) -> String {
    let mut name = String::new();
    let mut upper = true;
    for c in field.chars() {
        if c == '_' {
            upper = true;
        } else if std::mem::take(&mut upper) {
            name.extend(c.to_uppercase());
        } else {
            name.push(c);
        }
    }
    name + "Entry"
}
