// Where the wasm binaries lie below node_modules. The first five have drivers; the others are
// guests that import what a supervisor may not be able to give, or use features an engine may
// leave out.
// xxhash-wasm carries its module as an array in its JavaScript; the same package ships the same
// bytes as a file for one of the hosts it supports, and that file is read here.
export const WASM_FILES = {
  llhttp: "undici/lib/llhttp/llhttp.wasm",
  xxhash: "xxhash-wasm/workerd/xxhash.wasm",
  "source-map": "source-map/lib/mappings.wasm",
  argon2: "argon2-browser/dist/argon2.wasm",
  quickjs: "@jitl/quickjs-wasmfile-release-sync/dist/emscripten-module.wasm",
  "llhttp-simd": "undici/lib/llhttp/llhttp_simd.wasm",
  "argon2-simd": "argon2-browser/dist/argon2-simd.wasm",
  "web-tree-sitter": "web-tree-sitter/web-tree-sitter.wasm",
  "one-ini": "@one-ini/wasm/one_ini_bg.wasm",
  "sql.js": "sql.js/dist/sql-wasm.wasm",
};
