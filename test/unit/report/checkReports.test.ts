import assert from 'node:assert/strict';
import { checkMarkdown } from '../../../src/report/check.js';
import { junitOf } from '../../../src/report/junit.js';
import { sarifOf } from '../../../src/report/sarif.js';
import { CHECKS, type CheckResult } from '../../../src/result/check.js';

const result = (more: Partial<CheckResult> & Pick<CheckResult, 'id' | 'status'>): CheckResult => ({
  sentence: 'What was found <here> | "there" & more.',
  evidence: {},
  milliseconds: 12,
  ...more,
});
const checked = {
  model: 'models/a bird.onnx',
  version: '1.2.3',
  descriptions: CHECKS,
  checks: [
    result({ id: 'numbers', status: 'pass', value: 0, bound: 0 }),
    result({ id: 'accuracy', status: 'fail', value: Infinity, bound: 0.9, setting: 'checks.accuracy' }),
    result({ id: 'units', status: 'skipped' }),
  ],
};

describe('report: checks', () => {
  it('has the parts that SARIF 2.1.0 requires, with its words', () => {
    const log = JSON.parse(sarifOf(checked)) as {
      version: string;
      runs: {
        tool: { driver: { name: string; rules: { id: string }[] } };
        results: {
          ruleId: string;
          ruleIndex: number;
          kind: string;
          level: string;
          message: { text: string };
          locations: { physicalLocation: { artifactLocation: { uri: string } } }[];
          properties: object;
        }[];
      }[];
    };
    assert.equal(log.version, '2.1.0');
    const { tool, results } = log.runs[0]!;
    assert.equal(new Set(tool.driver.rules.map(({ id }) => id)).size, CHECKS.length);
    assert.deepEqual(
      results.map(({ kind, level }) => [kind, level]),
      // A level other than "none" is allowed for failures only.
      [
        ['pass', 'none'],
        ['fail', 'error'],
        ['notApplicable', 'none'],
      ],
    );
    for (const { ruleId, ruleIndex, message, locations } of results) {
      assert.equal(tool.driver.rules[ruleIndex]!.id, ruleId);
      assert.ok(message.text.length > 0, 'a message has a text');
      assert.equal(locations[0]!.physicalLocation.artifactLocation.uri, 'models/a%20bird.onnx');
    }
    assert.deepEqual(results[1]!.properties, { status: 'fail', bound: 0.9, setting: 'checks.accuracy' });
  });

  it('counts in JUnit, and escapes what is said', () => {
    const xml = junitOf(checked);
    assert.match(xml, /<testsuite name="models\/a bird\.onnx" tests="3" failures="1" errors="0" skipped="1"/);
    assert.equal(xml.match(/<failure /g)?.length, 1);
    assert.doesNotMatch(xml, /<here>/);
  });

  it('says in Markdown what failed, and lets no text be markup', () => {
    const text = checkMarkdown(checked);
    assert.match(text, /1 of 3 checks failed/);
    assert.match(text, /\| Accuracy \| \*\*failed\*\* \|/);
    assert.match(text, /\\<here\\> \\\|/);
  });
});
