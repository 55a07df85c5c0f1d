//! Where `$ref` leads: pointers, anchors, identifiers within the schema and the schemas it may use.

use std::collections::HashMap;

use crate::json::Json;

/// The schema (number 0) and those it uses.
pub(super) struct Documents<'a> {
    documents: Vec<(&'a str, &'a Json)>,
    /// `$id`s as written, and anchors, to the place they stand at.
    names: HashMap<String, (usize, String)>,
    /// Places with an identifier of their own.
    bases: HashMap<(usize, String), String>,
}

impl<'a> Documents<'a> {
    pub fn new(schema: &'a Json, references: &'a [(String, Json)]) -> Self {
        let mut documents = vec![("", schema)];
        documents.extend(references.iter().map(|(name, value)| (name.as_str(), value)));
        let mut found = Self { documents, names: HashMap::new(), bases: HashMap::new() };
        for number in 0..found.documents.len() {
            let (name, value) = found.documents[number];
            if !name.is_empty() {
                found.names.entry(trimmed(name).to_owned()).or_insert((number, String::new()));
            }
            found.index(number, String::new(), name, value);
        }
        found
    }

    fn index(&mut self, document: usize, pointer: String, base: &str, value: &Json) {
        let mut base = base.to_owned();
        match value {
            Json::Object(members) => {
                if let Some(id) = value.get("$id").or_else(|| value.get("id")).and_then(Json::as_str) {
                    let full = join(&base, id);
                    self.names.entry(trimmed(id).to_owned()).or_insert((document, pointer.clone()));
                    self.names.entry(trimmed(&full).to_owned()).or_insert((document, pointer.clone()));
                    if !id.starts_with('#') {
                        base = trimmed(&full).to_owned();
                        self.bases.insert((document, pointer.clone()), base.clone());
                    }
                }
                if let Some(anchor) = value.get("$anchor").and_then(Json::as_str) {
                    let place = (document, pointer.clone());
                    self.names.entry(format!("{base}#{anchor}")).or_insert_with(|| place.clone());
                    self.names.entry(format!("{document}#{anchor}")).or_insert(place);
                }
                for (name, member) in members {
                    let name = name.replace('~', "~0").replace('/', "~1");
                    self.index(document, format!("{pointer}/{name}"), &base, member);
                }
            }
            Json::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.index(document, format!("{pointer}/{index}"), &base, item);
                }
            }
            _ => {}
        }
    }

    /// What stands at a pointer.
    pub fn at(&self, document: usize, pointer: &str) -> Option<&'a Json> {
        let mut value = self.documents.get(document)?.1;
        for step in pointer.split('/').skip(1) {
            value = match value {
                Json::Array(items) => items.get(step.parse::<usize>().ok()?)?,
                other => other.get(&step.replace("~1", "/").replace("~0", "~"))?,
            };
        }
        Some(value)
    }

    /// The identifier that relative references at a place go out from.
    pub fn base(&self, document: usize, pointer: &str) -> String {
        let mut pointer = pointer;
        loop {
            if let Some(base) = self.bases.get(&(document, pointer.to_owned())) {
                return base.clone();
            }
            match pointer.rfind('/') {
                Some(end) => pointer = &pointer[..end],
                None => return self.documents[document].0.to_owned(),
            }
        }
    }

    /// The place a reference means; nothing for a schema of schemas.
    ///
    /// # Errors
    /// When there is no such place.
    pub fn find(
        &self,
        document: usize,
        base: &str,
        reference: &str,
    ) -> Result<Option<(usize, String)>, String> {
        let (uri, fragment) = reference.split_once('#').unwrap_or((reference, ""));
        let uri = trimmed(uri);
        if uri.starts_with("http://json-schema.org/") || uri.starts_with("https://json-schema.org/") {
            return Ok(None);
        }
        let home = || self.names.get(base).filter(|place| place.0 == document).cloned();
        let root = if uri.is_empty() {
            Some(home().unwrap_or((document, String::new())))
        } else {
            let full = join(base, uri);
            self.names.get(uri).or_else(|| self.names.get(&full)).cloned()
        };
        let wrong = || format!("unresolved $ref '{reference}'");
        let (document, root) = root.ok_or_else(wrong)?;
        if !fragment.is_empty() && !fragment.starts_with('/') {
            let names = [
                format!("{}#{fragment}", if uri.is_empty() { base } else { uri }),
                format!("{document}#{fragment}"),
                format!("#{fragment}"),
            ];
            return names.iter().find_map(|name| self.names.get(name)).cloned().map(Some).ok_or_else(wrong);
        }
        let decoded = decode(fragment).ok_or_else(wrong)?;
        let mut places = [format!("{root}{decoded}"), decoded].into_iter();
        let place = places.find(|pointer| self.at(document, pointer).is_some()).ok_or_else(wrong)?;
        Ok(Some((document, place)))
    }
}

fn trimmed(uri: &str) -> &str {
    uri.strip_suffix('#').unwrap_or(uri)
}

/// A reference in view of where it stands (RFC 3986, 5.2, without dots).
fn join(base: &str, reference: &str) -> String {
    if reference.contains("://") || reference.starts_with("urn:") || base.is_empty() {
        return reference.to_owned();
    }
    if reference.starts_with('#') {
        return format!("{base}{reference}");
    }
    let authority = base.find("://").map_or(0, |at| at + 3);
    if reference.starts_with('/') {
        let end = base[authority..].find('/').map_or(base.len(), |at| authority + at);
        return format!("{}{reference}", &base[..end]);
    }
    match base[authority..].rfind('/') {
        Some(at) => format!("{}{reference}", &base[..=authority + at]),
        None if authority > 0 => format!("{base}/{reference}"),
        None => reference.to_owned(),
    }
}

/// Percent-decoding.
fn decode(text: &str) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            out.push(byte);
            continue;
        }
        let hex = [bytes.next()?, bytes.next()?];
        out.push(u8::from_str_radix(std::str::from_utf8(&hex).ok()?, 16).ok()?);
    }
    String::from_utf8(out).ok()
}
