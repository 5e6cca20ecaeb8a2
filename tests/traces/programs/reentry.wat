;; A guest that is called again while it waits for its own host call: it sees what that did to its memory
;; and globals, and a trap in it can be caught or goes on outwards.
;;! guest self
;;! call self factorial 10
;;! call self caught 0
;;! call self caught 1
;;! call self passes_on
;;! call self grows
;;! call self depth
(module $self
  (import "host" "call.self.factorial" (func $factorial (param i32) (result i64)))
  (import "host" "try.self.traps" (func $try (param i32) (result i32)))
  (import "host" "call.self.passes_on" (func $passes_on))
  (import "host" "call.self.grow" (func $grow))
  (memory (export "memory") 1 4)
  (global $depth (mut i32) (i32.const 0))
  (func $deeper (global.set $depth (i32.add (global.get $depth) (i32.const 1))))
  (func (export "depth") (result i32) (global.get $depth))
  (func (export "factorial") (param $n i32) (result i64)
    (call $deeper)
    (if (result i64) (i32.eqz (local.get $n))
      (then (i64.const 1))
      (else (i64.mul
        (i64.extend_i32_u (local.get $n))
        (call $factorial (i32.sub (local.get $n) (i32.const 1)))))))
  (func (export "traps") (param i32)
    (i32.store (i32.const 8) (i32.const -1))
    (if (local.get 0) (then (unreachable))))
  (func (export "caught") (param i32) (result i32 i32)
    (i32.store (i32.const 8) (i32.const 1))
    (call $try (local.get 0))
    (i32.load (i32.const 8)))
  (func (export "passes_on")
    (call $deeper)
    (if (i32.gt_u (global.get $depth) (i32.const 15)) (then (unreachable)))
    (call $passes_on))
  (func (export "grow") (drop (memory.grow (i32.const 2))) (i32.store (i32.const 131072) (i32.const 5)))
  (func (export "grows") (result i32 i32)
    (call $grow)
    (memory.size)
    (i32.load (i32.const 131072))))
