/**
 * Seeded numbers, colours and path text for the drawings. Nothing here depends on anything else, so that a drawing is
 * the same text on every machine. Numbers are written with two decimals for the same reason.
 */

/** mulberry32: small, fast, and good enough to place leaves. */
export class Dice {
  /** @param {number} seed a whole number */
  constructor(seed) {
    // One round of mixing, so that neighbouring seeds do not start alike.
    let s = Math.imul((seed >>> 0) ^ 0x9e3779b9, 0x85ebca6b);
    s = Math.imul(s ^ (s >>> 13), 0xc2b2ae35);
    this.state = (s ^ (s >>> 16)) >>> 0;
  }

  /** Uniform in [0, 1). */
  next() {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let t = this.state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  }

  /** Uniform in [low, high). */
  between(low, high) {
    return low + (high - low) * this.next();
  }

  /** Around the middle, at most `reach` away, and more often near than far (a triangle). */
  about(middle, reach) {
    return middle + reach * (this.next() + this.next() - 1);
  }

  /** True with the given probability. */
  chance(probability) {
    return this.next() < probability;
  }

  /** One of the items. */
  pick(items) {
    return items[Math.floor(this.next() * items.length)];
  }

  /** A colour near `[hue, saturation, lightness]`, each moved by at most its reach. */
  tint([hue, saturation, lightness], [dh, ds, dl] = [8, 8, 6]) {
    return [this.about(hue, dh), this.about(saturation, ds), this.about(lightness, dl)];
  }
}

/** Two decimals, without trailing zeros. */
const n = (value) => String(Math.round(value * 100) / 100);

const clamp = (value, low, high) => Math.min(high, Math.max(low, value));

/** `[hue, saturation, lightness]` as `#rrggbb`. */
export function css([hue, saturation, lightness]) {
  const h = (((hue % 360) + 360) % 360) / 30;
  const s = clamp(saturation, 0, 100) / 100;
  const l = clamp(lightness, 0, 100) / 100;
  const a = s * Math.min(l, 1 - l);
  const channel = (offset) => {
    const k = (offset + h) % 12;
    const value = l - a * Math.max(-1, Math.min(k - 3, 9 - k, 1));
    return Math.round(255 * value)
      .toString(16)
      .padStart(2, '0');
  };
  return `#${channel(0)}${channel(8)}${channel(4)}`;
}

/** The same colour, lighter (positive) or darker (negative), and by choice more or less saturated. */
export const shade = ([h, s, l], dl, ds = 0) => [h, s + ds, l + dl];

/**
 * SVG text from a template. Numbers are rounded, points may be arrays, lists of elements are joined, and the line
 * breaks of the source are dropped.
 * svg`<path d="M${[1, 2.123]} l${3} 0" fill="${'#fff'}"/>`
 */
export const svg = (text, ...values) =>
  text.reduce((out, part, i) => {
    const value = i === 0 ? '' : values[i - 1];
    const written =
      typeof value === 'number'
        ? n(value)
        : Array.isArray(value)
          ? value.map((v) => (typeof v === 'number' ? n(v) : v)).join(' ')
          : value;
    return out + written + part.replace(/\s*\n\s*/g, ' ');
  }, '');
