import type * as vscode from 'vscode';
import type { OtherCheckpoint } from '../../protocol/modelPanel.js';

/** What a panel is opened for. */
export interface DatasetTopicFiles {
  readonly model: vscode.Uri;
  readonly place: vscode.Uri;
  /** Another model that is to be put beside it. */
  readonly compare?: OtherCheckpoint;
  /** The view that is meant. */
  readonly tab?: string;
}
