//! Puts the catalogue of `locales/` into the program, and fails the build when a sentence lacks a language.

#[path = "build/catalogue.rs"]
mod catalogue;

use std::{env, fmt::Write as _, fs, path::Path};

fn main() {
    let folder = Path::new("../../locales");
    println!("cargo:rerun-if-changed={}", folder.display());
    for file in catalogue::files(folder).unwrap_or_default() {
        println!("cargo:rerun-if-changed={}", file.display());
    }
    let sentences = catalogue::read(folder).unwrap_or_else(|wrong| panic!("{wrong}"));
    let mut code = String::from("static SENTENCES: &[(&str, Sentences)] = &[\n");
    for (key, [en, zh_hant, zh_hans]) in sentences {
        writeln!(code, "    ({key:?}, Sentences {{ en: {en:?}, zh_hant: {zh_hant:?}, zh_hans: {zh_hans:?} }}),")
            .expect("writing to a string");
    }
    code.push_str("];\n");
    let out = Path::new(&env::var("OUT_DIR").expect("cargo sets OUT_DIR")).join("sentences.rs");
    fs::write(out, code).expect("the output folder can be written");
}
