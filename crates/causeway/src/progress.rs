//! Progress of long work on stderr: a bar where somebody watches, else a line every ten seconds,
//! nothing when quiet.

use causeway_node::clock::{Clock as _, System};
use causeway_types::Timestamp;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::output::Output;
use crate::values::size;

/// Time between two lines where nobody watches.
const LINE_MICROS: u64 = 10_000_000;

/// The progress of one file.
pub(crate) struct Progress {
    bar: Option<ProgressBar>,
    is_quiet: bool,
    doing: String,
    total: u64,
    done: u64,
    told_at: Timestamp,
}

impl Progress {
    /// `doing`: a word such as `receiving`.
    pub(crate) fn new(output: &Output, doing: &str, total: u64) -> Self {
        let is_bar = output.stderr_is_terminal() && !output.is_quiet();
        let bar = is_bar.then(|| {
            let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr());
            let template = "{msg} [{bar:32}] {binary_bytes}/{binary_total_bytes} \
                            {binary_bytes_per_sec} {eta}";
            // The template is a constant that a test reads.
            if let Ok(style) = ProgressStyle::with_template(template) {
                bar.set_style(style.progress_chars("=> "));
            }
            bar.set_message(doing.to_owned());
            bar
        });
        let (is_quiet, doing) = (output.is_quiet(), doing.to_owned());
        Self { bar, is_quiet, doing, total, done: 0, told_at: System.now() }
    }

    /// So many bytes more.
    pub(crate) fn add(&mut self, bytes: u64) {
        self.set(self.done + bytes);
    }

    /// So many bytes in all.
    pub(crate) fn set(&mut self, done: u64) {
        self.done = done;
        match &self.bar {
            Some(bar) => bar.set_position(done),
            None if self.is_quiet => {}
            None => {
                let now = System.now();
                if now.micros_since(self.told_at) >= LINE_MICROS {
                    self.told_at = now;
                    let (done, total) = (size(done), size(self.total));
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
