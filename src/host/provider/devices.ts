import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { exists, listed } from './loader.js';

/** A graphics card as its driver tells it. */
export interface NvidiaDevice {
  /** As `nvidia-smi` counts. */
  readonly index: number;
  readonly name: string;
  readonly uuid?: string;
  /** "143771 MiB" */
  readonly memory?: string;
}

export interface NvidiaFacts {
  /** Whether there is a device at all, as far as the system shows it. */
  readonly present: boolean;
  /** Version of the driver: "550.54.15". */
  readonly driver: string | undefined;
  readonly devices: readonly NvidiaDevice[];
}

/** Places of the driver; a test makes its own. */
export interface DriverPlaces {
  readonly proc: string;
  readonly dev: string;
  /** Programs that may be asked, by full path: a name alone could be found in a workspace. */
  readonly smi: readonly string[];
}

export const LINUX_DRIVER: DriverPlaces = {
  proc: '/proc/driver/nvidia',
  dev: '/dev',
  smi: [
    '/usr/bin/nvidia-smi',
    '/usr/lib/wsl/lib/nvidia-smi',
    '/usr/local/nvidia/bin/nvidia-smi',
    '/run/current-system/sw/bin/nvidia-smi',
  ],
};

/** nvidia-smi waits for a driver that is being woken; longer than this is a driver that does not answer. */
const ANSWER_MS = 8000;
const FIELDS = 'index,name,uuid,memory.total,driver_version';

/** Whether the system shows an NVIDIA device: a look at three names, for use at any time. */
export async function nvidiaPresent(places: DriverPlaces = LINUX_DRIVER): Promise<boolean> {
  const { dev, proc } = places;
  const seen = [path.join(proc, 'version'), path.join(dev, 'nvidiactl'), path.join(dev, 'nvidia0')];
  if ((await Promise.all(seen.map(exists))).some(Boolean)) return true;
  // Under the Windows subsystem the device is shared by all makers; the driver's program tells that it is NVIDIA's.
  return (await exists(path.join(dev, 'dxg'))) && (await Promise.all(places.smi.map(exists))).some(Boolean);
}

/** Driver and devices: asked of nvidia-smi, else read of /proc. */
export async function nvidiaFacts(places: DriverPlaces = LINUX_DRIVER): Promise<NvidiaFacts> {
  const present = await nvidiaPresent(places);
  for (const program of places.smi) {
    if (!(await exists(program))) continue;
    const answer = await asked(program, [`--query-gpu=${FIELDS}`, '--format=csv,noheader']);
    const rows = (answer ?? '').split('\n').flatMap((line) => {
      const [index, name, uuid, memory, driver] = line.split(',').map((field) => field.trim());
      return name === undefined || name === '' || driver === undefined || !/^\d+$/.test(index!)
        ? []
        : [{ index: Number(index), name, uuid: uuid!, memory: memory!, driver }];
    });
    if (rows.length > 0)
      return { present: true, driver: rows[0]!.driver, devices: rows.map(({ driver: _, ...device }) => device) };
  }
  const version = await readFile(path.join(places.proc, 'version'), 'utf8').catch(() => '');
  const driver = /Kernel Module(?: for \S+)?\s+(\d+(?:\.\d+)+)/.exec(version)?.[1];
  const devices: NvidiaDevice[] = [];
  // Folders are named by their address on the bus, in whose order nvidia-smi counts.
  for (const name of (await listed(path.join(places.proc, 'gpus'))).sort()) {
    const text = await readFile(path.join(places.proc, 'gpus', name, 'information'), 'utf8').catch(() => '');
    const model = /^Model:\s*(.+)$/m.exec(text)?.[1]?.trim();
    const uuid = /^GPU UUID:\s*(\S+)$/m.exec(text)?.[1];
    if (model !== undefined)
      devices.push({ index: devices.length, name: model, ...(uuid === undefined ? {} : { uuid }) });
  }
  return { present, driver, devices };
}

/**
 * The device on which the runner computes: the first that its environment lets it see, counted as nvidia-smi counts.
 *
 * @returns undefined where that cannot be told: no device, a part of one (MIG), an order that is not the bus's
 */
export function deviceFor(
  facts: NvidiaFacts,
  environment: Readonly<Record<string, string | undefined>>,
): NvidiaDevice | undefined {
  const visible = environment['CUDA_VISIBLE_DEVICES'];
  const inOrder = facts.devices.length === 1 || environment['CUDA_DEVICE_ORDER'] === 'PCI_BUS_ID';
  const first = visible === undefined ? '0' : visible.split(',')[0]!.trim();
  if (/^\d+$/.test(first)) return inOrder ? facts.devices.find((each) => each.index === Number(first)) : undefined;
  return first.startsWith('GPU-') ? facts.devices.find((each) => each.uuid?.startsWith(first) === true) : undefined;
}

/** Oldest driver of Linux for a major version of CUDA, from NVIDIA's table of compatibility. */
const OLDEST_DRIVER: Readonly<Record<number, string>> = { 11: '450.80.02', 12: '525.60.13', 13: '580.65.06' };

/** The driver that a major version of CUDA needs, if the one here is older. */
export function driverNeeded(driver: string | undefined, cudaMajor: number): string | undefined {
  const needed = OLDEST_DRIVER[cudaMajor];
  if (needed === undefined || driver === undefined) return undefined;
  return driver.localeCompare(needed, 'en', { numeric: true }) < 0 ? needed : undefined;
}

function asked(program: string, options: readonly string[]): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile(program, options, { timeout: ANSWER_MS, killSignal: 'SIGKILL' }, (error, stdout) =>
      resolve(error === null ? stdout : undefined),
    );
  });
}
