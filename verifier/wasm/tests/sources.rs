//! That the module which the dashboard serves was built of the verifier as it is.

use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// The digest of every file at a path, by its path.
fn digests(path: &str, into: &mut BTreeMap<String, String>) {
    let at = Path::new(ROOT).join(path);
    if at.is_dir() {
        for entry in fs::read_dir(&at).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            digests(&format!("{path}/{name}"), into);
        }
    } else {
        let digest = Sha256::digest(fs::read(&at).unwrap());
        into.insert(path.to_owned(), digest.iter().map(|byte| format!("{byte:02x}")).collect());
    }
}

#[test]
fn the_module_is_of_these_sources() {
    let noted = fs::read_to_string(format!("{ROOT}/service/src/dashboard/verifier.sources")).unwrap();
    let noted = noted.lines().map(|line| line.split_once("  ").unwrap());
    let noted: BTreeMap<String, String> = noted.map(|(digest, path)| (path.into(), digest.into())).collect();
    let mut found = BTreeMap::new();
    for path in [
        "service/src/dashboard/verifier.wasm",
        "verifier/Cargo.toml",
        "verifier/src",
        "verifier/wasm/Cargo.toml",
        "verifier/wasm/src",
    ] {
        digests(path, &mut found);
    }
    assert_eq!(found, noted, "the verifier has changed: run verifier/wasm/build, and commit what it writes");
}
