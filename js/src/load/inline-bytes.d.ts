/** The wasm module, compressed, in base64; the build writes it. */
export const gzipped: string;
