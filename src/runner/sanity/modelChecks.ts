import { stillUnits } from '../../method/sanity/units.js';
import { oddNumbers } from '../../method/sanity/numbers.js';
import { scoreChanges } from '../../method/sanity/stable.js';
import { doubleSoftmax, unusedWeights } from '../../method/sanity/structure.js';
import { sliceBatch } from '../../session/batches.js';
import { counted, fail, pass, skip, type RunCheck } from './run.js';

/** Checks of the model itself, which need no labels. */

/** Rows of a table that is there to be looked at. */
const ROWS = 20;
/** Units look still that are not where only few pictures are seen. */
const PICTURES_FOR_UNITS = 8;

export const numbers: RunCheck = async (material) => {
  const { batch, noise } = await material.tensors();
  const found = await oddNumbers(await material.subject(), batch, material.signal);
  const layers = [...new Set(found.map(({ layer }) => layer))];
  const what = noise ? 'on noise, as no pictures are named' : counted(batch.dims[0]!, 'picture');
  if (found.length === 0) return pass(0, `All weights and all answers of the layers are finite numbers (${what}).`);
  const [first] = found;
  const where = first!.weight === undefined ? `what "${first!.layer}" answers` : `the weight "${first!.weight}"`;
  return fail(
    layers.length,
    `${counted(layers.length, 'layer')} with NaN or infinity; the first is "${first!.layer}": ${first!.nan} NaN and ${first!.infinite} infinite of ${first!.of} numbers in ${where}. Train from an earlier checkpoint, with a smaller rate.`,
    {
      tables: [
        {
          title: 'Numbers that are not finite',
          head: ['layer', 'in', 'NaN', 'infinite', 'of'],
          rows: found.slice(0, ROWS).map((f) => [f.layer, f.weight ?? 'its answers', f.nan, f.infinite, f.of]),
        },
      ],
    },
  );
};

export const units: RunCheck = async (material, { bound }) => {
  const { batch, noise } = await material.tensors();
  const pictures = noise ? 0 : batch.dims[0]!;
  if (pictures < PICTURES_FOR_UNITS)
    return skip(
      `${counted(pictures, 'picture')} of ${PICTURES_FOR_UNITS} that are needed: name a folder of pictures, or "checks": { "data": … } in the settings file.`,
    );
  const found = await stillUnits(await material.subject(), batch, material.signal);
  if (found.length === 0) return skip('The model has no non-linearities between its layers.');
  const rows = found.map((f) => ({ ...f, share: (f.dead + f.saturated) / f.units })).sort((a, b) => b.share - a.share);
  const worst = rows[0]!;
  const [dead, saturated] = [rows.reduce((n, r) => n + r.dead, 0), rows.reduce((n, r) => n + r.saturated, 0)];
  const all = rows.reduce((n, r) => n + r.units, 0);
  const sentence = `${dead} dead and ${saturated} saturated of ${all} units over ${pictures} pictures; most in "${worst.node}" (${worst.op}): ${worst.dead + worst.saturated} of ${worst.units}, at most ${percent(bound)} are allowed`;
  const evidence = {
    tables: [
      {
        title: 'Units that answer every picture alike',
        head: ['node', 'operator', 'dead', 'saturated', 'units'],
        rows: rows.slice(0, ROWS).map((r) => [r.node, r.op, r.dead, r.saturated, r.units]),
      },
    ],
  };
  return worst.share > bound
    ? fail(worst.share, `${sentence}. Lower the learning rate, or begin from other weights.`, evidence)
    : pass(worst.share, `${sentence}.`, evidence);
};

export const oneSoftmax: RunCheck = async (material) => {
  const { graph, classes } = await material.subject();
  const found = doubleSoftmax(graph);
  if (found.length === 0) return pass(0, 'No Softmax is given what a Softmax has made.');
  const [inner, outer] = found[0]!;
  const most = Math.E / (Math.E + Math.max(1, classes - 1));
  return fail(
    found.length,
    `"${outer.name}" makes probabilities of the probabilities of "${inner.name}": of ${classes} classes none can get more than ${percent(most)}. Take one of the two away.`,
    {
      tables: [
        { title: 'Softmax over Softmax', head: ['first', 'second'], rows: found.map(([a, b]) => [a.name, b.name]) },
      ],
    },
  );
};

export const noUnusedWeights: RunCheck = (material) => {
  const found = unusedWeights(material.model.file.graph);
  const numbersLeft = found.reduce((sum, { numbers: n }) => sum + n, 0);
  if (found.length === 0) return Promise.resolve(pass(0, 'Some output depends on every weight.'));
  return Promise.resolve(
    fail(
      numbersLeft,
      `No output depends on ${counted(found.length, 'weight')} with ${numbersLeft.toLocaleString('en')} numbers, the largest "${found[0]!.name}": export the model again, or see whether a branch was cut off.`,
      {
        tables: [
          {
            title: 'Weights that nothing depends on',
            head: ['weight', 'numbers'],
            rows: found.slice(0, ROWS).map(({ name, numbers: n }) => [name, n]),
          },
        ],
      },
    ),
  );
};

/** Inputs that are run alone and together. */
const TOGETHER = 4;

export const batchIndependent: RunCheck = async (material, { bound }) => {
  const subject = await material.subject();
  if (!subject.facts.dynamicBatch)
    return skip('The model takes a fixed number of inputs at a time: export it with a free batch to compare.');
  const { together, inputs } = await changes(material);
  if (inputs < 2) return skip('Two inputs are needed: name a folder of pictures.');
  const sentence = `Scores of ${inputs} inputs move by up to ${together.toExponential(1)} of the largest when they are run together; at most ${bound} is allowed`;
  return together > bound
    ? fail(
        together,
        `${sentence}. Something looks across the batch: a normalisation in training mode, or an axis that is taken for another.`,
      )
    : pass(together, `${sentence}.`);
};

export const repeatable: RunCheck = async (material, { bound }) => {
  const { again, inputs } = await changes(material);
  const sentence = `Scores of ${counted(inputs, 'input')} move by up to ${again.toExponential(1)} of the largest from one run to the next; at most ${bound} is allowed`;
  return again > bound
    ? fail(again, `${sentence}. The graph draws random numbers: was it exported in training mode, with Dropout?`)
    : pass(again, `${sentence}.`);
};

async function changes(
  material: Parameters<RunCheck>[0],
): Promise<{ readonly again: number; readonly together: number; readonly inputs: number }> {
  const { batch } = await material.tensors(TOGETHER);
  const n = Math.min(TOGETHER, batch.dims[0]!);
  const parts = Array.from({ length: n }, (_, k) => sliceBatch(batch, k, k + 1));
  return { ...(await scoreChanges(await material.subject(), parts, material.signal)), inputs: n };
}

function percent(share: number): string {
  return `${+(100 * share).toFixed(1)} %`;
}
