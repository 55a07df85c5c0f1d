//! Tags in the options of messages and fields (`confluent/meta.proto`), and a file without options of others.

use super::model::{Field, Message, ProtoFile, ProtoOption, TypeDef};
use super::schema::ProtobufSchema;
use crate::schema::{EntityType, SchemaEntity, SchemaTags};

impl ProtobufSchema {
    /// Messages and fields of the file that have tags, in order.
    pub(crate) fn tags(&self) -> Vec<SchemaTags> {
        let mut found = Vec::new();
        self.file.types.iter().for_each(|of| type_tags(of, "", &mut found));
        found
    }

    /// The text without extensions and without options that are none of the language's or of Confluent's
    /// (`format=ignore_extensions`).
    pub fn without_extensions(&self) -> String {
        let mut file = self.file.clone();
        strip_file(&mut file);
        super::print::print(&file, false)
    }
}

fn type_tags(of: &TypeDef, scope: &str, found: &mut Vec<SchemaTags>) {
    let TypeDef::Message(message) = of else { return };
    let path = format!("{scope}{}", message.name);
    let mut told = |entity_path: String, entity_type, tags: Vec<String>| {
        if !tags.is_empty() {
            found.push(SchemaTags { schema_entity: SchemaEntity { entity_path, entity_type }, tags });
        }
    };
    told(path.clone(), EntityType::Record, option_tags(&message.options, "message_meta"));
    for field in message.oneofs.iter().flat_map(|of| &of.fields).chain(&message.fields) {
        let tags = option_tags(&field.options, "field_meta");
        told(format!("{path}.{}", field.name), EntityType::Field, tags);
    }
    message.types.iter().for_each(|of| type_tags(of, &format!("{path}."), found));
}

/// `(confluent.field_meta).tags = "A"`, or `(confluent.field_meta) = { tags: ["A", "B"] }`.
fn option_tags(options: &[ProtoOption], meta: &str) -> Vec<String> {
    let mut tags = Vec::new();
    for option in options {
        let Some(rest) = option
            .name
            .strip_prefix('(')
            .and_then(|name| name.trim_start_matches('.').strip_prefix("confluent."))
            .and_then(|name| name.strip_prefix(meta))
            .and_then(|name| name.strip_prefix(')'))
        else {
            continue;
        };
        match rest {
            ".tags" => strings(&option.value, &mut tags),
            "" => member_strings(&option.value, "tags", &mut tags),
            _ => {}
        }
    }
    tags
}

/// The strings at the start of a text, one or a list of them.
fn strings(text: &str, out: &mut Vec<String>) {
    let mut rest = text.trim_start();
    let list = rest.starts_with('[');
    rest = rest.trim_start_matches('[').trim_start();
    while let Some(after) = rest.strip_prefix('"') {
        let Some(end) = after.find('"') else { return };
        out.push(after[..end].to_owned());
        rest = after[end + 1..].trim_start();
        match rest.strip_prefix(',') {
            Some(next) if list => rest = next.trim_start(),
            _ => return,
        }
    }
}

/// The strings of each member of this name at the top of a message's text.
fn member_strings(text: &str, name: &str, out: &mut Vec<String>) {
    let mut quoted = false;
    for (at, letter) in text.char_indices() {
        if letter == '"' {
            quoted = !quoted;
        }
        let Some(after) = text[at..].strip_prefix(name).filter(|_| !quoted) else { continue };
        let starts = !text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
        if starts && let Some(value) = after.trim_start().strip_prefix(':') {
            strings(value, out);
        }
    }
}

fn keep(options: &mut Vec<ProtoOption>) {
    options.retain(|option| {
        !option.name.starts_with('(') || option.name.trim_start_matches(['(', '.']).starts_with("confluent.")
    });
}

fn strip_file(file: &mut ProtoFile) {
    keep(&mut file.options);
    file.extends.clear();
    file.types.iter_mut().for_each(strip_type);
    for service in &mut file.services {
        keep(&mut service.options);
        service.methods.iter_mut().for_each(|method| keep(&mut method.options));
    }
}

fn strip_type(of: &mut TypeDef) {
    match of {
        TypeDef::Message(message) => strip_message(message),
        TypeDef::Enum(of) => {
            keep(&mut of.options);
            of.values.iter_mut().for_each(|(_, _, options)| keep(options));
        }
    }
}

fn strip_message(message: &mut Message) {
    let strip = |fields: &mut Vec<Field>| fields.iter_mut().for_each(|field| keep(&mut field.options));
    keep(&mut message.options);
    message.extensions.clear();
    message.extends.clear();
    strip(&mut message.fields);
    for of in &mut message.oneofs {
        keep(&mut of.options);
        strip(&mut of.fields);
    }
    message.types.iter_mut().for_each(strip_type);
}
