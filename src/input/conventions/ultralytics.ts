import { tableOf } from '../labelText.js';
import { parsePythonLiteral } from '../pythonLiteral.js';
import type { PartialSettings } from '../settings.js';
import { asSide, type Convention } from './convention.js';

/**
 * Ultralytics writes `task`, `imgsz`, `stride`, `names` … into `metadata_props` with Python's `str()`. Pictures are
 * RGB / 255; classifiers crop the centre, the other tasks letterbox onto grey 114. (Ultralytics letterboxes with OpenCV's
 * plain bilinear resize; ours is Pillow's.)
 */
export const ultralytics: Convention = {
  id: 'ultralytics',
  title: 'Ultralytics',
  place: 'inside',
  async read({ metadata }) {
    const said = `${metadata.get('author') ?? ''} ${metadata.get('description') ?? ''}`;
    const known = /ultralytics|yolo/i.test(said) || (metadata.has('names') && metadata.has('stride'));
    if (!known) return [];
    const sizes = literal(metadata.get('imgsz'));
    const [height, width] = Array.isArray(sizes) ? sizes.map(asSide) : [asSide(sizes), asSide(sizes)];
    const size = height !== undefined && width !== undefined ? ([height, width] as const) : undefined;
    const classifies = metadata.get('task') === 'classify';
    const labels = tableOf(literal(metadata.get('names')));
    const settings: PartialSettings = {
      color: metadata.get('channels') === '1' ? 'gray' : 'RGB',
      ...(size === undefined ? {} : { size }),
      resize: { mode: classifies ? 'shortSide' : 'letterbox', interpolation: 'bilinear' },
      crop: classifies ? 'center' : 'none',
      range: [0, 1],
      mean: [0],
      std: [1],
      pad: [114, 114, 114],
    };
    return [
      {
        settings,
        origin: {
          kind: 'convention',
          detail: `Ultralytics ${metadata.get('task') ?? 'model'}, by the model's metadata`,
        },
      },
      ...(labels === undefined
        ? []
        : [
            { labels, origin: { kind: 'metadata' as const, detail: '"names" in the model\'s metadata (Ultralytics)' } },
          ]),
    ];
  },
};

function literal(text: string | undefined): unknown {
  return text === undefined ? undefined : parsePythonLiteral(text);
}
