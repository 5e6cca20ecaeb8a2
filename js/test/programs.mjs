// Programs of WASI for the tests, as WebAssembly text.
import { wat } from "./wat.mjs";

const TYPES = {
  clock_time_get: "(param i32 i64 i32) (result i32)",
  fd_close: "(param i32) (result i32)",
  fd_read: "(param i32 i32 i32 i32) (result i32)",
  fd_write: "(param i32 i32 i32 i32) (result i32)",
  path_link: "(param i32 i32 i32 i32 i32 i32 i32) (result i32)",
  path_open: "(param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)",
  poll_oneoff: "(param i32 i32 i32 i32) (result i32)",
  proc_exit: "(param i32)",
  random_get: "(param i32 i32) (result i32)",
  sched_yield: "(result i32)",
};

/**
 * A program that imports functions of WASI, `$fd_write` and the like. It has a piece of memory for reading and writing at 0, whose
 * length is at 4, what was read or written at 8, and `$say`, which writes bytes to a descriptor.
 */
export function program(names, body) {
  const all = [...new Set([...names, "fd_write"])];
  const imports = all.map((name) => `(import "wasi_snapshot_preview1" "${name}" (func $${name} ${TYPES[name]}))`);
  return wat(`(module ${imports.join("\n")} (memory (export "memory") 2)
    (func $say (param $fd i32) (param $at i32) (param $len i32)
      (i32.store (i32.const 0) (local.get $at)) (i32.store (i32.const 4) (local.get $len))
      (drop (call $fd_write (local.get $fd) (i32.const 0) (i32.const 1) (i32.const 8))))
    ${body})`);
}

/** Writes all that it reads. */
export const ECHO = program(
  ["fd_read"],
  `(func (export "_start") (loop $more
    (i32.store (i32.const 0) (i32.const 1024)) (i32.store (i32.const 4) (i32.const 4096))
    (drop (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
    (if (i32.load (i32.const 8)) (then (call $say (i32.const 1) (i32.const 1024) (i32.load (i32.const 8))) (br $more)))))`,
);

/** Says "out" to the one stream and "err" to the other, and exits with 7. */
export const TALK = program(
  ["proc_exit"],
  `(data (i32.const 100) "outerr")
  (func (export "_start") (call $say (i32.const 1) (i32.const 100) (i32.const 3)) (call $say (i32.const 2) (i32.const 103) (i32.const 3))
    (call $say (i32.const 1) (i32.const 100) (i32.const 3)) (call $proc_exit (i32.const 7)))`,
);

/** Writes as many lines of ten bytes, "line 1234\n", as are asked for. */
export const lines = (count) =>
  program(
    [],
    `(data (i32.const 100) "line 0000\\n")
    (func (export "_start") (local $n i32) (loop $more
      (i32.store8 (i32.const 108) (i32.add (i32.const 48) (i32.rem_u (local.get $n) (i32.const 10))))
      (call $say (i32.const 1) (i32.const 100) (i32.const 10))
      (br_if $more (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const ${count})))))`,
  );

/** Says "on" and then does what is given. */
export const saying = (names, body) =>
  program(names, `(data (i32.const 100) "on") (func (export "_start") (call $say (i32.const 1) (i32.const 100) (i32.const 2)) ${body})`);

/** Opens the file `path` of the first mount, writes what is in it, and exits with the first error number, or 0. */
export const cat = (path) =>
  program(
    ["fd_close", "fd_read", "path_open", "proc_exit"],
    `(data (i32.const 100) "${path}")
    (func $check (param i32) (if (local.get 0) (then (call $proc_exit (local.get 0)))))
    (func (export "_start")
      (call $check (call $path_open (i32.const 3) (i32.const 1) (i32.const 100) (i32.const ${path.length}) (i32.const 0)
        (i64.const 2) (i64.const 0) (i32.const 0) (i32.const 12)))
      (loop $more
        (i32.store (i32.const 0) (i32.const 1024)) (i32.store (i32.const 4) (i32.const 4096))
        (call $check (call $fd_read (i32.load (i32.const 12)) (i32.const 0) (i32.const 1) (i32.const 8)))
        (if (i32.load (i32.const 8)) (then (call $say (i32.const 1) (i32.const 1024) (i32.load (i32.const 8))) (br $more))))
      (call $check (call $fd_close (i32.load (i32.const 12)))))`,
  );

/** Writes "written" to the file `path` of the first mount, and exits with the first error number, or 0. */
export const write = (path) =>
  program(
    ["fd_close", "path_open", "proc_exit"],
    `(data (i32.const 100) "${path}") (data (i32.const 200) "written")
    (func $check (param i32) (if (local.get 0) (then (call $proc_exit (local.get 0)))))
    (func (export "_start")
      (call $check (call $path_open (i32.const 3) (i32.const 1) (i32.const 100) (i32.const ${path.length}) (i32.const 9)
        (i64.const 64) (i64.const 0) (i32.const 0) (i32.const 12)))
      (call $say (i32.load (i32.const 12)) (i32.const 200) (i32.const 7))
      (call $check (call $fd_close (i32.load (i32.const 12)))))`,
  );

/** Writes "written" to the file "x" of the first mount, which it gives the name "y" too. */
export const WRITE_TWICE = program(
  ["fd_close", "path_link", "path_open", "proc_exit"],
  `(data (i32.const 100) "xy") (data (i32.const 200) "written")
  (func $check (param i32) (if (local.get 0) (then (call $proc_exit (local.get 0)))))
  (func (export "_start")
    (call $check (call $path_open (i32.const 3) (i32.const 1) (i32.const 100) (i32.const 1) (i32.const 9)
      (i64.const 64) (i64.const 0) (i32.const 0) (i32.const 12)))
    (call $check (call $path_link (i32.const 3) (i32.const 0) (i32.const 100) (i32.const 1) (i32.const 3) (i32.const 101) (i32.const 1)))
    (call $say (i32.load (i32.const 12)) (i32.const 200) (i32.const 7))
    (call $check (call $fd_close (i32.load (i32.const 12)))))`,
);

/**
 * Waits for a time in nanoseconds, and for input too if that is asked for, and says how many events there were and of which kind
 * the first was, as digits: "10" is a clock, "11" input.
 */
export const poll = (nanoseconds, forInput) =>
  program(
    ["poll_oneoff"],
    `(func (export "_start")
      (i64.store (i32.const 1000) (i64.const 5)) (i32.store8 (i32.const 1008) (i32.const 0)) (i32.store (i32.const 1016) (i32.const 1))
      (i64.store (i32.const 1024) (i64.const ${nanoseconds}))
      (i64.store (i32.const 1048) (i64.const 6)) (i32.store8 (i32.const 1056) (i32.const 1)) (i32.store (i32.const 1064) (i32.const 0))
      (drop (call $poll_oneoff (i32.const 1000) (i32.const 2000) (i32.const ${forInput ? 2 : 1}) (i32.const 16)))
      (i32.store8 (i32.const 200) (i32.add (i32.const 48) (i32.load (i32.const 16))))
      (i32.store8 (i32.const 201) (i32.add (i32.const 48) (i32.load8_u (i32.const 2010))))
      (call $say (i32.const 1) (i32.const 200) (i32.const 2)))`,
  );

/** Says the time of a clock, eight bytes, and eight random bytes. */
export const WORLD = program(
  ["clock_time_get", "random_get"],
  `(func (export "_start")
    (drop (call $clock_time_get (i32.const 0) (i64.const 1) (i32.const 200)))
    (drop (call $random_get (i32.const 208) (i32.const 8)))
    (call $say (i32.const 1) (i32.const 200) (i32.const 16)))`,
);

/** A reactor: `count` counts from what `_initialize` set, `read` reads a byte, `exit` exits, `say` writes a line. */
export const REACTOR = program(
  ["fd_read", "proc_exit"],
  `(global $n (mut i32) (i32.const 0)) (data (i32.const 100) "said\\n")
  (func (export "_initialize") (global.set $n (i32.const 40)))
  (func (export "count") (result i32) (global.set $n (i32.add (global.get $n) (i32.const 1))) (global.get $n))
  (func (export "read") (result i32)
    (i32.store (i32.const 0) (i32.const 1024)) (i32.store (i32.const 4) (i32.const 1))
    (drop (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
    (if (result i32) (i32.load (i32.const 8)) (then (i32.load8_u (i32.const 1024))) (else (i32.const -1))))
  (func (export "exit") (param i32) (result i32) (call $proc_exit (local.get 0)) (i32.const 1))
  (func (export "say") (call $say (i32.const 1) (i32.const 100) (i32.const 5)))`,
);
