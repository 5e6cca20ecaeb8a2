//! Reads scripts from the text format.

use super::{
    MULTI_MEMORY,
    script::{Action, Binary, Command, Directive, Script},
    values::{Expected, Float, Pattern, Referred, Shown},
};
use guestbox::{ExternRef, V128, Value};
use wast::{
    Error, QuoteWat, Wast, WastArg, WastDirective, WastExecute, WastInvoke, WastRet, Wat,
    core::{AbstractHeapType, HeapType, NanPattern, V128Pattern, WastArgCore, WastRetCore},
    lexer::Lexer,
    parser::{self, ParseBuffer},
    token::{F32, F64, Id},
};

/// Directives that a later version of the specification has otherwise, by their script and line.
const SUPERSEDED: [(&str, &str, usize); 5] = [
    // Branches of a table can take values of several types in unreachable code, see `meet-bottom` in `unreached-valid`.
    ("reference-types", "unreached-invalid", 539),
    // Where a segment does not fit, what those before it wrote stays.
    ("mutable-global", "linking", 236),
    ("mutable-global", "linking", 248),
    ("mutable-global", "linking", 342),
    ("mutable-global", "linking", 354),
];

impl Script {
    /// Reads the text of a script.
    ///
    /// # Errors
    ///
    /// Where it is none, or has a directive that none of the [`SUITES`](super::SUITES) has.
    pub fn parse(suite: &str, name: &str, text: &str) -> Result<Self, String> {
        let failed = |error: Error| format!("{suite}/{name}: {error}");
        let mut lexer = Lexer::new(text);
        lexer.allow_confusing_unicode(true);
        let buffer = ParseBuffer::new_with_lexer(lexer).map_err(failed)?;
        let wast: Wast<'_> = parser::parse(&buffer).map_err(failed)?;
        let ends: Vec<usize> = text.match_indices('\n').map(|(at, _)| at).collect();
        let directives = wast.directives.into_iter().map(|directive| {
            let offset = directive.span().offset();
            let line = ends.partition_point(|end| *end < offset) + 1;
            let command = if SUPERSEDED.contains(&(suite, name, line)) {
                Command::Superseded
            } else {
                command(directive).map_err(|error| format!("{suite}/{name}:{line}: {error}"))?
            };
            Ok(Directive { line, command })
        });
        let directives = directives.collect::<Result<_, String>>()?;
        let multi_memory = MULTI_MEMORY.contains(&suite);
        Ok(Self { suite: suite.to_owned(), name: name.to_owned(), multi_memory, directives })
    }
}

fn command(directive: WastDirective<'_>) -> Result<Command, String> {
    Ok(match directive {
        WastDirective::Module(mut module) => {
            Command::Module { name: owned(module.name()), module: valid(&mut module)? }
        }
        WastDirective::ModuleDefinition(mut module) => {
            Command::Define { name: owned(module.name()), module: valid(&mut module)? }
        }
        WastDirective::ModuleInstance { instance, module, .. } => {
            Command::Instantiate { name: owned(instance), definition: owned(module) }
        }
        WastDirective::Register { name, module, .. } => {
            Command::Register { name: name.to_owned(), instance: owned(module) }
        }
        WastDirective::Invoke(invoke) => Command::Perform { action: invocation(invoke)? },
        WastDirective::AssertReturn { exec, results, .. } => Command::AssertReturn {
            action: action(exec)?,
            expected: results.into_iter().map(expected).collect::<Result<_, _>>()?,
        },
        WastDirective::AssertTrap { exec: WastExecute::Wat(module), message, .. } => {
            Command::AssertUninstantiable {
                module: valid(&mut QuoteWat::Wat(module))?,
                message: message.to_owned(),
            }
        }
        WastDirective::AssertTrap { exec, message, .. } => {
            Command::AssertTrap { action: action(exec)?, message: message.to_owned() }
        }
        WastDirective::AssertExhaustion { call, message, .. } => {
            Command::AssertTrap { action: invocation(call)?, message: message.to_owned() }
        }
        WastDirective::AssertUnlinkable { module, message, .. } => Command::AssertUnlinkable {
            module: valid(&mut QuoteWat::Wat(module))?,
            message: message.to_owned(),
        },
        WastDirective::AssertInvalid { mut module, .. } => {
            Command::AssertRefused { module: invalid(&mut module) }
        }
        WastDirective::AssertMalformed { mut module, .. } => {
            // What is malformed as text is a matter of the text format, whatever a reader of it makes of that.
            let module = if is_quoted(&module) { None } else { invalid(&mut module) };
            Command::AssertRefused { module }
        }
        other => return Err(format!("a directive that is not known: {other:?}")),
    })
}

const fn is_quoted(module: &QuoteWat<'_>) -> bool {
    !matches!(module, QuoteWat::Wat(_))
}

fn valid(module: &mut QuoteWat<'_>) -> Result<Binary, String> {
    if matches!(module, QuoteWat::Wat(Wat::Component(_)) | QuoteWat::QuoteComponent(..)) {
        return Err("a component".to_owned());
    }
    module.encode().map(Binary).map_err(|error| error.to_string())
}

/// One that has to be refused. Some are already by who reads the text.
fn invalid(module: &mut QuoteWat<'_>) -> Option<Binary> {
    module.encode().map(Binary).ok()
}

fn owned(id: Option<Id<'_>>) -> Option<String> {
    id.map(|id| id.name().to_owned())
}

fn action(execute: WastExecute<'_>) -> Result<Action, String> {
    match execute {
        WastExecute::Invoke(invoke) => invocation(invoke),
        WastExecute::Get { module, global, .. } => {
            Ok(Action { instance: owned(module), export: global.to_owned(), arguments: None })
        }
        WastExecute::Wat(_) => Err("the results of a module".to_owned()),
    }
}

fn invocation(invoke: WastInvoke<'_>) -> Result<Action, String> {
    let WastInvoke { module, name, args, .. } = invoke;
    let arguments = args.into_iter().map(argument).collect::<Result<_, _>>()?;
    Ok(Action { instance: owned(module), export: name.to_owned(), arguments: Some(arguments) })
}

fn argument(argument: WastArg<'_>) -> Result<Shown, String> {
    let WastArg::Core(argument) = argument else { return Err(format!("the argument {argument:?}")) };
    Ok(Shown(match argument {
        WastArgCore::I32(value) => Value::I32(value),
        WastArgCore::I64(value) => Value::I64(value),
        WastArgCore::F32(value) => Value::F32(value.bits),
        WastArgCore::F64(value) => Value::F64(value.bits),
        WastArgCore::V128(value) => Value::V128(V128(value.to_le_bytes())),
        WastArgCore::RefExtern(number) => Value::from(ExternRef(number)),
        WastArgCore::RefNull(ty) => referred(&ty).ok_or("a null reference of another type")?.null(),
        WastArgCore::RefHost(_) => return Err("a reference of another type".to_owned()),
    }))
}

const fn referred(ty: &HeapType<'_>) -> Option<Referred> {
    match ty {
        HeapType::Abstract { shared: false, ty: AbstractHeapType::Extern } => Some(Referred::Extern),
        HeapType::Abstract { shared: false, ty: AbstractHeapType::Func } => Some(Referred::Func),
        _ => None,
    }
}

fn expected(result: WastRet<'_>) -> Result<Expected, String> {
    let WastRet::Core(result) = result else { return Err(format!("the result {result:?}")) };
    let patterns = match result {
        WastRetCore::Either(results) => results.into_iter().map(pattern).collect::<Result<_, _>>()?,
        result => vec![pattern(result)?],
    };
    Ok(Expected(patterns))
}

fn pattern(result: WastRetCore<'_>) -> Result<Pattern, String> {
    Ok(match result {
        WastRetCore::I32(value) => Pattern::I32(value),
        WastRetCore::I64(value) => Pattern::I64(value),
        WastRetCore::F32(value) => Pattern::F32(single(value)),
        WastRetCore::F64(value) => Pattern::F64(double(value)),
        WastRetCore::V128(value) => vector(&value),
        // What is null of a type that guestbox does not have is null.
        WastRetCore::RefNull(ty) => Pattern::Null(ty.as_ref().and_then(referred)),
        WastRetCore::RefExtern(number) => Pattern::Extern(number),
        WastRetCore::RefFunc(None) => Pattern::Func,
        other => return Err(format!("the result {other:?}")),
    })
}

fn vector(pattern: &V128Pattern) -> Pattern {
    match pattern {
        V128Pattern::I8x16(lanes) => bits(lanes.map(i8::to_le_bytes)),
        V128Pattern::I16x8(lanes) => bits(lanes.map(i16::to_le_bytes)),
        V128Pattern::I32x4(lanes) => bits(lanes.map(i32::to_le_bytes)),
        V128Pattern::I64x2(lanes) => bits(lanes.map(i64::to_le_bytes)),
        V128Pattern::F32x4(lanes) => Pattern::F32x4(lanes.map(single)),
        V128Pattern::F64x2(lanes) => Pattern::F64x2(lanes.map(double)),
    }
}

fn bits<const LANES: usize, const BYTES: usize>(lanes: [[u8; BYTES]; LANES]) -> Pattern {
    let bytes = lanes.as_flattened().try_into().expect("a vector has 16 bytes");
    Pattern::Vector(u128::from_le_bytes(bytes))
}

const fn single(pattern: NanPattern<F32>) -> Float {
    match pattern {
        NanPattern::CanonicalNan => Float::CanonicalNan,
        NanPattern::ArithmeticNan => Float::ArithmeticNan,
        NanPattern::Value(value) => Float::Bits(value.bits as u64),
    }
}

const fn double(pattern: NanPattern<F64>) -> Float {
    match pattern {
        NanPattern::CanonicalNan => Float::CanonicalNan,
        NanPattern::ArithmeticNan => Float::ArithmeticNan,
        NanPattern::Value(value) => Float::Bits(value.bits),
    }
}
