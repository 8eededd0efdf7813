import type {
  ComparedPredictions,
  ComparedSpaces,
  Comparison,
  LayerAlignment,
  LayerSignal,
  SignalRow,
} from './comparison.js';

/** What stands out of a comparison, one sentence each, the most telling first. */
export function findingsOf({ a, b, weights, set }: Comparison): readonly string[] {
  const out: string[] = [];
  if (set?.predictions !== undefined) out.push(...predictionWords(set.predictions));
  if (set?.spaces !== undefined) out.push(...spaceWords(set.spaces));
  if (set?.signal !== undefined) out.push(signalWords(set.signal));
  if (set?.alignment !== undefined) out.push(alignmentWords(set.alignment));
  const changed = weights.layers.filter((l) => l.relative > 0);
  if (weights.layers.length > 0) {
    const most = [...weights.layers].sort((x, y) => y.relative - x.relative)[0]!;
    out.push(
      changed.length === 0
        ? `All ${weights.layers.length} weights that were compared are the same.`
        : `${changed.length} of ${weights.layers.length} compared weights differ, most that of ${most.a}: by ${shareWords(most.relative)} of its norm.`,
    );
  } else out.push(`No layer of ${a.name} has a counterpart in ${b.name} whose weights could be compared.`);
  return out;
}

function predictionWords({ agreed, counted, labelled, correct, disagreements }: ComparedPredictions): string[] {
  const out = [`Both say the same of ${agreed} of ${counted} pictures (${shareWords(agreed / Math.max(1, counted))}).`];
  if (labelled === 0) return out;
  const right = (side: string): number => disagreements.filter((d) => d.right === side).length;
  out.push(
    `The first model is right on ${correct.a} of ${labelled}, the second on ${correct.b}; where they disagree, the first is right ${right('a')} times, the second ${right('b')}, neither ${right('neither')}.`,
  );
  return out;
}

function spaceWords({ a, b, kept, k, chance }: ComparedSpaces): string[] {
  const mean = kept.reduce((sum, v) => sum + v, 0) / Math.max(1, kept.length);
  const out = [
    `Of a picture's ${k} nearest in either space, the share that both have is ${mean.toFixed(2)} on average (Jaccard; unrelated spaces: ${chance.toFixed(2)}).`,
  ];
  if (a.probe !== undefined && b.probe !== undefined)
    out.push(
      `A linear probe tells the classes apart with ${probeWords(a.probe)} in the first space and ${probeWords(b.probe)} in the second; always saying the largest class: ${shareWords(a.probe.majority)}.`,
    );
  return out;
}

/** An accuracy and its standard deviation. */
export function probeWords({ accuracy, sd }: { readonly accuracy: number; readonly sd: number }): string {
  return `${shareWords(accuracy)} ± ${shareWords(sd)}`;
}

function signalWords({ layers, first, bound }: LayerSignal): string {
  if (first === undefined) {
    const least = layers.reduce((x, y) => (y.snr < x.snr ? y : x));
    return `No layer falls below ${bound} dB; the least is left in ${least.a}: ${ratioWords(least)}.`;
  }
  const row = layers[first]!;
  if (first === 0)
    return `Already the first layer, ${row.a}, has ${ratioWords(row)}: these are two networks, not one in two formats.`;
  return `The first layer below ${bound} dB is ${row.a} (${ratioWords(row)}), number ${first + 1} of ${layers.length}; before it at least ${Math.min(...layers.slice(0, first).map((l) => l.snr)).toFixed(1)} dB are left.`.replace(
    'at least Infinity dB are left',
    'nothing differs',
  );
}

/** A signal-to-noise ratio, or why there is none. */
export function ratioWords({ snr, broken }: Pick<SignalRow, 'snr' | 'broken'>): string {
  const odd = broken > 0 ? `, ${broken.toLocaleString('en')} numbers that are not finite` : '';
  if (Number.isNaN(snr)) return 'no finite number';
  if (snr === Infinity) return `no difference${odd}`;
  return `${snr === -Infinity ? 'nothing but noise' : `${snr.toFixed(1)} dB`}${odd}`;
}

/** What CKA does not say by itself. */
export const CKA_CAUTION =
  'CKA says how alike two layers arrange the pictures, up to rotation and scale. A few far pictures, or some that are shifted together, can move it a lot although nothing the network does has changed: read it beside the probe, the neighbourhoods and the disagreements.';

function alignmentWords({ a, b, moved, dropped, counted }: LayerAlignment): string {
  if (moved === undefined) return `The layers were aligned on ${counted} pictures, too few to leave out the largest.`;
  return `Without ${largestWords(dropped)}, the alignment (CKA) of ${a[moved.a]} with ${b[moved.b]} moves by ${moved.by.toFixed(2)}, and none moves further.`;
}

/** The pictures that are left out to see how far an alignment hangs on them. */
export function largestWords(dropped: number): string {
  return dropped === 1 ? 'the picture of the largest norm' : `the ${dropped} pictures of the largest norm`;
}

export function shareWords(share: number): string {
  return Number.isFinite(share) ? `${(100 * share).toFixed(1)} %` : '–';
}
