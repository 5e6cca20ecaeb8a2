// The imports of QuickJS, and the helpers that they share with the driver in quickjs.mjs: clock,
// calendar, host functions, modules and the poll that can end a program.
import { decodeText, encodeText, openGuest, readCString, readU32 } from "./trace.mjs";
import { Stop, writeCString, writeU32 } from "./trace.mjs";
import { MODULES } from "./quickjs-programs.mjs";

// The host functions that programs can call, by the number given to QTS_NewFunction.
export const HOST_PRINT = 1,
  HOST_PRICE = 2;
const PRICES = { tea: "4.50", salt: "1.25" };

const CLOCK_BEGIN = 1709164800123,
  CLOCK_STEP = 250; // milliseconds; 29 February 2024
const POLLS_ALLOWED = 6;

// Codes of WASI for the file functions.
const BAD_FILE = 8,
  NOT_SEEKABLE = 70;

// What the exports are, in the names of the C sources; QTS_ is the layer of quickjs-emscripten.
// The driver has the others.
export const MALLOC = "v",
  FREE = "M";
export const QTS_FreeValuePointer = "P",
  QTS_FreeCString = "S",
  QTS_NewString = "_";
const QTS_SetProp = "ja";
const QTS_Throw = "w",
  QTS_NewError = "x",
  QTS_GetString = "$";
const QTS_ArgvGetJSValueConstPointer = "Ea";

function yearLength(year) {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 366 : 365;
}

// Writes a struct tm for seconds since 1970, in UTC.
function writeTime(memory, at, seconds) {
  const days = Math.floor(seconds / 86400);
  const rest = seconds - days * 86400;
  let year = 1970,
    yearDay = days;
  while (yearDay < 0) {
    year--;
    yearDay += yearLength(year);
  }
  while (yearDay >= yearLength(year)) {
    yearDay -= yearLength(year);
    year++;
  }
  const lengths = [31, yearLength(year) - 337, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
  let month = 0,
    day = yearDay;
  while (day >= lengths[month]) {
    day -= lengths[month];
    month++;
  }
  writeU32(memory, at, rest % 60);
  writeU32(memory, at + 4, Math.floor(rest / 60) % 60);
  writeU32(memory, at + 8, Math.floor(rest / 3600));
  writeU32(memory, at + 12, day + 1);
  writeU32(memory, at + 16, month);
  writeU32(memory, at + 20, year - 1900);
  writeU32(memory, at + 24, (((days + 4) % 7) + 7) % 7); // 1970 began on a Thursday
  writeU32(memory, at + 28, yearDay);
  writeU32(memory, at + 32, 0); // no summer time
  writeU32(memory, at + 36, 0); // seconds east of Greenwich
}

// Returns { guest, memory, polls, context, ... }; the driver sets `context` and resets `polls`, the
// number of interrupt polls since the last evaluation began.
export function openQuickjs(engine, bytes, print) {
  // All the memory it ever gets: QuickJS never grows it itself, it asks the supervisor (import k).
  const memory = engine.memory({ initial: 256, maximum: 256 });
  let clock = CLOCK_BEGIN;
  const host = { memory, polls: 0, context: 0 };

  const imports = {
    a: {
      a: memory,
      // __assert_fail(condition, file, line, function)
      b(condition, file, line, where) {
        throw new Stop(`assertion failed: ${readCString(memory, condition)}`);
      },
      // fd_write(file, vectors, count, written)
      c(file, vectors, count, written) {
        let total = 0;
        for (let i = 0; i < count; i++) {
          const at = readU32(memory, vectors + 8 * i);
          const length = readU32(memory, vectors + 8 * i + 4);
          print(`file ${file}: ${decodeText(memory.read(at, length)).trimEnd()}`);
          total += length;
        }
        writeU32(memory, written, total);
        return 0;
      },
      // fd_close(file)
      d(file) {
        return BAD_FILE;
      },
      // environ_get(pointers, buffer), environ_sizes_get(count, size): the environment is empty
      e(pointers, buffer) {
        return 0;
      },
      f(count, size) {
        writeU32(memory, count, 0);
        writeU32(memory, size, 0);
        return 0;
      },
      // qts_host_normalize_module(runtime, context, importer, imported)
      g(runtime, context, importer, imported) {
        return host.newCString(readCString(memory, imported).replace("./", ""));
      },
      // qts_host_load_module_source(runtime, context, name)
      h(runtime, context, name) {
        const moduleName = readCString(memory, name);
        if (MODULES[moduleName] !== undefined) return host.newCString(MODULES[moduleName]);
        const outcome = throwError(`there is no module ${moduleName}`);
        host.guest.call(QTS_FreeValuePointer, context, outcome);
        return 0;
      },
      // qts_host_interrupt_handler(runtime)
      i(runtime) {
        host.polls++;
        return host.polls > POLLS_ALLOWED ? 1 : 0;
      },
      // _setitimer_js(timer, milliseconds): there are no timers
      j(timer, milliseconds) {
        return -1;
      },
      // emscripten_resize_heap(size in bytes): the supervisor gives no more memory
      k(size) {
        return 0;
      },
      // _emscripten_runtime_keepalive_clear()
      l() {},
      // _localtime_js(seconds, struct tm)
      m(seconds, time) {
        writeTime(memory, time, Number(seconds));
      },
      // _tzset_js(seconds west, has summer time, name, summer name)
      n(west, hasSummer, zone, summerZone) {
        writeU32(memory, west, 0);
        writeU32(memory, hasSummer, 0);
        writeCString(memory, zone, "UTC");
        writeCString(memory, summerZone, "UTC");
      },
      // fd_seek(file, offset, origin, new offset)
      o(file, offset, origin, newOffset) {
        return NOT_SEEKABLE;
      },
      // emscripten_date_now()
      p() {
        clock += CLOCK_STEP;
        return clock;
      },
      // _abort_js()
      q() {
        throw new Stop("abort");
      },
      // proc_exit(code)
      r(code) {
        throw new Stop(`exit ${code}`);
      },
      // qts_host_call_function(context, this, argument count, arguments, function number)
      s(context, self, count, args, number) {
        const values = [];
        for (let i = 0; i < count; i++) {
          const value = host.guest.call(QTS_ArgvGetJSValueConstPointer, args, i);
          const text = host.guest.call(QTS_GetString, context, value);
          values.push(readCString(memory, text));
          host.guest.call(QTS_FreeCString, context, text);
        }
        if (number === HOST_PRINT) {
          print(`program prints: ${values.join(" ")}`);
          return 0; // undefined
        }
        const price = PRICES[values[0]];
        if (price === undefined) return throwError(`no price for ${values[0]}`);
        return host.newString(price);
      },
      // qts_host_free_host_ref(runtime, function number)
      t(runtime, number) {},
    },
  };
  host.guest = openGuest(engine, bytes, imports, print);

  host.newCString = (text) => {
    const at = host.guest.call(MALLOC, encodeText(text).length + 1);
    writeCString(memory, at, text);
    return at;
  };
  host.newString = (text) => {
    const at = host.newCString(text);
    const value = host.guest.call(QTS_NewString, host.context, at);
    host.guest.call(FREE, at);
    return value;
  };
  // Takes over the value.
  host.setProperty = (object, key, value) => {
    const keyValue = host.newString(key);
    host.guest.call(QTS_SetProp, host.context, object, keyValue, value);
    host.guest.call(QTS_FreeValuePointer, host.context, keyValue);
    host.guest.call(QTS_FreeValuePointer, host.context, value);
  };
  // Makes an error the outcome of the import that is running.
  function throwError(message) {
    const error = host.guest.call(QTS_NewError, host.context);
    host.setProperty(error, "message", host.newString(message));
    const outcome = host.guest.call(QTS_Throw, host.context, error);
    host.guest.call(QTS_FreeValuePointer, host.context, error);
    return outcome;
  }
  return host;
}
