// What is in the wasm module besides guestbox: the crates with their licences and the texts of these.
import { execFileSync } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";

const HEAD = `guestbox contains what follows, in its wasm module and in the JavaScript that wasm-bindgen made for it. Where there is
a choice of licences, each text is of one of them. The text of the Apache License 2.0 is also in the file LICENSE-APACHE.

The Rust standard library, with the crates that are built into it, dlmalloc among them, under MIT OR Apache-2.0
  The Rust Project Developers, https://thanks.rust-lang.org
  Its tables of characters: Unicode-3.0, 1991-2024 Unicode, Inc.
`;

/** The text of the notices, of a crate in the workspace and all that it brings, as built for wasm. */
export function notices(root, crate, features) {
  const cargo = (...args) => execFileSync("cargo", args, { cwd: root, encoding: "utf8", maxBuffer: 1 << 26 });
  const target = "wasm32-unknown-unknown";
  const tree = ["tree", "--package", crate, "--target", target, "--features", features, "--edges", "normal,no-proc-macro"];
  const used = new Set(
    cargo(...tree, "--prefix", "none", "--format", "{p}")
      .split("\n")
      .map((line) => line.split(" ").slice(0, 2).join(" ")),
  );
  const { packages } = JSON.parse(cargo("metadata", "--format-version", "1", "--filter-platform", target));
  const others = packages
    .filter(({ name, version, source }) => source !== null && used.has(`${name} v${version}`))
    .sort((a, b) => (a.id < b.id ? -1 : 1));
  const crates = new Map();
  for (const { name, version, manifest_path } of others) {
    for (const text of licenceTexts(dirname(manifest_path))) crates.set(text, [...(crates.get(text) ?? []), `${name} ${version}`]);
  }
  const list = others.map(({ name, version, license, authors, repository }) =>
    [`${name} ${version}, under ${license}`, ...authors.map((author) => `  ${author}`), `  ${repository}`].join("\n"),
  );
  const texts = [...crates].map(([text, names]) => `${"-".repeat(80)}\nOf ${names.join(", ")}:\n\n${text}`);
  return `${[HEAD + list.join("\n"), ...texts].join("\n\n")}\n`;
}

/** The texts of the licences in a crate's folder. */
function licenceTexts(folder) {
  const names = readdirSync(folder)
    .filter((name) => /^(licen[cs]e|copying|copyright|notice)/i.test(name))
    .sort();
  return names.map((name) => readFileSync(join(folder, name), "utf8").replaceAll("\r\n", "\n").trim());
}
