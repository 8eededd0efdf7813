import { buildSync } from 'esbuild';
import path from 'node:path';

/** A program of the product as one file beside the bundled tests, for those that start it as a process; built anew. */
export function bundled(entry: string, name: string): string {
  const outfile = path.join(process.env['UNIT_OUT'] ?? 'out', name);
  buildSync({
    entryPoints: [entry],
    bundle: true,
    platform: 'node',
    format: 'cjs',
    outfile,
    external: ['onnxruntime-node', 'sharp'],
    logLevel: 'warning',
  });
  return outfile;
}

/** A program of one thread, as text. */
export function bundledText(entry: string): string {
  const built = buildSync({ entryPoints: [entry], bundle: true, platform: 'node', format: 'cjs', write: false });
  return built.outputFiles[0]!.text;
}
