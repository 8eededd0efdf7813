import '../shared/styles.css';
import '../shared/page/wholePage.css';
import './page.css';
import './attention.css';
import type { AttentionHostApi, AttentionPanelApi } from '../../src/protocol/attentionPanel.js';
import { connect } from '../shared/page/channel.js';
import { KeptState } from '../shared/page/state.js';
import { AttentionApp } from './app.js';
import { isKept, type KeptAttention } from './kept.js';
import { AttentionPage } from './page.js';

const host = connect<AttentionHostApi, AttentionPanelApi>({
  show: async (topic) => page.show(topic),
  stale: async ({ files }) => page.outdated(files),
});

const kept = new KeptState<KeptAttention>(host, isKept);
const app = document.createElement('lens-attention-app') as AttentionApp;
const page: AttentionPage = new AttentionPage(host, () => {
  app.refresh();
  kept.save(() => page.keep());
});
app.page = page;
document.body.append(app);

void kept.load().then((state) => page.start(state));
