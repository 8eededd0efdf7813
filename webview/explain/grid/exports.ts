import { isCancelled, toErrorData } from '../../../src/base/errors.js';
import { given } from '../../../src/base/given.js';
import type { Address } from '../../../src/base/place.js';
import { writeNpy } from '../../../src/base/npy.js';
import type { Client } from '../../../src/protocol/channel.js';
import type { CommandRequest, ExplainHostApi, OneRequest } from '../../../src/protocol/explainPanel.js';
import type { Recipe } from '../../../src/result/recipe.js';
import type { Explanation } from '../../../src/result/explanation.js';
import type { Scene } from '../../shared/canvas/display.js';
import { baseName, plural, stemOf } from '../../shared/format.js';
import type { MenuItem } from '../../shared/form/menu.js';
import type { Asked } from '../asked.js';
import type { Comparison } from './comparison.js';
import { exportGrid, exportGridSvg, pngMap, rowsInPng, svgMap, svgRoom } from './exportGrid.js';
import type { WholeGrid } from './gridPicture.js';
import type { Grid, GridCell } from './grid.js';
import type { ExplainGrid } from './element.js';

/** What can be taken out of a grid: the picture of it, the recipes and commands of all its maps, the values of one. */
export function gridMenu(
  { setup, display, question }: Asked,
  { grid }: Comparison,
  host: Pick<Client<ExplainHostApi>, 'saveBytes' | 'copyCommands'>,
  element: ExplainGrid | null,
  say: (text: string) => void,
): readonly MenuItem[] {
  const { done } = grid;
  const active = element === null ? undefined : doneAt(grid, element.active);
  const disabled = done === 0;
  // A command line finds its settings beside the model only.
  const edited = question?.settings !== undefined;
  const first = edited ? ' (save the settings first)' : '';
  const model = setup?.model.name ?? 'model';
  const save = (name: string, bytes: Uint8Array): void => void host.saveBytes({ name, bytes });
  const picture = (
    kind: 'png' | 'svg',
    make: () => Promise<{ readonly whole: WholeGrid<unknown>; readonly bytes: Uint8Array }>,
  ): void => {
    void make().then(
      ({ whole: { part }, bytes }) => {
        const rows = part === undefined ? '' : `.rows-${part.from + 1}-${part.to}-of-${part.of}`;
        if (part !== undefined) say(`The picture holds rows ${part.from + 1} to ${part.to} of ${part.of}.`);
        save(`${model}.grid${rows}.${kind}`, bytes);
      },
      (error: unknown) => say(isCancelled(error) ? 'No picture was made.' : toErrorData(error).message),
    );
  };
  const copy = async (which: readonly CommandRequest[]): Promise<void> => {
    await host.copyCommands({ commands: which });
    say(`${plural(which.length, 'command line')} on the clipboard.`);
  };
  return [
    {
      label: 'Grid (PNG)…',
      icon: 'file-media',
      disabled,
      onClick: () =>
        picture('png', async () => {
          const most = rowsInPng(grid.columns.length);
          const whole = await element!.picture({ most, draw: (scene) => pngMap(scene, display) });
          return { whole, bytes: await exportGrid(whole, display) };
        }),
    },
    {
      label: 'Grid (SVG)…',
      icon: 'file-code',
      disabled,
      onClick: () =>
        picture('svg', async () => {
          const draw = (scene: Scene): string => svgMap(scene, display);
          const whole = await element!.picture({ most: Infinity, draw, room: svgRoom() });
          return { whole, bytes: exportGridSvg(whole, display) };
        }),
    },
    {
      label: `Recipes of ${plural(done, 'map')} (JSON)…`,
      icon: 'json',
      disabled,
      onClick: () =>
        void gathered(grid, ({ recipe }) => recipe).then((all) => save(`${model}.grid.json`, recipesOf(all))),
    },
    {
      label: `Copy all as command lines${first}`,
      icon: 'terminal',
      disabled: disabled || edited,
      onClick: () => void commandsOf(grid).then(copy),
    },
    {
      label: `Values of ${active === undefined ? 'the map in focus' : nameOf(active.explanation)} (.npy)…`,
      icon: 'symbol-array',
      disabled: active === undefined,
      onClick: () => {
        const { explanation } = active!;
        save(`${proposedFor(explanation)}.npy`, writeNpy(explanation.attribution.values));
      },
    },
    {
      label: `Copy ${active === undefined ? 'the map in focus' : nameOf(active.explanation)} as command line${first}`,
      icon: 'terminal',
      disabled: active?.command === undefined || edited,
      onClick: () => void copy([active!.command!]),
    },
  ];
}

/** Something of every map that is done, row by row. */
async function gathered<T>(
  grid: Grid,
  of: (explanation: Explanation, request: OneRequest) => T,
): Promise<readonly T[]> {
  const all: T[] = [];
  for await (const { explanation, request } of grid.each()) all.push(of(explanation, request));
  return all;
}

/** Random weights are drawn for this panel: no command line has them. */
const commandsOf = async (grid: Grid): Promise<readonly CommandRequest[]> =>
  (await gathered(grid, (explanation, request) => commandIn(request, explanation))).filter((c) => c !== undefined);

export function commandIn(
  { question, picture, model, random }: OneRequest,
  explanation: Explanation,
): CommandRequest | undefined {
  return random === true ? undefined : { ...commandOf(question, picture, explanation), ...given({ model }) };
}

interface DoneCell {
  readonly explanation: Explanation;
  /** Absent of random weights. */
  readonly command?: CommandRequest;
}

function doneAt(grid: Grid, at: GridCell): DoneCell | undefined {
  const request = grid.requestAt(at);
  const cell = grid.at(at);
  if (request === undefined || cell.state !== 'done') return undefined;
  return { explanation: cell.explanation, ...given({ command: commandIn(request, cell.explanation) }) };
}

/** What the host must know to write an explanation as a command line. */
export function commandOf(
  question: CommandRequest['question'],
  picture: Address,
  { target, recipe }: Explanation,
): CommandRequest {
  return { question, picture, target: target.index, provider: recipe.provider };
}

/** Every map's recipe, one after the other: each says how to get it again. */
export function recipesOf(recipes: readonly Recipe[]): Uint8Array {
  const document = { schema: 'onnx-lens/recipes/1', recipes };
  return new TextEncoder().encode(`${JSON.stringify(document, null, 2)}\n`);
}

const nameOf = ({ input, recipe, target }: Explanation): string =>
  `${baseName(input)}, ${recipe.method}, ${target.label}`;

/** Proposed for a file: picture, method and class, as far as file names can say them. */
function proposedFor({ input, recipe, target }: Explanation): string {
  return [stemOf(input), recipe.method, target.label].join('.').replace(/[^\p{L}\p{N}._-]+/gu, '_');
}
