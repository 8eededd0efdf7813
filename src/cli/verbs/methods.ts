import { json, table } from '../io.js';
import { callOf, type Verb } from '../verb.js';

export const methods: Verb = {
  name: 'methods',
  usage: 'methods',
  summary: 'every method: id, title, parameters with defaults, citation',
  options: [],
  async run(context) {
    const { line, io, service } = context;
    const list = await service.methods({}, callOf(context));
    if (line.json) {
      io.out(json({ schema: 'onnx-lens/methods/1', methods: list }));
      return 0;
    }
    const rows = list.map((m) => [
      m.id,
      m.title,
      Object.entries(m.parameters)
        .map(([key, p]) => `${key}=${p.default}`)
        .join(' '),
      m.citation,
    ]);
    io.out(table(['id', 'title', 'parameters', 'citation'], rows));
    return 0;
  },
};
