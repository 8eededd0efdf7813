import type { CheckEvidence, CheckResult, CheckSetting } from '../../result/check.js';
import type { CheckMaterial } from './material.js';

/** What a check says; what all have in common is added by who runs it. */
export type Said = Pick<CheckResult, 'status' | 'sentence' | 'evidence'> &
  Partial<Pick<CheckResult, 'value' | 'bound' | 'unit' | 'setting'>>;

export interface AskedCheck extends CheckSetting {
  /** The one that is set, else the check's own; NaN for one that has none. */
  readonly bound: number;
  /** Whether somebody has set it. */
  readonly set: boolean;
  /** 0 to 1, and what is being done. */
  progress(fraction: number, message: string): void;
}

/** One check, from what there is to look at to what it says. */
export type RunCheck = (material: CheckMaterial, asked: AskedCheck) => Promise<Said>;

export function pass(value: number, sentence: string, evidence: CheckEvidence = {}): Said {
  return { status: 'pass', value, sentence, evidence };
}

export function fail(value: number, sentence: string, evidence: CheckEvidence = {}): Said {
  return { status: 'fail', value, sentence, evidence };
}

export function skip(sentence: string): Said {
  return { status: 'skipped', sentence, evidence: {} };
}

export function counted(n: number, word: string): string {
  return `${n.toLocaleString('en')} ${word}${n === 1 ? '' : 's'}`;
}
