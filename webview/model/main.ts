import '../shared/styles.css';
import '../shared/page/wholePage.css';
import './model.css';
import './layers/layers.css';
import './pictures.css';
import '../attention/attention.css';
import './weights/compare/compare.css';
import './training/training.css';
import type { ModelHostApi, ModelPanelApi } from '../../src/protocol/modelPanel.js';
import { connect } from '../shared/page/channel.js';
import { KeptState } from '../shared/page/state.js';
import { ModelApp } from './app.js';
import { ModelController } from './controller.js';
import { isView, type ModelView } from './kept.js';

const host = connect<ModelHostApi, ModelPanelApi>({
  file: async (status) => controller.fileChanged(status),
  series: async ({ series }) => controller.seriesChanged(series),
  otherChanged: async (other) => controller.otherChanged(other),
  compare: async ({ other }) => controller.compareWith(other),
  select: async ({ layer, show }) => controller.follow(layer, show),
});

const kept = new KeptState<ModelView>(host, isView);
const app = document.createElement('lens-model') as ModelApp;
const controller: ModelController = new ModelController(host, () => {
  app.refresh();
  kept.save(() => controller.view);
});
app.controller = controller;
document.body.append(app);

void kept.load().then((state) => controller.start(state));
