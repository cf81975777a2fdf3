import { html, type TemplateResult } from 'lit';
import { type Content, textOf } from './contentStore.ts';
import { ContentView } from './contentView.ts';
import { markdown } from './markdown.ts';

/** Longer texts are cut: a panel is no editor. */
const LONGEST = 200_000;

interface ShownText {
  readonly text: string;
  readonly isMarkdown: boolean;
  readonly isCut: boolean;
}

/** A text of one step: Markdown where it says so, else as it stands. */
export class TextView extends ContentView<ShownText> {
  protected override understand(content: Content): ShownText {
    const whole = content.mime === 'application/json' ? pretty(textOf(content)) : textOf(content);
    const isMarkdown = content.mime.startsWith('text/markdown');
    return { text: whole.slice(0, LONGEST), isMarkdown, isCut: whole.length > LONGEST };
  }

  protected override template({ text, isMarkdown, isCut }: ShownText): TemplateResult {
    const body = isMarkdown
      ? html`<div class="markdown">${markdown(text)}</div>`
      : html`<pre class="plain">${text}</pre>`;
    return html`<div class="text-view" tabindex="0" role="region" aria-label=${this.label}>${body}
      ${isCut ? html`<p class="note">The text is longer; its first ${LONGEST.toLocaleString('en')} characters are shown.</p>` : ''}</div>`;
  }
}

function pretty(json: string): string {
  try {
    return JSON.stringify(JSON.parse(json), undefined, 2);
  } catch {
    return json;
  }
}
