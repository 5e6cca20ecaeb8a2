;; Instantiating it traps: in its start function.
(module
    (import "env" "memory" (memory 1 1))
    (func $start (i32.store (i32.const 65536) (i32.const 1)))
    (start $start)
    (func (export "deploy")) (func (export "call")))
