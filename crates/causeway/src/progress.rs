//! Progress of long work on stderr: a bar where somebody watches, else a line every ten seconds,
//! nothing when quiet.

use causeway_node::clock::{Clock as _, System};
use causeway_types::Timestamp;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::output::Output;
use crate::values::size;

/// Time between two lines where nobody watches.
const LINE_MICROS: u64 = 10_000_000;

/// The progress of one file, or of many rows.
pub(crate) struct Progress {
    bar: Option<ProgressBar>,
    is_quiet: bool,
    doing: String,
    total: u64,
    done: u64,
    told_at: Timestamp,
    /// How a count is told.
    told: fn(u64) -> String,
}

const BYTES: &str = "{msg} [{bar:32}] {binary_bytes}/{binary_total_bytes} \
                     {binary_bytes_per_sec} {eta}";
const ROWS: &str = "{msg} [{bar:32}] {pos}/{len} {per_sec} {eta}";

impl Progress {
    /// `doing`: a word such as `receiving`.
    pub(crate) fn new(output: &Output, doing: &str, total: u64) -> Self {
        Self::with(output, doing, total, BYTES, size)
    }

    /// The same, counting rows instead of bytes.
    pub(crate) fn of_rows(output: &Output, doing: &str, total: u64) -> Self {
        Self::with(output, doing, total, ROWS, |rows| rows.to_string())
    }

    fn with(
        output: &Output,
        doing: &str,
        total: u64,
        template: &str,
        told: fn(u64) -> String,
    ) -> Self {
        let is_bar = output.stderr_is_terminal() && !output.is_quiet();
        let bar = is_bar.then(|| {
            let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr());
            // The template is a constant that a test reads.
            if let Ok(style) = ProgressStyle::with_template(template) {
                bar.set_style(style.progress_chars("=> "));
            }
            bar.set_message(doing.to_owned());
            bar
        });
        let (is_quiet, doing) = (output.is_quiet(), doing.to_owned());
        Self { bar, is_quiet, doing, total, done: 0, told_at: System.now(), told }
    }

    /// So many more.
    pub(crate) fn add(&mut self, more: u64) {
        self.set(self.done + more);
    }

    /// So many in all.
    pub(crate) fn set(&mut self, done: u64) {
        self.done = done;
        match &self.bar {
            Some(bar) => bar.set_position(done),
            None if self.is_quiet => {}
            None => {
                let now = System.now();
                if now.micros_since(self.told_at) >= LINE_MICROS {
                    self.told_at = now;
                    let (done, total) = ((self.told)(done), (self.told)(self.total));
                    eprintln!("{} {done} of {total}", self.doing);
                }
            }
        }
    }

    /// Says something without breaking the bar.
    pub(crate) fn say(&self, output: &Output, text: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| output.say(text)),
            None => output.say(text),
        }
    }

    /// Takes the bar away.
    pub(crate) fn finish(self) {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
    }
}

/// How far work is whose end is not known: a line that is written over where somebody watches.
pub(crate) struct Line {
    spinner: Option<ProgressBar>,
    is_quiet: bool,
    told_at: Timestamp,
}

impl Line {
    /// Shows nothing yet.
    pub(crate) fn new(output: &Output) -> Self {
        let is_shown = output.stderr_is_terminal() && !output.is_quiet();
        let spinner =
            is_shown.then(|| ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr()));
        Self { spinner, is_quiet: output.is_quiet(), told_at: System.now() }
    }

    /// Says how far it is.
    pub(crate) fn show(&mut self, text: &str) {
        match &self.spinner {
            Some(spinner) => {
                spinner.set_message(text.to_owned());
                spinner.tick();
            }
            None if self.is_quiet => {}
            None => {
                let now = System.now();
                if now.micros_since(self.told_at) >= LINE_MICROS {
                    self.told_at = now;
                    eprintln!("{text}");
                }
            }
        }
    }

    /// Takes the line away.
    pub(crate) fn finish(self) {
        if let Some(spinner) = self.spinner {
            spinner.finish_and_clear();
        }
    }
}
