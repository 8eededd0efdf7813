import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Random } from '../../src/base/random.js';
import { answered } from './judge.js';
import type { Kind, Mutant, Mutants } from './kind.js';
import { Subject } from './subject.js';

/** Seeded mutants of one kind after another, each asked about as a person would, and what went wrong. */

export interface CampaignOptions {
  readonly count: number;
  readonly seed: number;
  /** The only mutant to try, by its index; every question is reported then. */
  readonly only?: number;
  /** Where mutants that fail are kept. */
  readonly keep: string;
  /** A folder for what is being tried. */
  readonly folder: string;
  /** Bundles of the processes that are asked. */
  readonly scripts: Readonly<Record<Kind['asked'], string>>;
  readonly say: (line: string) => void;
  /** Processes at a time; default 2. */
  readonly workers?: number;
  /** Other bounds than those of a campaign, for the tests of this. */
  readonly bounds?: { readonly deadlineMs: number; readonly megabytes: number };
}

export interface Failure {
  readonly kind: string;
  readonly index: number;
  readonly what: string;
  readonly question: string;
  readonly fault: string;
}

export interface Summary {
  readonly kind: string;
  readonly accepted: number;
  readonly refused: number;
  readonly failures: readonly Failure[];
  readonly seconds: number;
  readonly mostMegabytes: number;
}

/** A process is replaced after so many mutants: a leak shows long before, and both old and fresh ones are tried. */
const LIFE = 2000;

/** So many mutants that fail alike are kept. */
const KEPT = 3;

const PROGRESS_MS = 30_000;

/** Tries mutants of one kind. */
export async function campaign(kind: Kind, options: CampaignOptions): Promise<Summary> {
  const mutants = await kind.prepare();
  const started = performance.now();
  const failures: Failure[] = [];
  const alike = new Map<string, number>();
  const counts = { accepted: 0, refused: 0 };
  const last = options.only === undefined ? options.count : options.only + 1;
  let next = options.only ?? 0;
  let told = performance.now();
  const workers = Array.from({ length: options.only === undefined ? (options.workers ?? 2) : 1 }, async () => {
    const worker = new Worker(kind, mutants, options);
    try {
      while (next < last) {
        const index = next++;
        const { accepted, found, files } = await worker.trial(index);
        if (found.length === 0) counts[accepted ? 'accepted' : 'refused']++;
        for (const failure of found) {
          const key = signature(failure);
          const before = alike.get(key) ?? 0;
          alike.set(key, before + 1);
          if (before < KEPT) keep(options, failure, files);
          if (before === 0) options.say(`FAILED ${toldOf(failure, options)}`);
        }
        failures.push(...found.slice(0, 1));
        if (performance.now() - told > PROGRESS_MS) {
          told = performance.now();
          options.say(`${kind.id}: ${index} of ${last}, ${failures.length} failed`);
        }
      }
      return worker.mostMegabytes;
    } finally {
      worker.dispose();
    }
  });
  const most = await Promise.all(workers);
  for (const [key, times] of alike) if (times > 1) options.say(`${times} times: ${key}`);
  return {
    kind: kind.id,
    ...counts,
    failures,
    seconds: (performance.now() - started) / 1000,
    mostMegabytes: Math.round(Math.max(...most)),
  };
}

/** A seed of its own for each mutant, so that one can be made again without those before it. */
function randomOf(seed: number, kind: string, index: number): Random {
  const letters = Buffer.from(kind).reduce((sum, byte) => (31 * sum + byte) >>> 0, 7);
  return new Random((seed ^ letters) >>> 0).fork(index);
}

class Worker {
  private readonly subject: Subject;
  private readonly folder: string;
  private readonly temporary: string;
  private readonly shared: string;
  private tried = 0;

  constructor(
    private readonly kind: Kind,
    private readonly mutants: Mutants,
    private readonly options: CampaignOptions,
  ) {
    this.folder = mkdtempSync(path.join(options.folder, `${kind.id}-`));
    this.temporary = path.join(this.folder, 'temporary');
    this.shared = path.join(this.folder, 'shared');
    mkdirSync(this.temporary);
    mkdirSync(this.shared);
    for (const [name, bytes] of mutants.shared ?? []) writeFileSync(path.join(this.shared, name), bytes);
    const { temporary } = this;
    this.subject = new Subject(
      options.scripts[kind.asked],
      { TMPDIR: temporary, TEMP: temporary, TMP: temporary },
      options.bounds,
    );
  }

  get mostMegabytes(): number {
    return this.subject.mostMegabytes;
  }

  dispose(): void {
    this.subject.dispose();
    rmSync(this.folder, { recursive: true, force: true });
  }

  async trial(index: number): Promise<{ accepted: boolean; found: Failure[]; files: Mutant['files'] }> {
    if (this.tried++ % LIFE === LIFE - 1) this.subject.restart();
    const mutant = this.mutants.make(randomOf(this.options.seed, this.kind.id, index));
    const folder = path.join(this.folder, String(index));
    const { shared = new Map<string, Uint8Array>() } = this.mutants;
    mkdirSync(folder);
    for (const [name, bytes] of mutant.files) {
      writeFileSync(path.join(folder, name), bytes);
      // A broken file that was written just now might be growing still, and would be waited for.
      utimesSync(path.join(folder, name), 1e9, 1e9);
    }
    const found: Failure[] = [];
    const fail = (question: string, fault: string): void =>
      void found.push({ kind: this.kind.id, index, what: mutant.what, question, fault });
    const place = {
      path: (name: string) => path.join(mutant.files.has(name) || !shared.has(name) ? folder : this.shared, name),
      ask: async (operation: string, request: object): Promise<unknown> => {
        // One failure tells enough: what follows would often only repeat it.
        if (found.length > 0) return undefined;
        const asked = performance.now();
        const { answer, refusal, faults } = await this.subject.ask(operation, request);
        const question = `${operation}${'method' in request ? ` ${String(request.method)}` : ''}`;
        for (const fault of faults) fail(question, fault.replaceAll(folder, '…'));
        if (this.options.only !== undefined) {
          const told = refusal === undefined ? short(answer) : `${refusal.name}: ${refusal.message}`;
          this.options.say(`  ${question} (${Math.round(performance.now() - asked)} ms): ${told}`);
        }
        return answer;
      },
    };
    if (this.options.only !== undefined) this.options.say(`${this.kind.id} ${index}: ${mutant.what}`);
    const accepted = await mutant.ask(place);
    if (found.some(({ fault }) => fault.startsWith('the process'))) this.subject.restart();
    const strays = [...readdirSync(folder).filter((name) => !mutant.files.has(name)), ...readdirSync(this.temporary)];
    if (strays.length > 0) {
      fail('afterwards', `files were left: ${strays.join(', ')}`);
      rmSync(this.temporary, { recursive: true, force: true });
      mkdirSync(this.temporary);
    }
    rmSync(folder, { recursive: true, force: true });
    return { accepted, found, files: new Map([...shared, ...mutant.files]) };
  }
}

function short(answer: unknown): string {
  const text = JSON.stringify(answer, (_key, value: unknown) => (ArrayBuffer.isView(value) ? '[…]' : value)) ?? '';
  return `${answered(answer) ? '' : 'NOT ALL ANSWERED '}${text.slice(0, 400)}`;
}

/** Failures are alike where they differ in names and numbers only. */
function signature({ question, fault }: Failure): string {
  const where = /\n\s+at (\S+)/.exec(fault)?.[1] ?? '';
  return `${question}: ${fault
    .split('\n')[0]!
    .replace(/"[^"]*"/g, '"…"')
    .replace(/\d+/g, 'N')
    .slice(0, 140)} ${where}`;
}

function toldOf({ kind, index, what, question, fault }: Failure, { seed, keep }: CampaignOptions): string {
  return [
    `${kind} ${index} (${what})`,
    `  ${question}: ${fault}`,
    `  kept in ${path.join(keep, `${kind}-${seed}-${index}`)}; again: npm run fuzz -- --kind ${kind} --seed ${seed} --only ${index}`,
  ].join('\n');
}

function keep({ keep, seed }: CampaignOptions, failure: Failure, files: Mutant['files']): void {
  const folder = path.join(keep, `${failure.kind}-${seed}-${failure.index}`);
  mkdirSync(folder, { recursive: true });
  for (const [name, bytes] of files) writeFileSync(path.join(folder, name), bytes);
  writeFileSync(path.join(folder, 'failure.txt'), `${failure.what}\n${failure.question}\n${failure.fault}\n`);
}
