import { html, nothing, type TemplateResult } from 'lit';
import '../shared/canvas/thumbnail.js';
import type { Rgb } from '../../src/base/picture.js';
import type { PictureFacet } from '../../src/result/reconstruction.js';
import { formatNumber, formatProbability } from '../shared/format.js';
import type { VisualizePage } from './page.js';

/** The facet that is looked at; there is a result. */
export function facetShown({ result, facet }: VisualizePage): PictureFacet {
  if (result === undefined) throw new Error('There is no picture');
  return result.facets?.[facet] ?? result;
}

/** Pictures of the same unit that were made at once, to choose from. */
export function facetsPart(page: VisualizePage): TemplateResult | typeof nothing {
  const { result, running, made } = page;
  const done = running === undefined && !made.working ? result?.facets : undefined;
  const pictures = running?.facets ?? done?.map(({ picture }) => picture);
  if (pictures === undefined) return nothing;
  return html`<div class="vis-frames" role="group" aria-label="Facets">
    ${pictures.map((picture, k) => {
      const says = done?.[k]?.says;
      const value =
        says === undefined
          ? ''
          : says.probability !== undefined
            ? `p ${formatProbability(says.probability)}`
            : Number.isFinite(says.value)
              ? formatNumber(says.value)
              : '';
      return html`<button
        type="button"
        class="vis-frame"
        aria-pressed=${k === page.facet}
        @click=${() => {
          page.facet = k;
          page.frame = undefined;
          page.say(`Facet ${k + 1}`);
        }}
      >
        <lens-thumbnail .picture=${picture} .side=${72}></lens-thumbnail><span class="dim">facet ${k + 1}</span
        ><span class="dim">${value}</span>
      </button>`;
    })}
  </div>`;
}

/** A picture over a background, through which what nothing depended on is seen. */
export function fadedOf({ picture, opacity }: Pick<PictureFacet, 'picture' | 'opacity'>, background: string): Rgb {
  const behind = coloursOf(background);
  const data = Uint8Array.from(picture.data, (v, i) => {
    const share = opacity[Math.floor(i / 3)] ?? 1;
    return Math.round(share * v + (1 - share) * behind[i % 3]!);
  });
  return { ...picture, data };
}

/** Any colour that a style sheet knows, in 8 bits. */
function coloursOf(colour: string): readonly [number, number, number] {
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [1, 1];
  const context = canvas.getContext('2d')!;
  context.fillStyle = colour;
  context.fillRect(0, 0, 1, 1);
  const [red, green, blue] = context.getImageData(0, 0, 1, 1).data as unknown as [number, number, number];
  return [red, green, blue];
}

/** The colour behind everything. */
export const backgroundColour = (): string =>
  getComputedStyle(document.body).getPropertyValue('--vscode-editor-background').trim() || '#808080';
