import type { SourceLine } from './layer.js';
import type { GraphNode } from '../graph.js';

/** One frame of a stack trace. */
export interface Frame {
  readonly path: string;
  readonly line: number;
  readonly scope: string;
}

const PYTHON_FRAME = /^\s*File "(.+?)", line (\d+), in (.+)$/;
const LEGACY_FRAME = /^\s*(.+\.py)\((\d+)\): (.+)$/;

/** The place in the training code that made a node, as the exporter wrote it; undefined where it wrote nothing. */
export function sourceOf(node: GraphNode): SourceLine | undefined {
  const frame = chooseFrame(framesOf(node));
  if (frame !== undefined) return { path: frame.path, line: frame.line, scope: frame.scope };
  const callsite = /^(.+):(\d+)$/.exec(node.metadata.get('pkg.jax2onnx.callsite') ?? '');
  return callsite === null ? undefined : { path: '', line: Number(callsite[2]), scope: callsite[1]! };
}

/** Stack frames of a node, outermost first. */
export function framesOf(node: GraphNode): readonly Frame[] {
  const trace = node.metadata.get('pkg.torch.onnx.stack_trace');
  if (trace !== undefined) return parse(trace, PYTHON_FRAME);
  // The older exporter, when it is verbose, writes them innermost first.
  return parse(node.doc, LEGACY_FRAME).reverse();
}

function parse(text: string, pattern: RegExp): Frame[] {
  const frames: Frame[] = [];
  for (const line of text.split('\n')) {
    const m = pattern.exec(line);
    if (m !== null) frames.push({ path: m[1]!, line: Number(m[2]), scope: m[3]!.trim() });
  }
  return frames;
}

/**
 * The innermost frame of the user's own code. Where a model comes out of a library altogether, the innermost frame
 * that is not PyTorch itself.
 */
function chooseFrame(frames: readonly Frame[]): Frame | undefined {
  return (
    frames.findLast((f) => !isLibrary(f.path)) ??
    frames.findLast((f) => !/[\\/](torch|onnxscript)[\\/]/.test(f.path) && !f.path.startsWith('<')) ??
    frames.at(-1)
  );
}

function isLibrary(path: string): boolean {
  return (
    path.startsWith('<') ||
    // Also where a path was written without what stands before.
    /(^|[\\/])(site-packages|dist-packages)[\\/]/.test(path) ||
    /(^|[\\/])lib[\\/]python\d/.test(path)
  );
}
