// Answers and misbehaves as the name of the mutant's file says.
const { readFileSync, writeFileSync } = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const kept = [];
const deeds = {
  fine: () => ({ results: [{ input: 'a', result: { top: [{ probability: 0.5 }] } }], warnings: ['All is well.'] }),
  crash: () => process.kill(process.pid, 'SIGABRT'),
  hang: () => {
    for (;;);
  },
  bug: () => {
    throw {
      kind: 'bug',
      code: 'bug',
      message: 'x is not a function',
      stack: 'TypeError: x is not a function\n    at f',
    };
  },
  hidden: () => ({ results: [{ input: 'a', error: { kind: 'bug', code: 'bug', message: 'hidden' } }] }),
  wordy: () => ({ warnings: [`${'word '.repeat(200)}.`] }),
  mumble: () => {
    throw { kind: 'input', code: 'a/b', message: 'no sentence' };
  },
  refuse: () => {
    throw { kind: 'input', code: 'a/b', message: 'This is refused.', hint: 'Do something else.' };
  },
  probability: () => ({ results: [{ input: 'a', result: { top: [{ probability: 1.5 }] } }] }),
  nan: () => ({ results: [{ input: 'a', result: { top: [{ probability: Number.NaN }] } }] }),
  greedy: () => {
    for (let i = 0; i < 300; i++) kept.push(Buffer.alloc(1 << 20, 1));
    return {};
  },
  litter: () => {
    writeFileSync(path.join(os.tmpdir(), 'litter'), '');
    return {};
  },
};
process.on('message', ({ lens, id, name, request }) => {
  if (lens !== 'call') return;
  if (name === 'status') return process.send({ lens: 'reply', id, result: { pid: process.pid } });
  try {
    process.send({ lens: 'reply', id, result: deeds[readFileSync(request.file, 'utf8')]() });
  } catch (error) {
    process.send({ lens: 'error', id, error });
  }
});
process.on('disconnect', () => process.exit(0));
