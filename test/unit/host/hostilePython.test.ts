import assert from 'node:assert/strict';
import { attributesOf } from '../../../src/host/python/layerMatch.js';
import { moduleCode } from '../../../src/host/python/moduleCode.js';
import { exportCalls, mayHoldModels, modelNames } from '../../../src/host/python/pythonCode.js';
import { blankStrings, couldBe } from '../../../src/host/python/pythonText.js';

/**
 * Sources that made readers of this kind try everything against everything. Each is read within the time that a test may
 * take, where a square of its length would take minutes.
 */
describe('python code that is hostile', function () {
  this.timeout(20_000);
  const LETTERS = 600_000;
  const filled = (piece: string): string => piece.repeat(Math.ceil(LETTERS / piece.length));
  const sources: Readonly<Record<string, string>> = {
    'quotes that nothing closes': filled('\\"'),
    'quotes of both kinds, escaped': filled(`"\\'`),
    'threefold quotes, escaped': filled('"""\\'),
    'brackets that nothing closes': `self.a = nn.Sequential(${filled('(')}`,
    'lines of brackets that nothing closes': filled('self.a = nn.Conv2d(\n'),
    'a list of very many modules': `class A(nn.Module):\n  def __init__(self):\n    self.a = nn.Sequential(\n${filled('      nn.ReLU(),\n')})`,
    'very many exports': filled('torch.onnx.export(m, x, "a.onnx")\n'),
    'exports without a name': filled('torch.onnx.export(\n'),
    'one line of names': filled('"a.onnx" '),
    'one line of half names': `${filled('"a.onn ')}x.onnx`,
    'assignments without an end': filled('self.aaaaaaaaaaaaaaaaaa '),
    'annotations without an end': `self.a: ${filled('nn ')}`,
    blanks: `self.a${filled(' ')}torch .onnx`,
    'exports that are pulled apart': filled('onnx .  '),
  };
  for (const [what, source] of Object.entries(sources))
    it(`is read once: ${what}`, () => {
      mayHoldModels(source);
      exportCalls(source, modelNames(source));
      const modules = moduleCode(source).attributes.length;
      // One list, and each of its modules on a line of its own.
      if (what.startsWith('a list')) assert.equal(modules, 1 + source.split('nn.ReLU').length - 1);
      assert.equal(blankStrings(source).length, source.length);
    });

  it('follows classes that inherit from all before them, and from themselves', () => {
    const classes = Array.from({ length: 60 }, (_, i) => {
      const bases = Array.from({ length: i + 1 }, (_b, j) => `C${j}`).join(', ');
      return `class C${i}(${bases}):\n  def __init__(self):\n    self.m${i} = nn.Linear(2, 2)\n`;
    });
    const code = moduleCode(classes.join(''));
    const found = attributesOf({ name: 'm3', modules: [] }, code, { file: 'net', anywhere: true });
    assert.deepEqual(
      [...found].map(({ name }) => name),
      ['m3'],
    );
  });

  it('follows very many classes of one name, each of which inherits from all of them', () => {
    const code = moduleCode(`${filled('class A(A):\n')}  def __init__(self):\n    self.m = nn.Linear(2, 2)\n`);
    const found = attributesOf({ name: 'm', modules: [] }, code, { file: 'net', anywhere: true });
    assert.deepEqual(
      [...found].map(({ name }) => name),
      ['m'],
    );
  });

  it('goes on from very many lists into very many classes', () => {
    const classes = `class A:\n${filled('  self.a = f(\n)\n')}${Array.from({ length: 20_000 }, (_, i) => `class B${i}:\n  self.b = g()\n`).join('')}`;
    const code = moduleCode(classes.replaceAll('f(', 'nn.Sequential('));
    const found = attributesOf({ name: 'a.0.b', modules: [] }, code, { file: 'net' });
    assert.ok(found.size > 20_000, `${found.size}`);
  });

  it('takes what stands in braces for anything but nothing, without trying twice', () => {
    assert.ok(couldBe('epoch_{epoch}.onnx', 'epoch_12.onnx'));
    assert.ok(couldBe('{a}_{b}.onnx', 'net_v2_best.onnx'));
    assert.ok(couldBe('net.onnx', 'net.onnx'));
    assert.ok(couldBe('{a}a{b}a{c}', 'xaayaz'));
    for (const [pattern, text] of [
      ['epoch_{epoch}.onnx', 'epoch_.onnx'],
      ['{a}{b}.onnx', 'x.onnx'],
      ['net.onnx', 'netxonnx'],
      ['ab{x}ba', 'aba'],
      ['{a}.onnx', 'net.onnx.data'],
    ] as const)
      assert.equal(couldBe(pattern, text), false, `${pattern} and ${text}`);
    assert.equal(couldBe(`${'{a}a'.repeat(400)}b`, 'a'.repeat(5000)), false);
  });

  it('blanks strings and comments as before', () => {
    assert.equal(
      blankStrings(`a = "x(y" # ) "z"\nb = 'it\\'s(' + """t(\n)"""`),
      `a = "   "        \nb = '      ' + """  \n """`,
    );
    // What is not closed on its line is code again on the next.
    assert.equal(blankStrings(`a = "x(\nb = '('`), `a = "x(\nb = ' '`);
  });
});
