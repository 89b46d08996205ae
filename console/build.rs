//! Builds the console with Vite and makes the table of its files that the crate embeds.

use std::{
    env,
    error::Error,
    ffi::OsStr,
    fmt::Write as _,
    fs, io,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
};

/// What the built files depend on.
const SOURCES: [&str; 9] = [
    "build.rs",
    "docs.html",
    "index.html",
    "package.json",
    "package-lock.json",
    "postcss.config.js",
    "src",
    "tsconfig.json",
    "vite.config.ts",
];

fn main() -> ExitCode {
    for source in SOURCES {
        println!("cargo::rerun-if-changed={source}");
    }
    match build() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("cargo::error={error}");
            ExitCode::FAILURE
        }
    }
}

fn build() -> Result<(), Box<dyn Error>> {
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("cargo names no directory for the output")?);
    install()?;
    let dist = out.join("dist");
    run("npx", [OsStr::new("vite"), "build".as_ref(), "--outDir".as_ref(), dist.as_os_str()])?;
    fs::write(out.join("files.rs"), table(&dist)?)?;
    Ok(())
}

/// Installs what `package-lock.json` names, unless it is there.
fn install() -> Result<(), Box<dyn Error>> {
    let installed = Path::new("node_modules/.installed-lock.json");
    let wanted = fs::read("package-lock.json")?;
    if fs::read(installed).is_ok_and(|lock| lock == wanted) {
        return Ok(());
    }
    run("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"])?;
    fs::write(installed, wanted)?;
    Ok(())
}

fn run<A: AsRef<OsStr>>(program: &str, arguments: impl IntoIterator<Item = A>) -> Result<(), Box<dyn Error>> {
    let output = Command::new(program).args(arguments).output().map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => {
            format!(
                "{program} was not found: the console is built with Node 20.19 or newer; install it from nodejs.org"
            )
        }
        _ => format!("{program} cannot be run: {error}"),
    })?;
    if output.status.success() {
        return Ok(());
    }
    let said = [output.stdout, output.stderr].concat();
    for line in String::from_utf8_lossy(&said).lines() {
        println!("cargo::warning={line}");
    }
    Err(format!("{program} failed; what it said is above").into())
}

/// The built files as a Rust expression: path, content type, whether it is compressed, content.
fn table(dist: &Path) -> Result<String, Box<dyn Error>> {
    let mut table = "[\n".to_owned();
    let mut directories = vec![dist.to_owned()];
    while let Some(directory) = directories.pop() {
        let mut entries = fs::read_dir(directory)?.collect::<Result<Vec<_>, _>>()?;
        entries.sort_by_key(fs::DirEntry::path);
        for path in entries.iter().map(fs::DirEntry::path) {
            if path.is_dir() {
                directories.push(path);
                continue;
            }
            let is_compressed = path.extension() == Some(OsStr::new("br"));
            let name = if is_compressed { path.with_extension("") } else { path.clone() };
            let kind = content_type(&name).ok_or_else(|| format!("of what type is {}?", name.display()))?;
            let name = name.strip_prefix(dist)?.to_str().ok_or("a path is not text")?.replace('\\', "/");
            let path = path.to_str().ok_or("a path is not text")?;
            writeln!(table, "    ({name:?}, {kind:?}, {is_compressed}, include_bytes!({path:?})),")?;
        }
    }
    table.push(']');
    Ok(table)
}

fn content_type(path: &Path) -> Option<&'static str> {
    Some(match path.extension()?.to_str()? {
        "css" => "text/css; charset=utf-8",
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "svg" => "image/svg+xml",
        _ => return None,
    })
}
