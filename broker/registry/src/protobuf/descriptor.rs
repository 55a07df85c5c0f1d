//! Files as descriptors (`google.protobuf.FileDescriptorProto`), which serializers send in base64.

use highway_types::limits::SCHEMA_MAX_DEPTH;

use super::model::{
    EnumDef, Extend, Field, FieldType, Label, Message, Method, OneOf, ProtoFile, ProtoOption, Reserved,
    Scalar, Service, TypeDef,
};
use super::wire::{Reader, Value};

type Read<T> = Result<T, String>;

/// All fields of a message, each number with its values.
struct Fields<'a>(Vec<(u32, Value<'a>)>);

impl<'a> Fields<'a> {
    fn read(bytes: &'a [u8]) -> Read<Self> {
        let mut reader = Reader::new(bytes);
        let mut fields = Vec::new();
        while let Some(field) = reader.next()? {
            fields.push(field);
        }
        Ok(Self(fields))
    }

    fn all(&self, number: u32) -> impl Iterator<Item = &'a [u8]> + '_ {
        self.0.iter().filter_map(move |(n, value)| match value {
            Value::Bytes(bytes) if *n == number => Some(*bytes),
            _ => None,
        })
    }

    fn text(&self, number: u32) -> Read<Option<String>> {
        self.all(number).last().map(text).transpose()
    }

    fn name(&self) -> Read<String> {
        self.text(1)?.filter(|name| !name.is_empty()).ok_or_else(|| "a name is missing".to_owned())
    }

    fn number(&self, number: u32) -> Option<u64> {
        let mut found = self.0.iter().rev().filter(|(n, _)| *n == number);
        found.find_map(|(_, value)| if let Value::Varint(value) = value { Some(*value) } else { None })
    }

    fn numbers(&self, number: u32) -> Read<Vec<u64>> {
        let mut found = Vec::new();
        for (n, value) in &self.0 {
            match value {
                Value::Varint(value) if *n == number => found.push(*value),
                Value::Bytes(bytes) if *n == number => {
                    let mut reader = Reader::new(bytes);
                    while reader.at < bytes.len() {
                        found.push(reader.varint()?);
                    }
                }
                _ => {}
            }
        }
        Ok(found)
    }
}

fn text(bytes: &[u8]) -> Read<String> {
    String::from_utf8(bytes.to_vec()).map_err(|_| "a name is not UTF-8".to_owned())
}

/// Reads a file's descriptor.
pub(super) fn read(bytes: &[u8]) -> Read<ProtoFile> {
    let fields = Fields::read(bytes)?;
    let syntax = fields.text(12)?.unwrap_or_else(|| "proto2".to_owned());
    let edition = match fields.number(14) {
        Some(998) | None => None,
        Some(999) => None,
        Some(edition) => Some(edition.to_string()),
    };
    let proto3 = syntax == "proto3";
    let public = fields.numbers(10)?;
    let mut file = ProtoFile {
        syntax: if edition.is_some() { None } else { Some(syntax) },
        edition,
        package: fields.text(2)?.unwrap_or_default(),
        options: file_options(&fields)?,
        ..ProtoFile::default()
    };
    for (index, path) in fields.all(3).enumerate() {
        let kind = public.contains(&(index as u64)).then_some("public");
        file.imports.push((text(path)?, kind));
    }
    for bytes in fields.all(4) {
        file.types.push(TypeDef::Message(message(bytes, proto3, 0)?));
    }
    for bytes in fields.all(5) {
        file.types.push(TypeDef::Enum(enumeration(bytes)?));
    }
    for bytes in fields.all(6) {
        file.services.push(service(bytes)?);
    }
    file.extends = extends(&fields, 7, proto3)?;
    Ok(file)
}

/// Options of a file that hold text: number and name.
pub(super) const FILE_TEXTS: &[(u32, &str)] = &[
    (1, "java_package"),
    (8, "java_outer_classname"),
    (11, "go_package"),
    (36, "objc_class_prefix"),
    (37, "csharp_namespace"),
    (39, "swift_prefix"),
    (40, "php_class_prefix"),
    (41, "php_namespace"),
    (45, "ruby_package"),
];
/// Options of a file that are true or false.
pub(super) const FILE_FLAGS: &[(u32, &str)] = &[
    (10, "java_multiple_files"),
    (20, "java_generate_equals_and_hash"),
    (23, "deprecated"),
    (31, "cc_enable_arenas"),
];

/// The options of a file that matter to what is generated of it.
fn file_options(fields: &Fields<'_>) -> Read<Vec<ProtoOption>> {
    let mut options = Vec::new();
    for bytes in fields.all(8) {
        let fields = Fields::read(bytes)?;
        for (number, name) in FILE_TEXTS {
            if let Some(value) = fields.text(*number)? {
                let value = format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""));
                options.push(ProtoOption { name: (*name).to_owned(), value });
            }
        }
        for (number, name) in FILE_FLAGS {
            if let Some(value) = fields.number(*number) {
                options.push(ProtoOption { name: (*name).to_owned(), value: (value != 0).to_string() });
            }
        }
    }
    Ok(options)
}

fn message(bytes: &[u8], proto3: bool, depth: usize) -> Read<Message> {
    if depth > SCHEMA_MAX_DEPTH {
        return Err(format!("messages are nested deeper than {SCHEMA_MAX_DEPTH} levels"));
    }
    let fields = Fields::read(bytes)?;
    let mut found = Message { name: fields.name()?, ..Message::default() };
    let mut maps = Vec::new();
    for bytes in fields.all(3) {
        let is_map = Fields::read(bytes)?.all(7).any(|options| {
            Fields::read(options).is_ok_and(|options| options.number(7).is_some_and(|is| is != 0))
        });
        let nested = message(bytes, proto3, depth + 1)?;
        if is_map { maps.push(nested) } else { found.types.push(TypeDef::Message(nested)) }
    }
    for bytes in fields.all(4) {
        found.types.push(TypeDef::Enum(enumeration(bytes)?));
    }
    for bytes in fields.all(8) {
        found.oneofs.push(OneOf { name: Fields::read(bytes)?.name()?, ..OneOf::default() });
    }
    for bytes in fields.all(2) {
        let (mut field, oneof) = field(bytes, proto3)?;
        // A repeated field of a message that stands for entries is a map.
        if let FieldType::Named(name) = &field.of
            && let Some(entry) = maps.iter().find(|map| name.rsplit('.').next() == Some(map.name.as_str()))
        {
            let part = |number| entry.fields.iter().find(|f| f.number == number).map(|f| f.of.clone());
            if let (Some(FieldType::Scalar(key)), Some(value)) = (part(1), part(2)) {
                field.of = FieldType::Map(key, Box::new(value));
                field.label = None;
            }
        }
        match oneof {
            None => found.fields.push(field),
            Some(index) => {
                let oneof = found.oneofs.get_mut(index).ok_or("a field is of a oneof that is not there")?;
                field.label = None;
                oneof.fields.push(field);
            }
        }
    }
    found.oneofs.retain(|oneof| !oneof.fields.is_empty());
    for bytes in fields.all(9) {
        let range = Fields::read(bytes)?;
        // The end is not part of it.
        let (from, to) = (range.number(1).unwrap_or(0) as i64, range.number(2).unwrap_or(0) as i64);
        found.reserved.push(Reserved::Range(from, to - 1));
    }
    for name in fields.all(10) {
        found.reserved.push(Reserved::Name(text(name)?));
    }
    for bytes in fields.all(5) {
        let range = Fields::read(bytes)?;
        let (from, to) = (range.number(1).unwrap_or(0), range.number(2).unwrap_or(0).saturating_sub(1));
        found.extensions.push(if to >= 536_870_911 {
            format!("{from} to max")
        } else {
            format!("{from} to {to}")
        });
    }
    found.extends = extends(&fields, 6, proto3)?;
    Ok(found)
}

/// A field, and the number of the oneof it is of.
fn field(bytes: &[u8], proto3: bool) -> Read<(Field, Option<usize>)> {
    let fields = Fields::read(bytes)?;
    let name = fields.name()?;
    let number =
        fields.number(3).and_then(|n| u32::try_from(n).ok()).filter(|n| (1..=536_870_911).contains(n));
    let number = number.ok_or_else(|| format!("the field '{name}' has no number"))?;
    let type_name = fields.text(6)?;
    let of = match (fields.number(5), type_name) {
        (Some(10), Some(name)) => FieldType::Group(name.rsplit('.').next().unwrap_or_default().to_owned()),
        (Some(11 | 14) | None, Some(name)) => FieldType::Named(name),
        (Some(of), _) => FieldType::Scalar(
            Scalar::by_number(of).ok_or_else(|| format!("the field '{name}' has no known type"))?,
        ),
        (None, None) => return Err(format!("the field '{name}' has no type")),
    };
    let optional = fields.number(17).is_some_and(|is| is != 0);
    let label = match fields.number(4) {
        Some(2) => Some(Label::Required),
        Some(3) => Some(Label::Repeated),
        _ if optional || !proto3 => Some(Label::Optional),
        _ => None,
    };
    let mut options = Vec::new();
    // protoc always writes the name in JSON; it only says something when it is not the one made of the field's name.
    if let Some(json_name) = fields.text(10)?.filter(|json_name| *json_name != lower_camel(&name)) {
        options.push(ProtoOption { name: "json_name".to_owned(), value: format!("\"{json_name}\"") });
    }
    if let Some(value) = fields.text(7)? {
        let quoted = matches!(of, FieldType::Scalar(Scalar::String | Scalar::Bytes));
        let value =
            if quoted { format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\"")) } else { value };
        options.push(ProtoOption { name: "default".to_owned(), value });
    }
    for bytes in fields.all(8) {
        let set = Fields::read(bytes)?;
        for (number, name) in [(2, "packed"), (3, "deprecated")] {
            if let Some(value) = set.number(number) {
                options.push(ProtoOption { name: name.to_owned(), value: (value != 0).to_string() });
            }
        }
    }
    // An optional field of proto3 stands in a oneof that is made for it alone.
    let oneof = if optional { None } else { fields.number(9).map(|index| index as usize) };
    Ok((Field { label, of, name, number, options }, oneof))
}

/// The name that a field has in JSON unless it is given another.
fn lower_camel(name: &str) -> String {
    let mut out = String::new();
    let mut upper = false;
    for c in name.chars() {
        if c == '_' {
            upper = true;
        } else if std::mem::take(&mut upper) {
            out.push(c.to_ascii_uppercase());
        } else {
            out.push(c);
        }
    }
    out
}

fn enumeration(bytes: &[u8]) -> Read<EnumDef> {
    let fields = Fields::read(bytes)?;
    let mut found = EnumDef { name: fields.name()?, ..EnumDef::default() };
    for bytes in fields.all(2) {
        let value = Fields::read(bytes)?;
        found.values.push((value.name()?, value.number(2).unwrap_or(0) as i32, Vec::new()));
    }
    for bytes in fields.all(3) {
        if let Some(alias) = Fields::read(bytes)?.number(2) {
            let value = (alias != 0).to_string();
            found.options.push(ProtoOption { name: "allow_alias".to_owned(), value });
        }
    }
    Ok(found)
}

fn service(bytes: &[u8]) -> Read<Service> {
    let fields = Fields::read(bytes)?;
    let mut found = Service { name: fields.name()?, ..Service::default() };
    for bytes in fields.all(2) {
        let method = Fields::read(bytes)?;
        found.methods.push(Method {
            name: method.name()?,
            request: method.text(2)?.unwrap_or_default(),
            request_streams: method.number(5).is_some_and(|is| is != 0),
            response: method.text(3)?.unwrap_or_default(),
            response_streams: method.number(6).is_some_and(|is| is != 0),
            options: Vec::new(),
        });
    }
    Ok(found)
}

fn extends(fields: &Fields<'_>, number: u32, proto3: bool) -> Read<Vec<Extend>> {
    let mut found: Vec<Extend> = Vec::new();
    for bytes in fields.all(number) {
        let name = Fields::read(bytes)?.text(2)?.unwrap_or_default();
        let (field, _) = field(bytes, proto3)?;
        match found.last_mut() {
            Some(last) if last.name == name => last.fields.push(field),
            _ => found.push(Extend { name, fields: vec![field] }),
        }
    }
    Ok(found)
}
