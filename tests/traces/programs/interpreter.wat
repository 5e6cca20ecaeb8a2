;; An interpreter with a large br_table, and the program that it runs, which prints to the supervisor.
;;! guest interpreter
;;! call interpreter run
;;! call interpreter run fuel=3000
(module $interpreter
  (import "host" "echo.print" (func $print (param i32)))
  (memory (export "memory") 1)
  ;; Nested loops that print three numbers.
  (data (i32.const 0) "+++++++++[>+++++++++++>+<<-]>>[-<+++>]<.>+++[>+++[>+++<-]<-]>>.<<[-]<[->>+<<]>>+.#")
  (func (export "run") (result i32)
    (local $code i32) (local $cell i32) (local $depth i32) (local $steps i32) (local $step i32)
    (memory.fill (i32.const 1024) (i32.const 0) (i32.const 64))
    (local.set $cell (i32.const 1024))
    (loop $next
      (local.set $steps (i32.add (local.get $steps) (i32.const 1)))
      (block $end
        (block $close
          (block $open
            (block $dot
              (block $left
                (block $right
                  (block $minus
                    (block $plus
                      (br_table
                        ;; # $ % & ' ( ) * + , - .
                        $end $end $end $end $end $end $end $end $plus $end $minus $dot
                        ;; / 0 1 2 3 4 5 6 7 8 9 : ; < = >
                        $end $end $end $end $end $end $end $end $end $end $end $end $end $left $end $right
                        $end
                        (i32.sub (i32.load8_u (local.get $code)) (i32.const 35))))
                    (i32.store8 (local.get $cell) (i32.add (i32.load8_u (local.get $cell)) (i32.const 1)))
                    (local.set $code (i32.add (local.get $code) (i32.const 1)))
                    (br $next))
                  (i32.store8 (local.get $cell) (i32.sub (i32.load8_u (local.get $cell)) (i32.const 1)))
                  (local.set $code (i32.add (local.get $code) (i32.const 1)))
                  (br $next))
                (local.set $cell (i32.add (local.get $cell) (i32.const 1)))
                (local.set $code (i32.add (local.get $code) (i32.const 1)))
                (br $next))
              (local.set $cell (i32.sub (local.get $cell) (i32.const 1)))
              (local.set $code (i32.add (local.get $code) (i32.const 1)))
              (br $next))
            (call $print (i32.load8_s (local.get $cell)))
            (local.set $code (i32.add (local.get $code) (i32.const 1)))
            (br $next))
          (unreachable))
        (unreachable))
      ;; Brackets are not in the table; anything else ends the program.
      (local.set $step
        (i32.sub
          (i32.eq (i32.load8_u (local.get $code)) (i32.const 91))
          (i32.eq (i32.load8_u (local.get $code)) (i32.const 93))))
      (if (i32.eqz (local.get $step)) (then (return (local.get $steps))))
      (if (i32.eq (i32.eqz (i32.load8_u (local.get $cell))) (i32.eq (local.get $step) (i32.const 1)))
        (then
          ;; To the bracket that belongs to it.
          (local.set $depth (i32.const 0))
          (loop $seek
            (local.set $depth (i32.add (local.get $depth) (i32.sub
              (i32.eq (i32.load8_u (local.get $code)) (i32.const 91))
              (i32.eq (i32.load8_u (local.get $code)) (i32.const 93)))))
            (if (local.get $depth)
              (then
                (local.set $code (i32.add (local.get $code) (local.get $step)))
                (br $seek))))))
      (local.set $code (i32.add (local.get $code) (i32.const 1)))
      (br $next))
    (unreachable)))
