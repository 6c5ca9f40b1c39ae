//! Puts the typefaces into the program if somebody has fetched them (`cargo xtask run` and `test` do); without them it
//! compiles and says what is missing. Never runs npm: a build script that reaches for the network surprises everybody.

use std::{env, fmt::Write as _, fs, path::Path};

const FACES: [&str; 2] = [
    "fonts/node_modules/@expo-google-fonts/noto-sans-tc/400Regular/NotoSansTC_400Regular.ttf",
    "fonts/node_modules/@expo-google-fonts/noto-sans-sc/400Regular/NotoSansSC_400Regular.ttf",
];

fn main() {
    let root = env::var("CARGO_MANIFEST_DIR").expect("cargo names the folder");
    let mut code = String::from("pub(crate) static FACES: &[&[u8]] = &[\n");
    for face in FACES {
        println!("cargo:rerun-if-changed={face}");
        let file = Path::new(&root).join(face);
        if file.exists() {
            writeln!(code, "    include_bytes!({:?}),", file.display().to_string()).expect("writing to a string");
        }
    }
    code.push_str("];\n");
    let out = Path::new(&env::var("OUT_DIR").expect("cargo sets OUT_DIR")).join("faces.rs");
    fs::write(out, code).expect("the output folder can be written");
}
