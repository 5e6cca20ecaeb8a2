// QuickJS in a sandbox, with programs as calls that can be sliced.
import { loadBytes } from "../guests/bytes.mjs";
import { FREE, MALLOC, QTS_FreeValuePointer, openQuickjs } from "../guests/quickjs-host.mjs";
import { sandboxed } from "../guests/sandboxed.mjs";
import { encodeText } from "../guests/trace.mjs";

// The names of Emscripten for what the C sources call so.
const CALL_CONSTRUCTORS = "u",
  QTS_NewRuntime = "K",
  QTS_NewContext = "N";
const QTS_Eval = "pa",
  QTS_GetFloat64 = "Z";

/**
 * Makes an interpreter; `evaluate(program, options)` gives the number that a program comes to, `NaN`
 * where it throws, and has the options of `guest.tryCall`; `fuelUsed` is what the last program used.
 */
export function quickjs(sandbox) {
  const engine = sandboxed(sandbox);
  let guest;
  const instantiate = (...args) => {
    const made = engine.instantiate(...args);
    guest = made.guest;
    return made;
  };
  const host = openQuickjs({ ...engine, instantiate }, loadBytes("quickjs"), () => {});
  host.guest.call(CALL_CONSTRUCTORS);
  const context = host.guest.call(QTS_NewContext, host.guest.call(QTS_NewRuntime), 0);
  const file = host.newCString("bench.js");
  return {
    fuelUsed: 0n,
    async evaluate(program, options) {
      const text = encodeText(program);
      const at = host.guest.call(MALLOC, text.length + 1);
      host.memory.write(at, Uint8Array.from([...text, 0]));
      const outcome = await guest.tryCall(QTS_Eval, [context, at, text.length, file, 0, 0], options);
      if (outcome.status !== "ok") throw outcome.trap ?? new Error("the program is out of fuel");
      const { value } = outcome;
      this.fuelUsed = outcome.fuelUsed;
      const number = guest.exports[QTS_GetFloat64](context, value);
      guest.exports[QTS_FreeValuePointer](context, value);
      guest.exports[FREE](at);
      return number;
    },
  };
}
