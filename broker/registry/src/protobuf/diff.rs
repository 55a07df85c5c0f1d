//! What keeps a message of one schema from being read by another: Confluent's rules, by the names of its differences. A
//! message is told by the numbers of its fields, so names may change.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use highway_types::limits::{SCHEMA_COMPARE_MAX_DEPTH, SCHEMA_COMPARE_MAX_PAIRS};

use super::model::{Field, FieldType, Label, Message, Scalar, TypeDef};
use super::print::type_name;
use super::schema::{ProtobufSchema, TypeNo};
use crate::compat::Difference;

type Found = Rc<Vec<(&'static str, String)>>;

/// Differences kept of one message.
const KEPT: usize = 50;

/// What keeps `reader` from reading what `writer` wrote; empty when nothing does.
pub fn incompatibilities(reader: &ProtobufSchema, writer: &ProtobufSchema) -> Vec<Difference> {
    let mut check = Check { writer, reader, known: HashMap::new(), exhausted: false };
    let mut found = Vec::new();
    if writer.file.package != reader.file.package {
        found.push(("PACKAGE_CHANGED", "#/".to_owned()));
    }
    check.types(
        (&writer.file.types, &writer.file.package),
        (&reader.file.types, &reader.file.package),
        "",
        0,
        &mut found,
    );
    let mut differences: Vec<Difference> = found
        .into_iter()
        .map(|(of, path)| Difference { error_type: of.to_owned(), description: words(of, &path), info: None })
        .collect();
    if check.exhausted {
        differences.push(Difference::too_complex());
    }
    differences
}

fn words(of: &str, path: &str) -> String {
    match of {
        "PACKAGE_CHANGED" => format!("The package at '{path}' of the %r schema is not that of the %w schema"),
        "MESSAGE_REMOVED" => format!("The %r schema lacks the message at path '{path}' of the %w schema"),
        "REQUIRED_FIELD_ADDED" => {
            format!("The %r schema requires a field at path '{path}' that the %w schema does not have")
        }
        "REQUIRED_FIELD_REMOVED" => {
            format!("The %r schema lacks a field at path '{path}' that the %w schema requires")
        }
        "ONEOF_FIELD_REMOVED" => {
            format!("The %r schema lacks the field of a oneof at path '{path}' of the %w schema")
        }
        "MULTIPLE_FIELDS_MOVED_TO_ONEOF" | "FIELD_MOVED_TO_EXISTING_ONEOF" => {
            format!(
                "Fields in the oneof at path '{path}' of the %r schema can be set together in the %w schema"
            )
        }
        "FIELD_NUMERIC_LABEL_CHANGED" => {
            format!(
                "The label of the numeric field at path '{path}' of the %r schema is not that of the %w schema"
            )
        }
        _ => format!("The type of the field at path '{path}' of the %r schema is not that of the %w schema"),
    }
}

struct Check<'a> {
    writer: &'a ProtobufSchema,
    reader: &'a ProtobufSchema,
    /// Compared pairs of messages; nothing while being compared.
    known: HashMap<(TypeNo, TypeNo), Option<Found>>,
    exhausted: bool,
}

type Out = Vec<(&'static str, String)>;

fn note(out: &mut Out, of: &'static str, path: String) {
    if out.len() < KEPT {
        out.push((of, path));
    }
}

fn join(scope: &str, name: &str) -> String {
    if scope.is_empty() { name.to_owned() } else { format!("{scope}.{name}") }
}

impl<'a> Check<'a> {
    /// Types side by side: of a file, or nested in a message. `local` is the outer name without the package.
    fn types(
        &mut self,
        (olds, old_scope): (&'a [TypeDef], &str),
        (news, new_scope): (&'a [TypeDef], &str),
        local: &str,
        depth: usize,
        out: &mut Out,
    ) {
        let new_names: BTreeSet<&str> = messages(news).map(|message| message.name.as_str()).collect();
        for old in messages(olds) {
            let local = join(local, &old.name);
            if !new_names.contains(old.name.as_str()) {
                note(out, "MESSAGE_REMOVED", format!("#/{local}"));
                continue;
            }
            let pair = (
                self.writer.by_name.get(&join(old_scope, &old.name)).copied(),
                self.reader.by_name.get(&join(new_scope, &old.name)).copied(),
            );
            if let (Some(old), Some(new)) = pair {
                let found = self.messages(old, new, depth + 1);
                found.iter().for_each(|(of, path)| note(out, of, path.clone()));
            }
        }
    }

    fn messages(&mut self, old_no: TypeNo, new_no: TypeNo, depth: usize) -> Found {
        match self.known.get(&(old_no, new_no)) {
            Some(Some(found)) => return found.clone(),
            // Within itself: compatible as far as this goes.
            Some(None) => return Rc::default(),
            None => {}
        }
        if depth > SCHEMA_COMPARE_MAX_DEPTH || self.known.len() > SCHEMA_COMPARE_MAX_PAIRS {
            self.exhausted = true;
            return Rc::default();
        }
        let (old, new) = (&self.writer.types[old_no], &self.reader.types[new_no]);
        let (Some(old_message), Some(new_message)) = (old.message(), new.message()) else {
            return Rc::default();
        };
        self.known.insert((old_no, new_no), None);
        let mut out = Vec::new();
        let path = format!("#/{}", new.local());
        oneofs(old_message, new_message, &path, &mut out);
        self.fields((old_message, &old.full), (new_message, &new.full), &path, depth, &mut out);
        self.types(
            (&old_message.types, &old.full),
            (&new_message.types, &new.full),
            new.local(),
            depth,
            &mut out,
        );
        let found = Rc::new(out);
        self.known.insert((old_no, new_no), Some(found.clone()));
        found
    }

    fn fields(
        &mut self,
        (old, old_scope): (&'a Message, &str),
        (new, new_scope): (&'a Message, &str),
        path: &str,
        depth: usize,
        out: &mut Out,
    ) {
        let (olds, news) = (by_number(old), by_number(new));
        // A oneof of which nothing is left was given up as a whole.
        let given_up: BTreeSet<&str> = old
            .oneofs
            .iter()
            .filter(|oneof| new.oneofs.iter().all(|n| n.name != oneof.name))
            .filter(|oneof| oneof.fields.iter().all(|field| !news.contains_key(&field.number)))
            .map(|oneof| oneof.name.as_str())
            .collect();
        let numbers: BTreeSet<u32> = olds.keys().chain(news.keys()).copied().collect();
        for number in numbers {
            let at = |oneof: Option<&str>| match oneof {
                Some(oneof) => format!("{path}/{oneof}/{number}"),
                None => format!("{path}/{number}"),
            };
            match (olds.get(&number), news.get(&number)) {
                (Some((_, Some(oneof))), None) if !given_up.contains(oneof) => {
                    note(out, "ONEOF_FIELD_REMOVED", at(Some(oneof)));
                }
                (Some((field, None)), None) if field.label == Some(Label::Required) => {
                    note(out, "REQUIRED_FIELD_REMOVED", at(None));
                }
                (None, Some((field, None))) if field.label == Some(Label::Required) => {
                    note(out, "REQUIRED_FIELD_ADDED", at(None));
                }
                (Some((old, _)), Some((new, oneof))) => {
                    let labels = (old.label, new.label);
                    self.field(labels, (&old.of, old_scope), (&new.of, new_scope), &at(*oneof), depth, out);
                }
                _ => {}
            }
        }
    }

    fn field(
        &mut self,
        labels: (Option<Label>, Option<Label>),
        (old, old_scope): (&FieldType, &str),
        (new, new_scope): (&FieldType, &str),
        path: &str,
        depth: usize,
        out: &mut Out,
    ) {
        let old_kind = kind(self.writer, old_scope, old);
        let new_kind = kind(self.reader, new_scope, new);
        match (old_kind, new_kind) {
            (Kind::Scalar(old), Kind::Scalar(new)) => {
                if old != new {
                    note(out, "FIELD_SCALAR_KIND_CHANGED", path.to_owned());
                } else if let (Some(old_label), Some(new_label)) = labels
                    && old_label != new_label
                    && old != Group::TextOrBytes
                {
                    note(out, "FIELD_NUMERIC_LABEL_CHANGED", path.to_owned());
                }
            }
            (Kind::Message(Some(old_no)), Kind::Message(Some(new_no))) => {
                let (old, new) = (&self.writer.types[old_no], &self.reader.types[new_no]);
                if old.local() != new.local() || !self.messages(old_no, new_no, depth + 1).is_empty() {
                    note(out, "FIELD_NAMED_TYPE_CHANGED", path.to_owned());
                }
            }
            (Kind::Message(_), Kind::Message(_)) => {
                let name = |of| type_name(of).trim_start_matches('.').to_owned();
                if name(old) != name(new) {
                    note(out, "FIELD_NAMED_TYPE_CHANGED", path.to_owned());
                }
            }
            (Kind::Map, Kind::Map) => {
                if let (FieldType::Map(old_key, old), FieldType::Map(new_key, new)) = (old, new) {
                    if group(*old_key) != group(*new_key) {
                        note(out, "FIELD_SCALAR_KIND_CHANGED", path.to_owned());
                    }
                    self.field((None, None), (old, old_scope), (new, new_scope), path, depth, out);
                }
            }
            _ => note(out, "FIELD_KIND_CHANGED", path.to_owned()),
        }
    }
}

fn messages(types: &[TypeDef]) -> impl Iterator<Item = &Message> {
    types.iter().filter_map(|of| if let TypeDef::Message(message) = of { Some(message) } else { None })
}

/// Fields by number, with the oneof they are of.
fn by_number(message: &Message) -> BTreeMap<u32, (&Field, Option<&str>)> {
    let plain = message.fields.iter().map(|field| (field.number, (field, None)));
    let chosen = message.oneofs.iter().flat_map(|oneof| {
        oneof.fields.iter().map(|field| (field.number, (field, Some(oneof.name.as_str()))))
    });
    plain.chain(chosen).collect()
}

/// Fields that could be set together and now exclude each other.
fn oneofs(old: &Message, new: &Message, path: &str, out: &mut Out) {
    let olds = by_number(old);
    for oneof in &new.oneofs {
        let mut from = BTreeSet::new();
        let mut plain = 0;
        for field in &oneof.fields {
            match olds.get(&field.number) {
                Some((_, Some(oneof))) => {
                    from.insert(format!("oneof {oneof}"));
                }
                Some((_, None)) => {
                    from.insert(field.number.to_string());
                    plain += 1;
                }
                None => {}
            }
        }
        if from.len() > 1 {
            let of =
                if plain > 1 { "MULTIPLE_FIELDS_MOVED_TO_ONEOF" } else { "FIELD_MOVED_TO_EXISTING_ONEOF" };
            note(out, of, format!("{path}/{}", oneof.name));
        }
    }
}

enum Kind {
    Scalar(Group),
    Map,
    Message(Option<TypeNo>),
}

/// Scalars that read each other's bytes (Protocol Buffers, "Updating a Message Type").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Group {
    Number,
    Signed,
    TextOrBytes,
    Fixed32,
    Fixed64,
    Float,
    Double,
}

fn group(of: Scalar) -> Group {
    match of {
        Scalar::Int32 | Scalar::Int64 | Scalar::Uint32 | Scalar::Uint64 | Scalar::Bool => Group::Number,
        Scalar::Sint32 | Scalar::Sint64 => Group::Signed,
        Scalar::String | Scalar::Bytes => Group::TextOrBytes,
        Scalar::Fixed32 | Scalar::Sfixed32 => Group::Fixed32,
        Scalar::Fixed64 | Scalar::Sfixed64 => Group::Fixed64,
        Scalar::Float => Group::Float,
        Scalar::Double => Group::Double,
    }
}

fn kind(schema: &ProtobufSchema, scope: &str, of: &FieldType) -> Kind {
    match of {
        FieldType::Scalar(of) => Kind::Scalar(group(*of)),
        FieldType::Map(..) => Kind::Map,
        FieldType::Named(_) | FieldType::Group(_) => match schema.target(scope, of) {
            Some(no) if matches!(schema.types[no].of, TypeDef::Enum(_)) => Kind::Scalar(Group::Number),
            no => Kind::Message(no),
        },
    }
}
