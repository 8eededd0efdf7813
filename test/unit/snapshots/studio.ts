import { build } from 'esbuild';
import type { Browser, Page } from 'playwright-core';
import { launchBrowser } from '../../../.build/browser.mjs';
import type { Pixels } from './compare.js';
import type { DRAWINGS } from './page.js';
import type { Theme } from './themes.js';
import { encode } from './transport.js';

/** A page without a workbench that draws the parts of the panels. */
export class Studio {
  private constructor(
    private readonly browser: Browser,
    private readonly page: Page,
  ) {}

  static async open(): Promise<Studio> {
    // As the real build does it: the layout's worker travels inside as text.
    const browserCode = {
      bundle: true,
      platform: 'browser',
      format: 'iife',
      target: 'es2022',
      tsconfig: 'webview/tsconfig.json',
      write: false,
      logLevel: 'warning',
    } as const;
    const worker = await build({ ...browserCode, entryPoints: ['webview/model/graph/graphWorker.ts'] });
    const page = await build({
      ...browserCode,
      define: { GRAPH_WORKER: JSON.stringify(worker.outputFiles[0]!.text) },
      entryPoints: ['test/unit/snapshots/page.ts'],
    });
    // One way of rasterising, whatever the machine has.
    const browser = await launchBrowser(['--force-color-profile=srgb', '--disable-lcd-text']);
    const opened = await browser.newPage({ viewport: { width: 800, height: 600 }, deviceScaleFactor: 1 });
    await opened.setContent(`<!doctype html><html lang="en"><head><style>
      body { margin: 0 }
      lens-cell-grid, lens-heat-canvas, lens-scatter, lens-map, lens-graph-canvas, lens-histogram, lens-color-bar { display: block; width: 100%; height: 100% }
      lens-map { position: relative }
      lens-map canvas { position: absolute; inset: 0; width: 100%; height: 100% }
      .cells { position: relative; width: 100%; height: 100%; overflow: hidden }
      .cells-space { position: absolute }
      .sr-only, .ticks, .histogram-bin, .scale-text { display: none }
      lens-histogram canvas { width: 100%; height: 100% }
    </style></head><body></body></html>`);
    await opened.addScriptTag({ content: page.outputFiles[0]!.text });
    return new Studio(browser, opened);
  }

  /** Draws in a theme. */
  async draw<K extends keyof typeof DRAWINGS>(
    theme: Theme,
    name: K,
    ...given: Parameters<(typeof DRAWINGS)[K]>
  ): Promise<Pixels> {
    const request = [name, encode(given), theme] as const;
    const { width, height, data } = await this.page.evaluate(
      ([n, r, t]) =>
        (
          globalThis as unknown as {
            snapshot(n: string, r: string, t: unknown): Promise<{ width: number; height: number; data: string }>;
          }
        ).snapshot(n, r, t),
      request,
    );
    return { width, height, data: new Uint8Array(Buffer.from(data, 'base64')) };
  }

  async close(): Promise<void> {
    await this.browser.close();
  }
}
