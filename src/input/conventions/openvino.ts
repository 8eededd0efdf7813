import type { PartialSettings, ResizeMode } from '../settings.js';
import { asNumbers, type Convention } from './convention.js';

/**
 * OpenVINO Model API keeps the path of a setting joined by a blank as the key (`model_info labels`) and lists as
 * blank-separated text. Mean and scale are in units of 0..255.
 */
export const openvino: Convention = {
  id: 'openvino',
  title: 'OpenVINO',
  place: 'inside',
  async read({ metadata }) {
    const get = (key: string): string | undefined => metadata.get(`model_info ${key}`)?.trim();
    if (![...metadata.keys()].some((key) => key.startsWith('model_info '))) return [];
    const mean = numbers(get('mean_values'));
    const std = numbers(get('scale_values'))?.map((s) => (s === 0 ? 1 : s));
    const resize = get('resize_type');
    const mode = resize === undefined ? undefined : MODES.get(resize);
    const pad = numbers(get('pad_value'))?.[0];
    const settings: PartialSettings = {
      // Model API takes OpenCV's BGR; "reverse" therefore means that the model wants RGB.
      ...(/^(true|yes|1)$/i.test(get('reverse_input_channels') ?? '') ? { color: 'RGB' } : {}),
      ...(mode === undefined ? {} : { resize: { mode, interpolation: 'bilinear' } }),
      ...(mean === undefined && std === undefined ? {} : { range: [0, 255], mean: mean ?? [0], std: std ?? [1] }),
      ...(pad === undefined ? {} : { pad: [pad, pad, pad] }),
    };
    const names = get('labels')
      ?.split(/\s+/)
      .filter((name) => name !== '');
    const warnings = [
      ...(resize !== undefined && mode === undefined
        ? [`The model's metadata says resize_type = "${resize}", which is not known here.`]
        : []),
      ...(resize === 'fit_to_window'
        ? ['resize_type "fit_to_window" puts the picture into the corner; here it is put into the middle.']
        : []),
    ];
    return [
      {
        settings,
        warnings,
        ...(names === undefined || names.length === 0 ? {} : { labels: { names } }),
        origin: { kind: 'metadata', detail: "model_info in the model's metadata (OpenVINO)" },
      },
    ];
  },
};

const MODES: ReadonlyMap<string, ResizeMode> = new Map<string, ResizeMode>([
  ['standard', 'exact'],
  ['fit_to_window', 'letterbox'],
  ['fit_to_window_letterbox', 'letterbox'],
  ['crop', 'shortSide'],
]);

function numbers(text: string | undefined): number[] | undefined {
  if (text === undefined || text === '') return undefined;
  return asNumbers(
    text
      .replace(/[[\](),]/g, ' ')
      .trim()
      .split(/\s+/)
      .map(Number),
  );
}
