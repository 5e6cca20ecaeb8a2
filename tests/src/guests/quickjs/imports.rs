//! The imports of QuickJS: clock, calendar, host functions, modules and the poll that can end a
//! program.

use super::{
    Quickjs,
    exports::{
        FREE, MALLOC, QTS_ARGV_GET_JS_VALUE_CONST_POINTER, QTS_FREE_C_STRING, QTS_FREE_VALUE_POINTER,
        QTS_GET_STRING, QTS_NEW_ERROR, QTS_NEW_STRING, QTS_SET_PROP, QTS_THROW,
    },
    programs::MODULES,
};
use crate::guests::{
    Failure,
    host::{Function, Host},
    values::{args, length, words},
};
use guestbox::{FuncIndex, Value, Values};

// What the imports are, in the names of the C sources.
const ASSERT_FAIL: FuncIndex = FuncIndex(0);
const FD_WRITE: FuncIndex = FuncIndex(1);
const FD_CLOSE: FuncIndex = FuncIndex(2);
const ENVIRON_GET: FuncIndex = FuncIndex(3);
const ENVIRON_SIZES_GET: FuncIndex = FuncIndex(4);
const NORMALIZE_MODULE: FuncIndex = FuncIndex(5);
const LOAD_MODULE: FuncIndex = FuncIndex(6);
const INTERRUPT_POLL: FuncIndex = FuncIndex(7);
const SETITIMER: FuncIndex = FuncIndex(8);
const RESIZE_HEAP: FuncIndex = FuncIndex(9);
const KEEPALIVE_CLEAR: FuncIndex = FuncIndex(10);
const LOCALTIME: FuncIndex = FuncIndex(11);
const TZSET: FuncIndex = FuncIndex(12);
const FD_SEEK: FuncIndex = FuncIndex(13);
const DATE_NOW: FuncIndex = FuncIndex(14);
const ABORT: FuncIndex = FuncIndex(15);
const PROC_EXIT: FuncIndex = FuncIndex(16);
const CALL_HOST_FUNCTION: FuncIndex = FuncIndex(17);
const FREE_HOST_REFERENCE: FuncIndex = FuncIndex(18);

pub(super) const FUNCTIONS: &[Function] = &[
    ("a", "b", ASSERT_FAIL),
    ("a", "c", FD_WRITE),
    ("a", "d", FD_CLOSE),
    ("a", "e", ENVIRON_GET),
    ("a", "f", ENVIRON_SIZES_GET),
    ("a", "g", NORMALIZE_MODULE),
    ("a", "h", LOAD_MODULE),
    ("a", "i", INTERRUPT_POLL),
    ("a", "j", SETITIMER),
    ("a", "k", RESIZE_HEAP),
    ("a", "l", KEEPALIVE_CLEAR),
    ("a", "m", LOCALTIME),
    ("a", "n", TZSET),
    ("a", "o", FD_SEEK),
    ("a", "p", DATE_NOW),
    ("a", "q", ABORT),
    ("a", "r", PROC_EXIT),
    ("a", "s", CALL_HOST_FUNCTION),
    ("a", "t", FREE_HOST_REFERENCE),
];

// The host functions that programs can call, by the number given to QTS_NewFunction.
pub(super) const HOST_PRINT: u32 = 1;
pub(super) const HOST_PRICE: u32 = 2;
const PRICES: [(&str, &str); 2] = [("tea", "4.50"), ("salt", "1.25")];

/// Milliseconds; 29 February 2024.
pub(super) const CLOCK_BEGIN: f64 = 1_709_164_800_123.0;
const CLOCK_STEP: f64 = 250.0;
const POLLS_ALLOWED: u32 = 6;

// Codes of WASI for the file functions.
const BAD_FILE: i32 = 8;
const NOT_SEEKABLE: i32 = 70;

impl Host<'_, Quickjs> {
    pub(super) fn import(&mut self, function: FuncIndex, args: &[Value]) -> Result<Values, Failure> {
        Ok(match function {
            ASSERT_FAIL => {
                let [condition, _file, _line, _function] = words(args)?;
                let condition = self.read_c_string(condition)?;
                return Err(Failure::Stop(format!("assertion failed: {condition}")));
            }
            FD_WRITE => self.write_file(words(args)?)?.into(),
            FD_CLOSE => BAD_FILE.into(),
            // The environment is empty.
            ENVIRON_GET => 0.into(),
            ENVIRON_SIZES_GET => {
                let [count, size] = words(args)?;
                self.write_u32(count, 0)?;
                self.write_u32(size, 0)?;
                0.into()
            }
            NORMALIZE_MODULE => {
                let [_runtime, _context, _importer, imported] = words(args)?;
                let imported = self.read_c_string(imported)?;
                self.new_c_string(&imported.replacen("./", "", 1))?.into()
            }
            LOAD_MODULE => self.load_module(words(args)?)?.into(),
            INTERRUPT_POLL => {
                self.supervisor.polls += 1;
                i32::from(self.supervisor.polls > POLLS_ALLOWED).into()
            }
            // There are no timers.
            SETITIMER => (-1).into(),
            // Asks for a size in bytes; the supervisor gives no more memory.
            RESIZE_HEAP => 0.into(),
            KEEPALIVE_CLEAR | FREE_HOST_REFERENCE => Values::NONE,
            LOCALTIME => match args {
                [Value::I64(seconds), Value::I32(time)] => {
                    self.write_time(time.cast_unsigned(), *seconds)?;
                    Values::NONE
                }
                _ => return Err(Failure::unexpected("the parameters of localtime are others")),
            },
            TZSET => {
                let [west, has_summer, zone, summer_zone] = words(args)?;
                self.write_u32(west, 0)?;
                self.write_u32(has_summer, 0)?;
                self.write_c_string(zone, "UTC")?;
                self.write_c_string(summer_zone, "UTC")?;
                Values::NONE
            }
            FD_SEEK => NOT_SEEKABLE.into(),
            DATE_NOW => {
                self.supervisor.clock += CLOCK_STEP;
                self.supervisor.clock.into()
            }
            ABORT => return Err(Failure::Stop("abort".to_owned())),
            PROC_EXIT => {
                let [code] = words(args)?;
                return Err(Failure::Stop(format!("exit {}", code.cast_signed())));
            }
            CALL_HOST_FUNCTION => self.call_host_function(words(args)?)?.into(),
            FuncIndex(other) => {
                return Err(Failure::unexpected(format!("no function has the number {other}")));
            }
        })
    }

    fn write_file(&mut self, args: [u32; 4]) -> Result<i32, Failure> {
        let [file, vectors, count, written] = args;
        let mut total = 0_u32;
        for i in 0..count {
            let vector = vectors.wrapping_add(i.wrapping_mul(8));
            let at = self.read_u32(vector)?;
            let len = self.read_u32(vector.wrapping_add(4))?;
            let text = self.read_text(at, len)?;
            self.print(format!("file {file}: {}", text.trim_end()));
            total = total.wrapping_add(len);
        }
        self.write_u32(written, total)?;
        Ok(0)
    }

    fn load_module(&mut self, args: [u32; 3]) -> Result<u32, Failure> {
        let [_runtime, context, name] = args;
        let name = self.read_c_string(name)?;
        if let Some((_, source)) = MODULES.iter().find(|module| module.0 == name) {
            return self.new_c_string(source);
        }
        let outcome = self.throw_error(&format!("there is no module {name}"))?;
        self.call::<()>(QTS_FREE_VALUE_POINTER, args![context, outcome])?;
        Ok(0)
    }

    fn call_host_function(&mut self, args: [u32; 5]) -> Result<u32, Failure> {
        let [context, _this, count, argv, number] = args;
        // Every argument is fetched, as text, and released before the function is chosen.
        let mut values = Vec::new();
        for i in 0..count {
            let value: u32 = self.call(QTS_ARGV_GET_JS_VALUE_CONST_POINTER, args![argv, i])?;
            let text: u32 = self.call(QTS_GET_STRING, args![context, value])?;
            values.push(self.read_c_string(text)?);
            self.call::<()>(QTS_FREE_C_STRING, args![context, text])?;
        }
        if number == HOST_PRINT {
            self.print(format!("program prints: {}", values.join(" ")));
            return Ok(0); // undefined
        }
        let item = values.first().map_or("undefined", String::as_str);
        match PRICES.iter().find(|price| price.0 == item) {
            Some((_, price)) => self.new_string(price),
            None => self.throw_error(&format!("no price for {item}")),
        }
    }

    /// Writes a `struct tm` for seconds since 1970, in UTC.
    fn write_time(&mut self, at: u32, seconds: i64) -> Result<(), Failure> {
        for (field, place) in super::calendar::utc(seconds).into_iter().zip((at..).step_by(4)) {
            self.write_u32(place, field.cast_unsigned())?;
        }
        Ok(())
    }

    /// A text in the guest, for the caller to free.
    pub(super) fn new_c_string(&mut self, text: &str) -> Result<u32, Failure> {
        let at = self.call(MALLOC, args![length(text) + 1])?;
        self.write_c_string(at, text)?;
        Ok(at)
    }

    fn new_string(&mut self, text: &str) -> Result<u32, Failure> {
        let at = self.new_c_string(text)?;
        let context = self.supervisor.context;
        let value = self.call(QTS_NEW_STRING, args![context, at])?;
        self.call::<()>(FREE, args![at])?;
        Ok(value)
    }

    /// Takes over the value.
    pub(super) fn set_property(&mut self, object: u32, key: &str, value: u32) -> Result<(), Failure> {
        let key = self.new_string(key)?;
        let context = self.supervisor.context;
        self.call::<()>(QTS_SET_PROP, args![context, object, key, value])?;
        self.call::<()>(QTS_FREE_VALUE_POINTER, args![context, key])?;
        self.call(QTS_FREE_VALUE_POINTER, args![context, value])
    }

    /// Makes an error the outcome of the import that is running.
    fn throw_error(&mut self, message: &str) -> Result<u32, Failure> {
        let context = self.supervisor.context;
        let error: u32 = self.call(QTS_NEW_ERROR, args![context])?;
        let message = self.new_string(message)?;
        self.set_property(error, "message", message)?;
        let outcome = self.call(QTS_THROW, args![context, error])?;
        self.call::<()>(QTS_FREE_VALUE_POINTER, args![context, error])?;
        Ok(outcome)
    }
}
