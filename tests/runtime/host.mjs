// Runs the scenarios in this JavaScript runtime: guestbox serves the sandbox, and what else the runtime
// imports is here. Node and the page use it.
import { blake2b } from "./node_modules/@noble/hashes/blake2.js";
import { sha256 } from "./node_modules/@noble/hashes/sha2.js";
import { keccak_256 } from "./node_modules/@noble/hashes/sha3.js";
import xxhash from "./node_modules/xxhash-wasm/esm/xxhash-wasm.js";
import { Storage, hex, readCompact, compact, unhex, withLength } from "./storage.mjs";

/** The pages of the runtime's memory, most of them its heap. */
const PAGES = 512;
const NONE = [0];
const some = (bytes) => [1, ...bytes];
const u32 = (number) => [number, number >> 8, number >> 16, number >> 24];

/** The dump of all scenarios. `bytes` are the runtime's. */
export async function dump(Substrate, bytes) {
  const host = await Substrate.load({ limits: "self-metered" });
  const imported = new WebAssembly.Memory({ initial: PAGES });
  const { h64Raw } = await xxhash();
  let [memory, storage] = [imported];
  const blake2 = (length) => (data) => blake2b(data, { dkLen: length });

  const { ext_allocator_malloc_version_1: allocate } = host.imports;
  const at = (slice) => new Uint8Array(memory.buffer, Number(slice & 0xffff_ffffn), Number(slice >> 32n));
  const read = (slice) => at(slice).slice();
  const key = (slice) => hex(at(slice));
  const text = (slice) => new TextDecoder().decode(read(slice));
  const put = (given) => {
    const pointer = allocate(given.length);
    new Uint8Array(memory.buffer).set(given, pointer);
    return pointer;
  };
  const give = (given) => (BigInt(given.length) << 32n) | BigInt(put(given));
  const option = (value) => give(value === undefined ? NONE : some(withLength(value)));
  const next = (from, child) => {
    const found = storage.next(key(from), child);
    return option(found === undefined ? undefined : unhex(found));
  };
  const readInto = (value, out, offset) => {
    if (value === undefined) return give(NONE);
    const rest = value.subarray(offset);
    const into = at(out);
    into.set(rest.subarray(0, into.length));
    return give(some(u32(rest.length)));
  };
  const append = (entries, at, item) => {
    const [count, length] = entries.has(at) ? readCompact(entries.get(at)) : [0, 0];
    const items = entries.get(at)?.subarray(length) ?? [];
    entries.set(at, Uint8Array.from([...compact(count + 1), ...items, ...item]));
  };
  /** XXH64 with the seeds from 0 on, one after the other. */
  const twox = (count) => (data) => {
    const view = new DataView(new ArrayBuffer(8 * count));
    for (let seed = 0; seed < count; seed++) view.setBigUint64(8 * seed, h64Raw(data, BigInt(seed)), true);
    return new Uint8Array(view.buffer);
  };
  const hashing = (hash) => (data) => put(hash(read(data)));
  const childRoot = (child) => {
    const root = storage.root(child);
    const place = hex(new TextEncoder().encode(":child_storage:default:")) + child;
    if (storage.entries(child).size > 0) storage.entries().set(place, root);
    else storage.entries().delete(place);
    return root;
  };

  const imports = {
    ext_storage_get_version_1: (at) => option(storage.entries().get(key(at))),
    ext_storage_read_version_1: (at, out, offset) => readInto(storage.entries().get(key(at)), out, offset),
    ext_storage_set_version_1: (at, value) => void storage.entries().set(key(at), read(value)),
    ext_storage_append_version_1: (at, item) => append(storage.entries(), key(at), read(item)),
    ext_storage_clear_version_1: (at) => void storage.entries().delete(key(at)),
    ext_storage_clear_prefix_version_1: (prefix) => storage.clearPrefix(key(prefix)),
    ext_storage_exists_version_1: (at) => Number(storage.entries().has(key(at))),
    ext_storage_next_key_version_1: (from) => next(from),
    ext_storage_start_transaction_version_1: () => storage.start(),
    ext_storage_rollback_transaction_version_1: () => storage.rollback(),
    ext_storage_commit_transaction_version_1: () => storage.commit(),
    ext_default_child_storage_get_version_1: (child, at) => option(storage.entries(key(child)).get(key(at))),
    ext_default_child_storage_read_version_1: (child, at, out, offset) => readInto(storage.entries(key(child)).get(key(at)), out, offset),
    ext_default_child_storage_set_version_1: (child, at, value) => void storage.entries(key(child)).set(key(at), read(value)),
    ext_default_child_storage_clear_version_1: (child, at) => void storage.entries(key(child)).delete(key(at)),
    ext_default_child_storage_next_key_version_1: (child, from) => next(from, key(child)),
    ext_default_child_storage_root_version_1: (child) => give(childRoot(key(child))),
    // The limit is of what was there before the block, which in a scenario is nothing.
    ext_default_child_storage_storage_kill_version_2: (child) => (storage.entries(key(child)).clear(), 1),
    ext_hashing_blake2_128_version_1: hashing(blake2(16)),
    ext_hashing_blake2_256_version_1: hashing(blake2(32)),
    ext_hashing_keccak_256_version_1: hashing(keccak_256),
    ext_hashing_sha2_256_version_1: hashing(sha256),
    ext_hashing_twox_64_version_1: hashing(twox(1)),
    ext_hashing_twox_128_version_1: hashing(twox(2)),
    ext_misc_print_utf8_version_1() {},
    ext_misc_runtime_version_version_1: () => give(NONE),
    // What the runtime says when it panics.
    ext_logging_log_version_1: (_level, target, message) => console.error(`${text(target)}: ${text(message)}`),
  };
  const env = { memory: imported, ...host.imports, ...imports };
  const { instance } = await WebAssembly.instantiate(bytes, { env });
  const { memory: own, scenario } = instance.exports;
  if (own !== undefined) {
    memory = own;
    memory.grow(PAGES - memory.buffer.byteLength / 65_536);
  }
  host.attach(instance, { memory });
  let dumped = "";
  for (let index = 0; ; index++) {
    storage = new Storage(blake2(32));
    const output = scenario(index);
    if (output === 0n) return dumped;
    dumped += text(BigInt.asUintN(64, output));
  }
}

/** The first line in which a dump is not the expected one, in words; nothing where there is none. */
export function difference(expected, dumped) {
  const [lines, others] = [expected.split("\n"), dumped.split("\n")];
  const at = lines.findIndex((line, index) => line !== others[index]);
  if (at >= 0) return `line ${at + 1} is "${others[at]}", expected "${lines[at]}"`;
  return others.length === lines.length ? undefined : `${others.length} lines, expected ${lines.length}`;
}

/** How many calls are in a dump. */
export const calls = (dumped) => dumped.split("\n").filter((line) => line.startsWith("  output")).length;
