import assert from 'node:assert/strict';
import { Player } from '../../../webview/model/training/player.js';

/** A page as far as a player needs one; time goes only when it is told. */
function page(reduced: boolean): { tick(milliseconds: number): void; restore(): void } {
  let now = 1;
  let beat: (() => void) | undefined;
  const scope = globalThis as { window?: unknown };
  const clock = performance.now.bind(performance);
  scope.window = {
    matchMedia: () => ({ matches: reduced }),
    setInterval: (run: () => void) => {
      beat = run;
      return 1;
    },
    clearInterval: () => (beat = undefined),
  };
  performance.now = () => now;
  return {
    tick: (milliseconds) => {
      for (let t = 0; t < milliseconds; t += 100) {
        now += 100;
        beat?.();
      }
    },
    restore: () => {
      delete scope.window;
      performance.now = clock;
    },
  };
}

describe('playing a training', () => {
  for (const [reduced, pace] of [
    [false, 700],
    [true, 2000],
  ] as const) {
    it(`shows a checkpoint for ${pace} ms${reduced ? ' where little motion is wanted' : ''}, and the last one stays`, () => {
      const { tick, restore } = page(reduced);
      try {
        let at = 0;
        const player = new Player(
          () => at < 2 && ++at > 0,
          () => true,
          () => undefined,
        );
        player.play();
        tick(pace - 100);
        assert.deepEqual([at, player.playing], [0, true]);
        tick(200);
        assert.equal(at, 1);
        tick(3 * (pace + 200));
        assert.deepEqual([at, player.playing], [2, false]);
      } finally {
        restore();
      }
    });
  }

  it('waits for what is not there yet, and pauses at once', () => {
    const { tick, restore } = page(false);
    try {
      let [at, ready] = [0, false];
      const player = new Player(
        () => ++at > 0,
        () => ready,
        () => undefined,
      );
      player.play();
      tick(10_000);
      assert.equal(at, 0, 'nothing is passed over');
      ready = true;
      tick(600);
      assert.equal(at, 0, 'the pace counts from when it could be seen');
      tick(300);
      assert.equal(at, 1);
      player.pause();
      tick(5000);
      assert.equal(at, 1);
    } finally {
      restore();
    }
  });
});
