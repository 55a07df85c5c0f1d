//! The smaller declarations of `.proto` texts: enums, services, reserved and extension ranges.

use super::lexer::Token;
use super::model::{EnumDef, Method, Reserved, Service};
use super::parser::{Parser, Read};

impl Parser {
    pub(super) fn reserved(&mut self, reserved: &mut Vec<Reserved>, max: i64) -> Read<()> {
        loop {
            if let Some((Token::Text(_), _)) = self.tokens.get(self.at) {
                reserved.push(Reserved::Name(self.text()?));
            } else if self.peek_word().is_some() {
                reserved.push(Reserved::Name(self.name("a name")?));
            } else {
                let from = self.integer()?;
                let mut to = from;
                if self.take_word("to") {
                    to = if self.take_word("max") { max } else { self.integer()? };
                }
                reserved.push(Reserved::Range(from, to));
            }
            if !self.take_mark(',') {
                return self.mark(';');
            }
        }
    }

    pub(super) fn extensions(&mut self) -> Read<String> {
        let mut text = String::new();
        loop {
            text.push_str(&self.integer()?.to_string());
            if self.take_word("to") {
                text.push_str(" to ");
                if self.take_word("max") {
                    text.push_str("max");
                } else {
                    text.push_str(&self.integer()?.to_string());
                }
            }
            if !self.take_mark(',') {
                break;
            }
            text.push_str(", ");
        }
        self.brackets()?;
        self.mark(';')?;
        Ok(text)
    }

    pub(super) fn enumeration(&mut self) -> Read<EnumDef> {
        let mut found = EnumDef { name: self.name("the name of an enum")?, ..EnumDef::default() };
        self.mark('{')?;
        while !self.take_mark('}') {
            if self.take_mark(';') {
                continue;
            }
            let is_value = matches!(self.tokens.get(self.at + 1), Some((Token::Mark('='), _)));
            match self.peek_word() {
                Some("option") if !is_value => {
                    self.at += 1;
                    found.options.push(self.option()?);
                    self.mark(';')?;
                }
                Some("reserved") if !is_value => {
                    self.at += 1;
                    self.reserved(&mut found.reserved, i64::from(i32::MAX))?;
                }
                _ => {
                    let name = self.name("the name of a value")?;
                    self.mark('=')?;
                    let number = self.integer()?;
                    let number =
                        i32::try_from(number).map_err(|_| format!("{name} = {number} is out of range"))?;
                    let options = self.brackets()?;
                    self.mark(';')?;
                    found.values.push((name, number, options));
                }
            }
        }
        Ok(found)
    }

    pub(super) fn service(&mut self) -> Read<Service> {
        let mut service = Service { name: self.name("the name of a service")?, ..Service::default() };
        self.mark('{')?;
        while !self.take_mark('}') {
            if self.take_mark(';') {
                continue;
            }
            if self.take_word("option") {
                service.options.push(self.option()?);
                self.mark(';')?;
                continue;
            }
            if !self.take_word("rpc") {
                return self.wrong("'rpc'");
            }
            let mut method = Method { name: self.name("the name of a method")?, ..Method::default() };
            (method.request_streams, method.request) = self.method_type()?;
            if !self.take_word("returns") {
                return self.wrong("'returns'");
            }
            (method.response_streams, method.response) = self.method_type()?;
            if self.take_mark('{') {
                while !self.take_mark('}') {
                    if self.take_mark(';') {
                        continue;
                    }
                    if !self.take_word("option") {
                        return self.wrong("'option'");
                    }
                    method.options.push(self.option()?);
                    self.mark(';')?;
                }
            } else {
                self.mark(';')?;
            }
            service.methods.push(method);
        }
        Ok(service)
    }

    pub(super) fn method_type(&mut self) -> Read<(bool, String)> {
        self.mark('(')?;
        let streams =
            matches!(self.tokens.get(self.at + 1), Some((Token::Word(_), _))) && self.take_word("stream");
        let name = self.word("a type")?;
        self.mark(')')?;
        Ok((streams, name))
    }
}
