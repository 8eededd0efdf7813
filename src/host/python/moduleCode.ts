import { blankStrings, closingAt, itemsWithin } from './pythonText.js';

/** The modules that Python code makes: classes, their attributes, the items of a Sequential. Pure. */

export interface ModuleAttribute {
  /** `conv1` of `self.conv1 = nn.Conv2d(…)`; `features.0` for the first item of `self.features = nn.Sequential(…)`. */
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

export interface PythonClass {
  readonly name: string;
  /** Last parts of the names of its bases. */
  readonly bases: readonly string[];
  readonly attributes: readonly ModuleAttribute[];
}

export interface ModuleCode {
  readonly classes: readonly PythonClass[];
  readonly attributes: readonly ModuleAttribute[];
}

const CLASS = /^([ \t]*)class\s+(\w+)\s*(?:\(([^)]*)\))?/;
// `self.conv1 = nn.Conv2d(…)`, `self.conv1 = conv3x3(…)`, `self.act: nn.Module = nn.ReLU()`.
const ASSIGNED = /^[ \t]*self\.(\w+)\s*(?::[^=\n]+)?=\s*([A-Za-z_][\w.]*)\s*\(/;
// `self.add_module("conv1", nn.Conv2d(…))`, `setattr(self, f"layer{i}", Block(…))`.
const ADDED = /^[ \t]*(?:self\.(?:add_module|register_module)\s*\(|setattr\s*\(\s*self\s*,)\s*f?(["'])/;
const CALLED = /^\s*,\s*([A-Za-z_][\w.]*)\s*\(/;
/** Calls whose answer is no module. */
const NO_MODULE =
  /^(str|int|float|bool|len|list|dict|tuple|set|range|super|max|min|sum|open|sorted|zip|getattr|type|round|abs|any|all|print|Path)$|^(np|numpy|math|os|random|logging|torch)\.[a-z_]+$/;
const LIST = /^(?:\w+\.)*(?:Sequential|ModuleList)$/;

/** The classes of a file and their attributes that may be modules, in the order of the file. */
export function moduleCode(text: string): ModuleCode {
  const code = blankStrings(text);
  const lines = code.split('\n');
  const starts = lineStarts(code);
  const classes: { name: string; bases: string[]; attributes: ModuleAttribute[] }[] = [];
  const attributes: ModuleAttribute[] = [];
  const open: { readonly indent: number; readonly of: (typeof classes)[number] }[] = [];
  // Lines inside of brackets say nothing by their indentation.
  let inside = 0;
  lines.forEach((content, line) => {
    const start = starts[line]!;
    if (start < inside) return;
    const bracket = content.search(/[([{]/);
    if (bracket >= 0) {
      for (let at = start + bracket; at >= start && at < start + content.length + 1;) {
        const close = closingAt(code, at);
        inside = Math.max(inside, close);
        const next = code.slice(close + 1, start + content.length).search(/[([{]/);
        at = next < 0 ? -1 : close + 1 + next;
      }
    }
    if (content.trim() === '') return;
    const indent = content.length - content.trimStart().length;
    while (open.length > 0 && open.at(-1)!.indent >= indent) open.pop();
    const found = CLASS.exec(content);
    if (found !== null) {
      const bases = (found[3] ?? '').split(',').map((base) => base.trim().split('.').at(-1)!);
      const of = { name: found[2]!, bases: bases.filter((base) => /^\w+$/.test(base)), attributes: [] };
      classes.push(of);
      open.push({ indent, of });
      return;
    }
    const inClass = open.at(-1)?.of;
    for (const attribute of attributesAt(text, code, starts, line, inClass?.name)) {
      attributes.push(attribute);
      inClass?.attributes.push(attribute);
    }
  });
  return { classes, attributes };
}

function attributesAt(
  text: string,
  code: string,
  starts: readonly number[],
  line: number,
  className: string | undefined,
): ModuleAttribute[] {
  const from = starts[line]!;
  const content = code.slice(from, starts[line + 1] === undefined ? undefined : starts[line + 1]! - 1);
  const assigned = ASSIGNED.exec(content);
  if (assigned !== null) {
    const [whole, name, module] = [assigned[0], assigned[1]!, assigned[2]!];
    if (NO_MODULE.test(module)) return [];
    const start = content.indexOf(`self.${name}`) + 'self.'.length;
    const own = { name, module, className, line, start, end: start + name.length };
    const items = LIST.test(module) ? itemsOf(text, code, starts, from + whole.length - 1, own) : [];
    return [own, ...items];
  }
  const added = ADDED.exec(content);
  if (added === null) return [];
  const start = added[0].length;
  const close = content.indexOf(added[1]!, start);
  const call = close < 0 ? null : CALLED.exec(content.slice(close + 1));
  if (call === null) return [];
  const name = text.slice(from + start, from + close);
  return [{ name, module: call[1]!, className, line, start, end: close }];
}

/** The items of a list of modules, those that begin on a line of their own: they are seen apart. */
function itemsOf(
  text: string,
  code: string,
  starts: readonly number[],
  bracket: number,
  list: ModuleAttribute,
): ModuleAttribute[] {
  const inner = innerList(code, bracket);
  const found: ModuleAttribute[] = [];
  for (const [index, { from, to }] of itemsWithin(code, inner).entries()) {
    const content = code.slice(from, to);
    // What follows an unpacked list has no known number; a comprehension makes them all on one line.
    if (/^\s*\*/.test(content) || /\)\s*(async\s+)?for\s/.test(content)) break;
    const at = from + content.search(/\S/);
    const line = lineAt(starts, at);
    if (line === list.line || code.slice(starts[line], at).trim() !== '') continue;
    // An item of an OrderedDict brings its name.
    const named = /^\(\s*(["'])/.exec(code.slice(at, to));
    const quote = named === null ? -1 : at + named[0].length;
    const close = named === null ? -1 : code.indexOf(named[1]!, quote);
    const rest = named === null ? code.slice(at, to) : code.slice(close + 1, to).replace(/^\s*,\s*/, '');
    const module = /^[A-Za-z_][\w.]*(?=\s*\()/.exec(rest)?.[0];
    if (module === undefined) continue;
    const own = named === null ? String(index) : text.slice(quote, close);
    // A string that is broken by the end of its line is none: somebody is typing.
    if (/[\r\n]/.test(own)) continue;
    // The name may stand on a line behind that of its bracket.
    const place = named === null ? at : quote;
    const nameLine = lineAt(starts, place);
    const start = place - starts[nameLine]!;
    const end = start + (named === null ? module : own).length;
    found.push({ name: `${list.name}.${own}`, module, className: list.className, line: nameLine, start, end });
  }
  return found;
}

/** `Sequential(OrderedDict([…]))`, `ModuleList([…])`: the bracket around the items themselves. */
function innerList(code: string, bracket: number): number {
  const wrapped = /^\(\s*(?:(?:\w+\.)*OrderedDict\s*\(\s*)?\[/.exec(code.slice(bracket));
  return wrapped === null ? bracket : bracket + wrapped[0].length - 1;
}

function lineStarts(text: string): number[] {
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
}

function lineAt(starts: readonly number[], at: number): number {
  let [line, after] = [0, starts.length];
  while (after - line > 1) {
    const middle = (line + after) >> 1;
    if (starts[middle]! <= at) line = middle;
    else after = middle;
  }
  return line;
}
