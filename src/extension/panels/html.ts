/** What the page of a panel is made of. Addresses are those that the webview may load. */
export interface PanelPage {
  readonly title: string;
  readonly nonce: string;
  /** The webview's own source in a Content-Security-Policy. */
  readonly cspSource: string;
  readonly script: string;
  readonly style: string;
}

/**
 * The page of a panel. Nothing may be loaded but our own script (by nonce), our styles and fonts, and images, sounds and films that the script makes of bytes.
 * A logged page stands in a sandboxed frame (`srcdoc`), for which this policy holds too: none of its scripts runs and nothing of elsewhere is loaded.
 * Inline styles are allowed because charts and controls set them; there is no way for data to become a style sheet.
 */
export function panelHtml({ title, nonce, cspSource, script, style }: PanelPage): string {
  const policy = [
    `default-src 'none'`,
    `script-src 'nonce-${nonce}'`,
    `style-src ${cspSource} 'unsafe-inline'`,
    `img-src ${cspSource} blob: data:`,
    `media-src blob:`,
    `font-src ${cspSource}`,
    `base-uri 'none'`,
    `form-action 'none'`,
  ].join('; ');
  return `<!DOCTYPE html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta http-equiv="Content-Security-Policy" content="${attribute(policy)}">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <link rel="stylesheet" href="${attribute(style)}">
  <title>${attribute(title)}</title>
</head>
<body>
  <main id="app"></main>
  <script nonce="${attribute(nonce)}" src="${attribute(script)}"></script>
</body>
</html>`;
}

function attribute(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
