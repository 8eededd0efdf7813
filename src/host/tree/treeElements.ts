import { given } from '../../base/given.js';
import * as vscode from 'vscode';
import type { LensError } from '../../base/errors.js';
import type { LayerDescription } from '../../result/inspection.js';
import type { FolderNode } from './folderTree.js';
import { plain, plainRow } from '../plain.js';
import { nameOf } from '../names.js';
import { formatAge, formatBytes, formatCount } from '../format.js';
import type { LayerGroup } from './layerGroups.js';
import { layerIcon } from './layerIcon.js';
import { layerTooltip } from './modelTooltip.js';
import type { OutlineAnswer } from '../workspace/outlines.js';
import type { ModelFile } from '../services.js';

/** The rows of the view "Models". */

export interface FolderElement {
  readonly kind: 'folder';
  readonly id: string;
  readonly label: string;
  readonly uri: vscode.Uri;
  readonly node: FolderNode<ModelFile>;
  readonly root: boolean;
}

export interface ModelElement {
  readonly kind: 'model';
  readonly id: string;
  readonly uri: vscode.Uri;
  bytes: number;
  modified: number;
  /** What its row says of the outline, and for which size and time that holds. */
  summary?: { readonly of: string; readonly text: string; readonly broken: boolean; readonly bytes?: number };
}

export interface GroupElement {
  readonly kind: 'group';
  readonly id: string;
  readonly model: vscode.Uri;
  readonly group: LayerGroup;
}

export interface LayerElement {
  readonly kind: 'layer';
  readonly id: string;
  readonly model: vscode.Uri;
  readonly label: string;
  readonly layer: LayerDescription;
}

/** One sentence in the place of what could not be read. */
export interface ProblemElement {
  readonly kind: 'problem';
  readonly id: string;
  readonly error: LensError;
}

export type TreeElement = FolderElement | ModelElement | GroupElement | LayerElement | ProblemElement;

const { None, Collapsed, Expanded } = vscode.TreeItemCollapsibleState;

/** The row of an element. */
export function itemOf(element: TreeElement, openFolders: boolean): vscode.TreeItem {
  switch (element.kind) {
    case 'folder':
      return folderItem(element, openFolders);
    case 'model':
      return modelItem(element);
    case 'group':
      return groupItem(element);
    case 'layer':
      return layerItem(element);
    case 'problem':
      return problemItem(element);
  }
}

function folderItem({ label, node, uri }: FolderElement, open: boolean): vscode.TreeItem {
  const item = new vscode.TreeItem(plainRow(label), open ? Expanded : Collapsed);
  item.iconPath = vscode.ThemeIcon.Folder;
  item.description = String(node.count);
  item.tooltip = plain(uri.fsPath);
  item.contextValue = 'folder';
  return item;
}

function modelItem(element: ModelElement): vscode.TreeItem {
  const { uri, bytes, modified } = element;
  const summary = element.summary?.of === versionOf(element) ? element.summary : undefined;
  const item = new vscode.TreeItem(plainRow(nameOf(uri)), Collapsed);
  item.iconPath = summary?.broken
    ? new vscode.ThemeIcon('warning', new vscode.ThemeColor('list.warningForeground'))
    : new vscode.ThemeIcon('circuit-board');
  item.description = [formatBytes(summary?.bytes ?? bytes), summary?.text, formatAge(modified, Date.now())]
    .filter(Boolean)
    .join(' · ');
  item.contextValue = summary?.broken ? 'model.broken' : 'model';
  return item;
}

function groupItem({ group }: GroupElement): vscode.TreeItem {
  const { name, path, layers, parameters } = group;
  const item = new vscode.TreeItem(plainRow(name), Collapsed);
  item.iconPath = new vscode.ThemeIcon('layers');
  item.description = [`${layers} layers`, parameters > 0 && formatCount(parameters)].filter(Boolean).join(' · ');
  item.tooltip = plain(path);
  item.contextValue = 'group';
  return item;
}

function layerItem(element: LayerElement): vscode.TreeItem {
  const { layer, label } = element;
  const item = new vscode.TreeItem(plainRow(label), None);
  item.iconPath = new vscode.ThemeIcon(layerIcon(layer.op));
  const parts = [layer.op, layer.shape?.join('×'), layer.parameters > 0 && formatCount(layer.parameters)];
  item.description = plainRow(parts.filter(Boolean).join(' · '));
  item.tooltip = layerTooltip(layer);
  item.contextValue = ['layer', layer.source && 'source', layer.weights.length > 0 && 'weights']
    .filter(Boolean)
    .join('.');
  item.command = { title: 'Show Layer', command: 'onnxLens.showLayer', arguments: [element] };
  return item;
}

function problemItem({ error }: ProblemElement): vscode.TreeItem {
  const item = new vscode.TreeItem(plainRow(error.message), None);
  item.iconPath = new vscode.ThemeIcon('error', new vscode.ThemeColor('list.errorForeground'));
  item.tooltip = plain([error.message, error.hint].filter(Boolean).join('\n\n'));
  item.contextValue = 'problem';
  return item;
}

/** Remembers what the row says of an outline. */
export function summarise(element: ModelElement, answer: OutlineAnswer): void {
  const broken = 'error' in answer;
  const text = broken ? 'not readable' : `opset ${opsetOf(answer.outline.opset)}`;
  const bytes = broken ? undefined : answer.outline.totalBytes;
  element.summary = { of: versionOf(element), broken, text, ...given({ bytes }) };
}

export function versionOf({ bytes, modified }: ModelElement): string {
  return `${bytes}/${modified}`;
}

/** The version of the standard operators; other domains are in the tooltip. */
function opsetOf(opset: Readonly<Record<string, number>>): string {
  return String(opset['ai.onnx'] ?? opset[''] ?? Object.values(opset)[0] ?? '?');
}
