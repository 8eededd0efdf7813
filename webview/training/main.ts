import '../shared/styles.css';
import '../shared/page/wholePage.css';
import './training.css';
import type { TrainHostApi, TrainPanelApi } from '../../src/protocol/trainingPanel.js';
import { connect } from '../shared/page/channel.js';
import { KeptState } from '../shared/page/state.js';
import { TrainApp } from './app.js';
import { isKept, type KeptTraining } from './kept.js';
import { TrainPage } from './page.js';

const host = connect<TrainHostApi, TrainPanelApi>({
  show: async (topic) => page.show(topic),
  stale: async () => page.outdated(),
});

const kept = new KeptState<KeptTraining>(host, isKept);
const app = document.createElement('lens-training-app') as TrainApp;
const page: TrainPage = new TrainPage(host, () => {
  app.refresh();
  kept.save(() => page.keep());
});
app.page = page;
document.body.append(app);

void kept.load().then((state) => page.start(state));
