// Runs the real guests in this JavaScript runtime, with the fuel that each call takes.
import { sandboxed } from "../guests/sandboxed.mjs";

/** Runs one of the real guests: its trace, with the fuel of each outermost call. */
export async function runGuest({ Sandbox, call }, guest, bytes) {
  // The interpreter among them works longer than a guest may by default.
  const sandbox = await Sandbox.load({ limits: { fuel: 10n ** 12n } });
  const lines = [];
  let fuel;
  const engine = sandboxed(
    sandbox,
    meter(sandbox, call, (used) => (fuel = used)),
  );
  guest.run(engine, bytes, (line) => {
    lines.push(fuel === undefined ? line : `${line}, ${fuel} fuel`);
    fuel = undefined;
  });
  sandbox.dispose();
  return lines;
}

/** A module that exports the function `e` `f` that it imports, as `f`. */
const PASSES_ON = [
  ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0], // a type without parameters and results
  ...[2, 7, 1, 1, 0x65, 1, 0x66, 0, 0, 7, 5, 1, 1, 0x66, 0, 0],
];

/** What runs `act` in a host call, on whose fuel the calls in it draw, and tells what they took. */
function meter(sandbox, call, tell) {
  let isNested = false;
  return (act) => {
    if (isNested) return act();
    let result;
    const metered = call((context) => {
      const before = context.fuel;
      isNested = true;
      try {
        result = act();
      } finally {
        isNested = false;
        tell(before - context.fuel);
      }
    });
    const guest = sandbox.compile(Uint8Array.from(PASSES_ON)).instantiate({ e: { f: metered } });
    try {
      guest.exports.f();
    } finally {
      guest.dispose();
    }
    return result;
  };
}
