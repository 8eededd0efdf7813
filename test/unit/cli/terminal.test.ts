import assert from 'node:assert/strict';
import { copyFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Random } from '../../../src/base/random.js';
import { makeNode } from '../../../src/graph/edits.js';
import { writeModelFile } from '../../../src/checkpoint/writer.js';
import { guarded, ProgressLine, shown } from '../../../src/cli/io.js';
import { input, sketch, weight } from '../graph/support.js';
import { runCli, type Ran } from '../support/cli.js';
import { temporaryFolder } from '../support/temporary.js';

const PICTURE = path.resolve('models/birds/pictures/Butterfinch/butterfinch-3000000.png');
/** Clears the screen, sets the title, and writes on in red; C1's way to say the same; right to left; a bell and a return. */
const ESC = '\u001b[2J\u001b]0;title\u0007\u001b[31m\u009b31mred\u202egnp.exe\rover\u0000\b';
/** Values' names are strings of C for the runtime. */
const NAME = ESC.replace('\u0000', '');
const OBEYED = /(?![\n])\p{Cc}|[\u202a-\u202e\u2066-\u2069\u200e\u200f\u061c]/u;

describe('what a terminal gets', () => {
  const folder = temporaryFolder();
  const model = path.join(folder, 'net.onnx');
  const picture = path.join(folder, `pic${NAME}.png`);

  before(async () => {
    copyFileSync(PICTURE, picture);
    const random = new Random(1);
    const values = Float32Array.from({ length: 3 * 8 * 8 * 2 }, () => random.normal());
    const graph = sketch({
      opset: 17,
      inputs: [input('x', 1, 3, 8, 8)],
      nodes: [
        makeNode('Flatten', `flat\nwarning: forged ${NAME}`, ['x'], {}, ['f']),
        makeNode('MatMul', `fc ${NAME}`, ['f', `w${NAME}`], {}, [`scores${NAME}`]),
      ],
      outputs: [`scores${NAME}`],
      weights: [weight(`w${NAME}`, [192, 2], values)],
    });
    await writeModelFile(
      { ...graph, producer: { name: `me${ESC}`, version: ESC }, metadata: new Map([['author', ESC]]) } as typeof graph,
      model,
    );
    writeFileSync(path.join(folder, 'net.lens.json'), JSON.stringify({ labels: [`cat${ESC}`, `dog\n${ESC}`] }));
  });

  const layer = `fc ${NAME}`;
  for (const [name, argv] of Object.entries({
    inspect: ['inspect'],
    predict: ['predict', picture],
    'predict of a missing file': ['predict', `none${ESC}.png`],
    explain: ['explain', picture, '--method', 'gradient', '--target', `cat${ESC}`],
    'explain of an unknown class': ['explain', picture, '--method', 'gradient', '--target', `emu${ESC}`],
    weights: ['weights', '--layer', layer],
    'weights of an unknown layer': ['weights', '--layer', `none${ESC}`],
    activations: ['activations', picture, '--layer', layer],
    gradient: ['gradient', '--out', path.join(folder, 'g.onnx')],
    'an unknown option': ['predict', `--none${ESC}`],
    'an unknown verb': [`verb${ESC}`],
  }))
    for (const json of [[], ['--json']])
      it(`has nothing to obey: ${name} ${json.join('')}`, async () => {
        const [verb, ...rest] = argv as [string, ...string[]];
        const ran: Ran = await runCli(verb, model, ...rest, ...json);
        for (const text of [ran.out, ran.err]) {
          const at = OBEYED.exec(text);
          assert.equal(at, null, JSON.stringify(text.slice(Math.max(0, (at?.index ?? 0) - 80), (at?.index ?? 0) + 20)));
        }
        assert.doesNotMatch(ran.err, /^warning: forged/m);
        // Names are spelled out; errors, which are one line, have blanks for what cannot be seen.
        const quoted =
          /^(predict of a missing|explain of an|weights of an|an) /.test(`${name} `) || name === 'gradient';
        assert.ok(quoted || (ran.out + ran.err).includes('\\u001b'), ran.out + ran.err);
        if (json.length > 0 && ran.out !== '') assert.doesNotThrow(() => void JSON.parse(ran.out));
      });

  it('keeps the names in documents as they are', async () => {
    const { out } = await runCli('predict', model, picture, '--json');
    const { results } = JSON.parse(out) as { results: { top: { label: string }[] }[] };
    assert.deepEqual(results[0]!.top.map((t) => t.label).sort(), [`cat${ESC}`, `dog\n${ESC}`]);
  });

  it('has running progress on one line of its own', () => {
    let text = '';
    const io = {
      out: () => {},
      err: (t: string) => void (text += t),
      terminal: true,
      signal: new AbortController().signal,
    };
    const line = new ProgressLine(io);
    line.show(0.5, `occlusion ${ESC}\nof`);
    line.clear();
    assert.doesNotMatch(text.replaceAll('\r', ''), OBEYED);
    assert.match(text, /^\r +50 % occlusion \\u001b/);
    let said = '';
    guarded({ ...io, err: (t) => void (said += t) }).err(`x${ESC}`);
    assert.doesNotMatch(said, OBEYED);
  });

  it('has letters of all scripts as they are', () => {
    const text = 'میخواهم 👩‍🚒 é\nñ\t한';
    assert.equal(shown(text), text);
  });
});
