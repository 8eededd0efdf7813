import type { Inspection } from '../../result/inspection.js';

/** What a sidecar says of the input, in the order in which it is written. */
const INPUT_KEYS = ['layout', 'color', 'size', 'resize', 'crop', 'range', 'mean', 'std', 'pad'] as const;

/** Names beyond this number are left where they are: a file of thousands of lines is no place to read settings. */
const MOST_LABELS = 2000;

/**
 * Text of a sidecar that says explicitly what was resolved for a model, so that a default becomes a decision and can be
 * changed. Media/sidecar.schema.json describes the format.
 */
export function sidecarText({ preprocessing, labels }: Inspection): string {
  const input = Object.fromEntries(
    INPUT_KEYS.flatMap((key) =>
      preprocessing[key] === undefined ? [] : [[key, settingValue(preprocessing[key].value)]],
    ),
  );
  const named = labels.origin.kind !== 'default' && labels.names.length > 0 && labels.names.length <= MOST_LABELS;
  const text = JSON.stringify({ input, ...(named ? { labels: labels.names } : {}) }, null, 2);
  return `${text.replace(/\[[^[\]{}"]*\]/g, (list) => list.replace(/\s+/g, ' ').replace('[ ', '[').replace(' ]', ']'))}\n`;
}

/** `{ mode: "none" }` has no size. */
function settingValue(value: unknown): unknown {
  if (typeof value === 'object' && value !== null && 'mode' in value && value.mode === 'none' && 'size' in value) {
    const { size: _size, ...rest } = value;
    return rest;
  }
  return value;
}

/** `models/net.onnx` → `models/net.lens.json`. */
export function sidecarPath(model: string): string {
  return `${model.replace(/\.onnx$/i, '')}.lens.json`;
}
