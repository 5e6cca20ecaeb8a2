// Serves the checkout or another folder, and what is made on the fly, to a browser on this machine.
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { once } from "node:events";
import { extname, normalize } from "node:path";
import { text } from "node:stream/consumers";

const TYPES = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".mjs": "text/javascript; charset=utf-8",
  ".wasm": "application/wasm",
};
const ROOT = new URL("../../", import.meta.url);

/**
 * Starts a server of a folder's files, at a port that is given or any; `made` are bodies by path, which come before them,
 * `posted` is told what a page says to us, by path, and `headers` come with each answer.
 */
export async function serve({ made = {}, root = ROOT, port = 0, posted = {}, headers = {} } = {}) {
  const server = createServer(async (request, response) => {
    const path = normalize(decodeURIComponent(new URL(request.url, "http://localhost").pathname));
    if (request.method === "POST" && Object.hasOwn(posted, path)) {
      posted[path](await text(request));
      response.writeHead(204).end();
      return;
    }
    try {
      const body = Object.hasOwn(made, path) ? made[path] : await readFile(new URL(`.${path}`, root));
      const type = TYPES[extname(path)] ?? "application/octet-stream";
      response.writeHead(200, { "content-type": type, "cache-control": "no-store", ...headers });
      response.end(body);
    } catch (error) {
      const isMissing = ["ENOENT", "EISDIR", "ENOTDIR"].includes(error.code);
      response.writeHead(isMissing ? 404 : 500, { "content-type": "text/plain" }).end(`${path}: ${error.code ?? error}`);
    }
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return { server, base: `http://127.0.0.1:${server.address().port}` };
}
