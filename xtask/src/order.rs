//! Which code functions run when they start, for the linker to put it together.
//!
//! The program has 6 MB of code for all its operations. A start runs a twentieth of it, a little everywhere, and each
//! 64 KiB that it comes to for the first time are read and mapped (`cargo xtask weight`).

use std::{
    collections::BTreeSet,
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use roster_local::{Installation, Options};
use tokio::runtime::Runtime;

use crate::{
    Result,
    weight::{cargo, environment, start},
};

/// One of each kind: that reads, that writes, that follows an event, and that has another client beside.
const HANDLERS: [&str; 4] = ["list_users", "sign_in", "expire_invites", "deliver_mail"];

/// Writes `functions/start.ld`, by what callgrind of Valgrind sees.
pub(crate) fn write() -> Result<()> {
    let bootstrap =
        cargo(&["rustc", "--release", "--package", "roster-functions", "--bin", "bootstrap"], &["-C", "strip=none"])?;
    let runtime = Runtime::new()?;
    let installation = runtime.block_on(Installation::start(Options { serve_aws: true, ..Options::ephemeral() }))?;
    let environment = environment(&installation)?;
    let watched = Watched::new(&bootstrap)?;
    let mut patterns = BTreeSet::new();
    for handler in HANDLERS {
        let function = start(&watched.program, handler, &environment)?;
        // The first poll is sent before it is waited for.
        function.usage()?;
        function.terminate()?;
        patterns.extend(watched.patterns()?);
    }
    runtime.block_on(installation.stop());

    // What is unlikely is little, and what most do at least once.
    patterns.insert("unlikely.*".to_owned());
    let inputs: Vec<_> = patterns.iter().map(|pattern| format!("    *(.text.{pattern})\n")).collect();
    let script = format!(
        "/* What a start of a function runs. By `cargo xtask order`. */\n\
         SECTIONS {{\n  .text.start : {{\n{}  }}\n}}\nINSERT BEFORE .text;\n",
        inputs.concat()
    );
    Ok(fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join("../functions/start.ld"), script)?)
}

/// The program, run by callgrind.
struct Watched {
    program: PathBuf,
    seen: PathBuf,
}

impl Watched {
    fn new(bootstrap: &Path) -> Result<Self> {
        let directory = bootstrap.with_file_name("order");
        fs::create_dir_all(&directory)?;
        let watched = Self { program: directory.join("watched"), seen: directory.join("seen") };
        let (seen, bootstrap) = (watched.seen.display(), bootstrap.display());
        let script = format!(
            "#!/bin/sh\nexec valgrind --quiet --tool=callgrind --demangle=no --callgrind-out-file='{seen}' '{bootstrap}'\n"
        );
        fs::write(&watched.program, script)?;
        fs::set_permissions(&watched.program, fs::Permissions::from_mode(0o755))?;
        Ok(watched)
    }

    /// The functions that ran, as patterns.
    fn patterns(&self) -> Result<BTreeSet<String>> {
        let seen = fs::read_to_string(&self.seen)?;
        // Each is named once: where it is first told of, itself or as one that is called.
        let names = seen.lines().filter_map(|line| {
            let function = line.strip_prefix("fn=").or_else(|| line.strip_prefix("cfn="))?;
            function.split_once(") ").map(|(_, name)| name)
        });
        Ok(names.filter_map(pattern).collect())
    }
}

/// A mangled name, less what another version of its crate or of the compiler would change, and not too long.
fn pattern(name: &str) -> Option<String> {
    const LONGEST: usize = 100;
    // Of a function that calls itself, callgrind tells more than one.
    let name = name.split('\'').next()?;
    let stable = match name.strip_prefix("_R") {
        None => name.strip_prefix("_ZN")?.rfind("17h").map(|hash| name[..hash + "_ZN".len()].to_owned())?,
        // Crates have a hash each. Of what every unit of code has for itself, there are several, by numbers.
        Some(path) => {
            let path = path.split('.').next()?;
            let mut parts = path.split("Cs");
            let first = format!("_R{}", parts.next()?);
            parts.try_fold(first, |stable, part| part.split_once('_').map(|(_, rest)| format!("{stable}Cs*_{rest}")))?
        }
    };
    Some(format!("{}*", &stable[..stable.floor_char_boundary(LONGEST)]))
}
