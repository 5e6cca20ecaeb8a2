// Shared by the drivers: reads the function types of a wasm module, prints every call that crosses
// the border between a guest and its supervisor, and hashes the guest's memory at the end.
//
// A trace holds
//   call <module>.<name>(<arguments>) -> <result>    an import the guest called
//   invoke <name>(<arguments>) -> <result>           an export the supervisor called
// Each line is printed when its call returns, so the calls nested in a call come before it.
// i32 and i64 are signed decimal, f32 and f64 are 0x and all hex digits of their bits, "()" is no
// result. In place of the result, "throws <message>" is an error that the supervisor itself threw
// (a Stop), and "trap" is any other error: the words of a trap differ from engine to engine.

const VALUE_TYPES = { 0x7f: "i32", 0x7e: "i64", 0x7d: "f32", 0x7c: "f64" };
const FUNCTION = 0,
  TABLE = 1,
  MEMORY = 2,
  GLOBAL = 3;
const PAGE_SIZE = 65536;

// What a supervisor throws out of an import to end the guest's call.
export class Stop extends Error {}

// Returns { imports: {'module.name': type}, exports: {name: type} }, type = { params, results }.
// Only functions are listed. The sections before the last one needed are well formed, because the
// engine has validated the module or soon will.
function readFunctionTypes(bytes) {
  let position = 8;
  const types = [],
    functionTypes = [],
    imports = {},
    exports = {};

  function byte() {
    return bytes[position++];
  }
  function number() {
    let value = 0,
      shift = 1,
      part;
    do {
      part = byte();
      value += (part & 0x7f) * shift;
      shift *= 128;
    } while (part >= 0x80);
    return value;
  }
  function string() {
    const length = number();
    position += length;
    return decodeText(bytes.subarray(position - length, position));
  }
  function valueTypes() {
    const list = [];
    for (let count = number(); count > 0; count--) list.push(VALUE_TYPES[byte()]);
    return list;
  }
  function limits() {
    const flags = number();
    number();
    if (flags & 1) number();
  }

  while (position < bytes.length) {
    const section = byte();
    const end = number() + position;
    if (section === 1) {
      for (let count = number(); count > 0; count--) {
        byte(); // 0x60, a function type
        types.push({ params: valueTypes(), results: valueTypes() });
      }
    } else if (section === 2) {
      for (let count = number(); count > 0; count--) {
        const key = string() + "." + string();
        const kind = byte();
        if (kind === FUNCTION) {
          imports[key] = types[number()];
          functionTypes.push(imports[key]);
        } else if (kind === TABLE) {
          byte();
          limits();
        } else if (kind === MEMORY) {
          limits();
        } else if (kind === GLOBAL) {
          byte();
          byte();
        }
      }
    } else if (section === 3) {
      for (let count = number(); count > 0; count--) functionTypes.push(types[number()]);
    } else if (section === 7) {
      for (let count = number(); count > 0; count--) {
        const name = string();
        const kind = byte();
        const index = number();
        if (kind === FUNCTION) exports[name] = functionTypes[index];
      }
    }
    position = end;
  }
  return { imports, exports };
}

function formatValue(type, value) {
  const view = new DataView(new ArrayBuffer(8));
  if (type === "i32") return String(value | 0);
  if (type === "i64") return String(BigInt.asIntN(64, value));
  if (type === "f32") {
    view.setFloat32(0, value);
    return "0x" + view.getUint32(0).toString(16).padStart(8, "0");
  }
  view.setFloat64(0, value);
  return "0x" + view.getBigUint64(0).toString(16).padStart(16, "0");
}

function formatCall(kind, name, params, args) {
  const list = [];
  for (let i = 0; i < params.length; i++) list.push(formatValue(params[i], args[i]));
  return `${kind} ${name}(${list.join(", ")}) -> `;
}

// Runs one call and prints its line; `name` and `type` say how.
function traced(kind, name, type, args, run, print) {
  let result;
  try {
    result = run();
  } catch (error) {
    const outcome = error instanceof Stop ? "throws " + error.message : "trap";
    print(formatCall(kind, name, type.params, args) + outcome);
    throw error;
  }
  const outcome = type.results.length === 0 ? "()" : formatValue(type.results[0], result);
  print(formatCall(kind, name, type.params, args) + outcome);
  return result;
}

// Instantiates a guest so that all its calls are printed. `imports` is {module: {name: function or
// Mem}}; functions the guest does not import may be left in it, they are passed over.
export function openGuest(engine, bytes, imports, print) {
  const types = readFunctionTypes(bytes);
  const given = {};
  for (const module of Object.keys(imports)) {
    given[module] = {};
    for (const name of Object.keys(imports[module])) {
      const value = imports[module][name];
      const key = module + "." + name;
      if (typeof value !== "function") {
        given[module][name] = value;
      } else if (types.imports[key] !== undefined) {
        given[module][name] = (...args) => traced("call", key, types.imports[key], args, () => value(...args), print);
      }
    }
  }
  const guest = engine.instantiate(bytes, given);
  return {
    call(name, ...args) {
      const type = types.exports[name];
      if (type === undefined) throw new Error("the guest exports no function " + name);
      return traced("invoke", name, type, args, () => guest.call(name, ...args), print);
    },
    memory(name) {
      return guest.memory(name);
    },
  };
}

// The last line of every trace.
export function printMemory(memory, print) {
  print(`memory ${memory.size()} pages, fnv1a64 ${hashMemory(memory)}`);
}

// FNV-1a, 64 bits, over every byte of the memory in order: hash = (hash XOR byte) * 0x100000001b3,
// starting from 0xcbf29ce484222325. The hash is held in two 32-bit halves: the prime is
// 2^40 + 0x1b3, so the product is hash * 0x1b3 with the low half, shifted by 8, added to the high.
function hashMemory(memory) {
  let high = 0xcbf29ce4,
    low = 0x84222325;
  const pages = memory.size();
  for (let page = 0; page < pages; page++) {
    const bytes = memory.read(page * PAGE_SIZE, PAGE_SIZE);
    for (let i = 0; i < PAGE_SIZE; i++) {
      low = (low ^ bytes[i]) >>> 0;
      const product = low * 0x1b3; // under 2^41, exact
      high = (Math.imul(high, 0x1b3) + (low << 8) + ((product / 4294967296) | 0)) | 0;
      low = product >>> 0;
    }
  }
  return hex32(high) + hex32(low);
}

export function hex32(value) {
  return (value >>> 0).toString(16).padStart(8, "0");
}

export function hexBytes(bytes) {
  let text = "";
  for (let i = 0; i < bytes.length; i++) text += bytes[i].toString(16).padStart(2, "0");
  return text;
}

export function encodeText(text) {
  return new TextEncoder().encode(text);
}

export function decodeText(bytes) {
  return new TextDecoder().decode(bytes);
}

// The text at `offset`, up to its zero byte.
export function readCString(memory, offset) {
  const size = memory.size() * PAGE_SIZE;
  let end = offset;
  while (end < size) {
    const part = memory.read(end, Math.min(64, size - end));
    const zero = part.indexOf(0);
    if (zero >= 0) return decodeText(memory.read(offset, end + zero - offset));
    end += part.length;
  }
  throw new Error("no zero byte ends the text at " + offset);
}

export function writeCString(memory, offset, text) {
  const bytes = encodeText(text);
  memory.write(offset, bytes);
  memory.write(offset + bytes.length, new Uint8Array(1));
}

export function readU32(memory, offset) {
  const bytes = memory.read(offset, 4);
  return (bytes[0] | (bytes[1] << 8) | (bytes[2] << 16) | (bytes[3] << 24)) >>> 0;
}

export function writeU32(memory, offset, value) {
  memory.write(offset, new Uint8Array([value, value >>> 8, value >>> 16, value >>> 24]));
}

export function writeU64(memory, offset, value) {
  writeU32(memory, offset, Number(BigInt.asUintN(32, value)));
  writeU32(memory, offset + 4, Number(BigInt.asUintN(32, value >> 32n)));
}
