import type { Address } from '../base/place.js';
import type { ParameterValue } from '../result/method.js';
import type { Reconstruction } from '../result/reconstruction.js';
import type { Operation } from './channel.js';
import type { NamedFile, NamedNetwork, OtherModel } from './explainPanel.js';
import type { SaveRequest } from './modelPanel.js';
import type { Passed } from './passed.js';
import type {
  VisualizeAnswer,
  VisualizeChannelsProgress,
  VisualizeForm,
  VisualizeFormRequest,
  VisualizeProgress,
} from './reconstruction.js';
import type { ModelRequest } from './request.js';

/** What the panel of pictures that are made for a model and the extension host say to each other. */

/**
 * A picture to start from, a folder to look like, a picture in which a layer sees the same, a direction in a layer, natural
 * pictures in a folder for each class, and another model that is asked.
 */
export type PictureFile = 'start' | 'folder' | 'invert' | 'direction' | 'natural' | 'other';

/** One picture to be made; the model and its settings are added by the host. */
export interface PictureAsked {
  readonly target?: string;
  readonly layer?: string;
  readonly channel?: number;
  /** Without those that are files. */
  readonly params: Readonly<Record<string, ParameterValue>>;
  /** Files by the names of the parameters that they are. */
  readonly files: Readonly<Partial<Record<PictureFile, Address>>>;
  readonly seed: number;
  /** Another network than the panel's. */
  readonly network?: OtherModel;
  /** Grows where the same is to be made again. */
  readonly attempt: number;
}

/** A picture of many: without its values, its file and its facets. */
export type SmallReconstruction = Omit<Reconstruction, 'values' | 'saved' | 'recipe' | 'opacity' | 'facets'>;

/** A picture for every channel of a layer; the model and its settings are added by the host. */
export interface ChannelsPictures extends Pick<PictureAsked, 'params' | 'files' | 'seed'> {
  readonly layer: string;
  /** Nothing is made: what there is already is answered. */
  readonly known?: boolean;
}

/** What a panel is to begin with: a class, or a channel of a layer. */
export interface VisualizeAim {
  readonly kind: 'class' | 'channel';
  readonly layer?: string;
  readonly channel?: number;
}

export interface VisualizeTopic {
  readonly model: NamedFile;
  readonly aim?: VisualizeAim;
}

export interface VisualizeSetup extends VisualizeTopic {
  /** The layers of the model, in the order of its graph. */
  readonly layers: readonly { readonly name: string; readonly op: string; readonly shape?: string }[];
  /** Files that have changed since they were looked at. */
  readonly stale: readonly string[];
  /** The folder of pictures that was used last with any model. */
  readonly lastFolder?: NamedFile;
}

/** What the extension host does for the panel. */
export interface VisualizeHostApi extends Passed<'topPictures'> {
  setup: Operation<Record<string, never>, VisualizeSetup>;
  /** What can be set, and the start values of the presets. */
  form: Operation<Omit<VisualizeFormRequest, keyof ModelRequest>, VisualizeForm>;
  /** Makes a picture, or answers the one that was made of the same question. */
  picture: Operation<PictureAsked, VisualizeAnswer, VisualizeProgress>;
  /** The same for one of many. */
  smallPicture: Operation<PictureAsked, SmallReconstruction, VisualizeProgress>;
  /** Every channel of a layer, each told of as it comes: those that were made ever are not made again. */
  channels: Operation<ChannelsPictures, void, VisualizeChannelsProgress>;
  /** What is known of many, without making any. */
  knownPictures: Operation<{ readonly asked: readonly PictureAsked[] }, readonly (SmallReconstruction | null)[]>;
  /** Pauses the picture that is being made, goes on with it, or ends it with what there is. */
  steer: Operation<{ readonly asked: PictureAsked; readonly state: 'run' | 'pause' | 'stop' }, void>;
  /** The model is asked anew: what has changed is known to the page. */
  renew: Operation<Record<string, never>, void>;
  /** Each asks the person; `undefined` when the question is dismissed. */
  choosePicture: Operation<Record<string, never>, NamedFile | undefined>;
  chooseDirection: Operation<Record<string, never>, NamedFile | undefined>;
  chooseFolder: Operation<Record<string, never>, NamedFile | undefined>;
  chooseModel: Operation<Record<string, never>, NamedFile | undefined>;
  chooseNetwork: Operation<Record<string, never>, NamedNetwork | undefined>;
  /** Shows a picture of the folder in the explain panel. */
  explain: Operation<{ readonly path: string }, void>;
  /** Asks where to save, and saves. `false`: the person changed their mind. */
  save: Operation<SaveRequest, boolean>;
  /** Puts on the clipboard what to type in a terminal for the same picture. */
  copyVisualizeCommand: Operation<PictureAsked, void>;
  showLog: Operation<Record<string, never>, void>;
}

/** What the panel does when the extension host says so. */
export interface VisualizePanelApi {
  show: Operation<VisualizeTopic, void>;
  /** Files that have changed on disk since they were looked at. */
  stale: Operation<{ readonly files: readonly string[] }, void>;
}

/** A picture as it is shown large, before it is known what the model says of it. */
export type RunningPicture = NonNullable<VisualizeProgress['made']>;
