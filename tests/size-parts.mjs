// What is in a wasm module that has its names: the bytes of its functions by the crates that they are of, and of its other sections.

/** The parts of a module, by name: the bytes of each. */
export function partsOf(bytes) {
  const sections = sectionsOf(bytes);
  const names = namesOf(sections.get("name"));
  if (names.size === 0) throw new Error("the module has no names");
  const imported = importedFunctions(sections.get("import"));
  const parts = new Map();
  const add = (part, piece) => parts.set(part, [...(parts.get(part) ?? []), piece]);
  const code = sections.get("code");
  const count = code.number();
  for (let at = 0; at < count; at++) {
    const size = code.number();
    add(crateOf(names.get(imported + at) ?? ""), bytes.subarray(code.at, code.at + size));
    code.at += size;
  }
  for (const [name, { begin, end }] of sections) if (!["code", "name"].includes(name)) add(`section ${name}`, bytes.subarray(begin, end));
  return new Map([...parts].map(([part, pieces]) => [part, Buffer.concat(pieces)]));
}

const SHARED = ["core", "alloc", "std", "hashbrown"];

/** How many names of a path are told apart, of crates that are large. */
const DEPTHS = { guestbox: 2, wasmi: 3 };

/** Whose a function is. What is shared by all is of the crate whose type it is made for, if that is said. */
function crateOf(name) {
  // Some names have hashes of their crates.
  const paths = [...name.replace(/\[[0-9a-f]{8,}\]/g, "").matchAll(/(?<![\w:])(?:[a-z_]\w*::)+/g)].map(([path]) =>
    path.slice(0, -2).split("::"),
  );
  const path = paths.find(([crate]) => !SHARED.includes(crate)) ?? paths[0] ?? ["others"];
  return path.slice(0, DEPTHS[path[0]] ?? 1).join("::");
}

class Reader {
  constructor(bytes, begin, end) {
    Object.assign(this, { bytes, begin, end, at: begin });
  }
  number() {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.bytes[this.at++];
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
  }
  text() {
    const length = this.number();
    this.at += length;
    return new TextDecoder().decode(this.bytes.subarray(this.at - length, this.at));
  }
}

const KINDS = [
  "custom",
  "type",
  "import",
  "function",
  "table",
  "memory",
  "global",
  "export",
  "start",
  "element",
  "code",
  "data",
  "data count",
];

function sectionsOf(bytes) {
  const sections = new Map();
  const reader = new Reader(bytes, 8, bytes.length);
  while (reader.at < reader.end) {
    const kind = KINDS[reader.bytes[reader.at++]];
    const size = reader.number();
    const section = new Reader(bytes, reader.at, reader.at + size);
    const name = kind === "custom" ? section.text() : kind;
    sections.set(name, section);
    reader.at += size;
  }
  return sections;
}

/** How many functions are imported; wasm-bindgen's modules import nothing else. */
const importedFunctions = (reader) => reader?.number() ?? 0;

function namesOf(reader) {
  const names = new Map();
  while (reader !== undefined && reader.at < reader.end) {
    const kind = reader.bytes[reader.at++];
    const next = reader.number() + reader.at;
    if (kind === 1) {
      const count = reader.number();
      for (let at = 0; at < count; at++) names.set(reader.number(), reader.text());
    }
    reader.at = next;
  }
  return names;
}
