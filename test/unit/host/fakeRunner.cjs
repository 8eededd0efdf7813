// Speaks the channel's messages and misbehaves on request: the model's name says how.
const busy = (ms) => {
  const end = Date.now() + ms;
  while (Date.now() < end);
};
const cancels = new Map();
const deeds = {
  answer: (id) => process.send({ lens: 'reply', id, result: { pid: process.pid } }),
  crash: () => process.kill(process.pid, 'SIGSEGV'),
  exit: () => process.exit(7),
  block: (id) => busy(600) ?? deeds.answer(id),
  deaf: (id) => busy(60_000) ?? deeds.answer(id),
  polite: (id) =>
    cancels.set(id, () =>
      process.send({ lens: 'error', id, error: { kind: 'cancelled', code: 'cancelled', message: 'Cancelled' } }),
    ),
  slow: (id) => setTimeout(() => deeds.answer(id), 400),
  talk: (id) => (console.log('said aloud'), console.error('complained'), setTimeout(() => deeds.answer(id), 50)),
  refuse: (id) =>
    process.send({ lens: 'error', id, error: { kind: 'input', code: 'input/odd', message: 'An odd input.' } }),
};
process.on('message', ({ lens, id, name, request }) => {
  if (lens === 'cancel') cancels.get(id)?.();
  else (deeds[name === 'status' ? 'answer' : request.model] ?? deeds.answer)(id);
});
process.on('disconnect', () => process.exit(0));
