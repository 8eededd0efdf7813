import path from 'node:path';
import { given } from '../../base/given.js';
import { filePath } from '../../base/place.js';
import { checkMarkdown } from '../../report/check.js';
import { junitOf } from '../../report/junit.js';
import { sarifOf, type CheckedModel } from '../../report/sarif.js';
import { CHECKS, type CheckId, type CheckResult } from '../../result/check.js';
import { VERSION } from '../../runner/model/version.js';
import type { CheckAnswer } from '../../protocol/sanity.js';
import { json, onOneLine, table } from '../io.js';
import { inputsOf, modelRequest, usage } from '../options.js';
import { outKind, writeOut } from '../outputs.js';
import { callOf, report, type Verb } from '../verb.js';

const IDS = CHECKS.map(({ id }) => id);

export const check: Verb = {
  name: 'check',
  usage: 'check MODEL [FOLDER]',
  summary: `whether a model can be trusted: ${IDS.join(', ')}`,
  options: [
    'out',
    'only',
    'sarif',
    'junit',
    'method',
    'param',
    'seed',
    'provider',
    'threads',
    'input',
    'output',
    'config',
  ],
  async run(context) {
    const { line, io, service } = context;
    const request = modelRequest(line);
    const inputs = inputsOf(line);
    if (inputs.length > 1)
      throw usage('The verb "check" takes one folder of pictures.', 'onnx-lens check MODEL [FOLDER]');
    const kind = line.out === undefined ? undefined : outKind(line.out, 'check', ['.md', '.json']);
    if (kind === 'folder') throw usage('The verb "check" writes a file: end --out with .md or .json.');
    const only = line.only.map(idOf);
    const { other, ...unknown } = line.params;
    const odd = Object.keys(unknown)[0];
    if (odd !== undefined) throw usage(`The verb "check" has no parameter "${odd}".`, 'It has other=FILE.');
    const answer = await service.check(
      {
        ...request,
        ...given({
          place: inputs[0] === undefined ? undefined : filePath(path.resolve(inputs[0])),
          only: only.length === 0 ? undefined : only,
          params: other === undefined ? undefined : { other: path.resolve(other) },
          methods: line.method?.split(',').map((method) => method.trim()),
          seed: line.seed,
        }),
      },
      callOf(context),
    );
    report(context, answer);
    const model = line.arguments[0]!;
    const checked: CheckedModel = { model, version: VERSION, checks: answer.checks, descriptions: CHECKS };
    const document = json(documentOf(model, answer));
    if (line.out !== undefined) await writeOut(line.out, kind === '.md' ? checkMarkdown(checked) : document);
    if (line.sarif !== undefined) await writeOut(line.sarif, sarifOf(checked));
    if (line.junit !== undefined) await writeOut(line.junit, junitOf(checked));
    io.out(line.json ? document : textOf(answer.checks));
    return answer.checks.some(({ status }) => status === 'fail') ? 1 : 0;
  },
};

function idOf(text: string): CheckId {
  const id = IDS.find((each) => each === text);
  if (id !== undefined) return id;
  throw usage(`There is no check "${text}".`, `There are ${IDS.join(', ')}.`);
}

function documentOf(model: string, { sha256, provider, preprocessing, checks, warnings }: CheckAnswer): object {
  return { schema: 'onnx-lens/check/1', model, sha256, provider, preprocessing, checks: checks.map(entryOf), warnings };
}

/** Maps are for eyes: a document has the numbers. */
function entryOf({ evidence: { strips: _strips, ...evidence }, ...result }: CheckResult): object {
  return { ...result, evidence };
}

function textOf(checks: readonly CheckResult[]): string {
  const rows = checks.map(({ id, status, sentence }) => [id, status, onOneLine(sentence)]);
  const count = (status: CheckResult['status']): number => checks.filter((c) => c.status === status).length;
  return `${table(['check', 'result', 'what was found'], rows)}\n${count('pass')} passed, ${count('fail')} failed, ${count('skipped')} skipped\n`;
}
