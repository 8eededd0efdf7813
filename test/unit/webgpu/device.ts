import { fork, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';
import type { Context } from 'mocha';
import { installedBrowser } from '../../../.build/browser.mjs';
import { skipBecause } from '../../../.build/counts.mjs';
import { floatTensor, type Tensor } from '../../../src/base/tensor.js';
import { writeModel } from '../../../src/checkpoint/writer.js';
import type { Graph } from '../../../src/graph/graph.js';
import type { ProviderChoice, ProviderReport, Sessions } from '../../../src/session/session.js';
import { graphOf, node, onCpu } from './shapes.js';

export interface Job {
  readonly bytes: Uint8Array;
  readonly folder?: string;
  readonly feeds: Readonly<Record<string, Tensor>>;
  readonly fetches: readonly string[];
  /** `raw` is WebGPU without the self-check. */
  readonly provider: ProviderChoice | 'raw';
  /** Nodes to hand to the CPU. */
  readonly onCpu: readonly string[];
}

export interface Answer {
  readonly outputs?: Readonly<Record<string, Tensor>>;
  readonly report?: ProviderReport;
  readonly error?: string;
  readonly code?: string;
}

/** LENS_WEBGPU=all runs what takes minutes on a software device too. */
export const everything = process.env['LENS_WEBGPU'] === 'all';

const OUT = process.env['UNIT_OUT'] ?? 'out';

/** A Vulkan driver by its description file, as the Vulkan loader wants it in VK_DRIVER_FILES. */
interface Driver {
  readonly name: string;
  readonly env: Readonly<Record<string, string>>;
}

/**
 * Software drivers first, since every machine computes the same with them: SwiftShader, which comes with Chromium and
 * compiles shaders faster, then Mesa's lavapipe (25 or newer; 22 is refused for lack of features). VK_DRIVER_FILES, where
 * set, overrides both.
 */
function drivers(): Driver[] {
  if (process.platform !== 'linux' || process.arch !== 'x64') return [];
  const given = process.env['VK_DRIVER_FILES'];
  if (given !== undefined) return [driver(given)];
  const folders = ['/usr/lib/chromium', '/usr/lib/chromium-browser', '/opt/google/chrome'];
  const browser = installedBrowser();
  if (browser !== undefined) folders.unshift(path.dirname(browser));
  return [
    ...folders.map((folder) => path.join(folder, 'vk_swiftshader_icd.json')),
    '/usr/share/vulkan/icd.d/lvp_icd.json',
    '/usr/share/vulkan/icd.d/lvp_icd.x86_64.json',
  ]
    .filter((file) => existsSync(file))
    .map(driver);
}

function driver(file: string): Driver {
  // Chromium brings the Vulkan loader along, beside its driver.
  const libraries = [path.dirname(file), process.env['LD_LIBRARY_PATH'] ?? ''].filter((p) => p !== '').join(':');
  const runtime = path.resolve(OUT, 'xdg');
  return { name: file, env: { VK_DRIVER_FILES: file, LD_LIBRARY_PATH: libraries, XDG_RUNTIME_DIR: runtime } };
}

let script: Promise<string> | undefined;

async function bundle(): Promise<string> {
  const outfile = path.resolve(OUT, 'webgpu-worker.cjs');
  mkdirSync(path.resolve(OUT, 'xdg'), { recursive: true, mode: 0o700 });
  await build({
    entryPoints: ['test/unit/webgpu/worker.ts'],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    logLevel: 'warning',
    external: ['onnxruntime-node'],
  });
  return outfile;
}

/** A process with a Vulkan driver, which answers one job after the other. */
export class Device {
  private constructor(
    private readonly child: ChildProcess,
    readonly driver: string,
  ) {}

  static async start({ name, env }: Driver): Promise<Device> {
    script ??= bundle();
    const child = fork(await script, [], {
      env: { ...process.env, ...env },
      serialization: 'advanced',
      // Dawn warns about its limits on stderr, at every start.
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    return new Device(child, name);
  }

  /** With a driver that does not exist: the loader is there, an adapter is not. */
  static withoutAdapter(beside: Device): Promise<Device> {
    const { env } = driver(beside.driver);
    return Device.start({ name: 'none', env: { ...env, VK_DRIVER_FILES: '/nowhere/icd.json' } });
  }

  async ask(
    graph: Graph,
    feeds: Job['feeds'],
    provider: Job['provider'] = 'raw',
    onCpu: Job['onCpu'] = [],
  ): Promise<Answer> {
    const fetches = graph.outputs.map((o) => o.name);
    const job: Job = { ...(await writeModel(graph)), feeds, fetches, provider, onCpu };
    return new Promise((resolve, reject) => {
      const ended = (code: number | null, signal: string | null): void =>
        reject(new Error(`The process with the driver ended: ${signal ?? code}`));
      this.child.once('exit', ended);
      this.child.once('message', (answer: Answer) => {
        this.child.off('exit', ended);
        resolve(answer);
      });
      this.child.send(job);
    });
  }

  /** Runs a graph; a failure is an error here. */
  async run(
    graph: Graph,
    feeds: Job['feeds'],
    provider: Job['provider'] = 'raw',
  ): Promise<{ outputs: Readonly<Record<string, Tensor>>; report: ProviderReport }> {
    const answer = await this.ask(graph, feeds, provider);
    if (answer.outputs === undefined || answer.report === undefined) throw new Error(answer.error);
    return { outputs: answer.outputs, report: answer.report };
  }

  /** Sessions on this device by name, so with the self-check; what asks for the CPU gets it, here. */
  sessions(): Sessions {
    return {
      open: async (graph, options) => {
        if (options?.provider === 'cpu') return onCpu.open(graph, options);
        const form = typeof graph === 'function' ? await graph('webgpu') : graph;
        return {
          provider: { used: 'webgpu', refused: [] },
          run: async (feeds, fetches) => {
            const outputs = form.outputs.filter((o) => fetches.includes(o.name));
            return { ...(await this.run({ ...form, outputs }, feeds, 'webgpu')).outputs };
          },
          dispose: () => Promise.resolve(),
        };
      },
    };
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null || !this.child.connected) return;
    const gone = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.send('end');
    const late = setTimeout(() => this.child.kill('SIGKILL'), 5000);
    await gone;
    clearTimeout(late);
  }
}

let found: Promise<Device | string> | undefined;

async function find(): Promise<Device | string> {
  const reasons: string[] = [];
  for (const candidate of drivers()) {
    const device = await Device.start(candidate);
    const x = floatTensor([2], Float32Array.of(1, 2));
    try {
      await device.run(graphOf([node('Neg', ['x'], 'y', {})], { x: [2] }, ['y']), { x });
      return device;
    } catch (error) {
      reasons.push(`${candidate.name}: ${(error as Error).message}`);
      await device.stop().catch(() => undefined);
    }
  }
  return reasons.length > 0 ? reasons.join('; ') : 'no SwiftShader (comes with Chromium) and no lavapipe is installed';
}

/** For `before`: the device, shared by all suites, or the suite is skipped with the reason. */
export async function requireDevice(this: Context): Promise<void> {
  this.timeout(60_000);
  found ??= find();
  const device = await found;
  if (typeof device === 'string') skipBecause(this, `no WebGPU on a software Vulkan device: ${device}`);
}

/** For `after`: ends its process. */
export async function releaseDevice(): Promise<void> {
  const device = await found;
  if (device !== undefined && typeof device !== 'string') await device.stop();
}

/** The device that {@link requireDevice} found. */
export async function theDevice(): Promise<Device> {
  const device = await found;
  if (device === undefined || typeof device === 'string') throw new Error('requireDevice was not called');
  return device;
}
