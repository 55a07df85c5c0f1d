//! A progress bar on stderr, if that is a terminal.

use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Shows how far long work is.
#[derive(Debug)]
pub struct Progress(ProgressBar);

impl Progress {
    /// Counts bytes; without a total it shows only how many and how fast.
    pub fn bytes(total: Option<u64>, shown: bool) -> Self {
        let template = match total {
            Some(_) => "{bar:30} {bytes}/{total_bytes} {binary_bytes_per_sec} {eta}",
            None => "{spinner} {bytes} {binary_bytes_per_sec}",
        };
        Self::new(total, template, shown)
    }

    /// Counts records.
    pub fn records(total: Option<u64>, shown: bool) -> Self {
        let template = match total {
            Some(_) => "{bar:30} {human_pos}/{human_len} records {per_sec} {eta}",
            None => "{spinner} {human_pos} records {per_sec}",
        };
        Self::new(total, template, shown)
    }

    fn new(total: Option<u64>, template: &str, shown: bool) -> Self {
        let bar = match total {
            Some(total) => ProgressBar::new(total),
            None => ProgressBar::new_spinner(),
        };
        let shown = shown && std::io::stderr().is_terminal();
        bar.set_draw_target(if shown {
            ProgressDrawTarget::stderr_with_hz(8)
        } else {
            ProgressDrawTarget::hidden()
        });
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        if shown {
            bar.enable_steady_tick(Duration::from_millis(200));
        }
        Self(bar)
    }

    /// So much is done.
    pub fn set(&self, done: u64) {
        self.0.set_position(done);
    }

    /// Takes the bar away.
    pub fn clear(&self) {
        self.0.finish_and_clear();
    }
}
