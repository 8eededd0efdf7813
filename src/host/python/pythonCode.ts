import { stringsIn } from './pythonText.js';

/** What of a Python file is about models as a whole: names of `.onnx` files, and the calls that write them. Pure. */

export interface ModelName {
  /** Last part of the path: `net.onnx`. */
  readonly file: string;
  readonly line: number;
  readonly start: number;
  readonly end: number;
}

/** A call that writes a model. */
export interface ExportCall extends ModelName {
  /** The line on which it ends. */
  readonly lastLine: number;
  /** Where the name of the file stands in it. */
  readonly name: ModelName;
}

const EXPORT = /\bonnx\s*\.\s*export\s*\(/;

/** Whether a file can have anything of interest: cheap, before anything else is asked. */
export function mayHoldModels(text: string): boolean {
  return /\bself\.\w+\s*(:[^=\n]+)?=\s*|\.onnx\b/.test(text) && /\bnn\b|torch|\.onnx\b|Module/.test(text);
}

/** Names of `.onnx` files in the text, comments left out, and the lines of exports whose name stands on a later line. */
export function modelNames(text: string): readonly ModelName[] {
  const found: ModelName[] = [];
  text.split('\n').forEach((content, line) => {
    const code = /^\s*#/.test(content) ? '' : content;
    for (const { from, to } of stringsIn(code)) {
      const path = code.slice(from, to);
      if (!path.endsWith('.onnx')) continue;
      found.push({ file: path.split(/[\\/]/).at(-1)!, line, start: from - 1, end: to + 1 });
    }
  });
  return found;
}

/**
 * The lines of `torch.onnx.export(…)` and the name of the file that each writes, where the call says it as text.
 *
 * @param names those of the text, in its order
 */
export function exportCalls(text: string, names: readonly ModelName[] = modelNames(text)): readonly ExportCall[] {
  const lines = text.split('\n');
  // Calls come in the order of the names: what lies before one lies before all that follow.
  let next = 0;
  return lines.flatMap((content, line) => {
    const match = /^\s*#/.test(content) ? null : EXPORT.exec(content);
    if (match === null) return [];
    const before = (n: ModelName): boolean => n.line < line || (n.line === line && n.start <= match.index);
    while (next < names.length && before(names[next]!)) next++;
    const end = endOfCall(lines, line, match.index + match[0].length);
    const name = names[next];
    return name === undefined || name.line > end
      ? []
      : [{ file: name.file, line, start: match.index, end: match.index + match[0].length, lastLine: end, name }];
  });
}

/** The line on which the brackets of a call close again; strings are not looked into, so at most a screenful is read. */
function endOfCall(lines: readonly string[], line: number, column: number): number {
  let open = 1;
  for (let at = line; at < Math.min(lines.length, line + 40); at++) {
    const rest = at === line ? lines[at]!.slice(column) : lines[at]!;
    for (const c of rest.replace(/(["'])(?:(?!\1).)*\1/g, '')) {
      if (c === '(') open++;
      else if (c === ')' && --open === 0) return at;
    }
  }
  return line;
}
