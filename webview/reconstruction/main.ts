import '../shared/styles.css';
import '../shared/page/wholePage.css';
import './visualize.css';
import type { VisualizeHostApi, VisualizePanelApi } from '../../src/protocol/reconstructionPanel.js';
import { connect } from '../shared/page/channel.js';
import { KeptState } from '../shared/page/state.js';
import { VisualizeApp } from './app.js';
import { isKept, type KeptVisualize } from './kept.js';
import { VisualizePage } from './page.js';

const host = connect<VisualizeHostApi, VisualizePanelApi>({
  show: async (topic) => page.show(topic),
  stale: async ({ files }) => page.outdated(files),
});

const kept = new KeptState<KeptVisualize>(host, isKept);
const app = document.createElement('lens-visualize-app') as VisualizeApp;
const page: VisualizePage = new VisualizePage(host, () => {
  app.refresh();
  kept.save(() => page.keep());
});
app.page = page;
document.body.append(app);

void kept.load().then((state) => page.start(state));
