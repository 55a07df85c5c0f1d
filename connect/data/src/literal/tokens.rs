//! The tokens of a literal: delimiters, and what stands between them.

/// `: , { } [ ] "`, unless a backslash stands before them.
const DELIMITERS: &[u8] = b":,{}[]\"";

/// Cuts a text into tokens and can go back.
pub struct Tokens<'a> {
    text: &'a str,
    at: usize,
    /// A token that was looked at but not taken: its start and end.
    ahead: Option<(usize, usize)>,
    previous: Option<&'a str>,
}

impl<'a> Tokens<'a> {
    /// Of this text.
    pub fn new(text: &'a str) -> Self {
        Self { text, at: 0, ahead: None, previous: None }
    }

    /// The whole text.
    pub fn original(&self) -> &'a str {
        self.text
    }

    /// Where the next token begins.
    pub fn mark(&self) -> usize {
        self.ahead.map_or(self.at, |(start, _)| start)
    }

    /// Where reading stands.
    pub fn position(&self) -> usize {
        self.at
    }

    /// Goes back to a mark.
    pub fn rewind(&mut self, mark: usize) {
        self.at = mark;
        self.ahead = None;
        self.previous = None;
    }

    /// Whether there is another token.
    pub fn has_next(&self) -> bool {
        self.ahead.is_some() || self.at < self.text.len()
    }

    /// The token that was taken last.
    pub fn previous(&self) -> Option<&'a str> {
        self.previous
    }

    /// Takes the next token; empty at the end.
    pub fn next_token(&mut self) -> &'a str {
        let (start, end) = self.ahead.take().unwrap_or_else(|| self.read());
        let token = &self.text[start..end];
        self.previous = Some(token);
        token
    }

    /// Takes so many tokens and answers the text they cover; None, and nothing taken, when there are fewer.
    pub fn next_tokens(&mut self, count: usize) -> Option<&'a str> {
        let start = self.mark();
        for _ in 0..count {
            if !self.has_next() {
                self.rewind(start);
                return None;
            }
            self.next_token();
        }
        Some(&self.text[start..self.at])
    }

    /// Takes the next token that is not blank if it is this one, white space around it aside.
    pub fn take(&mut self, expected: &str) -> bool {
        if self.ahead.is_none() {
            if !self.has_next() {
                return false;
            }
            self.ahead = Some(self.read());
        }
        while let Some((start, end)) = self.ahead
            && self.text[start..end].trim().is_empty()
            && self.at < self.text.len()
        {
            self.ahead = Some(self.read());
        }
        let found = self.ahead.is_some_and(|(start, end)| self.text[start..end].trim() == expected);
        if found {
            self.ahead = None;
        }
        found
    }

    fn read(&mut self) -> (usize, usize) {
        let (start, bytes) = (self.at, self.text.as_bytes());
        let mut escaped = false;
        while let Some(&byte) = bytes.get(self.at) {
            if byte == b'\\' {
                escaped = !escaped;
            } else if DELIMITERS.contains(&byte) && !escaped {
                if start == self.at {
                    self.at += 1;
                }
                return (start, self.at);
            } else {
                escaped = false;
            }
            self.at += 1;
        }
        (start, self.at)
    }
}
