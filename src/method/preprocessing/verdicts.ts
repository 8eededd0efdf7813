import type { Preprocessing, ResizePlan, Setting } from '../../input/settings.js';
import type { SettingsFinding, SettingsVerdict } from '../../result/settings.js';

/**
 * What is said of every part of the settings, one beside the other: what was decided, and resize, crop and filter, which
 * nothing can find: somebody states them, or they are assumed.
 */
export function verdictsOf({ parts }: SettingsFinding, { resize, crop }: Preprocessing): readonly SettingsVerdict[] {
  const geometry = (part: SettingsVerdict['part'], value: string, { origin }: Setting<unknown>): SettingsVerdict => ({
    part,
    value,
    verdict: origin.kind === 'default' || origin.kind === 'convention' ? 'assumed' : 'stated',
    sentence: origin.detail,
  });
  return [
    ...parts,
    geometry('resize', resizeWords(resize.value), resize),
    geometry('crop', crop.value === 'center' ? 'centre' : 'none', crop),
    geometry('filter', resize.value.mode === 'none' ? 'none' : resize.value.interpolation, resize),
  ];
}

function resizeWords({ mode, size }: ResizePlan): string {
  const to = typeof size === 'number' ? String(size) : `${size[1]}×${size[0]}`;
  switch (mode) {
    case 'exact':
      return `squeezed to ${to}`;
    case 'shortSide':
      return `short side to ${to}`;
    case 'longSide':
      return `long side to ${to}`;
    case 'letterbox':
      return `letterbox ${to}`;
    case 'none':
      return 'none';
  }
}
