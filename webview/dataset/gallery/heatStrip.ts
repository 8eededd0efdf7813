import { html, nothing, type TemplateResult } from 'lit';
import type { Rgb } from '../../../src/base/picture.js';
import type { HeatAnswer } from '../../../src/protocol/dataset.js';
import { hasChannels } from '../../../src/result/heatmap.js';
import { DEFAULT_DISPLAY, paint, sceneOf, type Scene } from '../../shared/canvas/display.js';
import { rasterOf } from '../../shared/canvas/raster.js';
import '../../shared/charts/colorBar.js';
import { checkbox } from '../../shared/controls.js';
import { formatNumber } from '../../shared/format.js';
import { shortName, type Facts } from '../facts.js';
import type { Room } from '../room.js';
import { THUMBNAIL } from '../thumbnails.js';

const scenes = new WeakMap<HeatAnswer, Scene>();
const pictures = new WeakMap<HeatAnswer, Rgb>();
const DISPLAY = { ...DEFAULT_DISPLAY, smooth: true };

function sceneFor(answer: HeatAnswer): Scene {
  let scene = scenes.get(answer);
  if (scene === undefined) scenes.set(answer, (scene = sceneOf(answer.explanation, DISPLAY)));
  return scene;
}

/** The picture as the model sees it with its map, of the size of a thumbnail, letterboxed as they are. */
export function heatPicture(answer: HeatAnswer): Rgb {
  const known = pictures.get(answer);
  if (known !== undefined) return known;
  const raster = rasterOf(paint(sceneFor(answer), DISPLAY));
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [THUMBNAIL, THUMBNAIL];
  const context = canvas.getContext('2d')!;
  context.fillStyle = '#000000';
  context.fillRect(0, 0, THUMBNAIL, THUMBNAIL);
  const scale = THUMBNAIL / Math.max(raster.width, raster.height);
  const [width, height] = [raster.width * scale, raster.height * scale];
  context.imageSmoothingQuality = 'high';
  context.drawImage(raster, (THUMBNAIL - width) / 2, (THUMBNAIL - height) / 2, width, height);
  const { data } = context.getImageData(0, 0, THUMBNAIL, THUMBNAIL);
  const rgb = new Uint8Array(3 * THUMBNAIL * THUMBNAIL);
  for (let i = 0; i < THUMBNAIL * THUMBNAIL; i++) rgb.set(data.subarray(4 * i, 4 * i + 3), 3 * i);
  const picture = { width: THUMBNAIL, height: THUMBNAIL, data: rgb };
  pictures.set(answer, picture);
  return picture;
}

/** What a map says, in words: the method, what it argues for, and the end of its scale. */
export function heatWords(answer: HeatAnswer): string {
  const { limit } = sceneFor(answer).scaled;
  const signed = sceneFor(answer).values.signed ? '±' : '';
  return `${answer.title} for ${targetWords(answer)}; scale to ${signed}${formatNumber(limit)} ${answer.explanation.attribution.unit}`;
}

function targetWords({ explanation }: HeatAnswer): string {
  const { target, score, value } = explanation;
  return `${target.label} (${score} ${formatNumber(value)})`;
}

/** Above the gallery, always of the same height: what the map under the pointer says, and how to get one. */
export function heatStrip(room: Room, facts: Facts): TemplateResult {
  const { heat, view } = room;
  const on = view.gallery.heat;
  return html`<div class="gallery-heat">
    ${checkbox({
      label: 'heat under the pointer',
      checked: on,
      onChange: (checked) => {
        if (!checked) heat.leave();
        room.update({ gallery: { ...room.view.gallery, heat: checked } });
      },
    })}
    ${body(room, facts)}
  </div>`;
}

function body(room: Room, facts: Facts): TemplateResult {
  const { heat, view } = room;
  const { answer, example, task } = heat;
  if (answer !== undefined) {
    const { explanation, title } = answer;
    const scene = sceneFor(answer);
    const { attribution, choice } = explanation;
    const channels = hasChannels(attribution) ? ', channels added up by magnitude' : '';
    return html`<span class="heat-words" title=${choice?.sentence ?? nothing}
        ><strong>${title}</strong> for <strong>${targetWords(answer)}</strong
        ><span class="dim"> · ${shortName(facts, example!)}${channels}</span></span
      >
      <lens-color-bar
        .colors=${scene.colors}
        .limit=${scene.scaled.limit}
        .unit=${attribution.unit}
        .note=${`clipped at ${DISPLAY.percentile} pct`}
      ></lens-color-bar>`;
  }
  if (example !== undefined && task.error !== undefined)
    return html`<span class="heat-words" role="status">${task.error.message}</span>`;
  if (example !== undefined)
    return html`<span class="heat-words dim" role="status"
      >${task.progress?.message ?? 'Asking why'}: ${shortName(facts, example)}</span
    >`;
  return html`<span class="heat-words dim"
    >${view.gallery.heat ? 'Rest on a picture, or press H on it' : 'Press H on a picture'}: what speaks for the
    prediction is drawn over it.</span
  >`;
}
