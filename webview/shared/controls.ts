import {
  provideVSCodeDesignSystem,
  vsCodeButton,
  vsCodeCheckbox,
  vsCodeDropdown,
  vsCodeOption,
  vsCodeProgressRing,
  vsCodeTextField,
} from '@vscode/webview-ui-toolkit';
import { html, nothing, type TemplateResult } from 'lit';
import { live } from 'lit/directives/live.js';

/**
 * The only file that knows the webview UI toolkit. The toolkit is archived (microsoft/vscode-webview-ui-toolkit#561): a successor has to
 * give these few controls and nothing else changes.
 */
export function registerControls(): void {
  provideVSCodeDesignSystem().register(
    vsCodeButton(),
    vsCodeCheckbox(),
    vsCodeDropdown(),
    vsCodeOption(),
    vsCodeProgressRing(),
    vsCodeTextField(),
  );
}

export interface ButtonOptions {
  readonly label: string | TemplateResult;
  readonly onClick: () => void;
  readonly kind?: 'primary' | 'secondary';
  readonly disabled?: boolean;
}

/** A push button with a text. */
export function button({ label, onClick, kind = 'secondary', disabled = false }: ButtonOptions): TemplateResult {
  return html`<vscode-button appearance=${kind} ?disabled=${disabled} @click=${onClick}>${label}</vscode-button>`;
}

export interface IconButtonOptions {
  /** Name for screen readers and the tooltip. */
  readonly label: string;
  readonly icon: TemplateResult;
  readonly onClick: (event: Event) => void;
  /** For toggles: whether it is on. */
  readonly pressed?: boolean;
  readonly disabled?: boolean;
  readonly className?: string;
}

/** A small button with a picture. A plain element: hundreds of them may stand in one panel. */
export function iconButton(options: IconButtonOptions): TemplateResult {
  const { label, icon, onClick, pressed, disabled = false, className = '' } = options;
  return html`<button type="button" class="icon-button ${className}" title=${label} aria-label=${label}
    aria-pressed=${pressed === undefined ? nothing : String(pressed)} ?disabled=${disabled} @click=${onClick}>${icon}</button>`;
}

export interface TextFieldOptions {
  readonly label: string;
  readonly placeholder: string;
  readonly value: string;
  readonly onInput: (value: string) => void;
  /** Why the text cannot be used; empty: it can. */
  readonly problem?: string;
  readonly id: string;
}

/** A one-line text with a problem shown under it. */
export function textField({ label, placeholder, value, onInput, problem = '', id }: TextFieldOptions): TemplateResult {
  return html`<span class="field ${problem === '' ? '' : 'invalid'}">
    <vscode-text-field id=${id} placeholder=${placeholder} aria-label=${label} .value=${live(value)}
      aria-invalid=${problem === '' ? 'false' : 'true'} aria-errormessage=${problem === '' ? nothing : `${id}-problem`}
      @input=${(event: Event) => onInput((event.target as HTMLInputElement).value)}></vscode-text-field>
    ${problem === '' ? nothing : html`<span class="problem" id="${id}-problem" role="alert">${problem}</span>`}
  </span>`;
}

/** A box to tick. */
export function checkbox(label: string, checked: boolean, onChange: (checked: boolean) => void): TemplateResult {
  return html`<vscode-checkbox .checked=${live(checked)}
    @change=${(event: Event) => onChange((event.target as HTMLInputElement).checked)}>${label}</vscode-checkbox>`;
}

export interface SelectOptions<T extends string> {
  readonly label: string;
  readonly value: T;
  readonly choices: readonly { readonly value: T; readonly label: string }[];
  readonly onChange: (value: T) => void;
}

/** One of a few choices. */
export function select<T extends string>({ label, value, choices, onChange }: SelectOptions<T>): TemplateResult {
  return html`<label class="select"><span>${label}</span>
    <vscode-dropdown aria-label=${label} .currentValue=${value}
      @change=${(event: Event) => onChange((event.target as HTMLSelectElement).value as T)}>
      ${choices.map((choice) => html`<vscode-option value=${choice.value} ?selected=${choice.value === value}>${choice.label}</vscode-option>`)}
    </vscode-dropdown></label>`;
}

export interface SliderOptions {
  readonly label: string;
  readonly value: number;
  readonly min: number;
  readonly max: number;
  readonly step: number;
  /** The value in words, for screen readers. */
  readonly valueText: string;
  readonly onInput: (value: number) => void;
  readonly id?: string;
}

/** A value between two ends. The toolkit has no slider; this is the browser's, in the theme's colours. */
export function slider({ label, value, min, max, step, valueText, onInput, id }: SliderOptions): TemplateResult {
  return html`<input type="range" class="slider" id=${id ?? nothing} aria-label=${label} aria-valuetext=${valueText}
    min=${min} max=${max} step=${step} .value=${live(String(value))}
    @input=${(event: Event) => onInput(Number((event.target as HTMLInputElement).value))} />`;
}

/** Says that something is under way. */
export function progressRing(): TemplateResult {
  return html`<vscode-progress-ring aria-label="Loading"></vscode-progress-ring>`;
}
