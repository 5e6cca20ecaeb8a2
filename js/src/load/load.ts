/** Finding and compiling the package's own wasm module, in whatever runtime this is. */
import { isThenable } from "../base/checks.js";
import { LoadError } from "../base/errors.js";
import type { Address, Answer, PlainModule } from "../base/web.js";

/**
 * Where the wasm module comes from: its address, its bytes, a response with them, or the module. A path is the
 * page's own, as `fetch` takes it; in runtimes without a page it is a file's, from the current directory.
 */
export type WasmSource = string | Address | Answer | ArrayBuffer | ArrayBufferView | PlainModule;

/** Where a module of the package's is. */
type Packaged = () => WasmSource | Promise<WasmSource>;

/**
 * Where the modules are if nobody says so, the one without vectors and the one with: each entry of the package puts in what
 * it knows.
 */
export const packaged: { source: Packaged | undefined; simd: Packaged | undefined } = { source: undefined, simd: undefined };

const ADVICE =
  "serve the file `guestbox/guestbox.wasm` and give its URL in `load({ wasm })`, or import `guestbox/inline`, which needs no file";

const compiled: { source?: Promise<WebAssembly.Module> | undefined; simd?: Promise<WebAssembly.Module> | undefined } = {};

/** @internal The wasm module of a source, or that of the package's, with vectors or without, compiled once for all sandboxes. */
export function loadModule(source: WasmSource | undefined, hasVectors: boolean): Promise<WebAssembly.Module> {
  if (source !== undefined) return compile(source);
  const which = hasVectors ? "simd" : "source";
  return (compiled[which] ??= compilePackaged(which).catch((error: unknown) => {
    compiled[which] = undefined;
    throw error;
  }));
}

/** The error for a module that the package's JavaScript does not fit. */
export const otherModule = (reason: unknown): LoadError =>
  new LoadError("other-module", `the wasm module is not that of this version of \`guestbox\` (${textOf(reason)}); ${ADVICE}`);

async function compilePackaged(which: keyof typeof packaged): Promise<WebAssembly.Module> {
  if (which === "simd" && packaged.simd === undefined) {
    throw new LoadError(
      "no-simd",
      "this entry of the package has no engine with vectors; give that of `guestbox/guestbox-simd.wasm` in `load({ wasm })`",
    );
  }
  const find = packaged[which];
  if (find === undefined) throw new LoadError("unreachable", `\`guestbox/slim\` has no engine; ${ADVICE}`);
  let source: WasmSource;
  try {
    source = await find();
  } catch (error) {
    // A bundle that is no module does not know its own address.
    throw new LoadError("unreachable", `cannot tell where guestbox.wasm is (${textOf(error)}); ${ADVICE}`);
  }
  return compile(source);
}

/** @internal */
export async function compile(source: WasmSource): Promise<WebAssembly.Module> {
  if (source instanceof WebAssembly.Module) return source;
  if (source instanceof ArrayBuffer || ArrayBuffer.isView(source)) return settled("the bytes", WebAssembly.compile(source as BufferSource));
  if (typeof source === "string" || source instanceof URL) return compileFrom(String(source));
  if (isThenable(source)) throw new TypeError("wasm is a promise; await it first");
  const response = source as Partial<Response> | null;
  if (typeof response?.arrayBuffer === "function" && typeof response.status === "number") return compileResponse(source);
  throw new TypeError("wasm is neither an address, bytes, a response nor a WebAssembly.Module");
}

async function compileFrom(address: string): Promise<WebAssembly.Module> {
  const failed = (error: unknown): never => {
    throw new LoadError("unreachable", `cannot load ${address} (${textOf(error)}); ${ADVICE}`);
  };
  const file = reading(address);
  if (file !== undefined) return settled(address, WebAssembly.compile(await file.catch(failed)));
  return compileResponse(await fetch(address).catch(failed), address);
}

/** The file that an address names, where there is a file system. */
function reading(address: string): Promise<BufferSource> | undefined {
  // One letter is a drive.
  const isUrl = /^[a-z][a-z\d+.-]+:/i.test(address);
  const isFile = isUrl ? /^file:/i.test(address) : typeof location === "undefined";
  // No import, which bundlers would follow; and not the bare `process`, which some put another in the place of.
  const files = isFile ? globalThis.process?.getBuiltinModule?.("node:fs/promises") : undefined;
  return files?.readFile(isUrl ? new URL(address) : address);
}

async function compileResponse(response: Response, address = "the response"): Promise<WebAssembly.Module> {
  const { ok, status, statusText, headers } = response;
  const what = response.url || address;
  if (!ok) throw new LoadError("status", `cannot load ${what}: the answer is ${`${status} ${statusText}`.trim()}; ${ADVICE}`);
  const type = (headers.get("content-type") ?? "").toLowerCase();
  if (type.startsWith("text/html")) {
    throw new LoadError("html", `cannot load ${what}: the answer is an HTML page, as servers give for what they do not have; ${ADVICE}`);
  }
  const streams = type === "application/wasm" && typeof WebAssembly.compileStreaming === "function";
  return settled(what, streams ? WebAssembly.compileStreaming(response) : response.arrayBuffer().then(WebAssembly.compile));
}

/** What is compiled, or an error that says what to do. */
async function settled(what: string, module: Promise<WebAssembly.Module>): Promise<WebAssembly.Module> {
  try {
    return await module;
  } catch (error) {
    const text = textOf(error);
    if (/unsafe-eval|content.security.policy|\bCSP\b/i.test(text)) {
      throw new LoadError(
        "csp",
        `the page's Content-Security-Policy lets no WebAssembly be compiled; add 'wasm-unsafe-eval' to its script-src (${text})`,
      );
    }
    if (/disallowed by embedder/i.test(text)) {
      throw new LoadError(
        "no-compiling",
        `this runtime compiles no bytes; \`import wasm from "guestbox/guestbox.wasm"\` and give it in \`load({ wasm })\` (${text})`,
      );
    }
    const code = error instanceof WebAssembly.CompileError ? "not-wasm" : "unreachable";
    throw new LoadError(code, `cannot compile ${what} (${text}); ${ADVICE}`);
  }
}

/** What an error says, and what is behind it. */
function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}
