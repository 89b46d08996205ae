//! The newest things that happened, kept in memory and, a line of JSON each, in a file.

use std::{collections::VecDeque, io};

use serde::{Serialize, de::DeserializeOwned};

use crate::state::StateFile;

/// How many things a journal keeps.
const CAPACITY: usize = 2_000;

#[derive(Debug)]
pub(crate) struct Journal<T> {
    /// Oldest first.
    entries: VecDeque<T>,
    file: StateFile,
    lines: usize,
}

impl<T: Clone + Serialize + DeserializeOwned> Journal<T> {
    /// The journal as `file` remembers it.
    pub(crate) fn load(file: StateFile) -> io::Result<Self> {
        let text = file.read()?.unwrap_or_default();
        let lines = text.lines().count();
        let newest = text.lines().skip(lines.saturating_sub(CAPACITY));
        // A crash may have cut the last line short: that entry was not acknowledged.
        let entries = newest.filter_map(|line| serde_json::from_str(line).ok()).collect::<VecDeque<_>>();
        let mut journal = Self { entries, file, lines };
        if journal.entries.len() < lines {
            journal.compact()?;
        }
        Ok(journal)
    }

    /// Every entry, newest first.
    pub(crate) fn newest_first(&self) -> Vec<T> {
        self.entries.iter().rev().cloned().collect()
    }

    /// Every entry, oldest first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.entries.iter()
    }

    pub(crate) fn keep(&mut self, entry: T) -> io::Result<()> {
        self.file.append(&entry)?;
        self.lines += 1;
        self.entries.push_back(entry);
        if self.entries.len() > CAPACITY {
            self.entries.pop_front();
        }
        if self.lines > 2 * CAPACITY { self.compact() } else { Ok(()) }
    }

    /// Forgets everything.
    pub(crate) fn clear(&mut self) -> io::Result<()> {
        self.entries.clear();
        self.compact()
    }

    /// Writes the file anew, with what the journal holds.
    fn compact(&mut self) -> io::Result<()> {
        let mut text = Vec::new();
        for entry in &self.entries {
            serde_json::to_writer(&mut text, entry)?;
            text.push(b'\n');
        }
        self.lines = self.entries.len();
        self.file.write(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::installation::tests::Directory;

    #[test]
    fn a_journal_remembers_the_newest_however_long_its_file_is() {
        let directory = Directory::new();
        std::fs::create_dir(directory.path()).unwrap();
        let load = || Journal::<usize>::load(StateFile::new(Some(&directory.path()), "numbers.jsonl")).unwrap();
        let all = 3 * CAPACITY + 7;
        let mut journal = load();
        (0..all).for_each(|n| journal.keep(n).unwrap());

        let again = load();

        let newest = (all - CAPACITY..all).rev().collect::<Vec<_>>();
        assert_eq!(journal.newest_first(), newest);
        assert_eq!(again.newest_first(), newest);
    }
}
