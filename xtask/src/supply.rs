//! What others have made of what we ship: the crates in `bootstrap`, and the packages in the console within it.
//!
//! Of works under several licences, one that all share is chosen where it is among them, so that `NOTICE` has its text
//! once.

#![expect(clippy::print_stdout, reason = "the list is printed")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use crate::Result;

/// The licence that is chosen where there is a choice.
const CHOSEN: &str = "Apache-2.0";
/// What is shipped.
const SHIPPED: &str = "roster-functions";
/// Where it runs.
const PLATFORM: &str = "aarch64-unknown-linux-gnu";

/// A work of others.
struct Work {
    name: String,
    version: String,
    /// As SPDX writes it.
    license: String,
    directory: PathBuf,
    /// `pkg:cargo/…` or `pkg:npm/…`.
    purl: String,
    /// The algorithm, and the digest in hexadecimal digits.
    hash: Option<(&'static str, String)>,
    /// The `purl` of each work that it needs itself.
    needs: Vec<String>,
}

/// Writes `NOTICE`, or says that it is not current.
pub(crate) fn notice(check: bool) -> Result<()> {
    let path = root().join("NOTICE");
    let text = render_notice(&works()?)?;
    if !check {
        return Ok(fs::write(path, text)?);
    }
    if fs::read_to_string(path).unwrap_or_default() == text {
        Ok(())
    } else {
        Err("NOTICE does not name what is shipped: run `cargo xtask notice`".into())
    }
}

/// Prints a bill of materials in the format of `CycloneDX`.
pub(crate) fn sbom() -> Result<()> {
    println!("{}", serde_json::to_string_pretty(&bill(&works()?))?);
    Ok(())
}

fn bill(works: &[Work]) -> Value {
    let components = works.iter().map(|work| {
        let hashes = work.hash.iter().map(|(algorithm, digest)| json!({ "alg": algorithm, "content": digest }));
        json!({
            "type": "library",
            "bom-ref": work.purl,
            "name": work.name,
            "version": work.version,
            "purl": work.purl,
            "licenses": [{ "expression": work.license }],
            "hashes": hashes.collect::<Vec<_>>(),
        })
    });
    let dependencies = works.iter().map(|work| json!({ "ref": work.purl, "dependsOn": work.needs }));
    json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": { "component": { "type": "application", "name": "roster", "version": env!("CARGO_PKG_VERSION") } },
        "components": components.collect::<Vec<_>>(),
        "dependencies": dependencies.collect::<Vec<_>>(),
    })
}

/// Everything that is shipped and not ours, by name.
fn works() -> Result<Vec<Work>> {
    let mut works = crates()?;
    works.extend(packages()?);
    works.sort_by(|a, b| (&a.name, &a.version).cmp(&(&b.name, &b.version)));
    Ok(works)
}

/// The crates that are compiled into what is shipped.
fn crates() -> Result<Vec<Work>> {
    let cargo = Command::new(env!("CARGO"))
        .args(["metadata", "--locked", "--format-version", "1", "--filter-platform", PLATFORM])
        .current_dir(root())
        .output()?;
    if !cargo.status.success() {
        return Err(String::from_utf8_lossy(&cargo.stderr).into());
    }
    let metadata: Value = serde_json::from_slice(&cargo.stdout)?;
    let by_id = |list: &Value| -> BTreeMap<String, Value> {
        let items = list.as_array().into_iter().flatten();
        items.map(|item| (text(&item["id"]), item.clone())).collect()
    };
    let (packages, nodes) = (by_id(&metadata["packages"]), by_id(&metadata["resolve"]["nodes"]));
    let needs = |id: &String| -> Vec<String> {
        let all = nodes[id]["deps"].as_array().into_iter().flatten();
        let is_compiled_in =
            |need: &&Value| need["dep_kinds"].as_array().into_iter().flatten().any(|kind| kind["kind"].is_null());
        all.filter(is_compiled_in).map(|need| text(&need["pkg"])).collect()
    };
    let first = packages.iter().find(|(_, package)| package["name"] == SHIPPED).ok_or("nothing is shipped")?;
    let mut reached = BTreeSet::new();
    let mut ahead = vec![first.0.clone()];
    while let Some(id) = ahead.pop() {
        if reached.insert(id.clone()) {
            ahead.extend(needs(&id));
        }
    }
    let purl = |package: &Value| format!("pkg:cargo/{}@{}", text(&package["name"]), text(&package["version"]));
    let checksums = checksums()?;
    let of_others = reached.iter().filter(|id| !packages[*id]["source"].is_null());
    let works = of_others.map(|id| {
        let package = &packages[id];
        let (name, version) = (text(&package["name"]), text(&package["version"]));
        let manifest = PathBuf::from(text(&package["manifest_path"]));
        Ok(Work {
            hash: checksums.get(&format!("{name} {version}")).map(|digest| ("SHA-256", digest.clone())),
            license: text(&package["license"]).split('/').map(str::trim).collect::<Vec<_>>().join(" OR "),
            directory: manifest.parent().ok_or("a manifest lies in a directory")?.to_owned(),
            purl: purl(package),
            needs: needs(id).iter().map(|need| purl(&packages[need])).collect(),
            name,
            version,
        })
    });
    works.collect()
}

/// The digest of each crate, by name and version, as `Cargo.lock` has it.
fn checksums() -> Result<BTreeMap<String, String>> {
    let lock = fs::read_to_string(root().join("Cargo.lock"))?;
    let packages = lock.split("[[package]]").filter_map(|package| {
        let value = |name: &str| {
            let line = package.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(" = "))?;
            Some(line.trim_matches('"').to_owned())
        };
        Some((format!("{} {}", value("name")?, value("version")?), value("checksum")?))
    });
    Ok(packages.collect())
}

/// The packages of the console, but for those that only its build needs.
fn packages() -> Result<Vec<Work>> {
    let console = root().join("console");
    let lock: Value = serde_json::from_str(&fs::read_to_string(console.join("package-lock.json"))?)?;
    let packages = lock["packages"].as_object().ok_or("package-lock.json names packages")?;
    let shipped = packages.iter().filter(|(path, package)| !path.is_empty() && package["dev"].is_null());
    let works = shipped.map(|(path, package)| {
        let name = path.rsplit("node_modules/").next().unwrap_or_default().to_owned();
        let version = text(&package["version"]);
        let digest = package["integrity"].as_str().and_then(|integrity| integrity.strip_prefix("sha512-"));
        let digest = digest.map(|digest| STANDARD.decode(digest)).transpose()?;
        Ok(Work {
            license: text(&package["license"]).trim_matches(['(', ')']).to_owned(),
            directory: console.join(path),
            purl: format!("pkg:npm/{}@{version}", name.replace('@', "%40")),
            hash: digest.map(|digest| ("SHA-512", hex(&digest))),
            needs: Vec::new(),
            name,
            version,
        })
    });
    works.collect()
}

fn render_notice(works: &[Work]) -> Result<String> {
    let (chosen, others): (Vec<_>, Vec<_>) = works.iter().partition(|work| has_choice(&work.license));
    let mut apache = None;
    let mut notices = BTreeMap::<String, Vec<String>>::new();
    let mut texts = BTreeMap::<String, Vec<String>>::new();
    for work in &chosen {
        for (file, text) in legal_files(&work.directory)? {
            if file.contains("NOTICE") {
                notices.entry(text).or_default().push(named(work));
            } else if file.contains("APACHE") && text.trim_start().starts_with("Apache License") {
                apache = apache.max(Some(text));
            }
        }
    }
    for work in &others {
        let files = legal_files(&work.directory)?;
        if files.is_empty() {
            texts.entry(format!("Licence: {}\n", work.license)).or_default().push(named(work));
        }
        for (_, text) in files {
            texts.entry(text).or_default().push(named(work));
        }
    }
    let rule = "-".repeat(80);
    let apache = apache.ok_or("no text of the Apache licence was found")?;
    let mut rest: Vec<_> = notices.into_iter().chain(texts).map(|(text, names)| (names, text)).collect();
    rest.sort();
    let parts = [(chosen.iter().map(|work| named(work)).collect(), apache)].into_iter().chain(rest);
    let parts = parts.map(|(names, text): (Vec<_>, String)| {
        format!("\n{rule}\n{}\n{rule}\n\n{}\n", names.join("\n"), text.trim_end())
    });
    let head = "Roster is shipped with the works of others that are named here, under their licences.\n\
                `cargo xtask notice` writes this file.\n";
    Ok([head.to_owned()].into_iter().chain(parts).collect())
}

/// Whether the licence that we choose is among those that are offered.
fn has_choice(license: &str) -> bool {
    license.split(" OR ").any(|one| one == CHOSEN)
}

fn named(work: &Work) -> String {
    format!("{} {} ({})", work.name, work.version, work.license)
}

/// Licences and notices that lie in a directory, by name.
fn legal_files(directory: &Path) -> Result<BTreeMap<String, String>> {
    let mut files = BTreeMap::new();
    let entries = fs::read_dir(directory).map_err(|error| format!("{}: {error}", directory.display()))?;
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().to_uppercase();
        let is_legal = ["LICENSE", "LICENCE", "COPYING", "NOTICE"].iter().any(|begin| name.starts_with(begin));
        if is_legal && entry.file_type()?.is_file() {
            let text = fs::read_to_string(entry.path())?.replace("\r\n", "\n");
            files.insert(name, text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n"));
        }
    }
    Ok(files)
}

fn hex(bytes: &[u8]) -> String {
    let digit = |half: u8| char::from(b"0123456789abcdef"[usize::from(half)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `cargo` itself says is compiled in, and what the console asks for by name.
    fn shipped() -> Vec<String> {
        let tree = Command::new(env!("CARGO"))
            .args(["tree", "--locked", "--offline", "--package", SHIPPED, "--target", PLATFORM])
            .args(["--edges", "normal", "--prefix", "none", "--no-dedupe", "--format", "{p}"])
            .current_dir(root())
            .output()
            .unwrap();
        assert!(tree.status.success(), "{}", String::from_utf8_lossy(&tree.stderr));
        let tree = String::from_utf8(tree.stdout).unwrap();
        // A crate of ours has its directory after the version.
        let of_others = tree.lines().filter(|line| !line.contains(" (/"));
        let crates = of_others.filter_map(|line| {
            let (name, rest) = line.split_once(" v")?;
            Some(format!("pkg:cargo/{name}@{}", rest.split(' ').next()?))
        });
        let package = fs::read_to_string(root().join("console/package.json")).unwrap();
        let package: Value = serde_json::from_str(&package).unwrap();
        let packages = package["dependencies"].as_object().unwrap().keys();
        crates.chain(packages.map(|name| format!("pkg:npm/{}@", name.replace('@', "%40")))).collect()
    }

    #[test]
    fn the_bill_of_materials_has_all_that_is_shipped() {
        let bill = bill(&works().unwrap());
        let components = bill["components"].as_array().unwrap();
        let shipped = shipped();

        assert!(shipped.len() > 100, "{shipped:?}");
        for purl in &shipped {
            let is_listed = components.iter().any(|component| text(&component["purl"]).starts_with(purl));
            assert!(is_listed, "{purl} is shipped, and not in the bill");
        }
        for component in components {
            assert!(!component["hashes"].as_array().unwrap().is_empty(), "{component}");
            assert!(!text(&component["licenses"][0]["expression"]).is_empty(), "{component}");
        }
    }
}
