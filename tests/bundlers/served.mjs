// Programs that serve HTTP at a port of this machine, workerd among them.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const WORKERD = fileURLToPath(new URL("../turns/node_modules/.bin/workerd", import.meta.url));

export const quiet = { ...process.env, NEXT_TELEMETRY_DISABLED: "1", CI: "1" };

/** A program in a folder that serves HTTP at a port. */
export async function served(cwd, commandAt) {
  const port = String(20_000 + Math.floor(Math.random() * 20_000));
  const [name, ...args] = commandAt(port);
  const server = spawn(name, args, { cwd, stdio: ["ignore", "ignore", "inherit"], env: quiet });
  const close = async () => {
    server.kill();
    if (server.exitCode === null && server.signalCode === null) await once(server, "exit");
  };
  const url = `http://127.0.0.1:${port}`;
  try {
    await listening(port);
  } catch (error) {
    await close();
    throw error;
  }
  return { url, close };
}

/** workerd with the Worker in the file `main.js` of a folder, and the wasm modules beside it. */
export function workerd(folder, flags = []) {
  const wasm = readdirSync(folder).filter((name) => name.endsWith(".wasm"));
  const modules = ['(name = "main.js", esModule = embed "main.js")', ...wasm.map((name) => `(name = "${name}", wasm = embed "${name}")`)];
  return served(folder, (port) => {
    writeFileSync(
      join(folder, "config.capnp"),
      `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = .main)],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")]);
const main :Workerd.Worker = (
  modules = [${modules.join(", ")}],
  compatibilityDate = "2026-01-01", compatibilityFlags = [${flags.map((flag) => `"${flag}"`).join(", ")}]);
`,
    );
    return [WORKERD, "serve", "config.capnp"];
  });
}

/** Waits for somebody who listens at a port. */
async function listening(port) {
  for (let tries = 0; ; tries++) {
    const socket = connect(port, "127.0.0.1");
    try {
      return await once(socket, "connect");
    } catch (error) {
      if (tries >= 100) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    } finally {
      socket.destroy();
    }
  }
}
