//! A schema: a file, the files it imports, and all their types by full name.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::model::{EnumDef, Field, FieldType, Label, Message, ProtoFile, Reserved, TypeDef};
use super::{builtin, descriptor, parser, print};

/// The number of a type among all of a schema and its imports.
pub(super) type TypeNo = usize;

/// A parsed schema.
#[derive(Debug)]
pub struct ProtobufSchema {
    pub(super) file: ProtoFile,
    pub(super) types: Vec<Known>,
    pub(super) by_name: HashMap<String, TypeNo>,
    /// Fields of each message for checking bytes, by number; empty for enums.
    pub(super) checks: Vec<super::check::MessageCheck>,
    references: Vec<(String, String)>,
}

/// A type with where it is from.
#[derive(Debug)]
pub(super) struct Known {
    pub full: String,
    pub package: String,
    pub of: TypeDef,
    /// Not of the schema's own file.
    pub imported: bool,
}

impl Known {
    /// The name without the package.
    pub fn local(&self) -> &str {
        if self.package.is_empty() { &self.full } else { &self.full[self.package.len() + 1..] }
    }

    pub fn message(&self) -> Option<&Message> {
        if let TypeDef::Message(message) = &self.of { Some(message) } else { None }
    }
}

fn read(text: &str) -> Result<ProtoFile, String> {
    let compact: String = text.split_whitespace().collect();
    if !compact.is_empty()
        && let Ok(bytes) = data_encoding::BASE64.decode(compact.as_bytes())
    {
        return descriptor::read(&bytes);
    }
    parser::parse(text)
}

impl ProtobufSchema {
    /// Reads a schema, as text or as a descriptor in base64. `references` are paths and texts of files it may import.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub fn parse(text: &str, references: &[(&str, &str)]) -> Result<Self, String> {
        let file = read(text)?;
        let mut schema = Self {
            file,
            types: Vec::new(),
            by_name: HashMap::new(),
            checks: Vec::new(),
            references: Vec::new(),
        };
        let mut wanted: Vec<String> = Vec::new();
        let mut given = BTreeSet::new();
        for (path, text) in references {
            let file = read(text).map_err(|e| format!("import '{path}': {e}"))?;
            wanted.extend(file.imports.iter().map(|(path, _)| path.clone()));
            given.insert(*path);
            schema.add_file(file, true)?;
            schema.references.push(((*path).to_owned(), (*text).to_owned()));
        }
        let own = schema.file.clone();
        wanted.extend(own.imports.iter().map(|(path, _)| path.clone()));
        let mut seen = BTreeSet::new();
        for path in wanted {
            if given.contains(path.as_str()) || !seen.insert(path.clone()) {
                continue;
            }
            match builtin::text(&path) {
                Some(text) => schema.add_file(parser::parse(text)?, true)?,
                None if builtin::is_provided(&path) => {}
                None => return Err(format!("the import '{path}' is not among the references")),
            }
        }
        schema.add_file(own, false)?;
        schema.verify()?;
        schema.checks = super::check::compile(&schema);
        Ok(schema)
    }

    /// The text as kept.
    pub fn canonical(&self) -> String {
        print::print(&self.file, false)
    }

    /// The text with imports and options in order.
    pub fn normalized(&self) -> String {
        print::print(&self.file, true)
    }

    /// The file as a descriptor in base64.
    pub fn serialized(&self) -> String {
        data_encoding::BASE64.encode(&super::encode::encode(self))
    }

    /// Whether it says the same with the same files imported.
    pub fn is_same(&self, other: &Self) -> bool {
        self.canonical() == other.canonical() && self.references == other.references
    }

    fn add_file(&mut self, file: ProtoFile, imported: bool) -> Result<(), String> {
        let package = file.package.clone();
        let mut open: Vec<(String, TypeDef)> =
            file.types.into_iter().rev().map(|of| (package.clone(), of)).collect();
        while let Some((scope, of)) = open.pop() {
            let name = match &of {
                TypeDef::Message(message) => &message.name,
                TypeDef::Enum(of) => &of.name,
            };
            let full = if scope.is_empty() { name.clone() } else { format!("{scope}.{name}") };
            if let TypeDef::Message(message) = &of {
                open.extend(message.types.iter().rev().map(|of| (full.clone(), of.clone())));
            }
            if self.by_name.insert(full.clone(), self.types.len()).is_some() {
                return Err(format!("the type '{full}' is defined twice"));
            }
            self.types.push(Known { full, package: package.clone(), of, imported });
        }
        Ok(())
    }

    /// The type that a name means within a scope (a message's full name): the innermost scope that knows it.
    pub(super) fn resolve(&self, scope: &str, name: &str) -> Option<TypeNo> {
        if let Some(full) = name.strip_prefix('.') {
            return self.by_name.get(full).copied();
        }
        let mut scope = scope;
        loop {
            let full = if scope.is_empty() { name.to_owned() } else { format!("{scope}.{name}") };
            if let Some(found) = self.by_name.get(&full) {
                return Some(*found);
            }
            if scope.is_empty() {
                return None;
            }
            scope = scope.rfind('.').map_or("", |end| &scope[..end]);
        }
    }

    /// The type of a field that names one; nothing for scalars, maps and what is provided unseen.
    pub(super) fn target(&self, scope: &str, of: &FieldType) -> Option<TypeNo> {
        match of {
            FieldType::Named(name) | FieldType::Group(name) => self.resolve(scope, name),
            FieldType::Scalar(_) | FieldType::Map(..) => None,
        }
    }

    fn verify(&self) -> Result<(), String> {
        for known in self.types.iter().filter(|known| !known.imported) {
            let proto3 = self.file.syntax.as_deref() == Some("proto3");
            match &known.of {
                TypeDef::Message(message) => self.verify_message(&known.full, message, proto3)?,
                TypeDef::Enum(of) => verify_enum(&known.full, of, proto3)?,
            }
        }
        Ok(())
    }

    fn verify_message(&self, full: &str, message: &Message, proto3: bool) -> Result<(), String> {
        let mut numbers = BTreeMap::new();
        let mut names = BTreeSet::new();
        for oneof in &message.oneofs {
            if oneof.fields.is_empty() {
                return Err(format!("the oneof '{}' of {full} has no fields", oneof.name));
            }
            if !names.insert(oneof.name.as_str()) {
                return Err(format!("the name '{}' is used twice in {full}", oneof.name));
            }
        }
        for field in fields(message) {
            if let Some(other) = numbers.insert(field.number, &field.name) {
                return Err(format!(
                    "'{other}' and '{}' of {full} have the number {}",
                    field.name, field.number
                ));
            }
            if !names.insert(field.name.as_str()) {
                return Err(format!("the name '{}' is used twice in {full}", field.name));
            }
            let taken = message.reserved.iter().any(|reserved| match reserved {
                Reserved::Range(from, to) => (*from..=*to).contains(&i64::from(field.number)),
                Reserved::Name(name) => *name == field.name,
            });
            if taken {
                return Err(format!("'{} = {}' of {full} is reserved", field.name, field.number));
            }
            if proto3 && field.label == Some(Label::Required) {
                return Err(format!("'{}' of {full} is required, which proto3 does not know", field.name));
            }
            let value = if let FieldType::Map(_, value) = &field.of { value } else { &field.of };
            if let FieldType::Named(name) = value
                && self.resolve(full, name).is_none()
                && !builtin::is_opaque(name)
            {
                return Err(format!("the type '{name}' of '{}' of {full} is not known", field.name));
            }
        }
        Ok(())
    }
}

/// All fields, those of oneofs included.
pub(super) fn fields(message: &Message) -> impl Iterator<Item = &Field> {
    message.fields.iter().chain(message.oneofs.iter().flat_map(|oneof| &oneof.fields))
}

fn verify_enum(full: &str, of: &EnumDef, proto3: bool) -> Result<(), String> {
    let Some((_, first, _)) = of.values.first() else { return Err(format!("the enum {full} has no values")) };
    if proto3 && *first != 0 {
        return Err(format!("the first value of the enum {full} is not 0, which proto3 demands"));
    }
    let aliases = of.options.iter().any(|option| option.name == "allow_alias" && option.value == "true");
    let mut numbers = BTreeSet::new();
    let mut names = BTreeSet::new();
    for (name, number, _) in &of.values {
        if !names.insert(name) {
            return Err(format!("the value '{name}' of the enum {full} is there twice"));
        }
        if !numbers.insert(number) && !aliases {
            return Err(format!("two values of the enum {full} are {number}; allow_alias permits that"));
        }
    }
    Ok(())
}
