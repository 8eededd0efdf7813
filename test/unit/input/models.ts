import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  requirePreprocessing,
  resolveInput,
  type ModelContext,
  type ResolvedInput,
} from '../../../src/input/resolve.js';
import type { Preprocessing } from '../../../src/input/settings.js';
import type { Sidecar } from '../../../src/input/sidecar.js';

export type Dims = readonly (number | string)[];

/** A model that exists only as its declaration, and the files around it. */
export interface Setup {
  readonly input?: Dims;
  readonly output?: Dims;
  readonly type?: string;
  readonly denotation?: string;
  readonly metadata?: Record<string, string>;
  /** Files beside the model by relative path; objects become JSON. */
  readonly files?: Record<string, unknown>;
  readonly sidecar?: Sidecar;
  readonly context?: Partial<ModelContext>;
}

let root: string | undefined;
let count = 0;

/** Resolves `net.onnx` in a fresh folder `onnx/`. Call {@link removeModels} afterwards. */
export function resolve(setup: Setup): Promise<ResolvedInput> {
  root ??= mkdtempSync(path.join(tmpdir(), 'lens-resolve-'));
  const folder = path.join(root, String(count++), 'onnx');
  mkdirSync(folder, { recursive: true });
  const files = { ...setup.files, ...(setup.sidecar === undefined ? {} : { 'net.lens.json': setup.sidecar }) };
  for (const [name, content] of Object.entries(files)) {
    const file = path.join(folder, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  }
  return resolveInput({
    modelPath: path.join(folder, 'net.onnx'),
    metadata: new Map(Object.entries(setup.metadata ?? {})),
    inputs: [
      {
        name: 'input',
        dims: setup.input ?? ['batch', 3, 224, 224],
        type: setup.type ?? 'float32',
        ...(setup.denotation === undefined ? {} : { denotation: setup.denotation }),
      },
    ],
    outputs: [{ name: 'logits', dims: setup.output ?? ['batch', 10], type: 'float32' }],
    ...setup.context,
  });
}

export function removeModels(): void {
  if (root !== undefined) rmSync(root, { recursive: true });
  root = undefined;
}

/** The values of a plan; every one of them must say where it came from. */
export function valuesOf(resolved: ResolvedInput): Record<keyof Preprocessing, unknown> {
  const plan = requirePreprocessing(resolved);
  for (const { origin } of Object.values(plan))
    assert.ok(origin.detail.length > 3 && origin.kind, `origin.detail.length: ${origin.detail.length}`);
  const entries = Object.entries(plan).map(([key, setting]) => [key, setting.value]);
  return Object.fromEntries(entries) as Record<keyof Preprocessing, unknown>;
}
