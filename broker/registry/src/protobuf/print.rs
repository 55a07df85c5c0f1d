//! Writing a file as text: what is kept of a schema, comments and layout aside.

use std::fmt::Write as _;

use super::model::{
    EnumDef, Extend, Field, FieldType, Label, Message, OneOf, ProtoFile, ProtoOption, Reserved, Service,
    TypeDef,
};

/// The text of a file; with `sorted` imports and options are in order.
pub(super) fn print(file: &ProtoFile, sorted: bool) -> String {
    let mut out = Printer { out: String::new(), indent: 0, sorted };
    out.file(file);
    out.out
}

/// The type of a field as it is written.
pub(super) fn type_name(of: &FieldType) -> String {
    match of {
        FieldType::Scalar(scalar) => scalar.name().to_owned(),
        FieldType::Map(key, value) => format!("map<{}, {}>", key.name(), type_name(value)),
        FieldType::Named(name) | FieldType::Group(name) => name.clone(),
    }
}

struct Printer {
    out: String,
    indent: usize,
    sorted: bool,
}

impl Printer {
    fn line(&mut self, text: &str) {
        for _ in 0..self.indent {
            self.out.push_str("  ");
        }
        self.out.push_str(text);
        self.out.push('\n');
    }

    fn order<'a>(&self, options: &'a [ProtoOption]) -> Vec<&'a ProtoOption> {
        let mut options: Vec<_> = options.iter().collect();
        if self.sorted {
            options.sort_by(|a, b| a.name.cmp(&b.name));
        }
        options
    }

    fn file(&mut self, file: &ProtoFile) {
        if let Some(edition) = &file.edition {
            self.line(&format!("edition = \"{edition}\";"));
        } else if let Some(syntax) = &file.syntax {
            self.line(&format!("syntax = \"{syntax}\";"));
        }
        if !file.package.is_empty() {
            self.line(&format!("package {};", file.package));
        }
        if !file.imports.is_empty() {
            self.out.push('\n');
            let mut imports: Vec<_> = file.imports.iter().collect();
            if self.sorted {
                imports.sort();
            }
            for (path, kind) in imports {
                let kind = kind.map(|kind| format!("{kind} ")).unwrap_or_default();
                self.line(&format!("import {kind}\"{path}\";"));
            }
        }
        if !file.options.is_empty() {
            self.out.push('\n');
            self.options(&file.options);
        }
        for of in &file.types {
            self.out.push('\n');
            self.type_def(of);
        }
        for extend in &file.extends {
            self.out.push('\n');
            self.extend(extend);
        }
        for service in &file.services {
            self.out.push('\n');
            self.service(service);
        }
    }

    fn options(&mut self, options: &[ProtoOption]) {
        for option in self.order(options) {
            self.line(&format!("option {} = {};", option.name, option.value));
        }
    }

    fn brackets(&self, options: &[ProtoOption]) -> String {
        if options.is_empty() {
            return String::new();
        }
        let texts: Vec<String> =
            self.order(options).iter().map(|option| format!("{} = {}", option.name, option.value)).collect();
        format!(" [{}]", texts.join(", "))
    }

    fn block(&mut self, head: &str, then: impl FnOnce(&mut Self)) {
        self.line(&format!("{head} {{"));
        self.indent += 1;
        then(self);
        self.indent -= 1;
        self.line("}");
    }

    fn type_def(&mut self, of: &TypeDef) {
        match of {
            TypeDef::Message(message) => {
                self.block(&format!("message {}", message.name), |out| out.message(message));
            }
            TypeDef::Enum(of) => self.enumeration(of),
        }
    }

    fn message(&mut self, message: &Message) {
        self.reserved(&message.reserved);
        self.options(&message.options);
        for field in &message.fields {
            self.field(field, message);
        }
        for oneof in &message.oneofs {
            self.oneof(oneof, message);
        }
        for range in &message.extensions {
            self.line(&format!("extensions {range};"));
        }
        for of in &message.types {
            if !matches!(of, TypeDef::Message(nested) if is_group(message, &nested.name)) {
                self.type_def(of);
            }
        }
        for extend in &message.extends {
            self.extend(extend);
        }
    }

    fn field(&mut self, field: &Field, message: &Message) {
        let label = match field.label {
            Some(Label::Optional) => "optional ",
            Some(Label::Required) => "required ",
            Some(Label::Repeated) => "repeated ",
            None => "",
        };
        let options = self.brackets(&field.options);
        if let FieldType::Group(name) = &field.of {
            let nested = message.types.iter().find_map(|of| match of {
                TypeDef::Message(nested) if nested.name == *name => Some(nested),
                _ => None,
            });
            self.block(&format!("{label}group {name} = {}{options}", field.number), |out| {
                if let Some(nested) = nested {
                    out.message(nested);
                }
            });
            return;
        }
        self.line(&format!("{label}{} {} = {}{options};", type_name(&field.of), field.name, field.number));
    }

    fn oneof(&mut self, oneof: &OneOf, message: &Message) {
        self.block(&format!("oneof {}", oneof.name), |out| {
            out.options(&oneof.options);
            for field in &oneof.fields {
                out.field(field, message);
            }
        });
    }

    fn reserved(&mut self, reserved: &[Reserved]) {
        for reserved in reserved {
            let mut text = String::new();
            // Writing to a string does not fail.
            let _ = match reserved {
                Reserved::Name(name) => write!(text, "\"{name}\""),
                Reserved::Range(from, to) if from == to => write!(text, "{from}"),
                Reserved::Range(from, to) if *to >= 536_870_911 => write!(text, "{from} to max"),
                Reserved::Range(from, to) => write!(text, "{from} to {to}"),
            };
            self.line(&format!("reserved {text};"));
        }
    }

    fn enumeration(&mut self, of: &EnumDef) {
        self.block(&format!("enum {}", of.name), |out| {
            out.reserved(&of.reserved);
            out.options(&of.options);
            for (name, number, options) in &of.values {
                let options = out.brackets(options);
                out.line(&format!("{name} = {number}{options};"));
            }
        });
    }

    fn extend(&mut self, extend: &Extend) {
        let none = Message::default();
        self.block(&format!("extend {}", extend.name), |out| {
            for field in &extend.fields {
                out.field(field, &none);
            }
        });
    }

    fn service(&mut self, service: &Service) {
        self.block(&format!("service {}", service.name), |out| {
            out.options(&service.options);
            for method in &service.methods {
                let stream = |streams: bool| if streams { "stream " } else { "" };
                let head = format!(
                    "rpc {} ({}{}) returns ({}{})",
                    method.name,
                    stream(method.request_streams),
                    method.request,
                    stream(method.response_streams),
                    method.response
                );
                if method.options.is_empty() {
                    out.line(&format!("{head};"));
                } else {
                    out.block(&head, |out| out.options(&method.options));
                }
            }
        });
    }
}

fn is_group(message: &Message, name: &str) -> bool {
    let group = |field: &Field| matches!(&field.of, FieldType::Group(of) if of == name);
    message.fields.iter().any(group) || message.oneofs.iter().any(|oneof| oneof.fields.iter().any(group))
}
