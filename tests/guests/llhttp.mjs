// llhttp, the HTTP/1 parser of undici and Node. Each piece of input is copied into the guest; the
// guest reports what it finds through its imports, as positions in that piece. A name or a value
// cut by the end of a piece is reported in two parts.
import { decodeText, encodeText, openGuest, printMemory, readCString } from "./trace.mjs";

export const name = "llhttp";
export const title = "HTTP/1.1 parser, fed a request, a response and a malformed request in pieces";

// llhttp_type_t and llhttp_errno_t.
const REQUEST = 1,
  RESPONSE = 2;
const OK = 0,
  PAUSED = 21;

const BUFFER_SIZE = 4096;

// Cut inside a header name, inside a header value and inside the body.
const REQUEST_PIECES = [
  "POST /orders/2024?express=yes&note=caf%C3%A9 HTTP/1.1\r\n" + "Host: example.org\r\nUser-Agent: guest-test/1.0\r\nAcc",
  "ept: application/json, text/plain;q=0.5\r\nContent-Type: application/json; char",
  'set=utf-8\r\nX-Empty:\r\nContent-Length: 60\r\n\r\n{"item":"teapot","colour":',
  '"céladon","count":2,"gift":false}',
];

const RESPONSE_PIECES = [
  "HTTP/1.1 201 Created\r\nServer: example\r\nContent-Type: text/plain\r\n" +
    "Transfer-Encoding: chunked\r\nTrailer: X-Checksum\r\nConnection: close\r\n\r\n",
  "1c;note=first\r\nThe order has been accepted.\r\n1",
  "a\r\n It will be sent tomorrow.\r\n0\r\nX-Checksum: 5d41402a\r\n\r\n",
];

// Two headers that disagree about the length of the body, as in request smuggling.
const MALFORMED_PIECES = [
  "PUT /note HTTP/1.1\r\nHost: example.org\r\n" + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
];

export function run(engine, bytes, print) {
  // What the guest has reported, in the words of a person; printed after each message.
  let events = [];
  let kind = REQUEST;
  let url = "",
    status = "",
    field = "",
    value = "";
  let hasValue = false; // true also for a value of no bytes
  let pauseAtBody = false;

  function text(at, length) {
    return decodeText(memory.read(at, length));
  }
  // A header is complete when the next name begins or when the headers or trailers end.
  function endHeader() {
    if (field !== "") events.push(`header ${field}: ${value}`);
    field = "";
    value = "";
    hasValue = false;
  }

  const imports = {
    env: {
      wasm_on_message_begin(parser) {
        events.push("message begins");
        return 0;
      },
      wasm_on_url(parser, at, length) {
        url += text(at, length);
        return 0;
      },
      wasm_on_status(parser, at, length) {
        status += text(at, length);
        return 0;
      },
      wasm_on_header_field(parser, at, length) {
        if (hasValue) endHeader();
        field += text(at, length);
        return 0;
      },
      wasm_on_header_value(parser, at, length) {
        value += text(at, length);
        hasValue = true;
        return 0;
      },
      // Calls back into the guest, as nothing but the parser knows the method and the version.
      wasm_on_headers_complete(parser, statusCode, upgrade, keepAlive) {
        endHeader();
        const major = guest.call("llhttp_get_http_major", parser);
        const minor = guest.call("llhttp_get_http_minor", parser);
        if (kind === REQUEST) {
          const method = guest.call("llhttp_get_method", parser);
          const methodName = guest.call("llhttp_method_name", method);
          events.push(`request ${readCString(memory, methodName)} ${url} HTTP/${major}.${minor}`);
        } else {
          events.push(`response HTTP/${major}.${minor} ${statusCode} ${status}`);
        }
        events.push(`headers end, upgrade ${upgrade}, keep alive ${keepAlive}`);
        return 0;
      },
      wasm_on_body(parser, at, length) {
        events.push(`body ${length} bytes: ${text(at, length)}`);
        // As a supervisor does whose reader is slower than the sender.
        if (pauseAtBody) {
          pauseAtBody = false;
          return PAUSED;
        }
        return 0;
      },
      wasm_on_message_complete(parser) {
        endHeader();
        events.push("message ends");
        return 0;
      },
    },
  };

  const guest = openGuest(engine, bytes, imports, print);
  const memory = guest.memory("memory");

  function parse(title, newKind, pieces) {
    kind = newKind;
    events = [];
    url = "";
    status = "";
    field = "";
    value = "";
    hasValue = false;
    const parser = guest.call("llhttp_alloc", kind);
    const buffer = guest.call("malloc", BUFFER_SIZE);
    let error = OK;
    for (let i = 0; i < pieces.length && error === OK; i++) {
      const piece = encodeText(pieces[i]);
      memory.write(buffer, piece);
      error = guest.call("llhttp_execute", parser, buffer, piece.length);
      if (error === PAUSED) {
        // The rest of the piece is parsed again from where the parser stopped.
        const rest = guest.call("llhttp_get_error_pos", parser);
        events.push(`paused at byte ${rest - buffer} of ${piece.length}`);
        guest.call("llhttp_resume", parser);
        error = guest.call("llhttp_execute", parser, rest, buffer + piece.length - rest);
      }
    }
    if (error === OK) error = guest.call("llhttp_finish", parser);
    if (error !== OK) {
      const errorName = guest.call("llhttp_errno_name", error);
      const reason = guest.call("llhttp_get_error_reason", parser);
      const place = guest.call("llhttp_get_error_pos", parser);
      events.push(`error ${error} ${readCString(memory, errorName)} at byte ${place - buffer}: ` + readCString(memory, reason));
    }
    const keepAlive = guest.call("llhttp_should_keep_alive", parser);
    events.push(`connection kept: ${keepAlive === 1 ? "yes" : "no"}`);
    guest.call("free", buffer);
    guest.call("llhttp_free", parser);

    print(`-- ${title}`);
    for (let i = 0; i < events.length; i++) print(events[i]);
  }

  guest.call("_initialize");
  parse("request", REQUEST, REQUEST_PIECES);
  pauseAtBody = true;
  parse("response", RESPONSE, RESPONSE_PIECES);
  pauseAtBody = false;
  parse("malformed request", REQUEST, MALFORMED_PIECES);
  printMemory(memory, print);
}
