// A Worker as workerd runs them. It answers with what came of the scenarios, or, to a guest's bytes, with what its `run` came to.
import * as guestbox from "guestbox";
import vectors from "guestbox/guestbox-simd.wasm";
import * as scale from "guestbox/scale";
import * as wasi from "guestbox/wasi";
import { run } from "./scenarios.mjs";

const { CompileError, Sandbox } = guestbox;

export default {
  async fetch(request) {
    if (request.method === "POST") return runGuest(await request.arrayBuffer());
    return Response.json(await run({ guestbox, scale, wasi, vectors: () => ({ wasm: vectors }) }));
  },
};

async function runGuest(bytes) {
  const sandbox = await Sandbox.load({ limits: "strict" });
  try {
    const guest = sandbox.compile(bytes).instantiate({}, { fuel: 1_000_000n });
    return Response.json(guest.tryCallSync("run"));
  } catch (error) {
    if (!CompileError.is(error)) throw error;
    return Response.json(error, { status: 400 });
  } finally {
    sandbox.dispose();
  }
}
