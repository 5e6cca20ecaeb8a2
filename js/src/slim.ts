/** What `guestbox` exports, without a wasm module of its own: `load({ wasm })` is given one. */
export * from "./api.js";
