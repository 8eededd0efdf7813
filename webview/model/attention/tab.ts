import { html, type PropertyValues, type TemplateResult } from 'lit';
import { customElement, property, query } from 'lit/decorators.js';
import '../../attention/element.js';
import type { NamedFile } from '../../../src/protocol/explainPanel.js';
import { AttentionController } from '../../attention/controller.js';
import type { AttentionElement } from '../../attention/element.js';
import { exportItems } from '../../attention/exports.js';
import { NEW_VIEW, type AttentionView } from '../../attention/kept.js';
import type { AttentionPlace } from '../../attention/place.js';
import { button } from '../../shared/controls.js';
import '../../shared/form/menu.js';
import { emptyState } from '../../shared/messages.js';
import { LightElement } from '../../shared/page/lightElement.js';
import type { Editor, TabDefinition } from '../editor.js';

/** What the model looks at in a picture, with the parts of the panel of attention. */
@customElement('lens-model-attention')
export class AttentionTab extends LightElement {
  @property({ attribute: false }) controller!: Editor;
  @property({ attribute: false }) view!: AttentionView;
  /** The picture that the editor's tabs share. */
  @property({ attribute: false }) picture: NamedFile | undefined;
  @property({ type: Number }) version = 0;
  @query('lens-attention') private readonly parts!: AttentionElement | null;
  private drawn = 0;
  private asked = -1;
  private readonly place: AttentionPlace = placeIn(this);
  private readonly attention = new AttentionController(this.place);

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.attention.dispose();
  }

  protected override willUpdate(_changed: PropertyValues<this>): void {
    const { picture } = this;
    this.drawn++;
    if (picture === undefined || this.controller.setup?.trusted !== true) return;
    const anew = this.asked !== this.version;
    this.asked = this.version;
    if (!anew && this.attention.picture?.uri === picture.uri) return;
    // Not while it is drawn: it draws anew by itself.
    queueMicrotask(() => this.attention.about(picture, anew));
  }

  override render(): TemplateResult {
    const { controller: c, attention, picture } = this;
    if (c.setup?.trusted === false)
      return emptyState({
        icon: 'workspace-untrusted',
        text: 'Models of a workspace that is not trusted are not run.',
        action: { label: 'See the weights', onClick: () => c.update({ tab: 'weights' }) },
      });
    if (picture === undefined)
      return emptyState({
        icon: 'file-media',
        text: 'Choose a picture to see what each token of it looks at.',
        action: { label: 'Choose a Picture…', onClick: () => c.choosePicture() },
      });
    return html`<div class="controls-row">
        <span class="ellipsis">${picture.name}</span>
        ${button({ label: 'Other Picture…', onClick: () => c.choosePicture() })}
        <span class="buttons"
          ><lens-menu
            .label=${'Save and copy'}
            .icon=${'desktop-download'}
            .items=${exportItems(attention, () => this.parts)}
          ></lens-menu
        ></span>
      </div>
      <lens-attention
        .controller=${attention}
        .version=${this.drawn}
        @lens-explain-instead=${() => void c.host.explainAt({})}
      ></lens-attention>`;
  }
}

/** What is chosen here is kept by the editor. */
function placeIn(tab: AttentionTab): AttentionPlace {
  const replace = (attention: AttentionView): void => tab.controller.update({ attention });
  return {
    get host() {
      return tab.controller.host;
    },
    get view() {
      return { ...NEW_VIEW, ...tab.controller.view.attention };
    },
    get colorMap() {
      return tab.controller.setup?.colorMap ?? 'magma';
    },
    // An empty change asks for drawing only.
    update: (change) =>
      Object.keys(change).length === 0
        ? tab.requestUpdate()
        : replace({ ...NEW_VIEW, ...tab.controller.view.attention, ...change }),
    replace,
  };
}

export const tab: TabDefinition = {
  id: 'attention',
  label: 'Attention',
  render: (c) =>
    html`<lens-model-attention
      .controller=${c}
      .view=${c.view.attention}
      .picture=${c.view.activations.picture}
      .version=${c.readVersion}
    ></lens-model-attention>`,
};
