import { isCancelled, LensError } from '../../base/errors.js';
import { shorter } from '../../base/shorter.js';
import { endlessLoop } from '../../graph/rewrite/ended.js';
import { cleaned, reasonOf } from './ortReasons.js';

/** What ONNX Runtime throws is several lines with paths of its own source. A person gets one sentence; the original stays as the cause. */
export function ortError(error: unknown, doing: 'open' | 'run'): Error {
  if (error instanceof LensError || isCancelled(error)) return error as Error;
  const text = error instanceof Error ? error.message : String(error);
  const cause = error instanceof Error ? error : new Error(text);

  const dims =
    /Got invalid dimensions for input:\s*(\S+)[\s\S]*?index:\s*(\d+)\s*Got:\s*(-?\d+)\s*Expected:\s*(-?\d+)/.exec(text);
  if (dims !== null) {
    return new LensError(
      'input',
      'session/input-shape',
      `The input "${dims[1]}" has size ${dims[3]} in dimension ${dims[2]}, the model wants ${dims[4]}.`,
      { cause },
    );
  }
  const rank = /Invalid rank for input:\s*(\S+)\s*Got:\s*(\d+)\s*Expected:\s*(\d+)/.exec(text);
  if (rank !== null) {
    return new LensError(
      'input',
      'session/input-shape',
      `The input "${rank[1]}" has ${rank[2]} dimensions, the model wants ${rank[3]}.`,
      { cause },
    );
  }
  const type = /Unexpected input data type\. Actual: \(tensor\((\w+)\)\) , expected: \(tensor\((\w+)\)\)/.exec(text);
  if (type !== null) {
    return new LensError('input', 'session/input-type', `The model was fed ${type[1]} and wants ${type[2]}.`, {
      cause,
    });
  }
  const missing = /Could not find an implementation for ([\w.]+)\((\d+)\) node with name '([^']*)'/.exec(text);
  if (missing !== null) {
    const reason = `ONNX Runtime has no implementation of opset ${missing[2]} for these types`;
    return new LensError(
      'unsupported',
      'session/operator',
      `The operator ${missing[1]} of node "${missing[3]}" cannot be run here.`,
      {
        cause,
        refused: [{ op: missing[1]!, node: missing[3]!, reason }],
      },
    );
  }
  const unknown =
    /No Op registered for (\S+) with domain_version of (\d+)/.exec(text) ??
    /(\S+?)\(-?\d+\) is not a registered function\/op/.exec(text);
  if (unknown !== null) {
    const op = unknown[1]!.replace(/^.*:(?=\w)/, '');
    return new LensError('unsupported', 'session/operator', `ONNX Runtime does not know the operator ${op}.`, {
      cause,
      refused: [{ op, node: '', reason: 'not known to ONNX Runtime' }],
    });
  }
  if (/bad_alloc|bad allocation|Failed to allocate memory|Array buffer allocation failed|out of memory/i.test(text)) {
    return new LensError('runtime', 'session/memory', 'There is not enough memory for this step.', {
      cause,
      hint: 'Close other models, or lower the memory setting so that smaller batches are used.',
    });
  }
  const endless = endlessLoop(text);
  if (endless !== undefined) {
    const { loop, trips } = endless;
    return new LensError(
      'unsupported',
      'session/endless',
      `The Loop "${shorter(loop, MOST_NAME)}" had run its body ${trips.toLocaleString('en-US')} times and was not at its end.`,
      {
        cause,
        hint: 'Its condition may never become false: export the model with a greatest number of trips, or give it another input.',
      },
    );
  }
  const reason = reasonOf(text);
  if (reason !== undefined) {
    const { kind, sentence, hint } = reason;
    return new LensError(kind === 'invalid' ? 'unsupported' : 'runtime', `session/${doing}`, `${sentence}.`, {
      cause,
      hint,
    });
  }
  const verb = doing === 'open' ? 'load the model' : 'run the model';
  return new LensError('runtime', `session/${doing}`, `ONNX Runtime could not ${verb}: ${firstSentence(text)}`, {
    cause,
  });
}

/** The longest name that is quoted. */
const MOST_NAME = 80;

/** The longest part of a message of the runtime that is quoted in ours. */
const MOST_QUOTED = 300;

/** A message on one line, without what only its authors read; a long one is cut in its middle. */
export function firstSentence(text: string): string {
  const said = shorter(cleaned(text), MOST_QUOTED);
  return /[.!?]$/.test(said) ? said : `${said}.`;
}
