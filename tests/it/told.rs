//! What documents tell of the code: parts that are made from it, between two marks.

use std::{env, fs};

use crate::template::root;

/// Asserts that a document tells this between the marks of this name, or writes it there.
#[track_caller]
pub(crate) fn assert_told(document: &str, name: &str, part: &str) {
    let path = root().join("docs").join(document);
    let text = fs::read_to_string(&path).unwrap();
    let [begin, end] = ["", "/"].map(|slash| format!("<!-- {slash}{name} -->\n"));
    let (before, rest) = text.split_once(&begin).unwrap();
    let (told, after) = rest.split_once(&end).unwrap();

    if env::var_os("ROSTER_WRITE_DOCS").is_some() {
        fs::write(&path, [before, &begin, part, &end, after].concat()).unwrap();
    } else {
        assert_eq!(told, part, "ROSTER_WRITE_DOCS=1 ./test writes it anew");
    }
}
