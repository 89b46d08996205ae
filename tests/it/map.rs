//! `docs/architecture.md` tells the truth about the access patterns of the table.

use std::{collections::BTreeSet, fs};

use roster_functions::operations;

use crate::template::root;

/// An access pattern: its number, and the method of the store that has it.
type Pattern = (u32, String);

#[test]
fn every_access_pattern_is_in_the_code_and_in_the_map_once() {
    let (code, map) = (in_the_code(), in_the_map());

    assert!(map.is_sorted_by(|one, next| one.0 < next.0), "a number is given once, and gone with its row");
    assert_eq!(code, map, "left is the code, right the map");
}

#[test]
fn the_map_names_operations_that_exist() {
    let names: BTreeSet<_> = operations::all().iter().map(|operation| operation.name).collect();

    for row in rows() {
        let used_by = row[4].split(", ").filter_map(|name| name.strip_prefix('`')?.strip_suffix('`'));
        for operation in used_by {
            assert!(names.contains(operation), "access pattern {}: {operation} is no operation", row[0]);
        }
    }
}

#[test]
fn the_page_of_costs_tells_what_the_map_counts() {
    let document = |name: &str| fs::read_to_string(root().join("docs").join(name)).expect("a document can be read");
    let counted = |text: &str, units: usize| -> BTreeSet<Vec<String>> {
        let rows = text.lines().filter(|row| row.starts_with("| `"));
        let cells = rows.map(|row| row.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect());
        cells.map(|row: Vec<String>| [&row[..1], &row[units..units + 2]].concat()).collect()
    };
    let (map, costs) = (document("architecture.md"), document("cost.md"));
    let (_, map) = map.split_once("<!-- round trips -->").expect("the map has round trips");
    let (map, _) = map.split_once("<!-- /round trips -->").expect("the round trips end");
    let (costs, _) = costs.split_once("## A month").expect("the page has a month");

    assert_eq!(counted(costs, 1), counted(map, 3), "`cargo xtask cost` writes docs/cost.md anew");
}

/// The method that follows each doc comment with a number, in the order of the numbers.
fn in_the_code() -> Vec<Pattern> {
    const BEGIN: &str = "/// Access pattern ";
    let files = fs::read_dir(root().join("shared/store/src")).expect("the store can be read");
    let mut patterns = Vec::new();
    for file in files {
        let source = fs::read_to_string(file.expect("a file").path()).expect("a source file can be read");
        for rest in source.split(BEGIN).skip(1) {
            let (number, rest) = rest.split_once(':').expect("a number ends in a colon");
            let (_, rest) = rest.split_once("pub async fn ").expect("a method follows");
            let name = rest.split(['(', '<']).next().unwrap_or_default();
            patterns.push((number.parse().expect("a number"), name.to_owned()));
        }
    }
    patterns.sort();
    patterns
}

fn in_the_map() -> Vec<Pattern> {
    let pattern = |row: Vec<String>| (row[0].parse().expect("a number"), row[3].trim_matches('`').to_owned());
    rows().into_iter().map(pattern).collect()
}

/// The cells of each row of the map's table.
fn rows() -> Vec<Vec<String>> {
    let map = fs::read_to_string(root().join("docs/architecture.md")).expect("the map can be read");
    let (_, rest) = map.split_once("<!-- access patterns -->\n").expect("the map has access patterns");
    let (table, _) = rest.split_once("<!-- /access patterns -->").expect("the access patterns end");
    let cells = |row: &str| row.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect();
    table.lines().skip(2).map(cells).collect()
}
