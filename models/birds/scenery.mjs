/**
 * Where the birds are seen: sky, leaves, bare branches, water, reeds. The scenery knows nothing of the species. It does
 * know what would mislead a careless model: red berries, yellow leaves and pale stalks stand about on purpose.
 */
import { css, shade, svg } from './seeded.mjs';

const times = (count, make) => Array.from({ length: count }, make);

const air = (id, stops) => svg`
  <defs><linearGradient id="${id}air" x1="0" y1="0" x2="0" y2="1">
  ${stops.map(([offset, colour]) => svg`<stop offset="${offset}" stop-color="${css(colour)}"/>`)}
  </linearGradient></defs>
  <rect width="100" height="100" fill="url(#${id}air)"/>`;

/** Out of focus. Each amount needs a name of its own. */
const soft = (id, name, amount, inner) => svg`
  <filter id="${id}${name}" x="-20%" y="-20%" width="140%" height="140%"><feGaussianBlur stdDeviation="${amount}"/></filter>
  <g filter="url(#${id}${name})">${inner}</g>`;

const foliage = [
  [108, 38, 38],
  [92, 42, 42],
  [132, 30, 34],
  [68, 52, 46],
  [46, 72, 52], // turned yellow
  [22, 62, 46], // turned rust
];

const leaf = (x, y, length, angle, colour) => svg`
  <g transform="translate(${[x, y]}) rotate(${angle}) scale(${length})">
    <path d="M0 0 C.25 -.36 .75 -.3 1 0 C.75 .3 .25 .36 0 0 Z" fill="${css(colour)}"/>
    <path d="M0 0 H.9" stroke="${css(shade(colour, 12))}" stroke-width=".05" opacity=".7"/>
  </g>`;

const berry = (dice, x, y) => {
  const [bx, by, r] = [dice.about(x, 6), dice.about(y, 5), dice.between(1.6, 2.8)];
  const red = dice.tint([dice.pick([356, 350, 8]), 78, 46]);
  return svg`
    <circle cx="${bx}" cy="${by}" r="${r}" fill="${css(red)}"/>
    <circle cx="${bx - r * 0.3}" cy="${by - r * 0.35}" r="${r * 0.28}" fill="#fff" opacity=".75"/>`;
};

function sky(id, dice) {
  const top = dice.tint(
    dice.pick([
      [208, 58, 62],
      [214, 42, 72],
      [26, 62, 74],
      [230, 28, 66],
    ]),
    [10, 12, 8],
  );
  const clouds = times(4, () => {
    const [x, y, w] = [dice.between(0, 100), dice.between(4, 62), dice.between(14, 34)];
    return svg`
      <g fill="#fff" opacity="${dice.between(0.35, 0.85)}">
        <ellipse cx="${x}" cy="${y}" rx="${w}" ry="${w * 0.2}"/>
        <ellipse cx="${x - w * 0.2}" cy="${y - w * 0.16}" rx="${w * 0.5}" ry="${w * 0.24}"/>
      </g>`;
  });
  const hill = dice.tint([dice.pick([110, 90, 200, 235]), 18, 54], [12, 10, 8]);
  const [a, b] = [dice.between(74, 92), dice.between(74, 92)];
  const hills = svg`
    <path d="M-9 ${a} C30 ${a - 14} 60 ${b + 8} 109 ${b} V109 H-9 Z" fill="${css(hill)}"/>
    <path d="M-9 ${b + 8} C35 ${b + 2} 60 ${a + 10} 109 ${a + 4} V109 H-9 Z" fill="${css(shade(hill, -10))}"/>`;
  return svg`
    ${air(id, [
      [0, top],
      [1, shade(top, 20, -8)],
    ])}
    ${soft(id, 'clouds', 1.4, clouds)}
    ${dice.chance(0.65) ? hills : ''}`;
}

function leaves(id, dice) {
  const deep = dice.tint(
    dice.pick([
      [120, 30, 26],
      [85, 34, 34],
      [150, 22, 30],
      [70, 38, 56],
    ]),
    [12, 8, 8],
  );
  const light = times(9, () => {
    const colour = [dice.about(80, 30), dice.between(30, 60), dice.between(48, 76)];
    const [x, y, r] = [dice.between(0, 100), dice.between(0, 100), dice.between(4, 13)];
    return svg`<circle cx="${x}" cy="${y}" r="${r}" fill="${css(colour)}" opacity="${dice.between(0.2, 0.5)}"/>`;
  });
  const sprays = times(14, () => {
    const [x, y, length] = [dice.between(-8, 104), dice.between(-8, 104), dice.between(12, 24)];
    return leaf(x, y, length, dice.between(0, 360), dice.tint(dice.pick(foliage)));
  });
  return svg`
    ${air(id, [
      [0, shade(deep, 10)],
      [1, shade(deep, -6)],
    ])}
    ${soft(id, 'light', 2.2, light)}
    ${soft(id, 'sprays', 0.9, sprays)}`;
}

function branches(id, dice) {
  const far = dice.tint(
    dice.pick([
      [205, 26, 80],
      [34, 44, 82],
      [222, 16, 68],
      [12, 34, 78],
      [200, 8, 86],
    ]),
    [10, 8, 6],
  );
  const bark = dice.tint(
    dice.pick([
      [24, 20, 34],
      [220, 8, 42],
      [30, 16, 52],
    ]),
  );
  const twigs = times(7, () => {
    const [x, y, dx, dy] = [dice.between(-10, 110), dice.between(-10, 110), dice.about(0, 70), dice.about(-10, 50)];
    const [width, opacity] = [dice.between(0.9, 3.2), dice.between(0.4, 0.85)];
    return svg`
      <path d="M${[x, y]} q${[dx * 0.5, dy * 0.2, dx, dy]} m${[-dx * 0.4, -dy * 0.5]} q6 -9 ${dice.about(0, 16)} -17"
        stroke-width="${width}" opacity="${opacity}"/>`;
  });
  const fruit = times(4, () => {
    // Towards the sides: a berry right above the head would be a crown spot for anybody.
    const [x, y] = [dice.pick([dice.between(1, 17), dice.between(83, 99)]), dice.between(6, 92)];
    return berry(dice, x, y) + berry(dice, x, y);
  });
  return svg`
    ${air(id, [
      [0, far],
      [1, shade(far, -8)],
    ])}
    ${soft(id, 'twigs', 0.8, svg`<g fill="none" stroke="${css(bark)}" stroke-linecap="round">${twigs}</g>`)}
    ${dice.chance(0.55) ? soft(id, 'fruit', 0.5, fruit) : ''}`;
}

function water(id, dice) {
  const deep = dice.tint(
    dice.pick([
      [202, 44, 46],
      [188, 36, 44],
      [216, 32, 40],
      [176, 24, 56],
      [30, 36, 62],
    ]),
    [8, 10, 7],
  );
  const shore = dice.between(12, 40);
  const bank = dice.tint(
    dice.pick([
      [105, 26, 36],
      [42, 34, 56],
      [210, 16, 60],
    ]),
  );
  const tops = times(4, () => shore - dice.between(2, 11));
  const land = svg`<path d="M-9 ${shore + 1} V${tops[0]} Q30 ${tops[1]} 55 ${tops[2]} T109 ${tops[3]} V${shore + 1} Z" fill="${css(bank)}"/>`;
  const ripples = times(16, () => {
    const y = dice.between(shore + 2, 100);
    const near = (y - shore) / 60;
    const w = dice.between(5, 8) * (0.7 + near);
    return svg`
      <path d="M${[dice.between(-8, 96), y]} q${[w * 0.5, -1.6, w, 0]} t${[w, 0]}" stroke-width="${0.6 + near}"
        opacity="${dice.between(0.25, 0.75)}"/>`;
  });
  const edge = shore / 100;
  return svg`
    ${air(id, [
      [0, shade(deep, 30, -14)],
      [edge, shade(deep, 34, -14)],
      [edge, shade(deep, 12)],
      [1, shade(deep, -4)],
    ])}
    ${land}
    <g fill="none" stroke="${css(shade(deep, 32, -12))}" stroke-linecap="round">${ripples}</g>`;
}

function reeds(id, dice) {
  const far = dice.tint(
    dice.pick([
      [50, 44, 78],
      [196, 30, 76],
      [80, 24, 70],
      [22, 40, 74],
    ]),
    [10, 10, 6],
  );
  const stalk = () => {
    const [x, lean, top] = [dice.between(-4, 104), dice.about(0, 16), dice.between(-14, 46)];
    const colour = dice.tint(
      dice.pick([
        [58, 40, 44],
        [84, 34, 40],
        [44, 46, 66],
        [100, 26, 34],
      ]),
    );
    const brown = dice.tint([26, 44, 30]);
    const tip = x + lean;
    const head = svg`
      <ellipse cx="${tip}" cy="${top + 6}" rx="2.1" ry="8" transform="rotate(${[lean * 0.5, tip, top]})" fill="${css(brown)}"/>`;
    return svg`
      <path d="M${[x - 1.3, 109]} Q${[x + lean * 0.2, 55, tip, top]} Q${[x + lean * 0.3 + 2.4, 60, x + 1.6, 109]} Z" fill="${css(colour)}"/>
      ${dice.chance(0.28) ? head : ''}`;
  };
  return svg`
    ${air(id, [
      [0, far],
      [0.8, shade(far, -12)],
      [1, shade(far, -26, 8)],
    ])}
    <g opacity=".75">${soft(id, 'far', 1.3, times(12, stalk))}</g>
    ${soft(id, 'near', 0.5, times(7, stalk))}`;
}

const settings = { sky, leaves, branches, water, reeds };

/** The names of the backgrounds. */
export const backgrounds = Object.keys(settings);

function stone(dice, [x, y], scale) {
  const w = dice.between(13, 20) * scale;
  const grey = dice.tint([dice.pick([30, 210, 225]), 7, 54]);
  return svg`
    <path fill="${css(grey)}" d="M${[x - w, 109]} C${[x - w * 1.2, y + 6, x - w * 0.7, y, x, y]}
      C${[x + w * 0.8, y, x + w * 1.3, y + 8, x + w * 1.2, 109]} Z"/>
    <path d="M${[x - w * 0.7, y + 5]} C${[x - w * 0.4, y + 0.5, x + w * 0.4, y + 0.5, x + w * 0.8, y + 4]}" fill="none"
      stroke="${css(shade(grey, 16))}" stroke-width="2" stroke-linecap="round" opacity=".8"/>`;
}

/** A branch whose upper edge passes under the feet; from edge to edge it is a parabola. */
function branch(dice, [x, y], scale) {
  const bark = dice.tint(
    dice.pick([
      [26, 26, 30],
      [30, 18, 44],
      [215, 6, 40],
      [36, 24, 56],
    ]),
    [6, 8, 6],
  );
  const [slope, bend] = [dice.about(0, 0.34), dice.about(0, 0.003)];
  const half = dice.between(2.2, 4.6) * scale;
  const at = (px) => y + half - 0.4 + slope * (px - x) + bend * (px - x) ** 2;
  const [from, to] = [-6, 106];
  // The control point that makes a quadratic Bézier curve this very parabola: where its end tangents meet.
  const control = [(from + to) / 2, at(from) + (slope + 2 * bend * (from - x)) * ((to - from) / 2)];
  const line = svg`M${[from, at(from)]} Q${[...control, to, at(to)]}`;
  const [tx, dx, dy] = [dice.between(8, 92), dice.about(0, 14), dice.between(10, 22)];
  const sprays = times(3, () => {
    const px = dice.between(0, 100);
    return leaf(px, at(px), dice.between(7, 13), dice.between(20, 160), dice.tint(dice.pick(foliage)));
  });
  const bx = dice.pick([dice.between(2, 16), dice.between(84, 98)]);
  const fruit = times(3, () => berry(dice, bx, at(bx) + 7));
  return svg`
    <g fill="none" stroke-linecap="round">
      <path d="M${[tx, at(tx)]} q${[dx * 0.3, dy * 0.5, dx, dy]}" stroke="${css(shade(bark, -4))}" stroke-width="${half * 0.5}"/>
      <path d="${line}" stroke="${css(bark)}" stroke-width="${half * 2}"/>
      <path d="${line}" transform="translate(0 ${-half * 0.5})" stroke="${css(shade(bark, 13))}" stroke-width="${half * 0.5}" opacity=".7"/>
    </g>
    ${dice.chance(0.6) ? sprays : ''}
    ${dice.chance(0.35) ? fruit : ''}`;
}

/**
 * What lies behind the bird, and what lies before it.
 * @param {string} id prefix for the ids in the SVG
 * @param {import('./seeded.mjs').Dice} dice
 * @param {number[]} foot where the bird stands, in a picture 100 wide and 100 high
 * @param {number} scale of the bird
 */
export function drawScenery(id, dice, foot, scale) {
  const name = dice.pick(backgrounds);
  const perch = dice.chance(0.14) ? stone : branch;
  const behind = settings[name](id, dice) + perch(dice, foot, scale);
  // A warm or cool veil over everything, so that no colour can be taken at its face value.
  const veil = css([dice.pick([35, 210, 0, 50]), 60, dice.pick([25, 85])]);
  const before = svg`<rect width="100" height="100" fill="${veil}" opacity="${dice.between(0, 0.13)}"/>`;
  return { name, behind, before };
}
