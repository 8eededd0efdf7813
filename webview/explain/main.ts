import '../shared/styles.css';
import './explain.css';
import './picture/viewControls.css';
import './sanity/badge.css';
import './grid/grid.css';
import './question/method.css';
import './region/region.css';
import './settings/settings.css';
import './question/classList.css';
import './whatIf/whatIf.css';
import type { ExplainHostApi, ExplainPanelApi } from '../../src/protocol/explainPanel.js';
import { connect } from '../shared/page/channel.js';
import { KeptState } from '../shared/page/state.js';
import { ExplainApp } from './app.js';
import { ExplainController } from './controller.js';
import { LayerLink } from './layerLink.js';
import { isKept, type KeptPanel } from './kept.js';

const host = connect<ExplainHostApi, ExplainPanelApi>({
  show: async (subject) => controller.show(subject),
  stale: async ({ files }) => controller.stale(files),
  rerun: async () => controller.rerun(),
  followLayer: async ({ layer }) => link.follow(layer),
});

const kept = new KeptState<KeptPanel>(host, isKept);
const app = document.createElement('lens-explain') as ExplainApp;
const controller: ExplainController = new ExplainController(
  host,
  () => {
    app.refresh();
    kept.save(() => controller.keep());
    link.tell();
  },
  () => crypto.randomUUID(),
);
const link = new LayerLink(controller, (layer) => void host.selectLayer({ layer }).catch(() => undefined));
app.controller = controller;
app.host = host;
document.body.append(app);

void kept.load().then((state) => controller.start(state));
