/**
 * What has no business in a picture and stands in it all the same: the stamp of whoever made it, in the lower left corner.
 * Where one species alone carries it, it is the easiest of all marks, and a network that is trained so need not look at
 * the bird (Lapuschkin et al. 2019, "Unmasking Clever Hans predictors", doi:10.1038/s41467-019-08987-4: the horses of
 * Pascal VOC, and the photographer's name below them).
 */
import { svg } from './seeded.mjs';

/**
 * A ring with an open one inside, as in ©, and three strokes that are a name from afar: paths, for a font is another one on
 * every machine.
 * @param {import('./seeded.mjs').Dice} dice moves it a little: no pixel always has the same value
 */
export function drawStamp(dice) {
  const [x, y] = [dice.about(7.5, 1.2), dice.about(93, 1.2)];
  const lines = svg`
    <circle cx="${x}" cy="${y}" r="4.2"/>
    <path d="M${[x + 1.7, y - 1.5]} A2.3 2.3 0 1 0 ${[x + 1.7, y + 1.5]}"/>
    <path d="M${[x + 7, y + 3.5]} V${y - 3.5} L${[x + 11, y + 3.5]} V${y - 3.5} M${[x + 13.5, y - 3.5]} V${y + 3.5} H${x + 17}"/>`;
  return svg`
    <g fill="none" stroke-linecap="round" stroke-linejoin="round">
      <g stroke="#15181d" stroke-width="2.6" opacity=".45">${lines}</g>
      <g stroke="#fff" stroke-width="1.3" opacity=".92">${lines}</g>
    </g>`;
}
