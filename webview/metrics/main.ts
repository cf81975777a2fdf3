import '../shared/base.css';
import './metrics.css';
import { startPanel } from '../shared/startPanel.ts';
import { MetricCard } from './card.ts';
import { MetricsPanel } from './panel.ts';
import { RunList } from './runList.ts';
import { ValueTable } from './valueTable.ts';

customElements.define('ty-metric-card', MetricCard);
customElements.define('ty-run-list', RunList);
customElements.define('ty-value-table', ValueTable);
startPanel((root, link, init) => void new MetricsPanel(root, link, init));
