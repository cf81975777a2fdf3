import type { RpcClient } from '../../src/protocol/rpc.ts';
import type { PanelEvents, PanelMethods } from '../../src/protocol/webview.ts';
import type { PaneContext } from '../charts/chartPane.ts';
import type { ChartTheme } from '../shared/theme.ts';
import type { MetricsModel } from './model.ts';

/** What the panel's elements work with. */
export interface MetricsContext {
  readonly client: RpcClient<PanelMethods, PanelEvents>;
  readonly model: MetricsModel;
  readonly pane: PaneContext;
  /** For charts of the machine while the others are drawn over steps: they have a window and a cursor in time among themselves. */
  readonly timePane: PaneContext;
  readonly columnBudget: number;
  theme(): ChartTheme;
  /** Cards that are on the screen or near it add themselves: live data goes to them alone. */
  readonly cards: Set<LiveCard>;
}

/** A card that draws. */
export interface LiveCard {
  readonly tag: string;
  invalidate(runId: string, replaced: boolean): void;
  retry(): void;
}
