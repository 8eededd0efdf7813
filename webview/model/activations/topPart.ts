import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { LightElement } from '../../shared/page/lightElement.js';
import { filePath, type Address, type FilePath } from '../../../src/base/place.js';
import type { TopProgress } from '../../../src/protocol/activations.js';
import type { TopPictures } from '../../../src/result/activations.js';
import '../../shared/canvas/thumbnail.js';
import { button } from '../../shared/controls.js';
import { baseName, formatNumber, plural } from '../../shared/format.js';
import { emptyState, failure } from '../../shared/messages.js';
import type { Editor } from '../editor.js';
import { Task } from '../../shared/task/task.js';
import { taskProgress } from '../../shared/task/taskProgress.js';

const COUNT = 12;

/** The pictures of a folder that excite a channel most, each cut to what the unit sees. */
@customElement('lens-top')
export class TopPart extends LightElement {
  @property({ attribute: false }) controller!: Editor;
  @property() layer = '';
  @property({ type: Number }) channel = 0;
  @property({ attribute: false }) folder: Address | undefined;
  @property({ type: Number }) version = 0;
  /** The layer that a person asked about. */
  private searched: string | undefined;
  private readonly top = new Task<TopPictures, TopProgress>(() => this.onProgress());
  /** What the search under way, or the one that was stopped, has found: not every report of its progress says so. */
  private found: TopPictures | undefined;

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.top.cancel();
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    // Another layer means running the whole folder again: that is asked for. Its other channels are there at once.
    const again = this.searched === this.layer && this.version > 0;
    if (again && (['channel', 'folder', 'version'] as const).some((name) => changed.has(name))) this.search();
  }

  private onProgress(): void {
    const { progress, working } = this.top;
    if (progress === undefined && working) this.found = undefined;
    else this.found = progress?.top ?? this.found;
    this.requestUpdate();
  }

  private search(anew = false): void {
    const { layer, channel, folder, controller: c } = this;
    if (folder === undefined) return;
    this.searched = layer;
    const question = JSON.stringify([layer, channel, folder, this.version]);
    void this.top.run(
      question,
      (options) => c.host.topPictures({ inputs: [folder], layer, channel, count: COUNT }, options),
      anew,
    );
  }

  override render(): TemplateResult {
    const { top, controller: c } = this;
    const { folder } = c.view.activations;
    const asked = this.searched === this.layer;
    // What a search that was stopped has found stays.
    const partial = top.working || top.stopped ? this.found : undefined;
    const shown = asked ? (partial ?? top.value) : undefined;
    return html`<section class="top-pictures" aria-labelledby="top">
      <h2 id="top">
        Pictures that excite channel ${this.channel} most
        <span class="hint dim">${shown === undefined ? '' : `of ${plural(shown.seen, 'picture')}`}</span>
      </h2>
      ${
        folder === undefined
          ? emptyState({
              icon: 'folder-opened',
              text: 'Choose a folder with pictures to see what this channel looks for.',
              action: { label: 'Choose a Folder…', onClick: () => this.chooseFolder() },
            })
          : html`<div class="controls-row">
              <span class="ellipsis">${folder.name}</span>
              ${asked ? nothing : button({ label: 'Search These Pictures', look: 'primary', onClick: () => this.search() })}
              ${button({ label: 'Other Folder…', onClick: () => this.chooseFolder() })}
            </div>`
      }
      ${shown === undefined ? nothing : this.pictures(shown)}
      ${
        top.error === undefined
          ? nothing
          : failure(top.error, [{ label: 'Search again', onClick: () => this.search(true) }])
      }
      ${taskProgress(top, 'Searching the folder', { after: 0 })}
      ${
        top.stopped && !top.working
          ? html`<p class="dim">
              Stopped: this is what there was. ${button({ label: 'Search again', onClick: () => this.search(true) })}
            </p>`
          : nothing
      }
    </section>`;
  }

  private pictures({ pictures, notes, failed, dead, channels }: TopPictures): TemplateResult {
    return html`
      <ul class="plain top-list ${this.top.outdated ? 'old' : ''}">
        ${pictures.map((picture) => {
          const name = baseName(picture.input);
          const text = `${name}${picture.label === undefined ? '' : `, ${picture.label}`}: ${formatNumber(picture.value)}`;
          return html`<li>
            <button
              type="button"
              class="top-picture"
              title="${text}. Click to see the layer on it."
              @click=${() => this.use(filePath(picture.input))}
            >
              <lens-thumbnail .picture=${picture.patch} .side=${96}></lens-thumbnail>
              <span class="ellipsis">${picture.label ?? name}</span>
              <span class="dim">${formatNumber(picture.value)}</span>
            </button>
          </li>`;
        })}
      </ul>
      ${dead.length > 0 ? html`<p class="dim">${plural(dead.length, 'channel')} of ${channels} never changed on any picture.</p>` : nothing}
      ${failed.length > 0 ? html`<p class="dim">${plural(failed.length, 'picture')} could not be read.</p>` : nothing}
      ${notes.map((note) => html`<p class="dim">${note}</p>`)}
    `;
  }

  private chooseFolder(): void {
    const { controller: c } = this;
    void c.host.chooseFolder({}).then((folder) => {
      if (folder === undefined) return;
      this.searched = this.layer;
      c.update({ activations: { ...c.view.activations, folder } });
      void this.updateComplete.then(() => this.search());
    });
  }

  private use(path: FilePath): void {
    const { controller: c } = this;
    void c.host.usePicture({ path }).then((picture) => {
      if (picture !== undefined) c.update({ activations: { ...c.view.activations, picture } });
    });
  }
}
