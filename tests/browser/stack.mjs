// A supervisor's own stack overflow in a page: the browser's own error, wherever it happens, and nothing else.
const isOverflow = (error) => ["RangeError", "InternalError"].includes(error?.name);

/** Fills the stack within imports and outside of them, again and again; `bytes` are of a guest that asks. */
export async function overflows(Sandbox, bytes) {
  const sandbox = await Sandbox.load();
  const module = sandbox.compile(bytes);
  const memory = sandbox.memory({ initial: 1 });
  const bystander = module.instantiate({ e: { ask: (n) => n } });
  const acts = [
    () => memory.read(0, 4),
    () => memory.size,
    () => bystander.exports.run(1),
    () => bystander.callSync("run", [1]),
    () => sandbox.compile(bytes).dispose(),
    () => module.instantiate({ e: { ask: (n) => n } }).dispose(),
  ];
  let overflowed = 0;
  for (const act of acts) {
    // Not in tail position, which would need no stack.
    const fill = () => [act(), fill()].length;
    const guest = module.instantiate({ e: { ask: () => fill() } });
    for (const start of [fill, () => guest.exports.run(1), () => guest.callSync("run", [1])]) {
      try {
        start();
      } catch (error) {
        if (!isOverflow(error)) throw error;
        overflowed++;
      }
      if (bystander.exports.run(6) !== 7) throw new Error("the bystander");
    }
    const error = await guest.call("run", [1]).catch((thrown) => thrown);
    if (!isOverflow(error)) throw error;
    guest.dispose();
  }
  sandbox.dispose();
  return overflowed === 3 * acts.length;
}
