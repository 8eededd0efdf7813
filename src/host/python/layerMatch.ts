import type { LayerDescription } from '../../result/inspection.js';
import { memo } from '../../base/memo.js';
import type { ModuleAttribute, ModuleCode, PythonClass } from './moduleCode.js';
import { couldBe } from './pythonText.js';

/** Which attributes of Python code have made a layer. Pure. */

type Layer = Pick<LayerDescription, 'name' | 'modules'>;

/** Names under which a network is wrapped by another one before it is exported. */
const WRAPPERS = new Set(['model', 'module', 'net', 'network', 'backbone', 'encoder', '_orig_mod', 'student', 'ema']);

export interface MatchOptions {
  /** Name of the Python file without its ending: the last part of the module that its classes say they come from. */
  readonly file: string;
  /** The exporter says that layers come from this file, though not of which classes: paths may begin at any of them. */
  readonly anywhere?: boolean;
}

/**
 * The attributes on a layer's path: of `layer1.0.conv1` the `layer1` of the network and the `conv1` of its block. Where the
 * exporter has written the classes of the modules, only attributes of these classes of this file are meant; else the
 * classes of the file are followed from those that no other class of the file makes.
 */
export function attributesOf(layer: Layer, code: ModuleCode, options: MatchOptions): ReadonlySet<ModuleAttribute> {
  const found = new Set<ModuleAttribute>();
  const parts = partsOf(layer.name);
  if (layer.modules !== undefined && layer.modules.length > 0) {
    for (const { path, type } of layer.modules) {
      const above = path === '' ? [] : partsOf(path);
      if (!isOf(type, options.file) || above.some((part, i) => part !== parts[i])) continue;
      const own = code.classes.find((each) => each.name === type.split('.').at(-1));
      for (const attribute of own === undefined ? [] : allAttributes(own, code))
        if (lengthOf(attribute, parts, above.length) > 0) found.add(attribute);
    }
    return found;
  }
  const structure = structureOf(code);
  for (const root of options.anywhere === true ? code.classes : structure.roots) {
    const starts = options.anywhere === true ? parts.map((_, i) => i) : [0];
    if (WRAPPERS.has(parts[0] ?? '')) starts.push(1);
    for (const start of starts) follow(root, start, { parts, structure, found, seen: new Set(), lists: new Map() });
  }
  return found;
}

interface Structure {
  readonly code: ModuleCode;
  /** Classes that no other class of the file makes. */
  readonly roots: readonly PythonClass[];
  readonly byName: ReadonlyMap<string, PythonClass>;
}

const structures = new WeakMap<ModuleCode, Structure>();

function structureOf(code: ModuleCode): Structure {
  let known = structures.get(code);
  if (known === undefined) {
    const byName = new Map(code.classes.map((each) => [each.name, each]));
    const made = new Set(code.attributes.map((a) => a.module.split('.').at(-1)!));
    const based = new Set(code.classes.flatMap((each) => each.bases));
    const holding = code.classes.filter((each) => allAttributes(each, code).length > 0);
    // Blocks are made by helpers that name them in their arguments only, so a class with a list of modules is no block's
    // equal: a class without one is a root only where there is none with one.
    const free = holding.filter(({ name }) => !made.has(name) && !based.has(name));
    const lists = free.filter((each) => allAttributes(each, code).some((a) => isList(a, byName)));
    known = { code, byName, roots: lists.length > 0 && lists.length < free.length ? lists : free };
    structures.set(code, known);
  }
  return known;
}

/** Whether an attribute holds modules that its line does not name: a list of them, or what a helper makes. */
function isList({ module }: ModuleAttribute, byName: ReadonlyMap<string, PythonClass>): boolean {
  const last = module.split('.').at(-1)!;
  return !byName.has(last) && (module.startsWith('self.') || /^(Sequential|ModuleList|ModuleDict)$/.test(last));
}

/** A path that is followed, and how far. */
interface Following {
  readonly parts: readonly string[];
  readonly structure: Structure;
  readonly found: Set<ModuleAttribute>;
  readonly seen: Set<string>;
  /** Places in the path at which a list went on into the other classes, and from which class: all of them are seen then. */
  readonly lists: Map<number, PythonClass>;
}

/** Adds the attributes on a path that begins in a class. True: the path makes sense in it. */
function follow(from: PythonClass, at: number, following: Following): boolean {
  const { parts, structure, found, seen, lists } = following;
  const key = `${from.name} ${at}`;
  if (seen.has(key)) return false;
  seen.add(key);
  let fits = false;
  for (const attribute of allAttributes(from, structure.code)) {
    const length = lengthOf(attribute, parts, at);
    if (length === 0) continue;
    const next = at + length;
    const inner = structure.byName.get(attribute.module.split('.').at(-1)!);
    const on = (cls: PythonClass, i: number): boolean => follow(cls, i, following);
    if (next < parts.length) {
      if (inner !== undefined) {
        if (!on(inner, next)) continue;
      } else if (isList(attribute, structure.byName)) {
        // Past its number, or its numbers, into whichever class of the file goes on like that.
        for (let i = next; i < parts.length; i++) {
          const before = lists.get(i);
          if (before === undefined) {
            lists.set(i, from);
            for (const cls of structure.code.classes) if (cls !== from) on(cls, i);
          } else if (before !== from) on(before, i);
          if (!/^\d+$/.test(parts[i]!)) break;
        }
      }
    }
    found.add(attribute);
    fits = true;
  }
  return fits;
}

/** How many parts of a path, from one on, an attribute's name is; 0 where it is another one. */
function lengthOf({ name }: ModuleAttribute, parts: readonly string[], at: number): number {
  const own = name.split('.');
  const same = (part: string, i: number): boolean => {
    const there = parts[at + i];
    if (there === undefined) return false;
    // A name may have a number in it that only running the code tells.
    return couldBe(part, there);
  };
  return own.every(same) ? own.length : 0;
}

const inherited = memo<PythonClass, ModuleCode, readonly ModuleAttribute[]>();

/** More classes than anybody inherits from: what a file holds beyond is none that a person wrote. */
const MOST_BASES = 64;

/** Attributes of a class, those of its bases in the file included; each class is visited once, however they inherit. */
function allAttributes(from: PythonClass, code: ModuleCode): readonly ModuleAttribute[] {
  return inherited(from, code, () => {
    const named = classesByName(code);
    const found = new Set([from]);
    for (const cls of found)
      for (const base of cls.bases)
        for (const each of named.get(base) ?? []) {
          if (found.size === MOST_BASES) return attributesIn(found);
          found.add(each);
        }
    return attributesIn(found);
  });
}

function attributesIn(classes: Iterable<PythonClass>): readonly ModuleAttribute[] {
  return [...classes].flatMap(({ attributes }) => attributes);
}

const byNames = new WeakMap<ModuleCode, ReadonlyMap<string, readonly PythonClass[]>>();

function classesByName(code: ModuleCode): ReadonlyMap<string, readonly PythonClass[]> {
  let known = byNames.get(code);
  if (known === undefined) {
    const made = new Map<string, PythonClass[]>();
    for (const cls of code.classes) {
      const same = made.get(cls.name);
      if (same === undefined) made.set(cls.name, [cls]);
      else same.push(cls);
    }
    byNames.set(code, (known = made));
  }
  return known;
}

/** Whether a class comes from a file: `net.BirdNet` from `net.py`, `__main__.Net` from any script. */
function isOf(type: string, file: string): boolean {
  const module = type.split('.').slice(0, -1);
  const last = module.at(-1);
  return last === undefined || last === '__main__' || last === file || (file === '__init__' && module.length > 0);
}

function partsOf(path: string): string[] {
  return path.split(/[./]/).filter((part) => part !== '');
}
