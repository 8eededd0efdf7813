import type { NamedFile, NamedNetwork } from '../../src/protocol/explainPanel.js';
import type {
  ChannelsPictures,
  PictureAsked,
  PictureFile,
  VisualizeTopic,
} from '../../src/protocol/reconstructionPanel.js';
import type { ParameterValues } from '../shared/form/parameters.js';
import { NEW_AIM, type Aim } from './aim.js';

export type Tab = 'picture' | 'compare' | 'channels';
export type Comparison = 'presets' | 'tricks' | 'networks' | 'layers';

/** The files of a question. */
export type Files = Readonly<Partial<Record<PictureFile, NamedFile>>>;

/** What a person has chosen, and what was asked of it. */
export interface VisualizeView {
  readonly tab: Tab;
  readonly aim: Aim;
  readonly preset: string;
  /** What differs from each preset's own values. */
  readonly params: Readonly<Record<string, ParameterValues>>;
  readonly files: Files;
  readonly seed: number;
  /** Grows where the same is to be made again. */
  readonly attempt: number;
  /** The picture that was asked for last; `cancelled`: nobody waits for it any more. */
  readonly asked?: PictureAsked;
  readonly cancelled: boolean;
  readonly paused: boolean;
  /** Of a picture that began as another: which is shown. */
  readonly shown: 'after' | 'before' | 'difference';
  readonly smooth: boolean;
  /** What the model did not depend on is see-through. */
  readonly faded: boolean;
  readonly comparison: Comparison;
  readonly networks: readonly NamedNetwork[];
  /** What was begun to be compared, with the way it was asked. */
  readonly compared?: SeriesAsked;
  readonly channels: ChannelsView;
  /** Where pictures that excite the unit most are searched. */
  readonly searched?: NamedFile;
}

export interface ChannelsView {
  readonly steps: number;
  readonly zoom: number;
  readonly asked?: ChannelsAsked;
}

/** A picture for each channel of a layer. */
export interface ChannelsAsked {
  readonly base: ChannelsPictures;
  /** Channels of the layer. */
  readonly count: number;
  readonly running: boolean;
}

/** Pictures that are made one after the other. */
export interface SeriesAsked {
  readonly cells: readonly { readonly title: string; readonly asked: PictureAsked }[];
  /** It was under way: a page that comes back goes on with it. */
  readonly running: boolean;
}

/** So many steps show what a channel looks for, though not at its best. */
const CHANNEL_STEPS = 48;

export const NEW_VIEW: VisualizeView = {
  tab: 'picture',
  aim: NEW_AIM,
  preset: 'distill',
  params: {},
  files: {},
  seed: 0,
  attempt: 0,
  cancelled: false,
  paused: false,
  shown: 'after',
  smooth: false,
  faded: false,
  comparison: 'presets',
  networks: [],
  channels: { steps: CHANNEL_STEPS, zoom: 1 },
};

/** What the panel keeps; the extension host reads `topic` of it to open the panel again. */
export interface KeptVisualize {
  readonly version: 1;
  readonly topic: Pick<VisualizeTopic, 'model'>;
  readonly view: VisualizeView;
}

/** Whether a kept state is one of ours; it may have been written by another version. */
export function isKept(state: unknown): state is KeptVisualize {
  const kept = state as Partial<KeptVisualize> | null | undefined;
  return (
    typeof kept === 'object' &&
    kept !== null &&
    kept.version === 1 &&
    typeof kept.topic === 'object' &&
    typeof kept.view?.preset === 'string' &&
    typeof kept.view.aim === 'object' &&
    typeof kept.view.params === 'object' &&
    typeof kept.view.files === 'object'
  );
}
