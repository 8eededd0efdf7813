import { shorter } from '../../base/shorter.js';

/**
 * What ONNX Runtime refuses, in our words: which node, and what is wrong with it. Its own text names the node with all its
 * values and says the reason at the end, where a reader has given up.
 */

/** One refusal: a sentence without its end, and what to do. */
export interface Reason {
  readonly sentence: string;
  readonly hint: string;
  /** `load` where the model breaks the rules, `run` where this input does not go through it. */
  readonly kind: 'invalid' | 'run';
}

const EXPORT_AGAIN =
  'The file breaks the ONNX rules: export the model again, or check it with onnx.checker.check_model.';
const OTHER_INPUT = 'Give it an input of the size that it was exported for, or export it with free sizes.';
const STANDARD = 'Export the model with standard types and operators, float32 where possible.';

/** Longest name and longest reason that are quoted: the original stands below. */
const MOST_NAME = 80;
const MOST_REASON = 240;

/** Reads a refusal; undefined where its form is not known. */
export function reasonOf(text: string): Reason | undefined {
  const one = text.replace(/\s+/g, ' ').trim();
  return invalidNode(one) ?? wrongType(one) ?? failedRun(one) ?? damaged(one);
}

/** `In Node, ("name", Op, "domain", -1) : (…) -> (…) , Error reason`, `Node (name) Op (Op) [ShapeInferenceError] reason`. */
function invalidNode(text: string): Reason | undefined {
  const at = text.indexOf('In Node, ("');
  if (at >= 0) {
    const head = /^In Node, \("(.*?)", ([\w.]+), "([^"]*)"/.exec(text.slice(at, at + 4096));
    const error = text.lastIndexOf(', Error ');
    if (head === null || error < at) return undefined;
    return invalid(head[1]!, head[2]!, text.slice(error + ', Error '.length));
  }
  const inference = /Node \(([^)]{0,2000})\) Op \(([\w.]+)\) \[(?:Shape|Type)InferenceError\] (.*)$/.exec(text);
  if (inference !== null) return invalid(inference[1]!, inference[2]!, inference[3]!);
  const bare = /\[(?:Shape|Type)InferenceError\] (.*)$/.exec(text);
  return bare === null
    ? undefined
    : {
        kind: 'invalid',
        sentence: `The shapes of the model contradict each other: ${quoted(bare[1]!)}`,
        hint: EXPORT_AGAIN,
      };
}

function invalid(name: string, op: string, error: string): Reason {
  const inner = error.replace(/^Node\s?\(.*?\) (?:with schema\(\S*?\) |Op \(\S+?\) )?(?:\[\w+Error\] )?/, '');
  const count = /^has (input|output) size (\d+) not in range \[min=(\d+), max=(\d+)\]/.exec(inner);
  const what =
    count === null
      ? `is not valid: ${quoted(inner)}`
      : `has ${plural(Number(count[2]), count[1]!)}, but ${op} takes ${range(Number(count[3]), Number(count[4]))}`;
  return { kind: 'invalid', sentence: `The node ${place(name, op)} ${what}`, hint: EXPORT_AGAIN };
}

/** `Type Error: Type 'tensor(x)' of input parameter (v) of operator (Op) in node (name) is invalid.` and its like. */
function wrongType(text: string): Reason | undefined {
  const found =
    /Type '([^']*)' of (input|output) parameter \(([^)]*)\) of operator \(([\w.]+)\) in node \(([^)]*)\) is invalid/.exec(
      text,
    );
  if (found !== null)
    return {
      kind: 'invalid',
      sentence: `The node ${place(found[5]!, found[4]!)} does not take ${bare(found[1]!)} as its ${found[2]} "${shorter(found[3]!, MOST_NAME)}"`,
      hint: STANDARD,
    };
  const bound =
    /Type parameter \(\w+\) of Optype \(([\w.]+)\) bound to different types \((.*?) and (.*?)\) in node \(([^)]*)\)/.exec(
      text,
    );
  if (bound !== null)
    return {
      kind: 'invalid',
      sentence: `The node ${place(bound[4]!, bound[1]!)} mixes ${bare(bound[2]!)} and ${bare(bound[3]!)}, which must be the same`,
      hint: EXPORT_AGAIN,
    };
  const declared =
    /Type \((.*?)\) of output arg \(([^)]*)\) of node \(([^)]*)\) does not match expected type \((.*?)\)/.exec(text);
  return declared === null
    ? undefined
    : {
        kind: 'invalid',
        sentence: `The node "${shorter(declared[3]!, MOST_NAME)}" makes ${bare(declared[4]!)} as "${shorter(declared[2]!, MOST_NAME)}", but the file says ${bare(declared[1]!)}`,
        hint: EXPORT_AGAIN,
      };
}

/** `Non-zero status code returned while running Op node. Name:'name' Status Message: reason`. */
function failedRun(text: string): Reason | undefined {
  const found = /while running ([\w.]+) node\. Name:'(.*?)' Status Message: (.*)$/.exec(text);
  if (found === null) return undefined;
  return {
    kind: 'run',
    sentence: `The node ${place(found[2]!, found[1]!)} cannot take what reaches it: ${quoted(cleaned(found[3]!))}`,
    hint: OTHER_INPUT,
  };
}

function damaged(text: string): Reason | undefined {
  return /Protobuf parsing failed|No graph was found in the protobuf/.test(text)
    ? { kind: 'invalid', sentence: 'The bytes are no ONNX model that ONNX Runtime can read', hint: EXPORT_AGAIN }
    : undefined;
}

function place(name: string, op: string): string {
  return name === '' ? `without a name (${op})` : `"${shorter(name, MOST_NAME)}" (${op})`;
}

function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`;
}

function range(min: number, max: number): string {
  return min === max ? String(min) : max >= 2 ** 31 - 1 ? `at least ${min}` : `${min} to ${max}`;
}

/** `tensor(int64)` as `int64`. */
function bare(type: string): string {
  return type.replace(/^tensor\((\w+)\)$/, '$1');
}

function quoted(reason: string): string {
  return shorter(cleaned(reason), MOST_REASON).replace(/[.\s]+$/, '');
}

/** Without paths of its source, its functions and its conditions. */
export function cleaned(text: string): string {
  return text
    .replace(/(?:\/onnxruntime_src|[A-Za-z]:\\\S*onnxruntime)\S*:\d+\s+/g, '')
    .replace(/onnxruntime::[\w:<>~ ,*&()]*?\)(?:::<lambda\(\)>)?(?:\s+const)?\s+/g, '')
    .replace(/\S+ == \S+ was false\.\s*/g, '')
    .replace(/\s+/g, ' ')
    .trim();
}
