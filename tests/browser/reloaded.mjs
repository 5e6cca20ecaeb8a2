// A page that is reloaded in the middle of a program and goes on with it: QuickJS waits for what the page answers, and is kept
// in the browser's database meanwhile, as bytes.
import { Sandbox, call } from "guestbox";
import { WASM_FILES } from "../guests/files.mjs";
import { openQuickjs } from "../guests/quickjs-host.mjs";
import { sandboxed } from "../guests/sandboxed.mjs";

// What the exports are, in the names of the C sources.
const QTS_NewRuntime = "K",
  QTS_NewContext = "N",
  QTS_GetGlobalObject = "ua",
  QTS_NewFunction = "Da",
  QTS_NewFloat64 = "Y",
  QTS_GetFloat64 = "Z",
  QTS_Eval = "pa",
  QTS_ArgvGetJSValueConstPointer = "Ea",
  CALL_CONSTRUCTORS = "u";

const PROGRAM = "let total = 0; for (let i = 1; i <= 6; i++) total += ask(i) * i; total";

/**
 * Opens QuickJS over its driver's imports, with `ask(c, context, n)` as what the program's `ask` is answered by. `instantiate` is given the module and
 * these, and gives the guest, if it is there yet.
 */
function open(sandbox, bytes, instantiate, ask) {
  const asked = async (c, context, _self, _count, args) => {
    const n = c.callSync(QTS_GetFloat64, [context, c.callSync(QTS_ArgvGetJSValueConstPointer, [args, 0])]);
    return c.callSync(QTS_NewFloat64, [context, await ask(c, context, n)]);
  };
  const engine = sandboxed(sandbox, undefined, (module, given) => {
    given.get("a").set("s", call(asked));
    return instantiate(module, given);
  });
  return openQuickjs(engine, bytes, () => {});
}

/** Has QuickJS evaluate the program, to the end. */
async function evaluate(sandbox, bytes, options, ask) {
  let guest;
  const host = open(sandbox, bytes, (module, imports) => (guest = module.instantiate(imports, options)), ask);
  const { exports } = guest;
  exports[CALL_CONSTRUCTORS]();
  const runtime = exports[QTS_NewRuntime]();
  host.context = exports[QTS_NewContext](runtime, 0);
  const value = exports[QTS_NewFunction](host.context, host.newCString("ask"), 1, 0, 1);
  host.setProperty(exports[QTS_GetGlobalObject](host.context), "ask", value);
  const [program, file] = [host.newCString(PROGRAM), host.newCString("program.js")];
  const outcome = await guest.tryCall(QTS_Eval, [host.context, program, PROGRAM.length, file, 0, 0]);
  return resultOf(guest, host.context, outcome);
}

/** Goes on with what was parked, to the end. */
async function goOn(sandbox, bytes, { context, parked }, ask) {
  let unparking;
  open(sandbox, bytes, (module, imports) => void (unparking = { module, imports }), ask);
  const { guest, calls } = await unparking.module.unpark(unparking.imports, sandbox.parked(parked), { journal: true });
  return resultOf(guest, context, await calls[0].tryProceed());
}

function resultOf(guest, context, { status, value, trap, fuelUsed }) {
  if (status !== "ok") throw new Error(`${status} ${trap}`);
  return { value: guest.exports[QTS_GetFloat64](context, value), fuelUsed: String(fuelUsed) };
}

/** The one record of the database: read, or written. */
function database(mode, act) {
  return new Promise((resolve, reject) => {
    const opening = globalThis.indexedDB.open("parked", 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore("all");
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
      const transaction = opening.result.transaction("all", mode);
      const request = act(transaction.objectStore("all"));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onabort = () => reject(transaction.error);
    };
  });
}

/** Answers at the second time; at the first the page is reloaded. */
const answering = (seen) =>
  async function ask(c, context, n) {
    const { number } = c;
    const isAgain = seen.includes(number);
    seen.push(number);
    if (!isAgain) {
      // Bytes of what was before: this import is called again.
      const { bytes } = c.guest.park();
      await database("readwrite", (store) => store.put({ parked: bytes, context, seen }, "quickjs"));
      globalThis.location.reload();
      await new Promise(() => {});
    }
    return n * 10;
  };

async function run() {
  const response = await fetch(`/tests/guests/node_modules/${WASM_FILES.quickjs}`);
  const bytes = new Uint8Array(await response.arrayBuffer());
  const sandbox = await Sandbox.load({ limits: { fuel: 10n ** 12n, replayFuel: 10n ** 12n, journalBytes: 1 << 24, parkedBytes: 1 << 25 } });
  const kept = await database("readonly", (store) => store.get("quickjs"));
  const seen = kept?.seen ?? [];
  if (kept === undefined) return evaluate(sandbox, bytes, { journal: true }, answering(seen));
  const whole = await evaluate(sandbox, bytes, {}, async (_c, _context, n) => n * 10);
  const resumed = await goOn(sandbox, bytes, kept, answering(seen));
  return { whole, resumed, seen, bytes: kept.parked.length };
}

run().then(
  (result) => (globalThis.result = result),
  (error) => (globalThis.result = { error: String(error.stack) }),
);
