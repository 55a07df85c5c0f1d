//! Reading `.proto` texts (language specifications proto2, proto3, editions).

use highway_types::limits::SCHEMA_MAX_DEPTH;

use super::lexer::{Token, tokens};
use super::model::{
    Extend, Field, FieldType, Label, Message, OneOf, ProtoFile, ProtoOption, Scalar, TypeDef,
};

const MAX_NUMBER: i64 = 536_870_911;

/// Reads a file.
pub(super) fn parse(text: &str) -> Result<ProtoFile, String> {
    let mut parser = Parser { tokens: tokens(text)?, at: 0 };
    parser.file()
}

pub(super) struct Parser {
    pub(super) tokens: Vec<(Token, usize)>,
    pub(super) at: usize,
}

pub(super) type Read<T> = Result<T, String>;

impl Parser {
    pub(super) fn wrong<T>(&self, expected: &str) -> Read<T> {
        let found = match self.tokens.get(self.at) {
            Some((Token::Word(text) | Token::Number(text), line)) => format!("line {line}: '{text}'"),
            Some((Token::Text(text), line)) => format!("line {line}: \"{text}\""),
            Some((Token::Mark(mark), line)) => format!("line {line}: '{mark}'"),
            None => "the end".to_owned(),
        };
        Err(format!("{found} where {expected} is expected"))
    }

    pub(super) fn peek_word(&self) -> Option<&str> {
        if let Some((Token::Word(word), _)) = self.tokens.get(self.at) { Some(word) } else { None }
    }

    pub(super) fn is_mark(&self, mark: char) -> bool {
        matches!(self.tokens.get(self.at), Some((Token::Mark(m), _)) if *m == mark)
    }

    pub(super) fn take_mark(&mut self, mark: char) -> bool {
        let is = self.is_mark(mark);
        self.at += usize::from(is);
        is
    }

    pub(super) fn mark(&mut self, mark: char) -> Read<()> {
        if self.take_mark(mark) { Ok(()) } else { self.wrong(&format!("'{mark}'")) }
    }

    pub(super) fn take_word(&mut self, word: &str) -> bool {
        let is = self.peek_word() == Some(word);
        self.at += usize::from(is);
        is
    }

    pub(super) fn word(&mut self, what: &str) -> Read<String> {
        match self.tokens.get(self.at) {
            Some((Token::Word(word), _)) => {
                let word = word.clone();
                self.at += 1;
                Ok(word)
            }
            _ => self.wrong(what),
        }
    }

    pub(super) fn name(&mut self, what: &str) -> Read<String> {
        match self.peek_word() {
            Some(word) if !word.contains('.') => self.word(what),
            _ => self.wrong(what),
        }
    }

    pub(super) fn text(&mut self) -> Read<String> {
        let mut text = String::new();
        let from = self.at;
        while let Some((Token::Text(part), _)) = self.tokens.get(self.at) {
            text.push_str(part);
            self.at += 1;
        }
        if self.at == from { self.wrong("a string") } else { Ok(text) }
    }

    pub(super) fn integer(&mut self) -> Read<i64> {
        let negative = self.take_mark('-');
        let Some((Token::Number(text), _)) = self.tokens.get(self.at) else { return self.wrong("a number") };
        let value = if let Some(hex) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
            i64::from_str_radix(hex, 16).ok()
        } else if text.len() > 1 && text.starts_with('0') {
            i64::from_str_radix(text, 8).ok()
        } else {
            text.parse().ok()
        };
        match value {
            Some(value) => {
                self.at += 1;
                Ok(if negative { -value } else { value })
            }
            None => self.wrong("a whole number"),
        }
    }

    pub(super) fn file(&mut self) -> Read<ProtoFile> {
        let mut file = ProtoFile::default();
        while self.at < self.tokens.len() {
            if self.take_mark(';') {
                continue;
            }
            let word = self.word("a declaration")?;
            match word.as_str() {
                "syntax" | "edition" => {
                    self.mark('=')?;
                    let value = self.text()?;
                    self.mark(';')?;
                    if word == "edition" {
                        file.edition = Some(value);
                    } else if value == "proto2" || value == "proto3" {
                        file.syntax = Some(value);
                    } else {
                        return Err(format!("unknown syntax '{value}'"));
                    }
                }
                "package" => {
                    file.package = self.word("a package")?;
                    self.mark(';')?;
                }
                "import" => {
                    let kind = ["public", "weak"].into_iter().find(|kind| self.take_word(kind));
                    file.imports.push((self.text()?, kind));
                    self.mark(';')?;
                }
                "option" => {
                    file.options.push(self.option()?);
                    self.mark(';')?;
                }
                "message" => file.types.push(TypeDef::Message(self.message(0)?)),
                "enum" => file.types.push(TypeDef::Enum(self.enumeration()?)),
                "service" => file.services.push(self.service()?),
                "extend" => file.extends.push(self.extend(&mut Vec::new(), 0)?),
                _ => {
                    self.at -= 1;
                    return self.wrong("a declaration");
                }
            }
        }
        Ok(file)
    }

    /// Name and value after the word `option`, or one in brackets.
    pub(super) fn option(&mut self) -> Read<ProtoOption> {
        let mut name = String::new();
        loop {
            if self.take_mark('(') {
                name.push('(');
                name.push_str(&self.word("the name of an option")?);
                name.push(')');
                self.mark(')')?;
            } else {
                name.push_str(&self.word("the name of an option")?);
            }
            if self.is_mark('=') {
                break;
            }
        }
        self.mark('=')?;
        Ok(ProtoOption { name, value: self.value()? })
    }

    /// The value of an option, as text. What stands in braces is taken token by token.
    pub(super) fn value(&mut self) -> Read<String> {
        let mut out = String::new();
        let mut depth = 0_usize;
        loop {
            let Some((token, _)) = self.tokens.get(self.at) else { return self.wrong("a value") };
            match token {
                Token::Mark(mark @ ('{' | '[' | '<')) => {
                    depth += 1;
                    out.push(*mark);
                }
                Token::Mark(mark @ ('}' | ']' | '>')) if depth > 0 => {
                    depth -= 1;
                    out.push(*mark);
                }
                Token::Mark(mark @ ('-' | '+')) => out.push(*mark),
                Token::Mark(mark) if depth > 0 => out.push(*mark),
                Token::Mark(_) => return self.wrong("a value"),
                Token::Word(text) | Token::Number(text) => {
                    if out.ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '"') {
                        out.push(' ');
                    }
                    out.push_str(text);
                }
                Token::Text(text) => {
                    // Strings in a row are one.
                    if depth == 0 && out.ends_with('"') {
                        out.pop();
                    } else {
                        out.push('"');
                    }
                    out.push_str(text);
                    out.push('"');
                }
            }
            let sign = matches!(token, Token::Mark('-' | '+'));
            let string = matches!(token, Token::Text(_));
            self.at += 1;
            let more = string && matches!(self.tokens.get(self.at), Some((Token::Text(_), _)));
            if depth == 0 && !sign && !more {
                return Ok(out);
            }
        }
    }

    pub(super) fn brackets(&mut self) -> Read<Vec<ProtoOption>> {
        let mut options = Vec::new();
        if self.take_mark('[') {
            loop {
                options.push(self.option()?);
                if !self.take_mark(',') {
                    break;
                }
            }
            self.mark(']')?;
        }
        Ok(options)
    }

    pub(super) fn message(&mut self, depth: usize) -> Read<Message> {
        let name = self.name("the name of a message")?;
        self.message_body(name, depth)
    }

    pub(super) fn message_body(&mut self, name: String, depth: usize) -> Read<Message> {
        if depth > SCHEMA_MAX_DEPTH {
            return Err(format!("messages are nested deeper than {SCHEMA_MAX_DEPTH} levels"));
        }
        let mut message = Message { name, ..Message::default() };
        self.mark('{')?;
        while !self.take_mark('}') {
            if self.take_mark(';') {
                continue;
            }
            // Words that start a declaration may also be types of fields: `message = 1` is none of ours, `enum x = 1` neither.
            let declares = matches!(
                self.tokens.get(self.at + 1),
                Some((Token::Word(_) | Token::Number(_) | Token::Text(_) | Token::Mark('('), _))
            );
            let opens = matches!(self.tokens.get(self.at + 2), Some((Token::Mark('{'), _)));
            match self.peek_word() {
                Some("message") if opens => {
                    self.at += 1;
                    message.types.push(TypeDef::Message(self.message(depth + 1)?));
                }
                Some("enum") if opens => {
                    self.at += 1;
                    message.types.push(TypeDef::Enum(self.enumeration()?));
                }
                Some("oneof") if opens => {
                    self.at += 1;
                    let oneof = self.oneof(&mut message.types, depth)?;
                    message.oneofs.push(oneof);
                }
                Some("reserved")
                    if declares && !matches!(self.tokens.get(self.at + 2), Some((Token::Mark('='), _))) =>
                {
                    self.at += 1;
                    self.reserved(&mut message.reserved, MAX_NUMBER)?;
                }
                Some("extensions") if declares => {
                    self.at += 1;
                    message.extensions.push(self.extensions()?);
                }
                Some("option") if declares => {
                    self.at += 1;
                    message.options.push(self.option()?);
                    self.mark(';')?;
                }
                Some("extend") if opens => {
                    self.at += 1;
                    let extend = self.extend(&mut message.types, depth)?;
                    message.extends.push(extend);
                }
                _ => {
                    let field = self.field(true, &mut message.types, depth)?;
                    message.fields.push(field);
                }
            }
        }
        Ok(message)
    }

    pub(super) fn oneof(&mut self, types: &mut Vec<TypeDef>, depth: usize) -> Read<OneOf> {
        let mut oneof = OneOf { name: self.name("the name of a oneof")?, ..OneOf::default() };
        self.mark('{')?;
        while !self.take_mark('}') {
            if self.take_mark(';') {
                continue;
            }
            if self.peek_word() == Some("option")
                && !matches!(self.tokens.get(self.at + 2), Some((Token::Mark('='), _)) if matches!(self.tokens.get(self.at + 3), Some((Token::Number(_), _))))
            {
                self.at += 1;
                oneof.options.push(self.option()?);
                self.mark(';')?;
            } else {
                oneof.fields.push(self.field(false, types, depth)?);
            }
        }
        Ok(oneof)
    }

    pub(super) fn extend(&mut self, types: &mut Vec<TypeDef>, depth: usize) -> Read<Extend> {
        let mut extend = Extend { name: self.word("the name of a message")?, fields: Vec::new() };
        self.mark('{')?;
        while !self.take_mark('}') {
            if !self.take_mark(';') {
                extend.fields.push(self.field(true, types, depth)?);
            }
        }
        Ok(extend)
    }

    pub(super) fn field(&mut self, labels: bool, types: &mut Vec<TypeDef>, depth: usize) -> Read<Field> {
        // A label is one only when a type and a name follow it.
        let labelled = matches!(
            (self.tokens.get(self.at + 1), self.tokens.get(self.at + 2)),
            (Some((Token::Word(_), _)), Some((Token::Word(_) | Token::Mark('<'), _)))
        );
        let label = match self.peek_word() {
            Some("optional") if labels && labelled => Some(Label::Optional),
            Some("required") if labels && labelled => Some(Label::Required),
            Some("repeated") if labels && labelled => Some(Label::Repeated),
            _ => None,
        };
        self.at += usize::from(label.is_some());
        let of = self.word("a type")?;
        if of == "group" && matches!(self.tokens.get(self.at + 1), Some((Token::Mark('='), _))) {
            let name = self.name("the name of a group")?;
            self.mark('=')?;
            let number = self.number()?;
            let options = self.brackets()?;
            types.push(TypeDef::Message(self.message_body(name.clone(), depth + 1)?));
            return Ok(Field {
                label,
                name: name.to_lowercase(),
                of: FieldType::Group(name),
                number,
                options,
            });
        }
        let of = if of == "map" && self.take_mark('<') {
            let key = self.word("the type of a key")?;
            let key = match Scalar::by_name(&key) {
                Some(Scalar::Double | Scalar::Float | Scalar::Bytes) | None => {
                    return Err(format!("'{key}' cannot be the type of a map's keys"));
                }
                Some(key) => key,
            };
            self.mark(',')?;
            let value = named(self.word("the type of a value")?);
            self.mark('>')?;
            FieldType::Map(key, Box::new(value))
        } else {
            named(of)
        };
        let name = self.name("the name of a field")?;
        self.mark('=')?;
        let number = self.number()?;
        let options = self.brackets()?;
        self.mark(';')?;
        Ok(Field { label, of, name, number, options })
    }

    pub(super) fn number(&mut self) -> Read<u32> {
        let number = self.integer()?;
        if !(1..=MAX_NUMBER).contains(&number) || (19_000..=19_999).contains(&number) {
            return Err(format!("a field cannot have the number {number}: it is out of range or reserved"));
        }
        Ok(number as u32)
    }
}

fn named(name: String) -> FieldType {
    Scalar::by_name(&name).map_or(FieldType::Named(name), FieldType::Scalar)
}
