// The storage of a runtime, as Substrate has it: entries in the order of their keys, the tries of its
// children, and transactions that nest. Keys are in hexadecimal.
const EMPTY_TRIE = Uint8Array.of(0);

export class Storage {
  #now = { top: new Map(), children: new Map() };
  #transactions = [];
  #hash;

  /** `hash` is BLAKE2b of 256 bits. */
  constructor(hash) {
    this.#hash = hash;
  }

  start() {
    const { top, children } = this.#now;
    const copy = new Map([...children].map(([id, entries]) => [id, new Map(entries)]));
    this.#transactions.push({ top: new Map(top), children: copy });
  }

  rollback() {
    this.#now = this.#ended();
  }

  commit() {
    this.#ended();
  }

  #ended() {
    if (this.#transactions.length === 0) throw new Error("there is no transaction");
    return this.#transactions.pop();
  }

  /** The entries of a child, or without its id those at the top. */
  entries(child) {
    if (child === undefined) return this.#now.top;
    const { children } = this.#now;
    if (!children.has(child)) children.set(child, new Map());
    return children.get(child);
  }

  next(key, child) {
    let next;
    for (const one of this.entries(child).keys()) {
      if (one > key && (next === undefined || one < next)) next = one;
    }
    return next;
  }

  clearPrefix(prefix) {
    for (const key of [...this.entries().keys()]) {
      if (key.startsWith(prefix)) this.entries().delete(key);
    }
  }

  /** The root of a child's trie. */
  root(child) {
    const entries = [...this.entries(child)].sort(([a], [b]) => (a < b ? -1 : 1));
    return this.#hash(entries.length === 0 ? EMPTY_TRIE : this.#node(entries, 0));
  }

  /** A node of a trie: sorted entries whose keys are the same in their first `depth` digits. */
  #node(entries, depth) {
    const [first] = entries[0];
    const [last] = entries.at(-1);
    let end = depth;
    while (end < first.length && first[end] === last[end]) end += 1;
    const value = first.length === end ? withLength(entries.shift()[1]) : [];
    const path = (kind) => partialKey(kind, first.slice(depth, end));
    if (entries.length === 0) return Uint8Array.from([...path(0x40), ...value]);
    let bits = 0;
    const children = [];
    for (const [index, digit] of [..."0123456789abcdef"].entries()) {
      const below = entries.filter(([key]) => key[end] === digit);
      if (below.length === 0) continue;
      bits |= 1 << index;
      const node = this.#node(below, end + 1);
      children.push(...withLength(node.length < 32 ? node : this.#hash(node)));
    }
    return Uint8Array.from([...path(value.length === 0 ? 0x80 : 0xc0), bits & 0xff, bits >> 8, ...value, ...children]);
  }
}

/** The head of a node: its kind, how many digits its path has, and these, two to a byte. */
function partialKey(kind, digits) {
  const head = [kind | Math.min(digits.length, 63)];
  let left = digits.length - 62;
  for (; left > 255; left -= 255) head.push(255);
  if (left > 0) head.push(left - 1);
  return [...head, ...unhex(digits.length % 2 === 0 ? digits : `0${digits}`)];
}

export const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
export const unhex = (digits) => Uint8Array.from(digits.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));

/** A number in SCALE's compact form, of at most 30 bits. */
export function compact(number) {
  if (number < 1 << 6) return [number << 2];
  if (number < 1 << 14) return [((number << 2) | 1) & 0xff, number >> 6];
  return [((number << 2) | 2) & 0xff, (number >> 6) & 0xff, (number >> 14) & 0xff, number >> 22];
}

/** The number that begins there in compact form, and how many bytes it has. */
export function readCompact([a, b, c, d]) {
  if ((a & 3) === 0) return [a >> 2, 1];
  if ((a & 3) === 1) return [((b << 8) | a) >>> 2, 2];
  return [((d << 24) | (c << 16) | (b << 8) | a) >>> 2, 4];
}

export const withLength = (bytes) => [...compact(bytes.length), ...bytes];
