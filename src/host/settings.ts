import * as vscode from 'vscode';
import { pathOf } from './names.js';
import { AUTO } from '../result/method.js';
import type { ModelRequest } from '../protocol/request.js';

export const PROVIDERS = ['auto', 'cpu', 'webgpu', 'cuda', 'dml', 'coreml'] as const;
export const COLOR_MAPS = ['auto', 'magma', 'inferno', 'viridis'] as const;

/** The settings `onnxLens.*` by name; package.json describes each to the user. */
export interface SettingValues {
  readonly provider: NonNullable<ModelRequest['provider']>;
  /** 0: as many as the runtime likes. */
  readonly threads: number;
  /** GB that one run may take; 0: a share of the machine's memory. */
  readonly memoryLimit: number;
  /** Empty: the editor's own Node. */
  readonly 'runner.nodePath': string;
  readonly 'runner.killAfterSeconds': number;
  /** 0: never. */
  readonly 'runner.idleMinutes': number;
  /** Folder with the CUDA provider; empty: whatever is found and chosen. */
  readonly 'cuda.folder': string;
  /** Folders with CUDA and cuDNN, before all others. */
  readonly 'cuda.libraryPath': readonly string[];
  /** Index or UUID; empty: the first. */
  readonly 'cuda.device': string;
  /** Index of the feed that ONNX Runtime's CUDA package is fetched from. */
  readonly 'cuda.feed': string;
  /** Whether CUDA is looked for unasked where an NVIDIA card was not used. */
  readonly 'cuda.offer': boolean;
  /** Id of the method a new explanation begins with, or `auto`. */
  readonly defaultMethod: string;
  readonly colorMap: (typeof COLOR_MAPS)[number];
  /** Whether methods are checked against random networks unasked. */
  readonly trustBadge: boolean;
}

const DEFAULTS: SettingValues = {
  provider: 'auto',
  threads: 0,
  memoryLimit: 0,
  'runner.nodePath': '',
  'runner.killAfterSeconds': 3,
  'runner.idleMinutes': 10,
  'cuda.folder': '',
  'cuda.libraryPath': [],
  'cuda.device': '',
  'cuda.feed': 'https://api.nuget.org/v3/index.json',
  'cuda.offer': true,
  defaultMethod: AUTO,
  colorMap: 'auto',
  trustBadge: true,
};

/** Typed access to the settings. A value that settings.json got wrong is replaced by the default. */
export class Settings implements vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<(key: keyof SettingValues) => boolean>();
  private readonly listener = vscode.workspace.onDidChangeConfiguration((event) => {
    if (event.affectsConfiguration('onnxLens'))
      this.changed.fire((key) => event.affectsConfiguration(`onnxLens.${key}`));
  });
  /** Some setting has changed; the event answers whether a given one has. */
  readonly onDidChange = this.changed.event;

  get<K extends keyof SettingValues>(key: K, scope?: vscode.Uri): SettingValues[K] {
    const value: unknown = vscode.workspace.getConfiguration('onnxLens', scope).get(key);
    return acceptable(key, value) ? (value as SettingValues[K]) : DEFAULTS[key];
  }

  dispose(): void {
    this.listener.dispose();
    this.changed.dispose();
  }
}

/** What every request about a model carries. */
export function modelRequest(settings: Settings, model: vscode.Uri): ModelRequest {
  const threads = settings.get('threads', model);
  const memoryLimit = settings.get('memoryLimit', model);
  return {
    model: pathOf(model),
    provider: settings.get('provider', model),
    ...(threads === 0 ? {} : { threads }),
    ...(memoryLimit === 0 ? {} : { memoryLimit }),
  };
}

function acceptable(key: keyof SettingValues, value: unknown): boolean {
  switch (key) {
    case 'provider':
      return (PROVIDERS as readonly unknown[]).includes(value);
    case 'colorMap':
      return (COLOR_MAPS as readonly unknown[]).includes(value);
    case 'cuda.libraryPath':
      return Array.isArray(value) && value.every((each) => typeof each === 'string');
    case 'cuda.device':
      return typeof value === 'string' && /^(\d+|(GPU|MIG)-[\w-]+)?$/.test(value);
    case 'cuda.offer':
    case 'trustBadge':
      return typeof value === 'boolean';
    case 'threads':
      return Number.isInteger(value) && (value as number) >= 0;
    case 'memoryLimit':
    case 'runner.killAfterSeconds':
    case 'runner.idleMinutes':
      return typeof value === 'number' && value >= 0;
    default:
      return typeof value === 'string';
  }
}
