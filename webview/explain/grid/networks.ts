import { given } from '../../../src/base/given.js';
import { canonical } from '../../../src/base/canonical.js';
import type { Address } from '../../../src/base/place.js';
import type { Client } from '../../../src/protocol/channel.js';
import type { ExplainHostApi, NamedNetwork, OneRequest, TopClass } from '../../../src/protocol/explainPanel.js';
import { formatPercent } from '../../shared/format.js';
import type { GridChoice, GridLine } from './choice.js';
import type { Grid } from './grid.js';

/** The same pictures by several networks: their columns, and in which pictures they differ. Pure but for the grid it reads. */

/** A network as the cells of a grid name it; the panel's own has no name. */
const idOf = ({ model, random }: Pick<NamedNetwork, 'model' | 'random'>): string =>
  model === undefined && random !== true ? '' : canonical({ model, random });

/**
 * Each method asked of the panel's own network and of each other one.
 *
 * @param hasNames whether the classes of another checkpoint have names; undefined: that is being asked
 */
export function byNetworks(
  { networks }: GridChoice,
  own: string,
  methods: readonly GridLine[],
  hasNames: (model: Address) => boolean | undefined,
): readonly GridLine[] {
  if (networks.length === 0) return methods;
  const all: readonly NamedNetwork[] = [{ name: own }, ...networks];
  return methods.flatMap((method) =>
    all.map(({ name, model, random }): GridLine => {
      const network = { ...(model && { model }), ...(random && { random }) };
      const part = { ...method.part, ...(idOf(network) === '' ? {} : { network }) };
      // A layer is one of the panel's own network; another one has its own.
      const { layer: _layer, ...asked } = part.method ?? { method: '', params: {} };
      const title = methods.length === 1 ? name : `${name} \u00b7 ${method.title}`;
      return {
        id: `${method.id}${idOf(network)}`,
        title,
        part: model === undefined ? part : { ...part, method: asked, ...given({ classNames: hasNames(model) }) },
      };
    }),
  );
}

/** Which other checkpoints have names for their classes: each is asked once. */
export class NetworkNames {
  private readonly known = new Map<Address, boolean | 'coming'>();

  constructor(private readonly host: Pick<Client<ExplainHostApi>, 'labels'>) {}

  /** @param then called when it is known, where it is not yet: the answer is undefined meanwhile */
  has(model: Address, then: () => void): boolean | undefined {
    const known = this.known.get(model);
    if (known === undefined) {
      this.known.set(model, 'coming');
      const found = this.host.labels({ model }).then(
        (names) => names.some((name, i) => name !== numbered(i)),
        // What is wrong with it is said by its cells.
        () => false,
      );
      void found.then((has) => {
        this.known.set(model, has);
        then();
      });
    }
    return known === 'coming' ? undefined : known;
  }

  /** Files have changed. */
  forget(): void {
    this.known.clear();
  }
}

/** A class that nobody has named. */
export const numbered = (index: number): string => `class ${index}`;

/** What a network says of a picture, held against the truth and against the panel's own network. */
export interface Verdict {
  readonly top: TopClass;
  /** Only where the folder of the picture is called like a class, and the network has names. */
  readonly right?: boolean;
  readonly changed: boolean;
}

/** What all networks of a grid say of its pictures. */
export class Verdicts {
  /** By network, then by picture. */
  private readonly tops = new Map<string, Map<Address, TopClass>>();
  private readonly classes: ReadonlySet<string>;

  constructor(grid: Pick<Grid, 'tops'>, labels: readonly string[] = []) {
    for (const { request, top } of grid.tops) {
      const id = idOf(request);
      const known = this.tops.get(id) ?? new Map<Address, TopClass>();
      this.tops.set(id, known.set(request.picture, top));
    }
    const said = [...this.tops.values()].flatMap((tops) => [...tops.values()].map(({ label }) => label));
    this.classes = new Set([...labels, ...said].map(plainName));
  }

  of(request: OneRequest): Verdict | undefined {
    const top = this.tops.get(idOf(request))?.get(request.picture);
    if (top === undefined) return undefined;
    const own = this.tops.get('')?.get(request.picture);
    const changed = idOf(request) !== '' && own !== undefined && !sameClass(own, top);
    const truth = isNamed(top) ? this.truthOf(request.picture) : undefined;
    return { top, changed, ...(truth === undefined ? {} : { right: plainName(top.label) === truth }) };
  }

  /** Of another network: how many pictures it sees otherwise, and how many of these it has wrong now, or right. */
  summary(network: NamedNetwork): { of: number; changed: readonly Address[]; wrong: number; right: number } {
    const tops = this.tops.get(idOf(network)) ?? new Map<Address, TopClass>();
    const own = this.tops.get('') ?? new Map<Address, TopClass>();
    const both = [...tops.keys()].filter((picture) => own.has(picture));
    const changed = both.filter((picture) => !sameClass(own.get(picture)!, tops.get(picture)!));
    const is = (of: ReadonlyMap<Address, TopClass>, picture: Address): boolean =>
      plainName(of.get(picture)!.label) === this.truthOf(picture);
    return {
      of: both.length,
      changed,
      wrong: changed.filter((picture) => is(own, picture)).length,
      right: changed.filter((picture) => is(tops, picture)).length,
    };
  }

  /** The name of the picture's folder, where it is that of a class. */
  private truthOf(picture: Address): string | undefined {
    const folder = plainName(decodeURIComponent(picture.split('/').at(-2) ?? ''));
    return folder !== '' && this.classes.has(folder) ? folder : undefined;
  }
}

const isNamed = ({ index, label }: TopClass): boolean => label !== numbered(index);

/** Two classes are told apart by their names where both networks have some, else by their numbers. */
const sameClass = (a: TopClass, b: TopClass): boolean =>
  isNamed(a) && isNamed(b) ? a.label === b.label : a.index === b.index;

/** Folders are written in small letters and with underscores for spaces. */
const plainName = (text: string): string =>
  text
    .toLowerCase()
    .replaceAll(/[\s_-]+/g, ' ')
    .trim();

/** A verdict in a word, and the class it is about. */
export function verdictText({ top, right, changed }: Verdict): string {
  const word = [
    ...(right === undefined ? [] : [right ? '\u2713 right' : '\u2717 wrong']),
    ...(changed ? ['\u2260 changed'] : []),
  ].join(', ');
  // The sign stays with its number.
  const share = top.probability === undefined ? '' : ` ${formatPercent(top.probability).replace(' ', '\u00a0')}`;
  return `${word === '' ? '' : `${word} \u00b7 `}${top.label}${share}`;
}
