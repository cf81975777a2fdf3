import { CellImage } from './cellImage.ts';
import { CurveView } from './curveView.ts';
import { HistogramView } from './histogramView.ts';
import { PageView } from './pageView.ts';
import { PlayerView } from './playerView.ts';
import { TableView } from './tableView.ts';
import { TextView } from './textView.ts';

/** Makes the elements of all kinds of values known to the page. */
export function defineContentElements(): void {
  customElements.define('ty-text', TextView);
  customElements.define('ty-table', TableView);
  customElements.define('ty-cell-image', CellImage);
  customElements.define('ty-player', PlayerView);
  customElements.define('ty-page', PageView);
  customElements.define('ty-histogram', HistogramView);
  customElements.define('ty-curve', CurveView);
}
