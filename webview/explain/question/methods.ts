import {
  METHOD_GROUPS,
  forwardPasses,
  type MethodDescription,
  type MethodFit,
  type MethodGroup,
} from '../../../src/result/method.js';
import { formatDuration, formatNumber } from '../../shared/format.js';

/** A method as the list shows it. */
export interface MethodEntry {
  readonly id: string;
  readonly title: string;
  /** One line: what it answers, or why the model cannot be asked with it. */
  readonly line: string;
  /** What a map costs, "≈ 0.3 s" here or in passes. */
  readonly cost: string;
  readonly refused: boolean;
}

export interface MethodEntries {
  readonly group: MethodGroup;
  readonly title: string;
  readonly summary: string;
  readonly entries: readonly MethodEntry[];
}

/** All methods by their groups; none is left out, those that the model cannot be asked with say why. */
export function methodEntries(
  methods: readonly MethodDescription[],
  fits: readonly MethodFit[] | undefined,
): readonly MethodEntries[] {
  return (Object.keys(METHOD_GROUPS) as MethodGroup[]).map((group) => ({
    group,
    ...METHOD_GROUPS[group],
    entries: methods
      .filter((m) => m.group === group)
      .map((m) =>
        entryOf(
          m,
          fits?.find(({ id }) => id === m.id),
        ),
      ),
  }));
}

function entryOf(method: MethodDescription, fit: MethodFit | undefined): MethodEntry {
  const { id, title, summary } = method;
  return {
    id,
    title,
    line: fit?.refused ?? (fit?.note === undefined ? summary : `${summary} ${fit.note}`),
    cost: fit?.refused === undefined ? costOf(method, fit) : '',
    refused: fit?.refused !== undefined,
  };
}

/** About how long a map takes here, or how many passes it is while nobody knows. */
export function costOf(method: MethodDescription, fit?: MethodFit): string {
  if (fit?.seconds !== undefined) return `≈ ${formatDuration(1000 * fit.seconds)}`;
  return `≈ ${formatNumber(forwardPasses(method))} passes`;
}

/** Those whose title, id or line holds every word. Groups without any are left out. */
export function searchMethods(groups: readonly MethodEntries[], text: string): readonly MethodEntries[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const holds = ({ id, title, line }: MethodEntry): boolean => {
    const all = `${title} ${id} ${line}`.toLowerCase();
    return words.every((word) => all.includes(word));
  };
  return groups.map((g) => ({ ...g, entries: g.entries.filter(holds) })).filter(({ entries }) => entries.length > 0);
}
