// A check that measures: an animation goes on while a guest loops, and an abort is prompt.
//
// Other programs on the machine delay frames, too. So each attempt first measures the animation
// without a guest, counts only if that was smooth, and one smooth attempt is enough: a guest that
// holds the page up would do so in all of them. That this can be seen is shown last, by a call in
// a single slice.

/** The longest that a frame may be late, and an abort, in milliseconds. */
const FRAME = 50;
const ABORT = 20;
/** How long each measurement lasts, in milliseconds. */
const SPELL = 1_200;
const ATTEMPTS = 12;

/** Animates an element until `work` is done; the longest time between two frames, and how many there were. */
async function animated(work) {
  const box = document.body.appendChild(document.createElement("div"));
  box.style.cssText = "position: absolute; width: 20px; height: 20px; background: teal";
  let [count, longest, last, goesOn] = [0, 0, performance.now(), true];
  const ended = new Promise((resolve) => {
    const onFrame = () => {
      const now = performance.now();
      longest = Math.max(longest, now - last);
      last = now;
      count += 1;
      box.style.left = `${count % 200}px`;
      if (goesOn) requestAnimationFrame(onFrame);
      else resolve();
    };
    requestAnimationFrame(onFrame);
  });
  const value = await work();
  goesOn = false;
  await ended;
  box.remove();
  return { value, longest, count };
}

/** Waits for a point in time as a timer can; how late it was. */
const until = (time) => new Promise((resolve) => setTimeout(() => resolve(performance.now() - time), time - performance.now()));

/** Calls an endless loop and aborts it after the spell; how long after the signal was due it had ended. */
async function aborted(instance) {
  const controller = new AbortController();
  const due = performance.now() + SPELL;
  const ended = instance.call("forever", [], { fuel: 2n ** 64n - 1n, signal: controller.signal }).then(
    () => Promise.reject(new Error("an endless loop ended")),
    (reason) => (reason === "enough" ? performance.now() - due : Promise.reject(reason)),
  );
  await until(due);
  controller.abort("enough");
  return ended;
}

/** The check, given what makes a guest; a line about what was measured. */
export async function framesGoOn(makeGuest) {
  const instance = await makeGuest("loops");
  const seen = [];
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const without = await animated(() => until(performance.now() + SPELL));
    if (without.longest > FRAME || without.value > ABORT) {
      seen.push(`without a guest ${show(without)}`);
      continue;
    }
    const rounds = instance.exports.rounds.value;
    const looping = await animated(() => aborted(instance));
    if (instance.exports.rounds.value === rounds) throw new Error("the loop did not run");
    if (instance.exports.fine() !== 7) throw new Error("the guest does not serve the next call");
    seen.push(`looping ${show(looping)}, without ${show(without)}`);
    if (looping.longest > FRAME || looping.value > ABORT) continue;
    if (looping.count < without.count / 2) continue;
    const whole = await animated(() => instance.tryCall("forever", [], { fuel: 10n ** 8n, slice: 10n ** 8n }));
    whole.value.dispose();
    if (whole.longest <= FRAME) throw new Error(`a call in one slice was not seen to hold a frame up: ${whole.longest.toFixed(0)} ms`);
    return `${seen.at(-1)}; in one slice ${whole.longest.toFixed(0)} ms`;
  }
  throw new Error(`no smooth attempt of ${ATTEMPTS}: ${seen.join("; ")}`);
}

const show = ({ longest, value, count }) => `${count} frames, the longest ${longest.toFixed(0)} ms, the timer ${value.toFixed(1)} ms late`;
