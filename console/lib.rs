//! The files of the admin console, built by `build.rs` and embedded. How they are served is not said here.

use std::{borrow::Cow, io};

/// A file of the console.
#[derive(Clone, Copy, Debug)]
pub struct Asset {
    pub content_type: &'static str,
    /// Whether the path changes with the content, so that it can be kept for ever.
    pub is_hashed: bool,
    is_compressed: bool,
    bytes: &'static [u8],
}

type File = (&'static str, &'static str, bool, &'static [u8]);

const FILES: &[File] = &include!(concat!(env!("OUT_DIR"), "/files.rs"));
const PAGE: &str = "index.html";
const DOCS: &str = "docs.html";
/// Where Vite puts the files whose names hold their hashes.
const HASHED: &str = "assets/";

/// The file at `path`, which starts with a slash.
pub fn asset(path: &str) -> Option<Asset> {
    let path = path.strip_prefix('/')?;
    let &(_, content_type, is_compressed, bytes) = FILES.iter().find(|file| file.0 == path)?;
    Some(Asset { content_type, is_hashed: path.starts_with(HASHED), is_compressed, bytes })
}

/// The page that is the console, at every path that is no file.
pub fn page() -> Option<Asset> {
    asset(&format!("/{PAGE}"))
}

/// The page that shows the API document.
pub fn docs() -> Option<Asset> {
    asset(&format!("/{DOCS}"))
}

impl Asset {
    /// The file as it is kept: compressed by brotli where `Content-Encoding` says so.
    pub fn encoded(&self) -> (Option<&'static str>, &'static [u8]) {
        (self.is_compressed.then_some("br"), self.bytes)
    }

    /// The file itself, for a client that takes no brotli.
    pub fn decoded(&self) -> io::Result<Cow<'static, [u8]>> {
        if !self.is_compressed {
            return Ok(Cow::Borrowed(self.bytes));
        }
        let mut bytes = Vec::new();
        brotli_decompressor::BrotliDecompress(&mut &*self.bytes, &mut bytes)?;
        Ok(Cow::Owned(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pages_and_all_that_they_load_are_there() {
        for page in [page(), docs()] {
            let page = page.unwrap();
            assert!(!page.is_hashed);
            let html = String::from_utf8(page.decoded().unwrap().into_owned()).unwrap();
            let loaded = html.split('"').filter(|part| part.starts_with("/assets/")).collect::<Vec<_>>();

            assert!(loaded.len() >= 2, "{html}");
            for path in loaded {
                let asset = asset(path).unwrap();
                assert!(asset.is_hashed);
                assert!(!asset.decoded().unwrap().is_empty());
            }
        }
    }

    #[test]
    fn nothing_else_is_there() {
        assert!(asset("/nothing").is_none());
        assert!(asset("index.html").is_none());
        assert!(asset("/assets/../index.html").is_none());
    }

    #[test]
    fn scripts_are_compressed() {
        let scripts = FILES.iter().filter(|file| file.1.starts_with("text/"));
        assert!(scripts.clone().count() > 3);
        assert!(scripts.clone().all(|file| file.2));
    }
}
