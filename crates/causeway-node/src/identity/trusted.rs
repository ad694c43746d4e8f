//! Whom this node believes: the trust files that are installed, read at the start and again when
//! another one is installed. Where they lie is for whoever starts the node; what they mean is not
//! decided here.

use std::sync::{Arc, PoisonError, RwLock};

use causeway_dcp::trust::Trust;
use causeway_types::{Problem, ProblemCode};

use crate::Node;

/// Reads the trust files that are installed; it may wait for a disk.
pub type TrustSource = Arc<dyn Fn() -> Result<Trust, Problem> + Send + Sync>;

/// What is in force, and where more comes from.
pub(crate) struct Trusted {
    source: TrustSource,
    trust: RwLock<Arc<Trust>>,
    /// One reads at a time, so that what was read first is never put over what was read later.
    reading: tokio::sync::Mutex<()>,
}

impl Trusted {
    /// Nobody is believed before the files are read.
    pub(crate) fn new(source: TrustSource) -> Self {
        Self { source, trust: RwLock::default(), reading: tokio::sync::Mutex::default() }
    }
}

impl Node {
    /// Who may vouch for what, at this moment.
    pub fn trust(&self) -> Arc<Trust> {
        // A panic elsewhere leaves the old or the new files, each whole.
        Arc::clone(&self.0.trusted.trust.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Reads the trust files again and goes by them from now on. Whatever is wrong with them, those
    /// that were read before stay in force.
    pub async fn reload_trust(&self) -> Result<Arc<Trust>, Problem> {
        let _reading = self.0.trusted.reading.lock().await;
        let source = Arc::clone(&self.0.trusted.source);
        let read = tokio::task::spawn_blocking(move || source()).await;
        let trust = read.map_err(|error| {
            Problem::new(ProblemCode::Internal, "the trust files were not read")
                .internal(error.to_string())
        })??;
        not_older(&self.trust(), &trust)?;
        Ok(self.replace_trust(trust))
    }

    /// Goes by these trust files from now on.
    pub fn replace_trust(&self, trust: Trust) -> Arc<Trust> {
        let trust = Arc::new(trust);
        for file in trust.files() {
            let (dataspace, sequence, until) = (&file.dataspace, file.sequence, file.period.until);
            tracing::info!(%dataspace, sequence, %until, "goes by a trust file");
        }
        let mut place = self.0.trusted.trust.write().unwrap_or_else(PoisonError::into_inner);
        *place = Arc::clone(&trust);
        drop(place);
        // What was believed by another file is shown again.
        self.0.identity.shown.forget();
        self.0.identity.look_again.notify_one();
        trust
    }
}

/// Whoever can put an older directory in the place of the present one cannot make a node that runs
/// believe those who were struck off.
fn not_older(before: &Trust, after: &Trust) -> Result<(), Problem> {
    for known in before.files() {
        let (dataspace, newest) = (&known.dataspace, known.sequence);
        let wrong = |found: String| {
            let text = format!(
                "the trust file of {dataspace}: found {found}, and {newest} is in force; trust is \
                 not rolled back"
            );
            Problem::new(ProblemCode::Conflict, text)
                .hint("bring the newest directory back; the node goes on by what it read before")
        };
        match after.of(dataspace) {
            None => return Err(wrong("no file".to_owned())),
            Some(file) if file.sequence < newest => {
                return Err(wrong(format!("the sequence {}", file.sequence)));
            }
            Some(file) if file.sequence == newest && file.sha256 != known.sha256 => {
                return Err(wrong(format!("another file with the sequence {newest}")));
            }
            Some(_) => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use causeway_dcp::trust::{MaintainerSigningKey, TrustFile};

    use super::*;

    fn file(dataspace: &str, sequence: u64, title: &str) -> TrustFile {
        let key = MaintainerSigningKey::from_seed([7; 32]).unwrap();
        let text = format!(
            "[trust]\ndataspace = \"{dataspace}\"\ntitle = \"{title}\"\nsequence = {sequence}\n\
             valid_from = \"2026-01-01\"\nvalid_until = \"2027-01-01\"\nthreshold = 1\n\
             suites = [\"ES256\"]\n[[maintainer]]\nname = \"A\"\nkey = \"{}\"\n",
            key.public().to_text()
        );
        TrustFile::read("trust.toml", &text).unwrap()
    }

    #[test]
    fn what_is_read_again_is_never_older() {
        let before = Trust::new([file("asean", 2, "A"), file("gulf", 1, "B")]);
        let newer = Trust::new([file("asean", 3, "A"), file("gulf", 1, "B"), file("x", 1, "C")]);
        assert_eq!(not_older(&before, &newer), Ok(()));
        assert_eq!(not_older(&before, &before), Ok(()));
        assert_eq!(not_older(&Trust::default(), &before), Ok(()));
        let table = [
            (Trust::default(), "found no file"),
            (Trust::new([file("asean", 3, "A")]), "gulf: found no file"),
            (Trust::new([file("asean", 1, "A"), file("gulf", 1, "B")]), "found the sequence 1"),
            (Trust::new([file("asean", 2, "Z"), file("gulf", 1, "B")]), "another file"),
        ];
        for (after, expected) in table {
            let problem = not_older(&before, &after).unwrap_err();
            assert_eq!(problem.code(), ProblemCode::Conflict);
            assert!(problem.to_string().contains(expected), "{problem}");
        }
    }
}
