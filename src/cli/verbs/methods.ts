import { forwardPasses, METHOD_GROUPS } from '../../result/method.js';
import { json, table } from '../io.js';
import { callOf, type Verb } from '../verb.js';

export const methods: Verb = {
  name: 'methods',
  usage: 'methods',
  summary: 'every method by its group: id, title, cost in forward passes, parameters with defaults, citation',
  options: [],
  async run(context) {
    const { line, io, service } = context;
    const list = await service.methods({}, callOf(context));
    if (line.json) {
      io.out(json({ schema: 'onnx-lens/methods/1', methods: list }));
      return 0;
    }
    const cost = new Intl.NumberFormat('en', { maximumSignificantDigits: 3, useGrouping: false });
    const rows = list.map((m) => [
      METHOD_GROUPS[m.group].title,
      m.id,
      m.title,
      cost.format(forwardPasses(m)),
      Object.entries(m.parameters)
        .map(([key, p]) => `${key}=${p.default}`)
        .join(' '),
      m.citation,
    ]);
    io.out(table(['group', 'id', 'title', 'passes', 'parameters', 'citation'], rows));
    return 0;
  },
};
