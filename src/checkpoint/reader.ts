import { realpathSync, statSync } from 'node:fs';
import path from 'node:path';
import { LensError, throwIfCancelled } from '../base/errors.js';
import { FileSource, type ByteSource } from './byteSource.js';
import { Context } from './context.js';
import { ExternalFiles } from './external.js';
import type { Checkpoint, FunctionProto } from './model.js';
import { emptyGraph, parseFunction, parseGraphField } from './parseGraph.js';
import { parseEntry } from './parseTensor.js';
import { parseOpset } from './parseTypes.js';
import { refuseOtherFormats } from './recognise.js';
import { Fields, malformed, type Span } from './wire.js';

export const OLDEST_OPSET = 7;
export const NEWEST_OPSET = 26;
export const NEWEST_IR = 14;

export interface OpenOptions {
  readonly signal?: AbortSignal;
  /** Reads the model's bytes from here instead of the file (tests count what is read). */
  readonly source?: ByteSource;
}

/**
 * Reads an ONNX file without its weights. Everything that can be wrong with a file ends in a {@link LensError} whose
 * code begins with `checkpoint/`.
 */
export async function openCheckpoint(file: string, options: OpenOptions = {}): Promise<Checkpoint> {
  const named = path.resolve(file);
  throwIfCancelled(options.signal);
  const real = realPath(named);
  const own = options.source === undefined ? openFile(real) : undefined;
  const source = options.source ?? own!;
  let context: Context | undefined;
  try {
    const head = new Uint8Array(Math.min(source.size, 512));
    source.read(head, 0);
    refuseOtherFormats(head, source.size);
    context = new Context(real, source, new ExternalFiles(named, real));
    return await parseModel(context, named, source.size, options.signal);
  } catch (error) {
    // A RangeError of the platform (an array that cannot be made) is the file's doing as well.
    if (error instanceof RangeError) throw malformed('it asks for more memory than there is');
    throw error;
  } finally {
    own?.close();
    context?.close();
  }
}

function realPath(file: string): string {
  try {
    const real = realpathSync(file);
    if (statSync(real).isFile()) return real;
  } catch (error) {
    throw new LensError('input', 'checkpoint/missing', `There is no model at "${file}".`, {
      hint: 'Check the path.',
      cause: error,
    });
  }
  throw new LensError('input', 'checkpoint/missing', `"${file}" is not a file.`, {
    hint: 'Name the .onnx file itself.',
  });
}

function openFile(file: string): FileSource {
  try {
    return new FileSource(file);
  } catch (error) {
    throw new LensError('input', 'checkpoint/unreadable', `The model "${path.basename(file)}" cannot be opened.`, {
      hint: 'Check the permissions of the file.',
      cause: error,
    });
  }
}

const BREATH_MS = 10;

async function parseModel(
  context: Context,
  file: string,
  size: number,
  signal: AbortSignal | undefined,
): Promise<Checkpoint> {
  const parts = emptyGraph();
  const opsets = new Map<string, number>();
  const metadata = new Map<string, string>();
  const functions: FunctionProto[] = [];
  let irVersion = 0;
  let producer = '';
  let producerVersion = '';
  let doc = '';
  let hasGraph = false;

  let last = performance.now();
  const stifled = (): boolean => performance.now() - last >= BREATH_MS;
  const breathe = async (): Promise<void> => {
    await new Promise((resolve) => setImmediate(resolve));
    throwIfCancelled(signal);
    last = performance.now();
  };
  const readGraph = async (span: Span): Promise<void> => {
    hasGraph = true;
    const g = new Fields(context.window, span);
    while (g.next()) {
      parseGraphField(context, g, parts, 0);
      if (stifled()) await breathe();
    }
  };

  const f = new Fields(context.window, { start: 0, end: size });
  while (f.next()) {
    switch (f.field) {
      case 1:
        irVersion = f.int();
        break;
      case 2:
        producer = f.text();
        break;
      case 3:
        producerVersion = f.text();
        break;
      case 6:
        doc = f.text();
        break;
      case 7:
        await readGraph(f.span());
        break;
      case 8:
        opsets.set(...parseOpset(context, f.span()));
        break;
      case 14:
        metadata.set(...parseEntry(context, f.span()));
        break;
      case 25:
        functions.push(parseFunction(context, f.span()));
        break;
      default:
        f.skip();
    }
    if (stifled()) await breathe();
  }
  if (!hasGraph) throw malformed('it holds no graph');
  checkVersions(context, irVersion, opsets, functions);
  if (parts.outputs.length === 0) throw malformed('its graph has no outputs');
  return {
    path: file,
    size,
    irVersion,
    producer: { name: producer, version: producerVersion },
    doc,
    opsets,
    metadata,
    graph: parts,
    functions,
    externalFiles: context.external.paths,
    warnings: context.warnings,
  };
}

function checkVersions(
  context: Context,
  irVersion: number,
  opsets: Map<string, number>,
  functions: readonly FunctionProto[],
): void {
  if (irVersion > NEWEST_IR) {
    throw new LensError(
      'input',
      'checkpoint/ir',
      `The model is written in ONNX IR version ${irVersion}; versions up to ${NEWEST_IR} can be read.`,
      {
        hint: 'Export it with an older opset, or update the extension.',
      },
    );
  }
  if (!opsets.has('')) {
    if (irVersion >= 3 && opsets.size === 0) throw malformed('it does not say which operator set it uses');
    // Before IR version 3 nothing was said and opset 1 was meant; a model of custom operators alone may use any.
    opsets.set('', irVersion < 3 ? 1 : NEWEST_OPSET);
  }
  // A function may ask for a newer opset than the model around it.
  const newest = Math.max(opsets.get('')!, ...functions.map((f) => f.opsets.get('') ?? 0));
  if (newest > NEWEST_OPSET) {
    throw new LensError(
      'input',
      'checkpoint/opset',
      `The model uses opset ${newest}; opsets ${OLDEST_OPSET} to ${NEWEST_OPSET} can be read.`,
      {
        hint: `Export it again with opset_version=${NEWEST_OPSET} or lower.`,
      },
    );
  }
  const opset = opsets.get('')!;
  if (opset < OLDEST_OPSET) {
    throw new LensError(
      'input',
      'checkpoint/opset',
      `The model uses opset ${opset}, which is too old; opsets ${OLDEST_OPSET} to ${NEWEST_OPSET} can be read.`,
      {
        hint: 'Bring it up with onnx.version_converter.convert_version(model, 13).',
      },
    );
  }
  if (irVersion < 3) context.warn(`The file has the very old IR version ${irVersion}.`);
}
