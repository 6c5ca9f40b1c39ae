//! Watches the built client, which `cargo xtask run` puts into `client/dist`; puts a page there that says what is
//! missing when nobody has built it. Never runs npm: a build script that reaches for the network surprises everybody.

use std::{fs, path::Path};

const MISSING: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Freshet 鮮流</title>\
<p>The client was not built into this program. With Node 20.19 or newer, <code>cargo xtask run</code> builds it. \
The API is described at <a href=\"/api/openapi.json\">/api/openapi.json</a>.</p></html>\n";

fn main() {
    let dist = Path::new("../../client/dist");
    if !dist.join("index.html").exists() {
        fs::create_dir_all(dist).expect("client/dist can be made");
        fs::write(dist.join("index.html"), MISSING).expect("client/dist can be written");
    }
    println!("cargo:rerun-if-changed={}", dist.display());
}
