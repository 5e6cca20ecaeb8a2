;; Instantiating it fails: its elements are beyond its table.
(module
    (table 1 funcref) (elem (i32.const 1) $f)
    (func $f) (func (export "deploy")) (func (export "call")))
