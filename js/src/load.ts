/** Finding and compiling the package's own wasm module, in whatever runtime this is. */

/** Where the wasm module comes from: a URL, its bytes, a response with them, or the module. */
export type WasmSource = string | URL | Response | BufferSource | WebAssembly.Module;

let packaged: Promise<WebAssembly.Module> | undefined;

/** The package's wasm module, compiled once for all sandboxes. */
export function loadModule(source: WasmSource | undefined): Promise<WebAssembly.Module> {
  if (source !== undefined) return compile(source);
  packaged ??= compile(new URL("./guestbox.wasm", import.meta.url)).catch((error) => {
    packaged = undefined;
    throw error;
  });
  return packaged;
}

async function compile(source: WasmSource): Promise<WebAssembly.Module> {
  if (source instanceof WebAssembly.Module) return source;
  if (source instanceof ArrayBuffer || ArrayBuffer.isView(source)) return WebAssembly.compile(source);
  if (typeof source === "string" || source instanceof URL) return fetchAndCompile(new URL(source, import.meta.url));
  return compileResponse(source);
}

async function fetchAndCompile(url: URL): Promise<WebAssembly.Module> {
  if (url.protocol === "file:" && typeof process === "object") {
    const { readFile } = await import("node:fs/promises");
    return WebAssembly.compile(await readFile(url));
  }
  const response = await fetch(url);
  if (!response.ok) throw new Error(`cannot load ${url.href}: ${response.status} ${response.statusText}`);
  return compileResponse(response);
}

async function compileResponse(response: Response): Promise<WebAssembly.Module> {
  const streams = response.headers.get("content-type") === "application/wasm";
  return streams ? WebAssembly.compileStreaming(response) : WebAssembly.compile(await response.arrayBuffer());
}
