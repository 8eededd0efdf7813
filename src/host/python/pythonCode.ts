/** What of a Python file is about models: attributes that are modules, and names of `.onnx` files. Pure. */

export interface ModuleAttribute {
  /** `conv1` of `self.conv1 = nn.Conv2d(…)`. */
  readonly name: string;
  /** `nn.Conv2d`. */
  readonly module: string;
  /** The class it stands in. */
  readonly className: string | undefined;
  /** Zero-based. */
  readonly line: number;
  /** Where the name is in its line. */
  readonly start: number;
  readonly end: number;
}

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
}

const CLASS = /^\s*class\s+(\w+)/;
// A module is made by a name with a capital: `nn.Conv2d(…)`, `BasicBlock(…)`; helpers that make several are followed by name.
const ATTRIBUTE = /^\s*self\.(\w+)\s*(?::[^=]+)?=\s*((?:\w+\.)*[A-Z]\w*|self\._?make\w*)\s*\(/;
const NAME = /(["'])((?:(?!\1)[^\\\n]|\\.)*?\.onnx)\1/g;
const EXPORT = /\bonnx\s*\.\s*export\s*\(/;

/** Whether a file can have anything of interest: cheap, before anything else is asked. */
export function mayHoldModels(text: string): boolean {
  return /\bself\.\w+\s*(:[^=\n]+)?=\s*|\.onnx\b/.test(text) && /\bnn\b|torch|\.onnx\b|Module/.test(text);
}

/** Attributes that are modules, in the order of the file. */
export function moduleAttributes(text: string): readonly ModuleAttribute[] {
  const found: ModuleAttribute[] = [];
  let className: string | undefined;
  text.split('\n').forEach((content, line) => {
    className = CLASS.exec(content)?.[1] ?? className;
    const match = ATTRIBUTE.exec(content);
    if (match === null) return;
    const name = match[1]!;
    const start = content.indexOf(`self.${name}`) + 'self.'.length;
    found.push({ name, module: match[2]!, className, line, start, end: start + name.length });
  });
  return found;
}

/** Names of `.onnx` files in the text, comments left out, and the lines of exports whose name stands on a later line. */
export function modelNames(text: string): readonly ModelName[] {
  const found: ModelName[] = [];
  text.split('\n').forEach((content, line) => {
    const code = /^\s*#/.test(content) ? '' : content;
    for (const match of code.matchAll(NAME)) {
      const path = match[2]!;
      found.push({ file: path.split(/[\\/]/).at(-1)!, line, start: match.index, end: match.index + match[0].length });
    }
  });
  return found;
}

/**
 * The lines of `torch.onnx.export(…)` and the name of the file that each writes, where the call says it as text.
 */
export function exportCalls(text: string): readonly ExportCall[] {
  const lines = text.split('\n');
  const names = modelNames(text);
  return lines.flatMap((content, line) => {
    const match = /^\s*#/.test(content) ? null : EXPORT.exec(content);
    if (match === null) return [];
    const end = endOfCall(lines, line, match.index + match[0].length);
    const name = names.find((n) => n.line >= line && n.line <= end && (n.line > line || n.start > match.index));
    return name === undefined
      ? []
      : [{ file: name.file, line, start: match.index, end: match.index + match[0].length, lastLine: end }];
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

/** The layers whose path has an attribute's name: those that end with it, or else all inside of it. */
export function layersOf<L extends { readonly name: string }>(attribute: string, layers: readonly L[]): readonly L[] {
  const parts = (layer: L): readonly string[] => layer.name.split(/[./]/);
  const ending = layers.filter((layer) => parts(layer).at(-1) === attribute);
  return ending.length > 0 ? ending : layers.filter((layer) => parts(layer).includes(attribute));
}
