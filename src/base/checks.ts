/** The checks of a model by their names: those of the command line, and of the settings file under `checks`. */
export const CHECK_IDS = [
  'numbers',
  'units',
  'double-softmax',
  'unused-weights',
  'batch',
  'repeatable',
  'accuracy',
  'preprocessing',
  'randomisation',
] as const;

export type CheckId = (typeof CHECK_IDS)[number];

/** What a settings file may say of a check: whether it is done, its bound, or more. */
export interface CheckSetting {
  readonly bound?: number;
  /** Of `randomisation`: the methods that the workspace uses. */
  readonly methods?: readonly string[];
}
