import { launchBrowser } from '../host/workbench.ts';
import { PanelPage } from './host/panelPage.ts';
import { runs } from './host/runs.ts';

const browser = await launchBrowser();
try {
  for (const [name, n, theme] of [
    ['few', 3, 'dark'],
    ['none', 0, 'dark'],
    ['one', 1, 'light'],
    ['thousand', 1000, 'highContrast'],
    ['twelve', 12, 'light'],
  ] as const) {
    if (process.argv[2] && !process.argv[2].split(',').includes(name)) continue;
    const panel = await PanelPage.open(
      browser,
      { panel: 'metrics', runs: runs(n), settings: { smoothing: name === 'few' ? 0.6 : 0 } },
      { theme },
    );
    await panel.page.waitForTimeout(n > 100 ? 9000 : 2000);
    const plot = panel.frame.locator('.plot').first();
    if (await plot.count()) {
      const b = await plot.boundingBox();
      if (b) {
        await panel.page.mouse.move(b.x + b.width * 0.4, b.y + b.height * 0.5);
        await panel.page.waitForTimeout(400);
      }
    }
    await panel.screenshot(name);
    console.log(name, panel.errors);
    await panel.close();
  }
} finally {
  await browser.close();
}
