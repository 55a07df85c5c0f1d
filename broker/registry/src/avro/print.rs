//! Writing Avro schemas as Java's `Schema.toString()` does: this text is what Confluent keeps and what its GUIDs are made of.

use std::collections::BTreeSet;

use super::{AvroSchema, Field, Kind, Named, TypeId};
use crate::json::{Json, write_string};

impl AvroSchema {
    /// The text as kept: types that references brought stand as names.
    pub fn canonical(&self) -> String {
        Printer::new(self, self.referenced.values().copied().collect(), false).done()
    }

    /// The same with properties sorted by name.
    pub fn normalized(&self) -> String {
        Printer::new(self, self.referenced.values().copied().collect(), true).done()
    }

    /// The text with all types defined in it, as a client sends it that has resolved its references.
    pub fn resolved(&self) -> String {
        Printer::new(self, BTreeSet::new(), false).done()
    }
}

struct Printer<'a> {
    schema: &'a AvroSchema,
    /// Already defined: from now on names.
    defined: BTreeSet<TypeId>,
    sorted: bool,
    out: String,
}

impl<'a> Printer<'a> {
    fn new(schema: &'a AvroSchema, defined: BTreeSet<TypeId>, sorted: bool) -> Self {
        Self { schema, defined, sorted, out: String::new() }
    }

    fn done(mut self) -> String {
        self.write(self.schema.root, None);
        self.out
    }

    /// A definition stands where the text had it, so the recursion is as deep as the text was.
    fn write(&mut self, id: TypeId, space: Option<&str>) {
        let of = self.schema.of(id);
        if let Some(named) = of.kind.named()
            && !self.defined.insert(id)
        {
            let name = if named.namespace.as_deref() == space { named.name.clone() } else { named.full() };
            write_string(&name, &mut self.out);
            return;
        }
        match &of.kind {
            Kind::Record { named, fields, error } => {
                self.head(if *error { "error" } else { "record" }, named, space);
                self.key("fields");
                self.out.push('[');
                for (index, field) in fields.iter().enumerate() {
                    if index > 0 {
                        self.out.push(',');
                    }
                    self.field(field, named.namespace.as_deref());
                }
                self.out.push(']');
                self.tail(&of.props, named);
            }
            Kind::Enum { named, symbols, default } => {
                self.head("enum", named, space);
                self.member("symbols", &Json::Array(symbols.iter().map(Json::string).collect()));
                if let Some(default) = default {
                    self.member("default", &Json::string(default));
                }
                self.tail(&of.props, named);
            }
            Kind::Fixed { named, size } => {
                self.head("fixed", named, space);
                self.member("size", &Json::Number(size.to_string()));
                self.tail(&of.props, named);
            }
            Kind::Array(part) | Kind::Map(part) => {
                let (of_name, part_name) =
                    if matches!(of.kind, Kind::Array(_)) { ("array", "items") } else { ("map", "values") };
                self.out.push('{');
                self.first("type", &Json::string(of_name));
                self.key(part_name);
                self.write(*part, space);
                self.props(&of.props);
                self.out.push('}');
            }
            Kind::Union(branches) => {
                self.out.push('[');
                for (index, branch) in branches.iter().enumerate() {
                    if index > 0 {
                        self.out.push(',');
                    }
                    self.write(*branch, space);
                }
                self.out.push(']');
            }
            primitive => {
                let name = Json::string(primitive.name().to_lowercase());
                if of.props.is_empty() {
                    name.write(&mut self.out);
                } else {
                    self.out.push('{');
                    self.first("type", &name);
                    self.props(&of.props);
                    self.out.push('}');
                }
            }
        }
    }

    fn head(&mut self, of: &str, named: &Named, space: Option<&str>) {
        self.out.push('{');
        self.first("type", &Json::string(of));
        self.member("name", &Json::string(&named.name));
        if named.namespace.as_deref() != space {
            self.member("namespace", &Json::string(named.namespace.as_deref().unwrap_or_default()));
        }
        if let Some(doc) = &named.doc {
            self.member("doc", &Json::string(doc));
        }
    }

    fn tail(&mut self, props: &[(String, Json)], named: &Named) {
        self.props(props);
        if !named.aliases.is_empty() {
            let short = |alias: &String| match (&named.namespace, alias.rsplit_once('.')) {
                (Some(space), Some((of, name))) if of == space => Json::string(name),
                _ => Json::string(alias),
            };
            self.member("aliases", &Json::Array(named.aliases.iter().map(short).collect()));
        }
        self.out.push('}');
    }

    fn field(&mut self, field: &Field, space: Option<&str>) {
        self.out.push('{');
        self.first("name", &Json::string(&field.name));
        self.key("type");
        self.write(field.of, space);
        if let Some(doc) = &field.doc {
            self.member("doc", &Json::string(doc));
        }
        if let Some(default) = &field.default {
            self.member("default", default);
        }
        if let Some(order) = &field.order {
            self.member("order", &Json::string(order));
        }
        if !field.aliases.is_empty() {
            self.member("aliases", &Json::Array(field.aliases.iter().map(Json::string).collect()));
        }
        self.props(&field.props);
        self.out.push('}');
    }

    fn props(&mut self, props: &[(String, Json)]) {
        if self.sorted {
            let sorted = Json::Object(props.to_vec()).sorted();
            for (name, value) in sorted.as_object().unwrap_or_default() {
                self.member(name, value);
            }
        } else {
            props.iter().for_each(|(name, value)| self.member(name, value));
        }
    }

    fn first(&mut self, name: &str, value: &Json) {
        write_string(name, &mut self.out);
        self.out.push(':');
        value.write(&mut self.out);
    }

    fn key(&mut self, name: &str) {
        self.out.push(',');
        write_string(name, &mut self.out);
        self.out.push(':');
    }

    fn member(&mut self, name: &str, value: &Json) {
        self.key(name);
        value.write(&mut self.out);
    }
}
