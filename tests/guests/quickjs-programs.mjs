// The JavaScript that runs inside QuickJS. No backslash and no template text in it, so that it can
// be copied as it stands into a program in another language.

export const COMPUTE = `
const sieve = new Uint8Array(2000).fill(1);
const primes = [];
for (let n = 2; n < sieve.length; n++) {
  if (sieve[n] === 0) continue;
  primes.push(n);
  for (let m = n * n; m < sieve.length; m += n) sieve[m] = 0;
}
function fibonacci(n) {
  return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2);
}
const people = [
  { name: 'Zoë', born: 1990 }, { name: 'Ana', born: 1987 }, { name: 'Émile', born: 1990 },
];
people.sort((a, b) => a.born - b.born || (a.name < b.name ? -1 : 1));
const mail = /([a-z]+)@([a-z]+)[.](?<top>org|net)/g;
const found = [...'ana@example.org, zoe@example.net, no@example'.matchAll(mail)];
({
  primes: primes.length,
  last: primes.slice(-5),
  fibonacci: fibonacci(18),
  factorial: String(Array.from({ length: 25 }, (_, i) => BigInt(i + 1)).reduce((a, b) => a * b)),
  people: people.map((person) => person.name),
  mails: found.map((match) => [match[1], match[2], match.groups.top]),
  counts: Object.fromEntries(new Map([['a', 1], ['b', [2, 3]]])),
  floats: [0.1 + 0.2, Math.sqrt(2), Math.sin(1), 1e21, -0, 5e-324],
});
`;

// The clock counts on with every question, and QuickJS seeds Math.random from it.
export const CLOCK = `
const first = Date.now();
const date = new Date();
({
  passed: Date.now() - first,
  utc: date.toISOString(),
  local: date.toString(),
  leapDay: new Date(2024, 1, 29, 12).toISOString(),
  random: Math.random(),
});
`;

export const ERRORS = `
function parse(text) {
  if (text.length > 3) throw new RangeError('too long: ' + text);
  return text;
}
parse('abc');
parse('abcdef');
`;

export const SYNTAX_ERROR = "let total = 1 +;";

export const HOST = `
print('the price of tea is ' + price('tea'));
let caught;
try {
  price('gold');
} catch (error) {
  caught = error.message;
}
print('caught', caught);
['tea', 'salt'].map((item) => item + ' ' + price(item)).join(', ');
`;

export const MAIN_MODULE = `
import { area } from './shapes.js';
import { join } from './text.js';
export const result = join(['area', area(2).toFixed(4)]);
export default 42;
`;

export const MODULES = {
  "shapes.js": `
import { join } from './text.js';
export const unit = join(['m', '2']);
export const area = (radius) => Math.PI * radius * radius;
`,
  "text.js": `
export function join(parts) {
  return parts.join('-');
}
`,
};

export const PROMISES = `
const order = [];
async function work(name, steps) {
  for (let i = 0; i < steps; i++) {
    order.push(name + i);
    await null;
  }
  return name;
}
Promise.all([work('a', 3), work('b', 2)]).then((names) => {
  order.push(names.join('+'));
  print('order', order.join(' '));
});
order.join(' ');
`;

export const ENDLESS = "let turns = 0; for (;;) turns++;";
export const RECURSION = `
let depth = 0;
function again() {
  depth++;
  return 1 + again();
}
let message;
try {
  again();
} catch (error) {
  message = error.name + ': ' + error.message;
}
({ message, deep: depth > 100 });
`;
// More than the 16 MiB of the whole memory.
export const GREEDY = "new ArrayBuffer(20000000).byteLength;";
export const MISSING_MODULE = "import './absent.js';";
export const FUNCTION = "(a, b) => { return a * b + 0.5; }";
