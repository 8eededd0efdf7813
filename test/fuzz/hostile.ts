import type { Random } from '../../src/base/random.js';

/** What people and attackers put where a name, a number or a file was meant. */

export function pick<T>(random: Random, from: readonly T[]): T {
  return from[random.below(from.length)]!;
}

/** Whether one of so many. */
export function rarely(random: Random, oneOf: number): boolean {
  return random.below(oneOf) === 0;
}

const WORDS: readonly string[] = [
  '',
  ' ',
  '\0',
  'a\0b',
  '[Repair](command:workbench.action.quit)',
  '<img src=x onerror=alert(1)>',
  '**bold** `code` $(alert) ${1+1} %s%n',
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  '../../../../../../etc/passwd',
  '/etc/passwd',
  '/dev/zero',
  'C:\\Windows\\win.ini',
  '\\\\host\\share\\x',
  'x\n    at Object.<anonymous> (file.js:1:1)',
  '\u202egnp.tac',
  '𝕏\u0000\uffff\ufeff',
  "{0: 'a', 1: 'b'",
  "{'a': [1, 2, {3: ((((",
  'NaN',
  '-1',
  '1e400',
  'null',
  'nan, inf, -inf',
];

/** A text that nobody would choose: markup, paths, control characters, and now and then a very long one. */
export function hostileText(random: Random): string {
  if (rarely(random, 12)) return 'long name '.repeat(10 + random.below(2000));
  if (rarely(random, 40)) return pick(random, ['(', '[', '{', '"', "'", '\\']).repeat(100 + random.below(20_000));
  return pick(random, WORDS);
}

const NUMBERS: readonly bigint[] = [
  0n,
  1n,
  2n,
  3n,
  7n,
  -1n,
  -2n,
  127n,
  128n,
  255n,
  256n,
  1000n,
  65_535n,
  65_536n,
  2n ** 31n - 1n,
  2n ** 31n,
  -(2n ** 31n),
  2n ** 32n,
  2n ** 40n,
  2n ** 53n,
  2n ** 62n,
  2n ** 63n - 1n,
  -(2n ** 63n),
];

/** A whole number at an edge of something, or a small one. */
export function hostileNumber(random: Random): bigint {
  return rarely(random, 3) ? BigInt(random.below(40)) : pick(random, NUMBERS);
}

/** Bytes with a few changes that know nothing of what they mean. */
export function bruised(random: Random, bytes: Uint8Array, others: readonly Uint8Array[] = []): Uint8Array {
  const at = random.below(bytes.length + 1);
  const length = 1 + random.below(rarely(random, 4) ? 4096 : 32);
  switch (random.below(7)) {
    case 0:
      return bytes.slice(0, at);
    case 1:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)]);
    case 2:
      return Buffer.concat([bytes.subarray(0, at), noise(random, length), bytes.subarray(at)]);
    case 3:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(Math.max(0, at - length))]);
    case 4: {
      const other = others.length === 0 ? bytes : pick(random, others);
      const from = random.below(other.length + 1);
      return Buffer.concat([bytes.subarray(0, at), other.subarray(from)]);
    }
    default: {
      // Not `bytes.slice`: that of a Node Buffer is a view of the same memory.
      const out = Uint8Array.from(bytes);
      for (let n = 1 + random.below(8); n > 0 && out.length > 0; n--) {
        const where = random.below(out.length);
        out[where] = rarely(random, 2) ? out[where]! ^ (1 << random.below(8)) : pick(random, [0, 1, 0x7f, 0x80, 0xff]);
      }
      return out;
    }
  }
}

export function noise(random: Random, length: number): Uint8Array {
  return Uint8Array.from({ length }, () => random.below(256));
}
