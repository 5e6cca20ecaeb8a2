// Lets each way out of a function end by itself, where very many lead to one end: node ends.mjs <file>
//
// The engine's encoder of operators is a function with a thousand cases, which leave for its end in four thousand places. There
// V8's optimising compiler brings together what is known from each of them, of everything that any has: it took three
// seconds and 2.2 GB for this one function, soon after it was first called, and no process ended before it was done. Behind the end
// nothing is left but to put the stack's pointer back. Where each way does that and returns, it takes half a second and 31 MB.
import { readFileSync, writeFileSync } from "node:fs";
import binaryen from "binaryen";

/** So many ways out are too many for one end. */
const MANY = 256;

const { Block, Break, If } = binaryen;

/** Whether there was anything to do in a function. */
function endFunctionApart(module, function_) {
  const { body, results } = binaryen.getFunctionInfo(function_);
  if (body === 0 || results !== binaryen.none || binaryen.getExpressionId(body) !== binaryen.BlockId) return false;
  const children = childrenOf(body);
  const at = children.findLastIndex((child) => binaryen.getExpressionId(child) === binaryen.BlockId && Block.getName(child) !== null);
  if (at < 0) return false;
  const exit = Block.getName(children[at]);
  const end = children.slice(at + 1);
  let ways = 0;
  eachWay(children[at], exit, () => void ways++);
  if (ways < MANY) return false;
  const ended = () => module.block(null, [...end.map((one) => module.copyExpression(one)), module.return()], binaryen.unreachable);
  eachWay(children[at], exit, (replace) => replace(ended()));
  return true;
}

/** Finds the branches to a block that are statements without a condition, and gives what replaces each. */
function eachWay(within, exit, found) {
  const look = (expression, replace) => {
    const id = binaryen.getExpressionId(expression);
    if (id === binaryen.BlockId) {
      childrenOf(expression).forEach((child, at) => look(child, (by) => Block.setChildAt(expression, at, by)));
    } else if (id === binaryen.IfId) {
      look(If.getIfTrue(expression), (by) => If.setIfTrue(expression, by));
      if (If.getIfFalse(expression) !== 0) look(If.getIfFalse(expression), (by) => If.setIfFalse(expression, by));
    } else if (id === binaryen.BreakId && Break.getName(expression) === exit && Break.getCondition(expression) === 0) {
      found(replace);
    }
  };
  look(within, () => {});
}

const childrenOf = (block) => Array.from({ length: Block.getNumChildren(block) }, (_, at) => Block.getChildAt(block, at));

const [file] = process.argv.slice(2);
const module = binaryen.readBinary(readFileSync(file));
const functions = Array.from({ length: module.getNumFunctions() }, (_, at) => module.getFunctionByIndex(at));
const changed = functions.filter((function_) => endFunctionApart(module, function_));
if (changed.length === 0)
  throw new Error("no function has very many ways out: the engine is another one, and need not be changed any more");
writeFileSync(file, module.emitBinary());
