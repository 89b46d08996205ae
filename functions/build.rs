//! Links `bootstrap` to a fixed address, and without what unwinding a stack needs.
//!
//! A position-independent program has 25,000 pointers of the password estimator's word lists put right at every start,
//! a third of all that a start takes (`cargo xtask weight`). What the addresses would hide is a process that holds no
//! secret for longer than a request, in code that is `forbid(unsafe_code)`; heap, stack and libraries move as before.
//!
//! The tables for unwinding are 7 % of the program, and a release build aborts when it panics.

use std::{env, io};

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=no-unwinding.ld");
    println!("cargo::rustc-link-arg-bin=bootstrap=-no-pie");
    if env::var_os("PROFILE").is_some_and(|profile| profile == "release") {
        let script = env::current_dir()?.join("no-unwinding.ld");
        println!("cargo::rustc-link-arg-bin=bootstrap=-Wl,-T,{}", script.display());
    }
    Ok(())
}
