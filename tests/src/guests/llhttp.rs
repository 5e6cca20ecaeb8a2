//! llhttp, the HTTP/1 parser of undici and Node. Each piece of input is copied into the guest;
//! the guest reports what it finds through its imports, as positions in that piece. A name or a
//! value cut by the end of a piece is reported in two parts.

use super::{
    Failure,
    host::{Driver, Function, GuestMemory, Host, Session, serve},
    values::{args, length, words},
};
use guestbox::{FuncIndex, HostCall, HostError, Store, Supervisor, Value, Values};
use std::mem;

const ON_MESSAGE_BEGIN: FuncIndex = FuncIndex(0);
const ON_URL: FuncIndex = FuncIndex(1);
const ON_STATUS: FuncIndex = FuncIndex(2);
const ON_HEADER_FIELD: FuncIndex = FuncIndex(3);
const ON_HEADER_VALUE: FuncIndex = FuncIndex(4);
const ON_HEADERS_COMPLETE: FuncIndex = FuncIndex(5);
const ON_BODY: FuncIndex = FuncIndex(6);
const ON_MESSAGE_COMPLETE: FuncIndex = FuncIndex(7);

// llhttp_errno_t.
const OK: i32 = 0;
const PAUSED: i32 = 21;

const BUFFER_SIZE: u32 = 4096;

// Cut inside a header name, inside a header value and inside the body.
const REQUEST_PIECES: [&str; 4] = [
    "POST /orders/2024?express=yes&note=caf%C3%A9 HTTP/1.1\r\n\
     Host: example.org\r\nUser-Agent: guest-test/1.0\r\nAcc",
    "ept: application/json, text/plain;q=0.5\r\nContent-Type: application/json; char",
    "set=utf-8\r\nX-Empty:\r\nContent-Length: 60\r\n\r\n{\"item\":\"teapot\",\"colour\":",
    "\"céladon\",\"count\":2,\"gift\":false}",
];

const RESPONSE_PIECES: [&str; 3] = [
    "HTTP/1.1 201 Created\r\nServer: example\r\nContent-Type: text/plain\r\n\
     Transfer-Encoding: chunked\r\nTrailer: X-Checksum\r\nConnection: close\r\n\r\n",
    "1c;note=first\r\nThe order has been accepted.\r\n1",
    "a\r\n It will be sent tomorrow.\r\n0\r\nX-Checksum: 5d41402a\r\n\r\n",
];

// Two headers that disagree about the length of the body, as in request smuggling.
const MALFORMED_PIECES: [&str; 1] = ["PUT /note HTTP/1.1\r\nHost: example.org\r\n\
     Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"];

/// llhttp_type_t.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
enum Kind {
    #[default]
    Request = 1,
    Response = 2,
}

/// The supervisor.
#[derive(Default)]
pub(super) struct Llhttp {
    session: Session,
    kind: Kind,
    message: Message,
    /// To pause the guest when it next reports a part of the body.
    pause_at_body: bool,
}

/// What the guest has reported of the message at hand.
#[derive(Default)]
struct Message {
    /// In the words of a person; printed after the message.
    events: Vec<String>,
    url: String,
    status: String,
    field: String,
    /// Set also by a value of no bytes.
    value: Option<String>,
}

impl Message {
    /// A header is complete when the next name begins or when the headers or trailers end.
    fn end_header(&mut self) {
        let field = mem::take(&mut self.field);
        let value = self.value.take().unwrap_or_default();
        if !field.is_empty() {
            self.events.push(format!("header {field}: {value}"));
        }
    }
}

impl Supervisor for Llhttp {
    fn dispatch(&mut self, store: &mut Store, call: HostCall<'_>) -> Result<Values, HostError> {
        serve(store, self, call, Host::import)
    }
}

impl Driver for Llhttp {
    const FUNCTIONS: &'static [Function] = &[
        ("env", "wasm_on_message_begin", ON_MESSAGE_BEGIN),
        ("env", "wasm_on_url", ON_URL),
        ("env", "wasm_on_status", ON_STATUS),
        ("env", "wasm_on_header_field", ON_HEADER_FIELD),
        ("env", "wasm_on_header_value", ON_HEADER_VALUE),
        ("env", "wasm_on_headers_complete", ON_HEADERS_COMPLETE),
        ("env", "wasm_on_body", ON_BODY),
        ("env", "wasm_on_message_complete", ON_MESSAGE_COMPLETE),
    ];
    const MEMORY: GuestMemory = GuestMemory::Exported("memory");

    fn session(&mut self) -> &mut Session {
        &mut self.session
    }

    fn drive(host: &mut Host<'_, Self>) -> Result<(), Failure> {
        host.call::<()>("_initialize", args![])?;
        host.parse("request", Kind::Request, &REQUEST_PIECES)?;
        host.supervisor.pause_at_body = true;
        host.parse("response", Kind::Response, &RESPONSE_PIECES)?;
        host.supervisor.pause_at_body = false;
        host.parse("malformed request", Kind::Request, &MALFORMED_PIECES)?;
        host.print_memory()
    }
}

impl Host<'_, Llhttp> {
    fn import(&mut self, function: FuncIndex, args: &[Value]) -> Result<i32, Failure> {
        match function {
            ON_MESSAGE_BEGIN => self.event("message begins"),
            ON_URL => {
                let url = self.reported(args)?;
                self.supervisor.message.url.push_str(&url);
            }
            ON_STATUS => {
                let status = self.reported(args)?;
                self.supervisor.message.status.push_str(&status);
            }
            ON_HEADER_FIELD => {
                let field = self.reported(args)?;
                let message = &mut self.supervisor.message;
                if message.value.is_some() {
                    message.end_header();
                }
                message.field.push_str(&field);
            }
            ON_HEADER_VALUE => {
                let value = self.reported(args)?;
                self.supervisor.message.value.get_or_insert_default().push_str(&value);
            }
            ON_HEADERS_COMPLETE => self.headers_complete(words(args)?)?,
            ON_BODY => {
                let body = self.reported(args)?;
                self.event(format!("body {} bytes: {body}", body.len()));
                // As a supervisor does whose reader is slower than the sender.
                if mem::take(&mut self.supervisor.pause_at_body) {
                    return Ok(PAUSED);
                }
            }
            ON_MESSAGE_COMPLETE => {
                self.supervisor.message.end_header();
                self.event("message ends");
            }
            FuncIndex(other) => {
                return Err(Failure::unexpected(format!("no function has the number {other}")));
            }
        }
        Ok(OK)
    }

    /// Calls back into the guest, as nothing but the parser knows the method and the version.
    fn headers_complete(&mut self, args: [u32; 4]) -> Result<(), Failure> {
        let [parser, status_code, upgrade, keep_alive] = args;
        self.supervisor.message.end_header();
        let major: i32 = self.call("llhttp_get_http_major", args![parser])?;
        let minor: i32 = self.call("llhttp_get_http_minor", args![parser])?;
        let event = match self.supervisor.kind {
            Kind::Request => {
                let method: i32 = self.call("llhttp_get_method", args![parser])?;
                let method_name = self.call("llhttp_method_name", args![method])?;
                let method_name = self.read_c_string(method_name)?;
                format!("request {method_name} {} HTTP/{major}.{minor}", self.supervisor.message.url)
            }
            Kind::Response => {
                let status = &self.supervisor.message.status;
                format!("response HTTP/{major}.{minor} {status_code} {status}")
            }
        };
        self.event(event);
        self.event(format!("headers end, upgrade {upgrade}, keep alive {keep_alive}"));
        Ok(())
    }

    fn event(&mut self, event: impl Into<String>) {
        self.supervisor.message.events.push(event.into());
    }

    /// The text that a callback of `parser`, address and length is about.
    fn reported(&mut self, args: &[Value]) -> Result<String, Failure> {
        let [_parser, at, len] = words(args)?;
        self.read_text(at, len)
    }

    fn parse(&mut self, title: &str, kind: Kind, pieces: &[&str]) -> Result<(), Failure> {
        self.supervisor.kind = kind;
        self.supervisor.message = Message::default();
        let parser: u32 = self.call("llhttp_alloc", args![kind as i32])?;
        let buffer: u32 = self.call("malloc", args![BUFFER_SIZE])?;
        let mut error = OK;
        for piece in pieces {
            error = self.execute(parser, buffer, piece)?;
            if error != OK {
                break;
            }
        }
        if error == OK {
            error = self.call("llhttp_finish", args![parser])?;
        }
        if error != OK {
            self.describe_error(parser, buffer, error)?;
        }
        let keep_alive: i32 = self.call("llhttp_should_keep_alive", args![parser])?;
        self.event(format!("connection kept: {}", if keep_alive == 1 { "yes" } else { "no" }));
        self.call::<()>("free", args![buffer])?;
        self.call::<()>("llhttp_free", args![parser])?;

        self.print(format!("-- {title}"));
        for event in mem::take(&mut self.supervisor.message.events) {
            self.print(event);
        }
        Ok(())
    }

    /// Parses one piece; after a pause its rest, from where the parser stopped.
    fn execute(&mut self, parser: u32, buffer: u32, piece: &str) -> Result<i32, Failure> {
        let len = length(piece);
        self.write(buffer, piece.as_bytes())?;
        let error = self.call("llhttp_execute", args![parser, buffer, len])?;
        if error != PAUSED {
            return Ok(error);
        }
        let rest: u32 = self.call("llhttp_get_error_pos", args![parser])?;
        let done = rest.wrapping_sub(buffer);
        self.event(format!("paused at byte {done} of {len}"));
        self.call::<()>("llhttp_resume", args![parser])?;
        self.call("llhttp_execute", args![parser, rest, len.wrapping_sub(done)])
    }

    fn describe_error(&mut self, parser: u32, buffer: u32, error: i32) -> Result<(), Failure> {
        let name = self.call("llhttp_errno_name", args![error])?;
        let reason = self.call("llhttp_get_error_reason", args![parser])?;
        let place: u32 = self.call("llhttp_get_error_pos", args![parser])?;
        let (name, reason) = (self.read_c_string(name)?, self.read_c_string(reason)?);
        let at = place.wrapping_sub(buffer);
        self.event(format!("error {error} {name} at byte {at}: {reason}"));
        Ok(())
    }
}
