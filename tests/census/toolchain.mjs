// What a module was made with: by its producers section, by what it imports and exports, and by other custom sections.

/** The toolchains, in the order of the table. */
export const TOOLCHAINS = [
  "Emscripten",
  "Emscripten, linked dynamically",
  "wasm-bindgen",
  "WASI, C and Rust",
  "Go",
  "TinyGo",
  "AssemblyScript",
  "other Rust",
  "other C and C++",
  "Zig",
  "others",
];

/** Custom sections that tell. */
export const SECTIONS = ["dylink", "dylink.0", "emscripten_metadata", "go:buildid", "producers"];

// As Emscripten shortens the names of what it imports and exports: `a` `b`, or a letter or two for an export.
const isShort = (name) => /^[A-Za-z_$][A-Za-z0-9_$]?$/.test(name);

const RULES = [
  ["Go", ({ sections, imports }) => sections.has("go:buildid") || imports.some(({ name }) => name.startsWith("runtime.wasm"))],
  ["TinyGo", ({ producers, imports }) => /TinyGo/.test(producers) || imports.some(({ module, name }) => isTinyGo(module, name))],
  ["Emscripten, linked dynamically", ({ sections }) => sections.has("dylink") || sections.has("dylink.0")],
  ["wasm-bindgen", ({ producers, names }) => /wasm-bindgen/.test(producers) || names.some((name) => /^__(wbindgen|wbg)_/.test(name))],
  ["Emscripten", isEmscripten],
  ["AssemblyScript", ({ names, imports }) => names.some(isOfAssemblyScript) || imports.some(isAbortOfAssemblyScript)],
  ["WASI, C and Rust", ({ imports }) => imports.some(({ module }) => /^wasi_(snapshot_preview1|unstable)$/.test(module))],
  ["Zig", ({ id }) => /zig/i.test(id)],
  ["other Rust", ({ producers }) => /Rust/.test(producers)],
  ["other C and C++", ({ producers, names }) => /clang/.test(producers) || names.includes("__wasm_call_ctors")],
];

const isTinyGo = (module, name) => (module === "gojs" || module === "env") && /^(runtime\.ticks|syscall\/js\.)/.test(name);

function isEmscripten({ sections, imports, exports, names }) {
  if (sections.has("emscripten_metadata")) return true;
  if (names.some((name) => /emscripten|^(invoke_[vijfd]+|stackSave|stackAlloc|_embind_\w+|___?cxa_throw|dynCall_\w+)$/.test(name)))
    return true;
  const isShortened = imports.length > 0 && imports.every(({ module, name }) => isShort(module) && isShort(name));
  return isShortened && exports.every(({ name }) => isShort(name) || name.startsWith("_"));
}

const isOfAssemblyScript = (name) => /^(__new|__pin|__collect|__retain|__rtti_base|__alloc|memory\.allocate)$/.test(name);
const isAbortOfAssemblyScript = ({ module, name, params }) => module === "env" && name === "abort" && String(params) === "i32,i32,i32,i32";

/** The toolchain of a module that was described, see plain.mjs. */
export function toolchainOf({ id, imports, exports, sections }) {
  const producers = Buffer.from(sections.producers ?? []).toString("latin1");
  const names = [...imports, ...exports].map(({ name }) => name);
  const module = { id, imports, exports, names, producers, sections: new Set(Object.keys(sections)) };
  return RULES.find(([, holds]) => holds(module))?.[0] ?? "others";
}
