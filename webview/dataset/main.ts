import '../shared/styles.css';
import '../shared/page/wholePage.css';
import './dataset.css';
import './map/map.css';
import './mistakes/mistakes.css';
import './gallery/gallery.css';
import './compare/compare.css';
import './methods/methods.css';
import type { DatasetHostApi, DatasetPanelApi } from '../../src/protocol/datasetPanel.js';
import { connect } from '../shared/page/channel.js';
import { KeptState } from '../shared/page/state.js';
import { DatasetApp } from './app.js';
import { DatasetController } from './controller.js';
import { isKept, type KeptDataset } from './kept.js';

const host = connect<DatasetHostApi, DatasetPanelApi>({
  selected: async ({ names }) => controller.follow(names),
  compareWith: async ({ other }) => controller.compare.with(other),
  showTab: async ({ tab }) => controller.update({ tab }),
  stale: async ({ files }) => controller.outdated(files),
});

const kept = new KeptState<KeptDataset>(host, isKept);
const app = document.createElement('lens-dataset') as DatasetApp;
const controller: DatasetController = new DatasetController(
  host,
  () => {
    app.refresh();
    kept.save(() => controller.keep());
  },
  () => crypto.randomUUID(),
);
app.controller = controller;
document.body.append(app);

void kept.load().then((state) => controller.start(state));
