//! Tells the program how it was built: a benchmark of it says so.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-env=BUILT_AS={}", std::env::var("PROFILE").unwrap_or_default());
}
