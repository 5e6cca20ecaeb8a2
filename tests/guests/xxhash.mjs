// xxHash, written by hand in the text format of wasm. It imports nothing and allocates nothing: the
// supervisor lays out the memory. Its exports are tested against published test vectors.
import { encodeText, hex32, openGuest, printMemory, writeU32, writeU64 } from "./trace.mjs";

export const name = "xxhash";
export const title = "XXH32 and XXH64, at once and in pieces, against the published test vectors";

// The prime used as the seed of the vectors; also the first word of the sanity buffer.
const PRIME32 = 0x9e3779b1;
const PRIME64 = 0x9e3779b185ebca8dn;

// Seed 0: the values printed by the reference program (xxhsum -H0 and -H1).
const TEXT_VECTORS = [
  { text: "", xxh32: 0x02cc5d05, xxh64: 0xef46db3751d8e999n },
  { text: "a", xxh32: 0x550d7456, xxh64: 0xd24ec4f1a98c6e5bn },
  { text: "abc", xxh32: 0x32d153ff, xxh64: 0x44bc2cf5ad770999n },
  {
    text: "Nobody inspects the spammish repetition",
    xxh32: 0xe2293b2f,
    xxh64: 0xfbcea83c8a378bf1n,
  },
];

// The sanity check of the reference program (xxHash, cli/xsum_sanity_check.c): the first bytes of
// the buffer that sanityBuffer() makes, with seed 0 and with seed PRIME32.
const BUFFER_VECTORS = [
  { length: 0, seeded: false, xxh32: 0x02cc5d05, xxh64: 0xef46db3751d8e999n },
  { length: 0, seeded: true, xxh32: 0x36b78ae7, xxh64: 0xac75fda2929b17efn },
  { length: 1, seeded: false, xxh32: 0xcf65b03e, xxh64: 0xe934a84adb052768n },
  { length: 1, seeded: true, xxh32: 0xb4545aa4, xxh64: 0x5014607643a9b4c3n },
  { length: 14, seeded: false, xxh32: 0x1208e7e2, xxh64: 0x8282dcc4994e35c8n },
  { length: 14, seeded: true, xxh32: 0x6af1d1fe, xxh64: 0xc3bd6bf63deb6df0n },
  { length: 222, seeded: false, xxh32: 0x5bd11dbd, xxh64: 0xb641ae8cb691c174n },
  { length: 222, seeded: true, xxh32: 0x58803c5f, xxh64: 0x20cb8ab7ae10c14an },
];

// Where the supervisor puts the state of a hash made in pieces, and the input. The state must be
// all zero when a hash begins.
const STATE = 0;
const STATE32_SIZE = 48,
  STATE64_SIZE = 88;
const INPUT = 1024;

// Each piece is 37 bytes: shorter and longer than what the guest consumes at a time.
const PIECE = 37;

function sanityBuffer(length) {
  const buffer = new Uint8Array(length);
  let word = BigInt(PRIME32);
  for (let i = 0; i < length; i++) {
    buffer[i] = Number(word >> 56n);
    word = BigInt.asUintN(64, word * PRIME64);
  }
  return buffer;
}

function hex64(value) {
  return BigInt.asUintN(64, value).toString(16).padStart(16, "0");
}

export function run(engine, bytes, print) {
  const guest = openGuest(engine, bytes, {}, print);
  const memory = guest.memory("mem");

  function check(what, hex, expected) {
    print(`${what} = ${hex}`);
    if (hex !== expected) throw new Error(`${what} = ${hex}, published is ${expected}`);
  }

  for (let i = 0; i < TEXT_VECTORS.length; i++) {
    const vector = TEXT_VECTORS[i];
    const input = encodeText(vector.text);
    memory.write(INPUT, input);
    const hash32 = guest.call("xxh32", INPUT, input.length, 0);
    check(`xxh32("${vector.text}")`, hex32(hash32), hex32(vector.xxh32));
    const hash64 = guest.call("xxh64", INPUT, input.length, 0n);
    check(`xxh64("${vector.text}")`, hex64(hash64), hex64(vector.xxh64));
  }

  const buffer = sanityBuffer(222);
  memory.write(INPUT, buffer);
  for (let i = 0; i < BUFFER_VECTORS.length; i++) {
    const vector = BUFFER_VECTORS[i];
    const seed = vector.seeded ? PRIME32 : 0;
    const suffix = `(buffer of ${vector.length} bytes, seed ${seed})`;
    const hash32 = guest.call("xxh32", INPUT, vector.length, seed | 0);
    check("xxh32" + suffix, hex32(hash32), hex32(vector.xxh32));
    const hash64 = guest.call("xxh64", INPUT, vector.length, BigInt(seed));
    check("xxh64" + suffix, hex64(hash64), hex64(vector.xxh64));
  }

  // The same in pieces, with the last two vectors. The input stays where it is in the memory.
  for (let i = 6; i < BUFFER_VECTORS.length; i++) {
    const vector = BUFFER_VECTORS[i];
    const seed = vector.seeded ? PRIME32 : 0;
    const suffix = `(buffer of ${vector.length} bytes in pieces, seed ${seed})`;

    memory.write(STATE, new Uint8Array(STATE32_SIZE));
    guest.call("init32", STATE, seed | 0);
    for (let at = 0; at < vector.length; at += PIECE) {
      guest.call("update32", STATE, INPUT + at, Math.min(PIECE, vector.length - at));
    }
    check("xxh32" + suffix, hex32(guest.call("digest32", STATE)), hex32(vector.xxh32));

    memory.write(STATE, new Uint8Array(STATE64_SIZE));
    guest.call("init64", STATE, BigInt(seed));
    for (let at = 0; at < vector.length; at += PIECE) {
      guest.call("update64", STATE, INPUT + at, Math.min(PIECE, vector.length - at));
    }
    check("xxh64" + suffix, hex64(guest.call("digest64", STATE)), hex64(vector.xxh64));
  }

  // A seed with the highest bit set: i64 values cross the border in both directions as signed.
  const seed = BigInt.asIntN(64, PRIME64);
  const hash = guest.call("xxh64", INPUT, 222, seed);
  print(`xxh64(buffer of 222 bytes, seed ${PRIME64}) = ${hex64(hash)}`);

  // The hashes go into the memory, so that its own hash at the end depends on all of the above.
  writeU32(memory, INPUT + 256, guest.call("xxh32", INPUT, 222, 0) >>> 0);
  writeU64(memory, INPUT + 264, hash);
  printMemory(memory, print);
}
