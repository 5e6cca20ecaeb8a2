//! Compiles the contracts: our own, and the fixtures in the folder of the published pallet.

use std::{
    env,
    fmt::Write,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

fn main() {
    let mut table = String::from("pub const ALL: &[(&str, &[u8])] = &[");
    for folder in [Path::new("contracts"), &fixtures()] {
        println!("cargo:rerun-if-changed={}", folder.display());
        let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        for file in files.filter(|file| file.extension().unwrap() == "wat") {
            let name = file.file_stem().unwrap().to_str().unwrap();
            writeln!(table, "({name:?}, &{:?}),", wat::parse_file(&file).unwrap()).unwrap();
        }
    }
    table.push_str("];pub const REFUSED: &[&[u8]] = &[");
    let refused = fs::read_to_string("contracts/refused.wats").unwrap();
    for line in refused.lines().filter(|line| !line.starts_with(";;")) {
        writeln!(table, "&{:?},", wat::parse_str(line).unwrap()).unwrap();
    }
    table.push_str("];");
    fs::write(Path::new(&env::var("OUT_DIR").unwrap()).join("contracts.rs"), table).unwrap();
}

fn fixtures() -> PathBuf {
    let output = Command::new(env::var("CARGO").unwrap())
        .args(["metadata", "--format-version", "1", "--locked"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let pallet = packages.iter().find(|package| package["name"] == "pallet-contracts").unwrap();
    Path::new(pallet["manifest_path"].as_str().unwrap()).with_file_name("fixtures")
}
