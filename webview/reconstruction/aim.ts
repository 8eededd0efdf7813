import type { PictureAsked, VisualizeAim } from '../../src/protocol/reconstructionPanel.js';
import type { VisualizeForm } from '../../src/protocol/reconstruction.js';

/** What a picture is to be full of. All of it is kept, so that going to and fro between kinds loses nothing. */
export interface Aim {
  readonly kind: AimKind;
  /** A class by its index, and the one that it is to differ from. */
  readonly class: number;
  readonly minus: number;
  readonly layer?: string;
  readonly channel: number;
  /** Of one neuron in the map of the channel. */
  readonly row: number;
  readonly column: number;
}

export type AimKind = 'class' | 'difference' | 'channel' | 'neuron' | 'layer' | 'direction' | 'inversion';

export const AIMS: readonly { readonly kind: AimKind; readonly label: string; readonly title: string }[] = [
  { kind: 'class', label: 'Class', title: 'The score of a class' },
  {
    kind: 'difference',
    label: 'Difference',
    title: 'The score of a class less that of another: what tells them apart',
  },
  { kind: 'channel', label: 'Channel', title: 'A channel of a layer, on average over its map' },
  { kind: 'neuron', label: 'Neuron', title: 'A channel of a layer at one place' },
  { kind: 'layer', label: 'Layer', title: 'All of a layer at once: whatever it sees already is made stronger' },
  {
    kind: 'direction',
    label: 'Direction',
    title: 'A direction in a layer, of a .npy file: a number for each channel, or for each value',
  },
  {
    kind: 'inversion',
    label: 'As in a picture',
    title: 'A picture in which the layer sees what it sees in another one',
  },
];

export const NEW_AIM: Aim = { kind: 'class', class: 0, minus: 1, channel: 0, row: 0, column: 0 };

export const isOfLayer = ({ kind }: Aim): boolean => kind !== 'class' && kind !== 'difference';

/** How the question is asked. */
export function askedOf(aim: Aim): Pick<PictureAsked, 'target' | 'layer' | 'channel'> {
  const { kind, layer = '', channel } = aim;
  switch (kind) {
    case 'class':
      return { target: String(aim.class) };
    case 'difference':
      return { target: `${aim.class} - ${aim.minus}` };
    case 'channel':
      return { layer, channel };
    case 'neuron':
      return { target: `${layer}#${channel}@${aim.row},${aim.column}` };
    case 'layer':
    case 'direction':
    case 'inversion':
      return { layer };
  }
}

/** What it is called. */
export function nameOfAim(aim: Aim, classes: VisualizeForm['classes'] = []): string {
  const label = (index: number): string => classes.find((c) => c.index === index)?.label ?? `class ${index}`;
  const { kind, layer = 'a layer', channel } = aim;
  switch (kind) {
    case 'class':
      return label(aim.class);
    case 'difference':
      return `${label(aim.class)} − ${label(aim.minus)}`;
    case 'channel':
      return `${layer} channel ${channel}`;
    case 'neuron':
      return `${layer} channel ${channel} at ${aim.row}, ${aim.column}`;
    case 'layer':
      return `${layer}, all of it`;
    case 'direction':
      return `${layer} along a direction`;
    case 'inversion':
      return `what ${layer} sees`;
  }
}

/** What a command asks for, over what was chosen before. */
export function withAim(before: Aim, { kind, layer, channel }: VisualizeAim): Aim {
  if (kind === 'class') return before.kind === 'difference' ? before : { ...before, kind };
  const other = layer !== undefined && layer !== before.layer;
  return {
    ...before,
    kind,
    ...(layer === undefined ? {} : { layer }),
    channel: channel ?? (other ? 0 : before.channel),
    ...(other ? { row: 0, column: 0 } : {}),
  };
}

/** The same with numbers that the layer has. */
export function within(aim: Aim, layer: NonNullable<VisualizeForm['layer']>): Aim {
  const most = (value: number, count: number): number => Math.max(0, Math.min(value, count - 1));
  const fixed = {
    ...aim,
    channel: most(aim.channel, layer.channels ?? Infinity),
    row: most(aim.row, layer.height),
    column: most(aim.column, layer.width),
  };
  const same = (['channel', 'row', 'column'] as const).every((name) => fixed[name] === aim[name]);
  return same ? aim : fixed;
}
