import type { CheckDescription, CheckResult } from '../result/check.js';

/** Checks of one model, as they are written down. */
export interface CheckedModel {
  /** As it was named, from the folder that is worked in. */
  readonly model: string;
  readonly version: string;
  readonly checks: readonly CheckResult[];
  readonly descriptions: readonly CheckDescription[];
}

const KINDS = { pass: 'pass', fail: 'fail', skipped: 'notApplicable' } as const;

/** The checks as SARIF 2.1.0 (OASIS), which code scanning reads: every check is a rule, and a result at the model's file. */
export function sarifOf({ model, version, checks, descriptions }: CheckedModel): string {
  const rules = descriptions.map(({ id, title, reads }) => ({
    id,
    name: title,
    shortDescription: { text: title },
    fullDescription: { text: `${reads[0]!.toUpperCase()}${reads.slice(1)}.` },
    defaultConfiguration: { level: 'error' },
  }));
  const results = checks.map(({ id, status, sentence, value, bound, unit, setting }) => ({
    ruleId: id,
    ruleIndex: rules.findIndex((rule) => rule.id === id),
    kind: KINDS[status],
    level: status === 'fail' ? 'error' : 'none',
    message: { text: sentence },
    locations: [{ physicalLocation: { artifactLocation: { uri: uriOf(model) } } }],
    partialFingerprints: { 'check/v1': `${id}:${model}` },
    properties: { status, ...finite({ value, bound }), unit, setting },
  }));
  const driver = { name: 'ONNX Lens', semanticVersion: version, version, rules };
  return `${JSON.stringify(
    {
      $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
      version: '2.1.0',
      runs: [{ tool: { driver }, columnKind: 'utf16CodeUnits', results }],
    },
    undefined,
    2,
  )}\n`;
}

/** JSON has no infinity and no NaN. */
function finite(numbers: Readonly<Record<string, number | undefined>>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(numbers).filter((e): e is [string, number] => e[1] !== undefined && Number.isFinite(e[1])),
  );
}

/** A relative path as it stands in an address; one from the root of the disk with its scheme. */
function uriOf(file: string): string {
  const slashed = file.replaceAll('\\', '/');
  const encoded = slashed
    .split('/')
    .map((part) => encodeURIComponent(part))
    .join('/');
  if (/^[a-z]:\//i.test(slashed)) return `file:///${encoded.replace('%3A', ':')}`;
  return slashed.startsWith('/') ? `file://${encoded}` : encoded;
}
