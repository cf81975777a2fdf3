import { writeFileSync } from 'node:fs';
import { launchBrowser } from '../host/workbench.ts';
import { PanelPage } from './host/panelPage.ts';
import { runs } from './host/runs.ts';

const browser = await launchBrowser();
try {
  const t0 = Date.now();
  const panel = await PanelPage.open(browser, { panel: 'metrics', runs: runs(1000) });
  console.log('open', Date.now() - t0);
  const cdp = await panel.page.context().newCDPSession(panel.page);
  await cdp.send('Profiler.enable');
  await cdp.send('Profiler.start');
  for (let i = 0; i < 30; i++) {
    await panel.page.waitForTimeout(1000);
    const txt = await panel.frame.locator('.shown').allTextContents();
    console.log(Date.now() - t0, txt.join(' | '), JSON.stringify(await panel.command({ do: 'calls' })));
    if (txt.length >= 4 && txt.slice(0, 3).every((t) => t.includes('3\u202f480\u202f000'))) break;
  }
  const { profile } = (await cdp.send('Profiler.stop')) as any;
  const self = new Map<string, number>();
  const byId = new Map(profile.nodes.map((n: any) => [n.id, n]));
  profile.samples.forEach((id: number, i: number) => {
    const n: any = byId.get(id);
    const k = n.callFrame.functionName + ':' + n.callFrame.url.split('/').pop() + ':' + n.callFrame.lineNumber;
    self.set(k, (self.get(k) ?? 0) + profile.timeDeltas[i]);
  });
  console.log(
    [...self]
      .sort((a, b) => b[1] - a[1])
      .slice(0, 22)
      .map(([k, v]) => k + ' ' + (v / 1000).toFixed(0) + 'ms')
      .join('\n'),
  );
} finally {
  await browser.close();
}
