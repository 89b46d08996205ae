//! Small things that survive a restart, one file each in the data directory. An ephemeral installation has no
//! directory, and its state files remember nothing.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use serde::{Serialize, de::DeserializeOwned};

/// The name of a file in the data directory, or of none. Who shares it reads and writes by turns.
#[derive(Clone, Debug)]
pub struct StateFile(Option<Arc<Mutex<Place>>>);

#[derive(Debug)]
struct Place {
    path: PathBuf,
    /// Open for lines to be added, until the file is replaced.
    end: Option<File>,
}

impl StateFile {
    /// The file `name` of `directory`.
    pub fn new(directory: Option<&Path>, name: &str) -> Self {
        Self(directory.map(|directory| Arc::new(Mutex::new(Place { path: directory.join(name), end: None }))))
    }

    /// What was saved last; the default when that is nothing.
    pub fn load<T: DeserializeOwned + Default>(&self) -> io::Result<T> {
        match self.read()? {
            Some(text) => serde_json::from_str(&text).map_err(io::Error::other),
            None => Ok(T::default()),
        }
    }

    /// Replaces what was saved. A crash leaves the old or the new content, never a part of it.
    pub fn save(&self, value: &impl Serialize) -> io::Result<()> {
        self.write(&serde_json::to_vec(value)?)
    }

    /// Everything in the file, if it exists.
    pub fn read(&self) -> io::Result<Option<String>> {
        let Some(place) = self.place() else { return Ok(None) };
        match fs::read_to_string(&place.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            read => read.map(Some),
        }
    }

    /// Replaces the whole file.
    pub fn write(&self, content: &[u8]) -> io::Result<()> {
        let Some(mut place) = self.place() else { return Ok(()) };
        place.end = None;
        let new = place.path.with_extension("new");
        private().truncate(true).open(&new)?.write_all(content)?;
        fs::rename(new, &place.path)
    }

    /// Adds a line of JSON to the file.
    pub fn append(&self, value: &impl Serialize) -> io::Result<()> {
        let Some(mut place) = self.place() else { return Ok(()) };
        let mut line = serde_json::to_vec(value)?;
        line.push(b'\n');
        let end = match place.end.take() {
            Some(end) => end,
            None => private().append(true).open(&place.path)?,
        };
        place.end.insert(end).write_all(&line)
    }

    fn place(&self) -> Option<MutexGuard<'_, Place>> {
        Some(self.0.as_ref()?.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// What lies in the data directory is for the eyes of its owner: it holds links, secrets and addresses.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.create(true).write(true).mode(0o600);
    options
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;
    use crate::installation::tests::Directory;

    #[test]
    fn what_several_save_at_once_is_saved_whole() {
        let directory = Directory::new();
        fs::create_dir(directory.path()).unwrap();
        let file = &StateFile::new(Some(&directory.path()), "numbers.json");
        let save = move |n: usize| (0..300).try_for_each(|_| file.save(&vec![n; 1_000 * n]));

        let saved =
            thread::scope(|scope| [1, 2, 3].map(|n| scope.spawn(move || save(n))).map(|saved| saved.join().unwrap()));

        assert!(saved.iter().all(Result::is_ok), "{saved:?}");
        let numbers: Vec<usize> = file.load().unwrap();
        assert_eq!(numbers.len(), 1_000 * numbers[0]);
    }
}
