import { launchBrowser } from '../host/workbench.ts';
import { PanelPage } from './host/panelPage.ts';

const browser = await launchBrowser();
const img = (n: number, off = 0) => ({
  tag: 'samples/ema',
  steps: Array.from({ length: n }, (_, i) => off + i * 10),
  size: 28,
  perStep: 1,
  caption: '1-step samples',
});
const runs = [
  {
    id: 'a',
    name: 'meanflow-dit',
    series: [],
    images: [img(12), { tag: 'samples/raw', steps: [0, 50, 100], perStep: 4, size: 16 }],
  },
  { id: 'b', name: 'a-very-long-name/of-a-run-that-does-not-fit-anywhere', series: [], images: [img(5, 20)] },
  { id: 'c', name: 'late', series: [], images: [img(3, 90)] },
];
try {
  for (const [name, rr, theme] of [
    ['s-many', runs, 'dark'],
    ['s-none', [], 'light'],
    ['s-hc', runs, 'highContrast'],
  ] as const) {
    const panel = await PanelPage.open(browser, { panel: 'samples', runs: rr as never }, { theme });
    await panel.page.waitForTimeout(1500);
    if (name === 's-many') {
      await panel.screenshot(name);
      await panel.page.keyboard.press('Home');
      for (let i = 0; i < 8; i++) await panel.page.keyboard.press('ArrowRight');
      await panel.page.waitForTimeout(500);
      await panel.screenshot('s-many2');
      await panel.frame.locator('.sample').first().click();
      await panel.page.waitForTimeout(500);
      await panel.screenshot('s-full');
      await panel.page.keyboard.press('ArrowRight');
      await panel.page.keyboard.press('Escape');
      await panel.page.waitForTimeout(300);
    } else await panel.screenshot(name);
    console.log(name, panel.errors);
    await panel.close();
  }
} finally {
  await browser.close();
}
