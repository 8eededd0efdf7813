import { canonical } from '../../../src/base/canonical.js';
import { isCancelled, toErrorData, type ErrorData } from '../../../src/base/errors.js';
import { given } from '../../../src/base/given.js';
import type { Address } from '../../../src/base/place.js';
import type { Client } from '../../../src/protocol/channel.js';
import type { ExplainHostApi, Question, TriedSettings } from '../../../src/protocol/explainPanel.js';
import type { PreprocessingRecord } from '../../../src/result/recipe.js';
import type { LabelsSummary, SaidLabels, SettingsChange, SettingsPreset } from '../../../src/result/settings.js';
import { draftOf, freedomOf, isEditable, readDraft, type Draft, type Freedom, type Reading } from './draft.js';
import { SettingsSaving } from './saving.js';

/** What the editing of settings sees of the panel, and may ask of it. */
export interface PreparationView {
  /** Settings of the answer that is shown. */
  readonly preprocessing: PreprocessingRecord | undefined;
  /** The picture that is looked at. */
  readonly selected: Address | undefined;
  /** What is asked; its settings were edited before and are in use. */
  readonly question: Pick<Question, 'settings' | 'outputs'> | undefined;
  /** Asks again with these; undefined: as it is written. */
  prepare(settings: SettingsChange | undefined): void;
  /** Asks again: what is written beside the model has changed. */
  askAsWritten(): void;
}

/** What the model says under the settings in the fields. */
export interface Trial {
  readonly working: boolean;
  /** Of the settings that were tried last; they may no longer be those in the fields. */
  readonly answer?: TriedSettings;
  readonly error?: ErrorData;
}

/** What is kept of it over a reload of the page. */
export interface KeptPreparation {
  readonly draft: Draft;
}

const TEXTS = [
  'layout',
  'width',
  'height',
  'color',
  'mode',
  'side',
  'interpolation',
  'crop',
  'pad',
  'low',
  'high',
  'labels',
] as const satisfies readonly (keyof Draft)[];

/** Whether a stored value is one; it may come from another version. */
export function isKeptPreparation(value: unknown): value is KeptPreparation {
  const draft: unknown = (value as Partial<KeptPreparation> | null)?.draft;
  if (typeof draft !== 'object' || draft === null) return false;
  const fields = draft as Readonly<Record<keyof Draft, unknown>>;
  return (
    TEXTS.every((name) => typeof fields[name] === 'string') &&
    [fields.mean, fields.std].every((list) => Array.isArray(list) && list.every((v) => typeof v === 'string'))
  );
}

/** Typing has ceased for so long when a prediction is asked for, in milliseconds. */
const CEASED = 250;
const NOTHING: Trial = { working: false };

interface Wanted {
  readonly key: string;
  readonly picture: Address;
  readonly settings: SettingsChange;
}

/**
 * Editing how pictures are prepared, without a DOM: the fields, and what the model says of the picture at hand under them.
 * Each valid change asks for a prediction, once typing ceases; one is under way at a time, and the latest follows it.
 */
export class Preparation {
  readonly saving: SettingsSaving;
  private opened = false;
  private fields: Draft | undefined;
  /** Settings without any edit, once they are known. */
  private base: PreprocessingRecord | undefined;
  private said: SaidLabels | undefined;
  private named: LabelsSummary | undefined;
  private before: Trial = NOTHING;
  private live: Trial = NOTHING;
  private offered: readonly SettingsPreset[] = [];
  private abort: AbortController | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private wanted: Wanted | undefined;
  /** Of which picture and settings `live` is. */
  private tried = '';

  constructor(
    private readonly host: Pick<Client<ExplainHostApi>, 'trySettings' | 'settingsPresets' | 'takeSettings'>,
    private readonly view: PreparationView,
    private readonly onChange: () => void,
    private readonly ceased = CEASED,
  ) {
    this.saving = new SettingsSaving(host, onChange);
  }

  get isOpen(): boolean {
    return this.opened;
  }

  /** What stands in the fields; not there before it is known what there is to edit. */
  get draft(): Draft | undefined {
    return this.fields;
  }

  /** Settings without any edit, as far as they are known. */
  get record(): PreprocessingRecord | undefined {
    return this.base;
  }

  /** What the model leaves open: an edit does not change it. */
  get freedom(): Freedom {
    return freedomOf(this.base ?? this.view.preprocessing ?? {});
  }

  /** Who names the classes without any edit, once that is known. */
  get labels(): LabelsSummary | undefined {
    return this.named;
  }

  get presets(): readonly SettingsPreset[] {
    return this.offered;
  }

  /** What the model says without any edit. */
  get baseline(): Trial {
    return this.before;
  }

  /** What it says under what stands in the fields. */
  get trial(): Trial {
    return this.live;
  }

  get reading(): Reading | undefined {
    const { draft, record } = this;
    return draft === undefined || record === undefined ? undefined : readDraft(draft, record, this.said);
  }

  /** Whether what stands in the fields is what answers already. */
  get inUse(): boolean {
    const { reading } = this;
    return reading?.whole !== undefined && canonical(reading.change) === canonical(this.view.question?.settings);
  }

  /** Begins with the settings in use, or with what was kept. */
  open(kept?: KeptPreparation): void {
    if (this.opened) return;
    const { preprocessing: record, question } = this.view;
    this.opened = true;
    if (isEditable(record)) {
      this.fields = draftOf(record);
      if (question?.settings === undefined) this.base = record;
    }
    if (kept !== undefined) this.fields = kept.draft;
    void this.loadPresets();
    void this.loadBefore();
    this.onChange();
  }

  close(): void {
    this.opened = false;
    [this.fields, this.base, this.said, this.named] = [undefined, undefined, undefined, undefined];
    this.forget();
    this.saving.leave();
    this.onChange();
  }

  change(draft: Draft): void {
    if (this.fields === undefined) return;
    this.fields = draft;
    this.saving.leave();
    this.later();
    this.onChange();
  }

  /** Ends the prediction under way. */
  cancel(): void {
    clearTimeout(this.timer);
    this.abort?.abort();
    [this.abort, this.wanted] = [undefined, undefined];
    this.live = { ...this.live, working: false };
    this.onChange();
  }

  /** Another picture is looked at, or files have changed: what is known is of before. */
  refresh(): void {
    if (!this.opened) return;
    this.forget();
    void this.loadBefore();
  }

  /** Answers with these settings from here on; nothing is written. */
  use(): void {
    const { reading } = this;
    if (reading?.whole === undefined) return;
    this.close();
    this.view.prepare(reading.change);
  }

  /** Back to how it is without any edit, in the fields and in use. */
  reset(): void {
    if (this.base !== undefined && this.fields !== undefined) this.change(draftOf(this.base, this.said));
    if (this.view.question?.settings !== undefined) this.view.prepare(undefined);
  }

  /** Writes what was edited beside the model; where nothing was, all of it, so that a guess becomes a decision. */
  async save(): Promise<void> {
    const { reading } = this;
    const change = this.opened ? (reading?.change ?? reading?.whole) : this.view.question?.settings;
    if (change !== undefined) this.written(await this.saving.save(change));
  }

  /** What a person wrote there may go. */
  async replace(): Promise<void> {
    this.written(await this.saving.replace());
  }

  keep(): KeptPreparation | undefined {
    return this.fields === undefined ? undefined : { draft: this.fields };
  }

  private written(done: boolean): void {
    if (!done) return;
    this.close();
    this.view.askAsWritten();
  }

  /** What is under way is of before: its answer is not taken up. */
  private forget(): void {
    clearTimeout(this.timer);
    [this.wanted, this.abort, this.tried] = [undefined, undefined, ''];
    [this.before, this.live] = [NOTHING, NOTHING];
  }

  /** Asks for a prediction once typing ceases; while one is under way, after it. */
  private later(): void {
    clearTimeout(this.timer);
    this.wanted = undefined;
    this.live = { ...this.live, working: this.abort !== undefined };
    const { change, whole } = this.reading ?? {};
    const { selected: picture } = this.view;
    if (whole === undefined || picture === undefined) return;
    const key = canonical([picture, change]);
    if (change === undefined) [this.live, this.tried] = [NOTHING, key];
    if (key === this.tried) return;
    this.wanted = { key, picture, settings: change! };
    this.live = { ...this.live, working: true };
    if (this.abort === undefined) this.timer = setTimeout(() => void this.ask(), this.ceased);
  }

  private async ask(): Promise<void> {
    const { wanted } = this;
    if (wanted === undefined) return;
    const abort = (this.abort = new AbortController());
    const { picture, settings } = wanted;
    const answer = await attempt(
      this.host.trySettings(
        { picture, settings, ...given({ outputs: this.view.question?.outputs }) },
        { signal: abort.signal },
      ),
    );
    // Cancelled, closed, or of another picture.
    if (this.abort !== abort || answer === undefined) return;
    this.abort = undefined;
    const last = this.wanted === wanted;
    if (last) [this.wanted, this.tried] = [undefined, wanted.key];
    this.live = { working: !last && this.wanted !== undefined, ...answer };
    this.onChange();
    if (!last) void this.ask();
  }

  private async loadPresets(): Promise<void> {
    if (this.offered.length > 0) return;
    this.offered = await this.host.settingsPresets({}).catch(() => []);
    this.onChange();
  }

  /** What holds without any edit. A field of labels that nobody has touched says what they are. */
  private known(record: PreprocessingRecord, labels: LabelsSummary): void {
    const { settings } = this.view.question ?? {};
    [this.base, this.named, this.said] = [record, labels, labels.said];
    if (this.fields === undefined) this.fields = draftOf(record, labels.said);
    else if (this.fields.labels === '')
      this.fields = { ...this.fields, labels: draftOf(record, settings?.labels ?? labels.said).labels };
  }

  private async loadBefore(): Promise<void> {
    const { selected: picture } = this.view;
    if (picture === undefined) return;
    const asked: Trial = { working: true };
    this.before = asked;
    const answer = await attempt(
      this.host.trySettings({ picture, ...given({ outputs: this.view.question?.outputs }) }),
    );
    if (this.before !== asked) return;
    this.before = { working: false, ...answer };
    const record = answer?.answer?.preprocessing;
    if (isEditable(record)) this.known(record, answer!.answer!.labels);
    this.later();
    this.onChange();
  }
}

/** An answer or what went wrong; undefined where it was cancelled. */
async function attempt(asked: Promise<TriedSettings>): Promise<Omit<Trial, 'working'> | undefined> {
  try {
    const answer = await asked;
    return 'error' in answer.outcome ? { answer, error: answer.outcome.error } : { answer };
  } catch (error) {
    return isCancelled(error) ? undefined : { error: toErrorData(error) };
  }
}
