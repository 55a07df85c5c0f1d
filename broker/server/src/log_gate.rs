//! Keeps what clients can bring about as often as they like from filling the log.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

/// Lets one line through in this time.
const PAUSE: Duration = Duration::from_secs(1);

/// See the module.
#[derive(Debug, Default)]
pub struct LogGate(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    next: Duration,
    untold: u64,
}

impl LogGate {
    /// `None` for a line that came too soon; else how many of those there were since the last that was let through.
    pub fn pass(&self, now: Duration) -> Option<u64> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if now < state.next {
            state.untold += 1;
            return None;
        }
        state.next = now + PAUSE;
        Some(std::mem::take(&mut state.untold))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_a_second_with_the_number_of_the_others() {
        let gate = LogGate::default();
        let ms = Duration::from_millis;
        let passed: Vec<_> = [0, 1, 999, 1000, 2500, 2600].into_iter().map(|at| gate.pass(ms(at))).collect();
        assert_eq!(passed, [Some(0), None, None, Some(2), Some(0), None]);
    }
}
