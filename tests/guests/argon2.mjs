// Argon2, the password hash, compiled by Emscripten; its import and export names are shortened to
// one letter. It copies blocks of 1024 bytes through an import: the supervisor writes the guest's
// memory while the guest computes.
import { encodeText, hexBytes, openGuest, printMemory, readCString } from "./trace.mjs";

export const name = "argon2";
export const title = "Argon2 password hash: reference and RFC 9106 values, verification, no memory";

// What the exports are, in the names of the C sources.
const CALL_CONSTRUCTORS = "d";
const ARGON2_HASH = "e";
const MALLOC = "f";
const FREE = "g";
const ARGON2_VERIFY = "h";
const ARGON2_ERROR_MESSAGE = "i";
const ARGON2_ENCODEDLEN = "j";
const ARGON2_HASH_EXT = "l";

// argon2_type, the version 1.3 and two error codes of argon2.h.
const ARGON2_D = 0,
  ARGON2_I = 1,
  ARGON2_ID = 2;
const VERSION = 0x13;
const OK = 0,
  VERIFY_MISMATCH = -35,
  MEMORY_ALLOCATION_ERROR = -22;

// The test program of the reference implementation (phc-winner-argon2, src/test.c), version 0x13:
// Argon2id, 2 passes over 256 KiB, one lane, 32 bytes.
const PASSWORD = "password",
  SALT = "somesalt";
const ENCODED = "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";

// Made with the reference implementation (through argon2-cffi): Argon2i, one pass over 32 KiB.
const STORED = "$argon2i$v=19$m=32,t=1,p=1$bm90IHNvIHJhbmRvbQ$RCYKjPZImbZ+55RcCwwL8B42kE2k6Au/";
const RIGHT_PASSWORD = "correct horse battery staple";
const WRONG_PASSWORD = "correct horse battery stable";

// RFC 9106, section 5: 3 passes over 32 KiB, 4 lanes, with a secret and associated data.
const RFC_VECTORS = [
  {
    name: "argon2d",
    type: ARGON2_D,
    tag: "512b391b6f1162975371d30919734294f868e3be3984f3c1a13a4db9fabe4acb",
  },
  {
    name: "argon2i",
    type: ARGON2_I,
    tag: "c814d9d1dc7f37aa13f0d77f2494bda1c8de6b016dd388d29952a4c4672b6ce8",
  },
  {
    name: "argon2id",
    type: ARGON2_ID,
    tag: "0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659",
  },
];

const HASH_LENGTH = 32;

export function run(engine, bytes, print) {
  const imports = {
    a: {
      // emscripten_memcpy_big(destination, source, length); the result is not used.
      a(destination, source, length) {
        memory.write(destination, memory.read(source, length));
        return destination;
      },
      // emscripten_resize_heap(size in bytes): the supervisor gives no more memory.
      b(size) {
        return 0;
      },
    },
  };
  const guest = openGuest(engine, bytes, imports, print);
  const memory = guest.memory("c");

  // Allocates room for the bytes, with a zero after them, and writes them.
  function place(content) {
    const at = guest.call(MALLOC, content.length + 1);
    memory.write(at, content);
    memory.write(at + content.length, new Uint8Array(1));
    return at;
  }
  function check(what, value, expected) {
    if (value !== expected) throw new Error(`${what} is ${value}, expected ${expected}`);
  }
  function errorMessage(code) {
    return readCString(memory, guest.call(ARGON2_ERROR_MESSAGE, code));
  }

  guest.call(CALL_CONSTRUCTORS);

  const password = encodeText(PASSWORD),
    salt = encodeText(SALT);
  const passwordAt = place(password);
  const saltAt = place(salt);
  const hashAt = guest.call(MALLOC, HASH_LENGTH);

  const encodedLength = guest.call(ARGON2_ENCODEDLEN, 2, 256, 1, salt.length, HASH_LENGTH, ARGON2_ID);
  const encodedAt = guest.call(MALLOC, encodedLength);
  const hashed = guest.call(
    ARGON2_HASH,
    2,
    256,
    1,
    passwordAt,
    password.length,
    saltAt,
    salt.length,
    hashAt,
    HASH_LENGTH,
    encodedAt,
    encodedLength,
    ARGON2_ID,
    VERSION,
  );
  check("the result", hashed, OK);
  const encoded = readCString(memory, encodedAt);
  print(`hash ${hexBytes(memory.read(hashAt, HASH_LENGTH))}`);
  print(`encoded ${encoded}`);
  check("the encoded hash", encoded, ENCODED);
  guest.call(FREE, encodedAt);

  const storedAt = place(encodeText(STORED));
  const triedAt = place(encodeText(RIGHT_PASSWORD));
  const right = guest.call(ARGON2_VERIFY, storedAt, triedAt, RIGHT_PASSWORD.length, ARGON2_I);
  check("the verification", right, OK);
  print(`verify "${RIGHT_PASSWORD}": ${errorMessage(right)}`);
  memory.write(triedAt, encodeText(WRONG_PASSWORD));
  const wrong = guest.call(ARGON2_VERIFY, storedAt, triedAt, WRONG_PASSWORD.length, ARGON2_I);
  check("the verification of a wrong password", wrong, VERIFY_MISMATCH);
  print(`verify "${WRONG_PASSWORD}": ${errorMessage(wrong)}`);
  guest.call(FREE, triedAt);
  guest.call(FREE, storedAt);

  const rfcPasswordAt = place(new Uint8Array(32).fill(1));
  const rfcSaltAt = place(new Uint8Array(16).fill(2));
  const secretAt = place(new Uint8Array(8).fill(3));
  const dataAt = place(new Uint8Array(12).fill(4));
  for (let i = 0; i < RFC_VECTORS.length; i++) {
    const vector = RFC_VECTORS[i];
    const code = guest.call(
      ARGON2_HASH_EXT,
      3,
      32,
      4,
      rfcPasswordAt,
      32,
      rfcSaltAt,
      16,
      hashAt,
      HASH_LENGTH,
      0,
      0,
      vector.type,
      secretAt,
      8,
      dataAt,
      12,
      VERSION,
    );
    check("the result", code, OK);
    const tag = hexBytes(memory.read(hashAt, HASH_LENGTH));
    print(`RFC 9106 ${vector.name} tag ${tag}`);
    check("the tag", tag, vector.tag);
  }

  // 32 MiB do not fit into the 16 MiB the guest has: it asks for more and is refused.
  const refused = guest.call(
    ARGON2_HASH,
    1,
    32768,
    1,
    passwordAt,
    password.length,
    saltAt,
    salt.length,
    hashAt,
    HASH_LENGTH,
    0,
    0,
    ARGON2_ID,
    VERSION,
  );
  check("the result without memory", refused, MEMORY_ALLOCATION_ERROR);
  print(`32 MiB: ${errorMessage(refused)}`);

  guest.call(FREE, passwordAt);
  guest.call(FREE, saltAt);
  guest.call(FREE, hashAt);
  guest.call(FREE, rfcPasswordAt);
  guest.call(FREE, rfcSaltAt);
  guest.call(FREE, secretAt);
  guest.call(FREE, dataAt);
  printMemory(memory, print);
}
