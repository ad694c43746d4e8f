//! Who is in a file: a keyed hash of each person's id, so that persons are counted and not
//! declared. The ids themselves are not kept, and without the node's key nobody can tell whose
//! hash is whose.

use std::fs::File;
use std::io;
use std::path::Path;

use aws_lc_rs::hmac;
use causeway_store::Subject;
use causeway_types::limits::{SUBJECT_BYTES_MAX, SUBJECTS_MAX};
use causeway_types::{Blake3, Problem, ProblemCode};

use crate::commit::commit_failed;
use crate::offers::no_object;
use crate::settings::Secret;
use crate::{Node, read_failed};

impl Node {
    /// Counts the persons of an uploaded CSV file, by a column that holds one id a person. Counting
    /// again, or stopping halfway and beginning again, gives the same.
    pub async fn count_persons(&self, blake3: &Blake3, column: &str) -> Result<u64, Problem> {
        let exists = self.0.objects.exists(blake3).await.map_err(|error| {
            Problem::new(ProblemCode::Unavailable, "the node could not look for the file")
                .internal(error.to_string())
        })?;
        if !exists {
            return Err(no_object(blake3));
        }
        let (path, column) = (self.0.objects.path(blake3), column.to_owned());
        let key = key(&self.0.subject_key);
        let subjects = blocking(move || hashed(&path, &column, &key)).await?;
        self.0.store.add_subjects(blake3, subjects).await.map_err(commit_failed)?;
        self.0.store.subjects(blake3).await.map_err(read_failed)
    }
}

fn key(secret: &Secret) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, secret.expose())
}

/// The hash of a person's id. Half of the digest: a billion persons collide with a chance of one
/// to 10^21.
fn subject(key: &hmac::Key, id: &[u8]) -> Subject {
    let digest = hmac::sign(key, id);
    let mut subject = Subject::default();
    // A digest of SHA-256 is longer than what is kept of it.
    subject.iter_mut().zip(digest.as_ref()).for_each(|(kept, byte)| *kept = *byte);
    subject
}

/// The persons of a whole file; what is stored is never half of it.
fn hashed(path: &Path, column: &str, key: &hmac::Key) -> Result<Vec<Subject>, Problem> {
    let mut subjects = Vec::new();
    each(path, column, |id| {
        if subjects.len() == SUBJECTS_MAX {
            let text = format!("found more than {SUBJECTS_MAX} rows, which are not counted");
            let problem = Problem::new(ProblemCode::TooLarge, text);
            return Err(problem.hint("declare how many persons there are"));
        }
        subjects.push(subject(key, id));
        Ok(())
    })?;
    Ok(subjects)
}

/// Calls with the id of each row.
fn each(
    path: &Path,
    column: &str,
    mut of: impl FnMut(&[u8]) -> Result<(), Problem>,
) -> Result<(), Problem> {
    let bad = |text: String| Problem::new(ProblemCode::BadRequest, text);
    let file = File::open(path).map_err(|error| {
        Problem::new(ProblemCode::Unavailable, "the node could not open the file")
            .internal(error.to_string())
    })?;
    let unreadable = |error: csv::Error| bad(format!("read the file as CSV: {error}"));
    let mut rows = csv::ReaderBuilder::new().from_reader(io::BufReader::new(file));
    let header = rows.byte_headers().map_err(unreadable)?;
    let place = header.iter().position(|name| name == column.as_bytes()).ok_or_else(|| {
        let known: Vec<_> = header.iter().take(20).map(String::from_utf8_lossy).collect();
        bad(format!("the file has no column {column:?}, only {}", known.join(", ")))
    })?;
    let mut row = csv::ByteRecord::new();
    while rows.read_byte_record(&mut row).map_err(unreadable)? {
        let id = row.get(place).unwrap_or_default().trim_ascii();
        if id.is_empty() || id.len() > SUBJECT_BYTES_MAX {
            let line = row.position().map_or(0, csv::Position::line);
            let found = id.len();
            let text = format!(
                "line {line}: column {column:?} has {found} bytes, expected an id of 1 to \
                 {SUBJECT_BYTES_MAX}"
            );
            return Err(bad(text).hint("if persons have no ids, declare how many there are"));
        }
        of(id)?;
    }
    Ok(())
}

async fn blocking<T: Send + 'static>(
    job: impl FnOnce() -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    tokio::task::spawn_blocking(job).await.map_err(|error| {
        Problem::new(ProblemCode::Internal, "counting persons failed").internal(error.to_string())
    })?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(text: &str, column: &str) -> Result<Vec<String>, String> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file.csv");
        std::fs::write(&path, text).unwrap();
        let mut ids = Vec::new();
        each(&path, column, |id| {
            ids.push(String::from_utf8_lossy(id).into_owned());
            Ok(())
        })
        .map_err(|problem| problem.to_string())?;
        Ok(ids)
    }

    #[test]
    fn each_row_gives_its_id_also_within_quotes() {
        let text = "name,id\n\"Doe, Jane\",\" A1 \"\n\"line\nbreak\",A2\n";
        assert_eq!(ids(text, "id").unwrap(), ["A1", "A2"]);
        assert_eq!(ids("id\n", "id").unwrap(), Vec::<String>::new());
    }

    #[test]
    fn a_row_about_nobody_a_missing_column_and_a_torn_file_are_refused() {
        let error = ids("id,name\nA1,x\n,y\n", "id").unwrap_err();
        assert!(error.contains("line 3"), "{error}");
        let error = ids("id,name\nA1,x\n", "person").unwrap_err();
        assert!(error.contains("no column \"person\", only id, name"), "{error}");
        let error = ids("id,name\nA1\n", "id").unwrap_err();
        assert!(error.contains("as CSV"), "{error}");
    }

    #[test]
    fn a_hash_depends_on_the_key_and_on_nothing_else() {
        let (one, other) = (key(&Secret::new([1; 32])), key(&Secret::new([2; 32])));
        assert_eq!(subject(&one, b"A1"), subject(&one, b"A1"));
        assert_ne!(subject(&one, b"A1"), subject(&one, b"A2"));
        assert_ne!(subject(&one, b"A1"), subject(&other, b"A1"));
    }
}
