import { readFileSync } from 'node:fs';
import type { Call } from '../../src/protocol/channel.js';
import { Channel, type Operation } from '../../src/protocol/channel.js';
import { attributesOf } from '../../src/host/python/layerMatch.js';
import { moduleCode } from '../../src/host/python/moduleCode.js';
import { exportCalls, mayHoldModels, modelNames } from '../../src/host/python/pythonCode.js';
import { blankStrings } from '../../src/host/python/pythonText.js';

/**
 * The reader of Python sources in a process of its own. In the editor it shares one with everything else, where it could be
 * neither timed nor ended. What it finds has to lie in the text: a place that does not is a bug.
 */

interface ScannerApi {
  scan: Operation<{ readonly file: string; readonly layers: readonly string[] }, Scanned>;
  status: Operation<Record<string, never>, { readonly pid: number }>;
}

export interface Scanned {
  readonly modules: number;
  readonly names: number;
  readonly exports: number;
  readonly matched: number;
}

const operations: {
  [K in keyof ScannerApi]: (request: Parameters<ScannerApi[K]>[0], call: Call<never>) => ReturnType<ScannerApi[K]>;
} = {
  status: async () => ({ pid: process.pid }),
  scan: async ({ file, layers }) => {
    const text = readFileSync(file, 'utf8');
    const lines = text.split('\n');
    mayHoldModels(text);
    if (blankStrings(text).length !== text.length) throw new Error('Blanking changed the length of the text');
    const names = modelNames(text);
    const exports = exportCalls(text, names);
    const code = moduleCode(text);
    for (const place of [...names, ...exports, ...code.attributes]) {
      const length = lines[place.line]?.length;
      if (length === undefined || place.start < 0 || place.end < place.start || place.end > length)
        throw new Error(`A place lies outside of the text: ${JSON.stringify(place).slice(0, 200)}`);
    }
    const options = [{ file: 'net' }, { file: 'net', anywhere: true }];
    const matched = layers.flatMap((name) => options.map((each) => attributesOf({ name }, code, each).size));
    return {
      modules: code.attributes.length,
      names: names.length,
      exports: exports.length,
      matched: matched.reduce((a, b) => a + b, 0),
    };
  },
};

new Channel<object, ScannerApi>(
  {
    post: (message) => void process.send!(message),
    listen: (onMessage) => {
      process.on('message', onMessage);
      process.on('disconnect', () => process.exit(0));
    },
  },
  operations,
);
