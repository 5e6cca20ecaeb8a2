(module (func (export "deploy")) (func (export "call")))
