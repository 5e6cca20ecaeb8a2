;; CRC-32 with a table that the start function makes, Adler-32 and FNV-1a, of the same bytes.
;;! guest checksums
;;! call checksums crc32 0 9
;;! call checksums crc32 0 0
;;! call checksums adler32 0 9
;;! call checksums fnv1a 0 9
;;! call checksums crc32 1024 1024
;;! call checksums adler32 1024 4000
;;! call checksums fnv1a 0 8192
;;! call checksums crc32 65530 7
(module $checksums
  (memory (export "memory") 1)
  (data (i32.const 0) "123456789")
  (func $start
    (local $i i32) (local $j i32) (local $c i32)
    (loop $entries
      (local.set $c (local.get $i))
      (local.set $j (i32.const 8))
      (loop $bits
        (local.set $c (i32.xor (i32.shr_u (local.get $c) (i32.const 1))
          (i32.and (i32.const 0xedb88320) (i32.sub (i32.const 0) (i32.and (local.get $c) (i32.const 1))))))
        (br_if $bits (local.tee $j (i32.sub (local.get $j) (i32.const 1)))))
      (i32.store offset=1024 (i32.shl (local.get $i) (i32.const 2)) (local.get $c))
      (br_if $entries (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 256)))))
  (start $start)
  (func (export "crc32") (param $at i32) (param $len i32) (result i32)
    (local $c i32)
    (local.set $c (i32.const -1))
    (block $done
      (loop $next
        (br_if $done (i32.eqz (local.get $len)))
        (local.set $c (i32.xor
          (i32.load offset=1024 (i32.shl
            (i32.and (i32.xor (local.get $c) (i32.load8_u (local.get $at))) (i32.const 0xff)) (i32.const 2)))
          (i32.shr_u (local.get $c) (i32.const 8))))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (local.set $len (i32.sub (local.get $len) (i32.const 1)))
        (br $next)))
    (i32.xor (local.get $c) (i32.const -1)))
  (func (export "adler32") (param $at i32) (param $len i32) (result i32)
    (local $a i32) (local $b i32)
    (local.set $a (i32.const 1))
    (loop $next
      (local.set $a (i32.rem_u (i32.add (local.get $a) (i32.load8_u (local.get $at))) (i32.const 65521)))
      (local.set $b (i32.rem_u (i32.add (local.get $b) (local.get $a)) (i32.const 65521)))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br_if $next (local.tee $len (i32.sub (local.get $len) (i32.const 1)))))
    (i32.or (i32.shl (local.get $b) (i32.const 16)) (local.get $a)))
  (func (export "fnv1a") (param $at i32) (param $len i32) (result i64)
    (local $hash i64)
    (local.set $hash (i64.const 0xcbf29ce484222325))
    (loop $next
      (local.set $hash (i64.mul
        (i64.xor (local.get $hash) (i64.load8_u (local.get $at))) (i64.const 0x100000001b3)))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br_if $next (local.tee $len (i32.sub (local.get $len) (i32.const 1)))))
    (local.get $hash)))
