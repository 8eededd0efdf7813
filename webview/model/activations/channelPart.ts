import { html, nothing, type TemplateResult } from 'lit';
import type { Activation } from '../../../src/result/activations.js';
import type { Colormap } from '../../../src/result/colormap.js';
import '../../shared/canvas/heatCanvas.js';
import type { Pixel } from '../../shared/canvas/geometry.js';
import type { PixelEvent } from '../../shared/canvas/heatCanvas.js';
import '../../shared/charts/colorBar.js';
import { checkbox, iconButton, segmented } from '../../shared/controls.js';
import { DEFAULT_DISPLAY, valueAt, type Scene } from '../../shared/canvas/display.js';
import { formatNumber } from '../../shared/format.js';
import { nameList } from '../../shared/table.js';
import type { ActivationsView } from '../kept.js';

export interface ChannelOptions {
  readonly answer: Activation;
  readonly channel: number;
  /** Absent for what makes no map. */
  readonly scene: Scene | undefined;
  readonly view: ActivationsView;
  readonly pixel: Pixel | undefined;
  readonly colors: Colormap;
  readonly limit: number;
  readonly onPixel: (pixel: Pixel | undefined) => void;
  readonly onChange: (view: Partial<ActivationsView>) => void;
  readonly onVisualize: () => void;
}

/** One channel over the picture, and its numbers. */
export function channelPart(o: ChannelOptions): TemplateResult {
  const { answer, channel, scene, view, pixel } = o;
  const s = answer.statistics;
  const number = (values: Float32Array): string => formatNumber(values[channel] ?? NaN);
  const share = (values: Float32Array): string => `${(100 * (values[channel] ?? 0)).toFixed(1)} %`;
  const rows: readonly (readonly [string, string])[] = [
    ['Mean', number(s.mean)],
    ['Deviation', number(s.std)],
    ['Smallest', number(s.min)],
    ['Largest', number(s.max)],
    ['Exactly zero', share(s.zero)],
    ['Saturated', share(s.saturated)],
  ];
  const field = answer.receptiveField;
  const numbers = nameList(rows, 'numbers');
  return html`<section class="channel" aria-labelledby="channel">
    <h2 id="channel">
      Channel ${channel}<span class="hint dim"
        >${scene === undefined ? '' : `${answer.height}×${answer.width} map`}</span
      >${iconButton({ label: 'Visualize what this channel wants to see', icon: 'sparkle', onClick: o.onVisualize })}
    </h2>
    ${
      scene === undefined
        ? numbers
        : html`<div class="channel-body">
            <div class="channel-stage" @lens-pixel=${(event: CustomEvent<PixelEvent>) => o.onPixel(event.detail.pixel)}>
              <lens-heat-canvas
                .scene=${scene}
                .display=${{ ...DEFAULT_DISPLAY, mode: view.mode, smooth: view.smooth }}
                .label=${`Channel ${channel} of ${answer.layer} over the picture`}
              ></lens-heat-canvas>
            </div>
            <div class="channel-side">
              ${segmented({
                label: 'Show',
                value: view.mode,
                choices: [
                  { value: 'heat', label: 'Map' },
                  { value: 'blend', label: 'Blend' },
                  { value: 'original', label: 'Picture' },
                ],
                onChange: (mode) => o.onChange({ mode: mode as ActivationsView['mode'] }),
              })}
              ${checkbox({ label: 'Smooth between values', checked: view.smooth, onChange: (smooth) => o.onChange({ smooth }) })}
              ${numbers}
              ${
                field === undefined
                  ? nothing
                  : html`<p class="dim">
                      ${field.local ? `Each value sees ${field.size[0]}×${field.size[1]} pixels.` : 'Each value sees the whole picture.'}
                    </p>`
              }
              <lens-color-bar
                .colors=${o.colors}
                .limit=${o.limit}
                .unit=${'activation'}
                .note=${view.scale === 'shared' ? 'shared' : 'this channel'}
              ></lens-color-bar>
              <p class="cell-readout">
                ${pixel === undefined ? '' : `(${pixel.x}, ${pixel.y}) ${formatNumber(valueAt(scene, pixel.x, pixel.y))}`}
              </p>
            </div>
          </div>`
    }
  </section>`;
}
