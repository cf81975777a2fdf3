import { html, type TemplateResult } from 'lit';
import { type Content, textOf } from './contentStore.ts';
import { ContentView } from './contentView.ts';

/** A logged HTML page in a frame that may do nothing: no script runs, nothing is loaded from elsewhere, no form, no link out. */
export class PageView extends ContentView<string> {
  protected override understand(content: Content): string {
    return textOf(content);
  }

  protected override template(page: string): TemplateResult {
    const hasScript = /<script/i.test(page);
    return html`<iframe class="page" sandbox="" srcdoc=${page} title=${this.label}></iframe>
      ${hasScript ? html`<p class="note">The page has scripts, which do not run here: what they draw is missing. Save it to open it in a browser.</p>` : ''}`;
  }
}
