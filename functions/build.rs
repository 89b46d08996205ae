//! Links `bootstrap` to a fixed address, without what unwinding a stack needs, and what a start runs to one place.
//!
//! A position-independent program has 25,000 pointers of the password estimator's word lists put right at every start,
//! a third of all that a start takes (`cargo xtask weight`). What the addresses would hide is a process that holds no
//! secret for longer than a request, in code that is `forbid(unsafe_code)`; heap, stack and libraries move as before.
//!
//! The tables for unwinding are 7 % of the program, and a release build aborts when it panics.
//!
//! Code that is all over the program costs a start a page fault for each 64 KiB. `start.ld` names what a start
//! runs, by patterns that outlive the versions of crates: what it does not name any more, or not yet, is linked
//! where it would be without it. `cargo xtask order` writes it anew.

use std::{env, fs, io, path::PathBuf};

const SCRIPTS: [&str; 2] = ["no-unwinding.ld", "start.ld"];

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=build.rs");
    for script in SCRIPTS {
        println!("cargo::rerun-if-changed={script}");
    }
    println!("cargo::rustc-link-arg-bin=bootstrap=-no-pie");
    if env::var_os("PROFILE").is_some_and(|profile| profile == "release") {
        // The linker of `sam build` heeds one script, the last.
        let scripts: String = SCRIPTS.iter().map(fs::read_to_string).collect::<io::Result<_>>()?;
        let script = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default()).join("bootstrap.ld");
        fs::write(&script, scripts)?;
        println!("cargo::rustc-link-arg-bin=bootstrap=-Wl,-T,{}", script.display());
    }
    Ok(())
}
