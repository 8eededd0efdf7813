import { randomUUID } from 'node:crypto';
import type * as vscode from 'vscode';
import { canonical } from '../../base/canonical.js';
import { given } from '../../base/given.js';
import { formatDims } from '../../base/tensor.js';
import type { Client, Handlers } from '../../protocol/channel.js';
import type {
  SmallReconstruction,
  VisualizeAim,
  VisualizeHostApi,
  VisualizePanelApi,
  VisualizeTopic,
} from '../../protocol/reconstructionPanel.js';
import { KeptAnswers } from '../dataset/keptAnswers.js';
import { DiskWatch } from '../disk/diskWatch.js';
import { named, nameOf, pathOf } from '../names.js';
import { Panel } from '../panel/panel.js';
import type { HostServices } from '../services.js';
import { sidecarPath } from '../workspace/sidecar.js';
import { visualizeHandlers } from './handlers.js';

/** A model, and what a picture is to be made of. */
export interface VisualizeFiles {
  readonly model: vscode.Uri;
  readonly aim?: VisualizeAim;
}

/** Small pictures that are kept: those of a large layer, and of a comparison. */
const MOST_SMALL = 1024;

/** One panel of pictures that are made for a model: its page, and the files that it depends on. */
export class VisualizePanel extends Panel {
  readonly model: vscode.Uri;
  private readonly page: Client<VisualizePanelApi>;
  private readonly watch: DiskWatch;
  /** Names of what has changed since the model was asked. */
  private readonly stale = new Set<string>();
  private readonly whole = new KeptAnswers();
  private readonly small = new KeptAnswers(MOST_SMALL);
  private aim: VisualizeAim | undefined;

  /** @param explain opens the explain panel */
  constructor(
    panel: vscode.WebviewPanel,
    services: HostServices,
    { model, aim }: VisualizeFiles,
    private readonly explain: (picture: vscode.Uri) => void,
  ) {
    super(panel, services);
    this.model = model;
    this.aim = aim;
    this.panel.title = `What it wants to see · ${nameOf(model).replace(/\.onnx$/i, '')}`;
    this.watch = this.disposables.add(
      new DiskWatch((file) => {
        this.stale.add(nameOf(file));
        this.forget();
        this.tell(this.page.stale({ files: [...this.stale] }));
      }),
    );
    this.watch.watch([model, model.with({ path: sidecarPath(model.path) })]);
    this.page = this.serve<VisualizePanelApi, VisualizeHostApi>(
      { bundle: 'reconstruction', title: 'What it wants to see', icon: 'lens' },
      this.handlers(),
    );
  }

  /** Turns to something else of the same model. */
  show(aim: VisualizeAim | undefined): void {
    // A page that is hidden is gone: it asks when it is there again.
    const gone = !this.panel.visible;
    this.panel.reveal(undefined, true);
    if (aim === undefined) return;
    if (gone) this.aim = aim;
    else this.tell(this.page.show({ ...this.topic, aim }));
  }

  private get topic(): VisualizeTopic {
    return { model: named(this.model) };
  }

  private forget(): void {
    this.whole.clear();
    this.small.clear();
  }

  private handlers(): Handlers<VisualizeHostApi> {
    const { services, model, whole, small } = this;
    return {
      ...visualizeHandlers({
        services,
        model,
        id: randomUUID(),
        whole,
        small,
        answered: (files) => this.watch.also(files),
        explain: (picture) => this.explain(picture),
      }),
      setup: async () => {
        // Said once: a page that comes back has kept what it was about.
        const { aim } = this;
        this.aim = undefined;
        whole.orphan();
        small.orphan();
        const { layers } = await (await services.runner()).outline({ model: pathOf(model) });
        return {
          ...this.topic,
          ...given({ aim, lastFolder: services.lastUsed.get('folder') }),
          layers: layers.map(({ name, op, shape }) => ({
            name,
            op,
            ...given({ shape: shape === undefined ? undefined : formatDims(shape) }),
          })),
          stale: [...this.stale],
        };
      },
      knownPictures: async ({ asked }) =>
        asked.map((each) => (small.known(canonical(each)) as SmallReconstruction | undefined) ?? null),
      renew: async () => {
        this.stale.clear();
        this.forget();
      },
    };
  }
}
