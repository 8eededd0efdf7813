import { given } from '../../src/base/given.js';
import type { Address } from '../../src/base/place.js';
import type { ExplainSetup, ExplainTopic, Question } from '../../src/protocol/explainPanel.js';
import type { Display } from '../shared/canvas/display.js';
import type { GridChoice } from './grid/choice.js';
import type { Run } from './asked.js';
import { isKeptPreparation, type KeptPreparation } from './settings/preparation.js';
import { newRun, same, urisOf, type OwnRun } from './question/run.js';

/** What the panel keeps over a hidden tab and a reloaded window. The extension host reads `subject` of it to open the panel again. */
export interface KeptPanel {
  readonly version: 1;
  readonly subject: ExplainTopic;
  readonly question: Question;
  readonly display: Display;
  readonly picture?: Address;
  readonly current?: string;
  /** The grid, and whether it is what is shown. */
  readonly grid?: { readonly open: boolean; readonly choice: GridChoice };
  /** How pictures are prepared, while that is edited. */
  readonly preparation?: KeptPreparation;
  readonly runs: readonly {
    readonly id: string;
    readonly question: Question;
    /** Where they are not those of the subject. */
    readonly pictures?: readonly Address[];
    readonly title: string;
  }[];
}

export function isKept(state: unknown): state is KeptPanel {
  const kept = state as Partial<KeptPanel> | null | undefined;
  return (
    typeof kept === 'object' &&
    kept !== null &&
    kept.version === 1 &&
    kept.subject !== undefined &&
    kept.question !== undefined &&
    (kept.preparation === undefined || isKeptPreparation(kept.preparation)) &&
    Array.isArray(kept.runs)
  );
}

/** The history as it was kept, as far as its methods are still offered. */
export function restoredRuns(kept: KeptPanel, { methods, outdated }: ExplainSetup, now: number): OwnRun[] {
  const before = urisOf(kept.subject.pictures);
  return kept.runs
    .filter((run) => methods.some((m) => m.id === run.question.method))
    .map(({ id, question, pictures, title }) => ({
      ...newRun(id, question, pictures ?? before, title, now),
      outdated: outdated.includes(id),
    }));
}

/** What is kept, as plain fields. */
export interface Keepable extends Omit<
  KeptPanel,
  'version' | 'subject' | 'question' | 'picture' | 'current' | 'runs' | 'preparation'
> {
  readonly setup: ExplainTopic | undefined;
  readonly question: Question | undefined;
  readonly picture: Address | undefined;
  readonly current: string | undefined;
  readonly preparation: KeptPreparation | undefined;
  readonly runs: readonly Run[];
}

/** What the panel keeps; nothing before it is set up. */
export function keep({
  setup,
  question,
  display,
  picture,
  current,
  grid,
  runs,
  preparation,
}: Keepable): KeptPanel | undefined {
  if (setup === undefined || question === undefined) return undefined;
  const { model, pictures, pinned, layer } = setup;
  const here = urisOf(pictures);
  return {
    version: 1,
    subject: { model, pictures, pinned, ...given({ layer }) },
    // What was painted is not kept: it lives in memory.
    question: unpainted(question),
    display,
    ...given({ picture, current, grid, preparation }),
    runs: runs
      .filter((r) => r.status !== 'failed' && r.question.edit === undefined)
      .map(({ id, question: asked, pictures: about, title }) => ({
        id,
        question: asked,
        title,
        ...given({ pictures: same(about, here) ? undefined : about }),
      })),
  };
}

function unpainted({ edit: _edit, ...question }: Question): Question {
  return question;
}
