//! Columns between two blanks, numbers to the right.

use std::io::{self, Write};

use super::colour;
use crate::failure::Failure;

/// A table for people.
#[derive(Debug)]
pub struct Table {
    head: Vec<&'static str>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// With these column names.
    pub fn new(head: &[&'static str]) -> Self {
        Self { head: head.to_vec(), rows: Vec::new() }
    }

    /// One more row.
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// To stdout.
    pub fn print(&self) -> Result<(), Failure> {
        let mut stdout = io::stdout().lock();
        let text = self.render(colour(&stdout));
        stdout.write_all(text.as_bytes())?;
        Ok(stdout.flush()?)
    }

    fn render(&self, colour: bool) -> String {
        let width = |column: usize| {
            let cells = self.rows.iter().filter_map(|r| r.get(column)).map(|c| c.chars().count());
            cells.chain(self.head.get(column).map(|h| h.len())).max().unwrap_or(0)
        };
        let widths: Vec<_> = (0..self.head.len()).map(width).collect();
        let is_number = |cell: &str| cell == "-" || cell.parse::<f64>().is_ok();
        let right: Vec<_> = (0..self.head.len())
            .map(|column| {
                let mut cells = self.rows.iter().filter_map(|r| r.get(column)).peekable();
                cells.peek().is_some() && cells.all(|c| is_number(c))
            })
            .collect();
        let line = |cells: &[&str]| {
            let mut out = String::new();
            for (column, cell) in cells.iter().enumerate() {
                let pad = widths[column].saturating_sub(cell.chars().count());
                if column > 0 {
                    out.push_str("  ");
                }
                if right[column] {
                    out.extend(std::iter::repeat_n(' ', pad));
                }
                out.push_str(cell);
                if !right[column] && column + 1 < cells.len() {
                    out.extend(std::iter::repeat_n(' ', pad));
                }
            }
            out
        };
        let head = line(&self.head);
        let mut out = if colour { format!("\x1b[1m{head}\x1b[0m\n") } else { format!("{head}\n") };
        for row in &self.rows {
            let cells: Vec<_> = row.iter().map(String::as_str).take(self.head.len()).collect();
            out.push_str(&line(&cells));
            out.push('\n');
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stand_right_and_lines_end_without_blanks() {
        let mut table = Table::new(&["NAME", "SIZE", "NOTE"]);
        table.row(["a".to_owned(), "5".to_owned(), "x".to_owned()]);
        table.row(["longer".to_owned(), "-".to_owned(), String::new()]);
        assert_eq!(table.render(false), "NAME    SIZE  NOTE\na          5  x\nlonger     -  \n");
    }
}
