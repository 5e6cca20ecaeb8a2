;; Instantiating it fails: its data is beyond its memory.
(module
    (import "env" "memory" (memory 1 1))
    (data (i32.const 65535) "ab")
    (func (export "deploy")) (func (export "call")))
