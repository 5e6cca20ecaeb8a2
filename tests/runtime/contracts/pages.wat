;; Takes all the memory that the pallet allows, at once and page by page, and writes at its end.
(module
    (import "env" "memory" (memory 0 16))
    (func (export "deploy"))
    (func (export "call")
        (drop (memory.grow (i32.const 9)))
        (block (loop (br_if 1 (i32.eq (memory.grow (i32.const 1)) (i32.const -1))) (br 0)))
        (i32.store (i32.const 0xffffc) (i32.const 1))
        (i32.store (i32.const 0xffffd) (i32.const 1))))
