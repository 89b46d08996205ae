//! Links `bootstrap` to a fixed address.
//!
//! A position-independent program has 25,000 pointers of the password estimator's word lists put right at every start,
//! a third of all that a start takes (`cargo xtask weight`). What the addresses would hide is a process that holds no
//! secret for longer than a request, in code that is `forbid(unsafe_code)`; heap, stack and libraries move as before.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-link-arg-bin=bootstrap=-no-pie");
}
