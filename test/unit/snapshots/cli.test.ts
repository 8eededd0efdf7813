import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import sharp from 'sharp';
import { main } from '../../../src/cli/main.js';
import { compare, type Pixels, type Tolerance } from './compare.js';
import { temporaryFolder } from '../support/temporary.js';

const cnn = 'models/birds/birds_cnn.onnx';
const bird = 'models/birds/pictures/Lanternfinch/lanternfinch-3000006.png';

/** Numbers of a run differ in their last digits between processors. */
const COMPUTED: Tolerance = { levels: 12, share: 0.002 };

/**
 * The same command writes the same bytes. Committed are pixels: the compression of a PNG picks its instructions by the
 * processor and may come to other bytes on another one.
 */
describe('pictures of the command line, from the shipped models', function () {
  this.timeout(120_000);
  const folder = temporaryFolder();

  const run = async (out: string, argv: readonly string[]): Promise<Map<string, Buffer>> => {
    let said = '';
    const print = (text: string): void => void (said += text);
    const { signal } = new AbortController();
    const to = path.join(folder, out);
    const code = await main([...argv, '--out', to], { out: print, err: print, terminal: false, signal });
    assert.equal(code, 0, said);
    const pictures = readdirSync(to, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.png'));
    return new Map(pictures.sort().map((name) => [name, readFileSync(path.join(to, name))]));
  };

  const cases: Readonly<Record<string, readonly [argv: readonly string[], tolerance?: Tolerance]>> = {
    'cli-weights': [['weights', cnn, '--layer', 'stem']],
    'cli-kernels': [['weights', cnn, '--layer', 'stage1.conv2']],
    'cli-activations': [['activations', cnn, bird, '--layer', 'stage2.relu_1', '--provider', 'cpu'], COMPUTED],
    'cli-gradcam': [['explain', cnn, bird, '--method', 'gradcam', '--provider', 'cpu'], COMPUTED],
    'cli-occlusion': [['explain', cnn, bird, '--method', 'occlusion', '--provider', 'cpu'], COMPUTED],
  };
  for (const [name, [argv, tolerance]] of Object.entries(cases))
    it(`${name.slice(4)}: the same bytes twice, and the committed picture`, async () => {
      const first = await run(`${name}-1`, argv);
      const second = await run(`${name}-2`, argv);
      assert.ok(first.size > 0, 'no picture was written');
      assert.deepEqual([...second.keys()], [...first.keys()]);
      let i = 0;
      for (const [file, bytes] of first) {
        assert.ok(bytes.equals(second.get(file)!), `${file} differs from time to time`);
        const { data, info } = await sharp(bytes).ensureAlpha().raw().toBuffer({ resolveWithObject: true });
        const pixels: Pixels = { width: info.width, height: info.height, data: new Uint8Array(data) };
        await compare(first.size > 1 ? `${name}-${++i}` : name, pixels, tolerance);
      }
    });
});
