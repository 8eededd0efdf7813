import { escaped } from './page.js';
import type { CheckedModel } from './sarif.js';

/** The checks as JUnit's XML, which build servers show as tests. */
export function junitOf({ model, checks, descriptions }: CheckedModel): string {
  const count = (status: string): number => checks.filter((c) => c.status === status).length;
  const seconds = (ms: number): string => (ms / 1000).toFixed(3);
  const total = seconds(checks.reduce((sum, c) => sum + c.milliseconds, 0));
  const numbers = `tests="${checks.length}" failures="${count('fail')}" errors="0" skipped="${count('skipped')}" time="${total}"`;
  const cases = checks.map(({ id, status, sentence, milliseconds }) => {
    const title = descriptions.find((d) => d.id === id)?.title ?? id;
    const said = escaped(sentence);
    const within =
      status === 'fail'
        ? `<failure type="${escaped(id)}" message="${said}">${said}</failure>`
        : status === 'skipped'
          ? `<skipped message="${said}"/>`
          : `<system-out>${said}</system-out>`;
    return `    <testcase classname="${escaped(model)}" name="${escaped(`${id}: ${title}`)}" time="${seconds(milliseconds)}">${within}</testcase>`;
  });
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="onnx-lens check" ${numbers}>`,
    `  <testsuite name="${escaped(model)}" ${numbers}>`,
    ...cases,
    '  </testsuite>',
    '</testsuites>\n',
  ].join('\n');
}
