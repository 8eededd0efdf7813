import { html, nothing, type TemplateResult } from 'lit';
import { customElement, query } from 'lit/decorators.js';
import { iconButton } from '../shared/controls.js';
import '../shared/form/menu.js';
import { plural } from '../shared/format.js';
import { notice } from '../shared/messages.js';
import { WholePage } from '../shared/page/wholePage.js';
import './element.js';
import type { AttentionElement } from './element.js';
import { exportItems } from './exports.js';
import type { AttentionPage } from './page.js';

/** The panel of attention: what it is about, and the parts that show it. */
@customElement('lens-attention-app')
export class AttentionApp extends WholePage {
  page!: AttentionPage;
  private version = 0;
  @query('lens-attention') private readonly parts!: AttentionElement | null;

  /** Draws anew; called by the page. */
  refresh(): void {
    this.version++;
    this.requestUpdate();
  }

  override render(): TemplateResult {
    const { setup, controller: c, stale, host } = this.page;
    const { answer, layers } = c;
    const heads = layers.reduce((sum, layer) => sum + layer.heads, 0);
    const again = (): void => this.page.again();
    return html`<header class="page-toolbar">
        <h1>
          <span class="ellipsis">${setup === undefined ? '' : setup.picture.name}</span>
          <span class="dim ellipsis"
            >${setup === undefined ? '' : setup.model.name.replace(/\.onnx$/i, '')}${answer === undefined ? '' : ` · ${plural(layers.length, 'layer')} · ${plural(heads, 'head')} · ${answer.provider}`}</span
          >
        </h1>
        <div class="buttons">
          ${iconButton({ label: 'Other picture…', icon: 'file-media', onClick: () => void host.choosePicture({}) })}
          ${iconButton({ label: 'Run again', icon: 'refresh', disabled: c.list.working, onClick: again })}
          ${iconButton({ label: 'Explain the picture by other methods', icon: 'eye', onClick: () => void host.explain({}) })}
          <lens-menu
            .label=${'Save and copy'}
            .icon=${'desktop-download'}
            .items=${exportItems(c, () => this.parts)}
          ></lens-menu>
        </div>
      </header>
      ${
        stale.length === 0 || c.list.working
          ? nothing
          : html`<div class="strip">
              ${notice({
                icon: 'sync',
                text: `${stale.length === 1 ? `${stale[0]!} has changed` : `${stale.length} files have changed`}. What is shown is of before.`,
                action: { label: 'Run again', look: 'primary', onClick: again },
              })}
            </div>`
      }
      <main class="att-main" @lens-explain-instead=${() => void host.explain({})}>
        <lens-attention .controller=${c} .version=${this.version}></lens-attention>
      </main>`;
  }
}
