import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { Message } from '../../../src/checkpoint/message.js';
import { openCheckpoint } from '../../../src/checkpoint/reader.js';
import type { Checkpoint } from '../../../src/checkpoint/model.js';
import { temporaryFolder } from '../support/temporary.js';

/** Builds protobuf messages field by field, so that tests can also write what no writer would. */

export type Build = (m: Message) => void;

export function message(build: Build): Message {
  const m = new Message();
  build(m);
  return m;
}

export function bytesOf(build: Build): Uint8Array {
  return message(build).toBytes();
}

/** A TensorProto. */
export function tensor(name: string, type: number, dims: readonly number[], rest: Build): Message {
  return message((m) => {
    for (const d of dims) m.int(1, d);
    m.int(2, type);
    m.text(8, name);
    rest(m);
  });
}

/** An external TensorProto. */
export function external(name: string, dims: readonly number[], entries: Record<string, string>): Message {
  return tensor(name, 1, dims, (m) => {
    for (const [key, value] of Object.entries(entries))
      m.message(
        13,
        message((e) => (e.text(1, key), e.text(2, value))),
      );
    m.int(14, 1);
  });
}

export function valueInfo(name: string, dims: readonly (number | string)[] = [1], type = 1): Message {
  return message((m) => {
    m.text(1, name);
    m.message(
      2,
      message((t) =>
        t.message(
          1,
          message((tensorType) => {
            tensorType.int(1, type);
            tensorType.message(
              2,
              message((shape) => {
                for (const d of dims)
                  shape.message(
                    1,
                    message((dim) => (typeof d === 'number' ? dim.int(1, d) : dim.text(2, d))),
                  );
              }),
            );
          }),
        ),
      ),
    );
  });
}

export function node(
  op: string,
  inputs: readonly string[],
  outputs: readonly string[],
  rest: Build = () => {},
): Message {
  return message((m) => {
    for (const i of inputs) m.text(1, i);
    for (const o of outputs) m.text(2, o);
    m.text(4, op);
    rest(m);
  });
}

/** An AttributeProto, of the type of this number. */
export function attribute(name: string, type: number, rest: Build): Message {
  return message((m) => {
    m.text(1, name);
    rest(m);
    m.int(20, type);
  });
}

/** A FunctionProto of the domain "own"; `opsets` by their domains. */
export function modelFunction(
  name: string,
  {
    inputs = ['a'],
    outputs = ['b'],
    nodes,
    opsets = { '': 18 },
    rest = () => {},
  }: {
    readonly inputs?: readonly string[];
    readonly outputs?: readonly string[];
    readonly nodes: readonly Message[];
    readonly opsets?: Readonly<Record<string, number>>;
    readonly rest?: Build;
  },
): Message {
  return message((f) => {
    f.text(1, name);
    for (const i of inputs) f.text(4, i);
    for (const o of outputs) f.text(5, o);
    rest(f);
    for (const n of nodes) f.message(7, n);
    f.text(10, 'own');
    for (const [domain, version] of Object.entries(opsets))
      f.message(
        9,
        message((o) => (domain === '' ? undefined : o.text(1, domain), o.int(2, version))),
      );
  });
}

/** A GraphProto of one node, from "y" to "b": a branch of an If. */
export function branch(op: string): Message {
  return message((g) => (g.message(1, node(op, ['y'], ['b'])), g.text(2, 'branch'), g.message(12, valueInfo('b'))));
}

export interface Parts {
  readonly graph?: Build;
  readonly model?: Build;
  readonly ir?: number;
  readonly opset?: number;
  readonly initializers?: readonly Message[];
}

/** A ModelProto: y = Relu(x), with what is added. */
export function model({
  graph = () => {},
  model = () => {},
  ir = 8,
  opset = 17,
  initializers = [],
}: Parts = {}): Uint8Array {
  return bytesOf((m) => {
    m.int(1, ir);
    m.message(
      7,
      message((g) => {
        g.message(1, node('Relu', ['x'], ['y']));
        g.text(2, 'crafted');
        for (const w of initializers) g.message(5, w);
        graph(g);
        g.message(11, valueInfo('x'));
        g.message(12, valueInfo('y'));
      }),
    );
    m.message(
      8,
      message((o) => (o.text(1, ''), o.int(2, opset))),
    );
    model(m);
  });
}

export function save(bytes: Uint8Array, folder = temporaryFolder(), name = 'model.onnx'): string {
  const file = path.join(folder, name);
  writeFileSync(file, bytes);
  return file;
}

export function open(bytes: Uint8Array, folder?: string): Promise<Checkpoint> {
  return openCheckpoint(save(bytes, folder));
}
