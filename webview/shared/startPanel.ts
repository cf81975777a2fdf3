import { html, render } from 'lit';
import { describeError } from '../../src/base/errors.ts';
import type { PanelInit } from '../../src/protocol/webview.ts';
import { button, progressRing, registerControls } from './controls.ts';
import { connectHost, type HostLink } from './hostLink.ts';

/** Starts a panel: says that it loads, asks the extension what to show, and says what is wrong when that fails. */
export function startPanel(open: (root: HTMLElement, link: HostLink, init: PanelInit) => void): void {
  registerControls();
  const root = document.createElement('div');
  root.className = 'panel';
  (document.querySelector('#app') ?? document.body).append(root);
  const link = connectHost();
  const begin = () => {
    render(html`<div class="empty">${progressRing()}<p>Loading…</p></div>`, root);
    link.client.call('panel.init', {}).then(
      (init) => {
        const content = document.createElement('div');
        content.className = 'panel';
        root.replaceWith(content);
        open(content, link, init);
      },
      (error: unknown) => {
        const again = button({ label: 'Try again', kind: 'primary', onClick: begin });
        render(
          html`<div class="empty" role="alert"><h2>The panel could not be opened</h2><p>${describeError(error)}</p>${again}</div>`,
          root,
        );
      },
    );
  };
  begin();
}
