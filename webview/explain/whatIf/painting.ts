import type { TemplateResult } from 'lit';
import { LensError } from '../../../src/base/errors.js';
import { given } from '../../../src/base/given.js';
import type { Client } from '../../../src/protocol/channel.js';
import type { ExplainHostApi } from '../../../src/protocol/explainPanel.js';
import type { ClassScore } from '../../../src/result/explanation.js';
import type { Display } from '../../shared/canvas/display.js';
import { canvasOf, pngOf, rasterOf } from '../../shared/canvas/raster.js';
import type { MenuItem } from '../../shared/form/menu.js';
import { stemOf } from '../../shared/format.js';
import { Remade } from '../../shared/remade.js';
import type { ExplainController } from '../controller.js';
import { paintedOver } from './layer.js';
import { whatIfTools } from './part.js';

/** What the page has, once it is there. */
interface PageParts {
  readonly controller: ExplainController;
  readonly host: Client<ExplainHostApi>;
}

/** The scores of the picture as it is are not those of what was painted. */
const forgotten = (): LensError =>
  new LensError('runtime', 'explain/edit-forgotten', 'What was painted over the picture is no longer kept.');

/** The page's side of what is painted: its picture over the canvas, its tools, its keys and its file. */
export class Painting {
  private readonly raster = new Remade<HTMLCanvasElement | undefined>();

  constructor(private readonly page: () => PageParts) {}

  tools(): TemplateResult {
    const { controller: c } = this.page();
    return whatIfTools(c.whatIf, c.question?.edit !== undefined, {
      explain: () => void c.explainEdited(true),
      original: () => void c.explainEdited(false),
    });
  }

  /** What is painted, to be laid over the canvas; nothing where the map that is shown is of the same. */
  overlay({ mode }: Pick<Display, 'mode'>): HTMLCanvasElement | undefined {
    const { whatIf, question, shown } = this.page().controller;
    const explained = whatIf.editOf(question?.edit) === whatIf.edit && shown?.explanation.edited !== undefined;
    const edit = whatIf.open && !(explained && mode !== 'original') ? whatIf.edit : undefined;
    return this.raster.get([edit], () => {
      if (edit === undefined) return undefined;
      return canvasOf(new ImageData(new Uint8ClampedArray(edit.data), edit.width, edit.height));
    });
  }

  /** Scores of all classes of what is shown. */
  scores(): Promise<readonly ClassScore[]> {
    const { controller: c, host } = this.page();
    const { shown, whatIf, question } = c;
    if (shown === undefined) return Promise.resolve([]);
    const edit = whatIf.editOf(question?.edit);
    if (question?.edit !== undefined && edit === undefined) return Promise.reject(forgotten());
    return host.scores({
      picture: shown.picture,
      ...given({ edit, outputs: question?.outputs, settings: question?.settings }),
    });
  }

  exports(): readonly MenuItem[] {
    const { whatIf } = this.page().controller;
    if (!whatIf.open || whatIf.edit === undefined) return [];
    return [{ label: 'Edited picture (PNG)…', icon: 'paintcan', disabled: false, onClick: () => void this.save() }];
  }

  /** Whether a key was for this. */
  key(event: KeyboardEvent, typing: boolean): boolean {
    const { whatIf } = this.page().controller;
    const undo = event.key.toLowerCase() === 'z' && (event.ctrlKey || event.metaKey) && !event.shiftKey;
    if (!undo || typing || !whatIf.open || !whatIf.canUndo) return false;
    whatIf.undo();
    return true;
  }

  /** Writes the picture as the model sees it with what is painted, where the person says. */
  private async save(): Promise<void> {
    const { controller: c, host } = this.page();
    const { picture, edit } = c.whatIf;
    if (picture === undefined || edit === undefined) return;
    const bytes = await pngOf(rasterOf(paintedOver(picture, edit)));
    const name = `${stemOf(c.shown?.explanation.input ?? 'picture')}.edited.png`;
    if (bytes !== undefined) await host.saveBytes({ name, bytes });
  }
}
