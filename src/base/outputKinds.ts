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

/** How the rows of a detector are laid out. */
export const HEADS = ['v5', 'v8', 'obb', 'pose', 'segment', 'end2end', 'ssd', 'detr'] as const;
