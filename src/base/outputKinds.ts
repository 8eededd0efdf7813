/** What an output of a model may be. `unknown`: nothing says it, and it is not taken for classes. */
export const OUTPUT_KINDS = [
  'classes',
  'multi-label',
  'regression',
  'embedding',
  'segmentation',
  'dense',
  'sequence',
  'detection',
  'unknown',
] as const;

export type OutputKindId = (typeof OUTPUT_KINDS)[number];

/** What one number of an output is called, where it is no probability. */
export const NUMBER_NAMES: Readonly<Record<OutputKindId, string>> = {
  classes: 'logit',
  'multi-label': 'logit',
  regression: 'value',
  embedding: 'value',
  segmentation: 'score',
  dense: 'value',
  sequence: 'score',
  detection: 'score',
  unknown: 'value',
};

/** How the rows of a detector are laid out. */
export const HEADS = ['v5', 'v8', 'obb', 'pose', 'segment', 'end2end', 'ssd', 'detr'] as const;
