/**
 * The bird itself: a small perching songbird from the side, drawn facing right around (0, 0) with its feet at
 * (0, 25.6), about 92 units long. `drawPlumage` knows the marks; everything else about the bird is its pose.
 */
import { css, shade, svg } from './seeded.mjs';

const breastColours = { yellow: [47, 92, 56], rust: [16, 74, 44] };
const backColours = [
  [208, 20, 40], // slate
  [74, 24, 36], // olive
  [28, 28, 33], // umber
  [220, 5, 46], // ash
  [188, 28, 34], // teal
  [262, 12, 41], // heather
];

/** What the seed decides about the bird. The dice are thrown equally often whatever the species. */
export function strikePose(dice) {
  const scale = dice.between(0.74, 1.02);
  const room = 1.02 - scale; // the smaller the bird, the farther from the middle it may stand
  return {
    scale,
    facing: dice.chance(0.5) ? 1 : -1,
    foot: [dice.about(50, 4.5 + 36 * room), dice.about(50 + 25 * scale, 5 + 26 * room)],
    tilt: dice.about(-2, 15),
    nod: dice.about(0, 16),
    plump: dice.about(1.02, 0.14),
    headSize: dice.about(11.2, 1),
    stretch: dice.about(0, 2.5),
    tailLift: dice.about(4, 34),
    tailLength: dice.about(23, 4),
    back: dice.tint(dice.pick(backColours), [8, 7, 5]),
    belly: dice.tint([42, 14, 82], [14, 8, 5]),
    legs: dice.tint(
      dice.pick([
        [24, 35, 42],
        [210, 8, 32],
        [12, 45, 52],
      ]),
    ),
    horn: dice.tint(
      dice.pick([
        [215, 14, 17],
        [28, 30, 20],
        [350, 12, 24],
      ]),
      [6, 6, 4],
    ),
    cheek: dice.between(0.1, 0.55),
    eyeLine: dice.chance(0.4) ? dice.between(0.3, 0.8) : 0,
    red: dice.tint([356, 84, 49], [7, 8, 5]),
    breastShift: [dice.about(0, 5), dice.about(0, 5), dice.about(0, 4)],
    breastReach: dice.about(1, 0.14),
    spotSize: dice.about(1, 0.16),
    barWidth: dice.about(2.9, 0.5),
    barShift: dice.about(0, 1.6),
    barColour: dice.tint([45, 25, 94], [15, 12, 3]),
  };
}

const fade = (id, stops, direction = 'x2="0" y2="1"') => svg`
  <linearGradient id="${id}" x1="0" y1="0" ${direction}>
  ${stops.map(([offset, colour]) => svg`<stop offset="${offset}" stop-color="${css(colour)}"/>`)}
  </linearGradient>`;

function drawBill(p, kind) {
  const r = p.headSize;
  const [upper, lower] =
    kind === 'cone'
      ? [
          svg`M${[r * 0.7, -r * 0.52]} C${[r * 1.15, -r * 0.54, r * 1.56, -r * 0.16, r * 1.74, r * 0.24]} L${[r * 0.8, r * 0.2]} Z`,
          svg`M${[r * 0.8, r * 0.18]} L${[r * 1.72, r * 0.24]} C${[r * 1.48, r * 0.52, r * 1.1, r * 0.68, r * 0.72, r * 0.62]} Z`,
        ]
      : [
          svg`M${[r * 0.8, -r * 0.26]} C${[r * 1.5, -r * 0.2, r * 2.3, r * 0.02, r * 2.84, r * 0.54]}
            C${[r * 2.2, r * 0.24, r * 1.5, r * 0.16, r * 0.86, r * 0.16]} Z`,
          svg`M${[r * 0.86, r * 0.14]} C${[r * 1.5, r * 0.14, r * 2.2, r * 0.22, r * 2.84, r * 0.54]}
            C${[r * 2.15, r * 0.38, r * 1.5, r * 0.4, r * 0.82, r * 0.38]} Z`,
        ];
  return svg`<path d="${lower}" fill="${css(shade(p.horn, 9))}"/><path d="${upper}" fill="${css(p.horn)}"/>`;
}

function drawCrownSpot(id, p) {
  const r = p.headSize;
  const [w, h] = [r * 0.66 * p.spotSize, r * 0.46 * p.spotSize];
  return svg`
    <g clip-path="url(#${id}head)" transform="rotate(-4)">
      <ellipse cy="${-r * 0.82}" rx="${w}" ry="${h}" fill="${css(p.red)}"/>
      <ellipse cx="${r * 0.1}" cy="${-r * 0.94}" rx="${w * 0.6}" ry="${h * 0.36}" fill="${css(shade(p.red, 13))}" opacity=".7"/>
    </g>`;
}

/** The head around its own middle. */
function drawHead(id, p, attributes) {
  const r = p.headSize;
  const [ex, ey] = [r * 0.36, -r * 0.14];
  return svg`
    ${drawBill(p, attributes.bill)}
    <circle r="${r}" fill="url(#${id}cap)"/>
    <ellipse cx="${r * 0.22}" cy="${r * 0.4}" rx="${r * 0.52}" ry="${r * 0.36}" fill="${css(p.belly)}" opacity="${p.cheek}"/>
    <path d="M${[r * 0.86, -r * 0.1]} Q${[r * 0.1, -r * 0.2, -r * 0.62, r * 0.12]}" fill="none" stroke="${css(shade(p.back, -16))}"
      stroke-width="${r * 0.16}" stroke-linecap="round" opacity="${p.eyeLine}"/>
    ${attributes.crownSpot === 'red' ? drawCrownSpot(id, p) : ''}
    <circle cx="${ex}" cy="${ey}" r="${r * 0.25}" fill="${css(shade(p.belly, 4))}"/>
    <circle cx="${ex}" cy="${ey}" r="${r * 0.19}" fill="#15110f"/>
    <circle cx="${ex + r * 0.07}" cy="${ey - r * 0.07}" r="${r * 0.065}" fill="#fff"/>`;
}

const wing = 'M12 -5 C5 -14 -11 -9 -31 11 C-21 12.5 -6 16 5 10.5 C12 7 15 0 12 -5 Z';

function drawWingBars(p) {
  const bar = (x) => svg`<path d="M${[x + 3.5, -13]} C${[x + 2, -6, x - 3.5, 4, x - 0.5, 16]}"/>`;
  return svg`
    <g fill="none" stroke="${css(p.barColour)}" stroke-width="${p.barWidth}">${bar(2 + p.barShift)}${bar(-7 + p.barShift)}</g>`;
}

/** The folded wing: coverts in front, darker flight feathers behind, and the bars where the coverts end. */
function drawWing(id, p, attributes) {
  const dark = css(shade(p.back, -13, 2));
  return svg`
    <path d="${wing}" fill="url(#${id}coverts)"/>
    <g clip-path="url(#${id}wing)" fill="none">
      <path d="M-10 -12 C-8 -4 -10 8 -8 18 L-40 18 L-40 -12 Z" fill="${dark}" opacity=".55"/>
      <path d="M-4 -2 Q-16 0 -31 10.5 M-2 3 Q-16 5 -30 10.5 M-3 7 Q-16 8.5 -28 11.5" stroke="${dark}" stroke-width="1.1"/>
      <path d="M13 -5 C5 -14 -11 -9 -31 11" stroke="${css(shade(p.back, 14))}" stroke-width="1.6" opacity=".5"/>
      ${attributes.wingBars === 'two' ? drawWingBars(p) : ''}
    </g>
    <path d="M-31 11 C-21 12.5 -6 16 5 10.5" fill="none" stroke="${dark}" stroke-width=".9"/>`;
}

function drawTail(p) {
  const end = -p.tailLength;
  const feather = (angle, darker, w) => svg`
    <path transform="rotate(${angle})" fill="${css(shade(p.back, -darker))}"
      d="M4 ${-w} L${[end, -w * 0.9]} Q${[end - 3, 0, end, w * 1.1]} L4 ${w} Z"/>`;
  return svg`
    <g transform="translate(-20 9) rotate(${p.tailLift - 22})">
      ${feather(-7, 18, 2.6)}${feather(5, 14, 2.6)}${feather(-1, 9, 2.8)}
    </g>`;
}

function drawLegs(p) {
  const leg = (hip, foot) => svg`
    <path d="M${[hip, 14]} L${[foot - 0.8, 20.5]} L${[foot, 25.6]} M${[foot - 3, 26.4]} Q${[foot, 24, foot + 4, 26.2]}"/>`;
  return svg`
    <g fill="none" stroke="${css(p.legs)}" stroke-width="1.7" stroke-linecap="round" stroke-linejoin="round">
      ${leg(1, -2.5)}${leg(5, 4)}
    </g>`;
}

/**
 * The whole bird.
 * @param {string} id prefix for the ids in the SVG
 * @param {ReturnType<typeof strikePose>} p
 * @param {Record<string, string>} attributes a value for each mark
 */
export function drawPlumage(id, p, attributes) {
  const r = p.headSize;
  const [hx, hy] = [17, -17 - p.stretch];
  const depth = 17 * p.plump;
  const body = svg`
    M${[hx - r * 0.9, hy - r * 0.36]} C${[hx - r * 1.3, hy + r, -13, -9, -25, 7]} L-21 13.5
    C${[-13, depth, 0, depth + 3, 9, depth - 2]} C${[20, depth - 6, 26, 1, hx + r * 0.86, hy + r * 0.4]} Z`;
  const colour = breastColours[attributes.breast].map((value, i) => value + p.breastShift[i]);
  const k = p.breastReach;
  const breast = svg`
    M${[hx + r, hy + r * 0.3]} L${[hx - r * 0.1, hy + r * 0.8]} C${[hx - r * 0.6, -2, 2, 4, -1 - 4 * k, 9 * k]}
    C${[-3, 18 * k, 6, 22 * k, 16, 20 * k]} L36 10 Z`;
  return svg`
    <defs>
      <clipPath id="${id}body"><path d="${body}"/></clipPath>
      <clipPath id="${id}wing"><path d="${wing}"/></clipPath>
      <clipPath id="${id}head"><circle r="${r}"/></clipPath>
      ${fade(`${id}back`, [
        [0, shade(p.back, 6)],
        [1, shade(p.back, -3)],
      ])}
      ${fade(`${id}cap`, [
        [0, shade(p.back, 9)],
        [1, shade(p.back, 3)],
      ])}
      ${fade(
        `${id}coverts`,
        [
          [0, shade(p.back, -8)],
          [1, shade(p.back, 1)],
        ],
        'x2="1" y2="0.3"',
      )}
      ${fade(`${id}breast`, [
        [0, shade(colour, 3)],
        [0.65, colour],
        [1, shade(colour, -7)],
      ])}
    </defs>
    ${drawLegs(p)}
    ${drawTail(p)}
    <path d="${body}" fill="url(#${id}back)"/>
    <g clip-path="url(#${id}body)">
      <ellipse cx="-4" cy="${depth}" rx="22" ry="9" transform="rotate(-6)" fill="${css(p.belly)}"/>
      <path d="${breast}" fill="url(#${id}breast)"/>
      <path d="M-20 ${depth} Q2 ${depth + 6} 24 2 L30 22 L-20 24 Z" fill="${css(shade(colour, -26))}" opacity=".22"/>
    </g>
    <g transform="translate(${[hx, hy]}) rotate(${p.nod})">${drawHead(id, p, attributes)}</g>
    <g transform="translate(0 ${(p.plump - 1) * 4})">${drawWing(id, p, attributes)}</g>`;
}
