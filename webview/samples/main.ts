import '../shared/base.css';
import './samples.css';
import { startPanel } from '../shared/startPanel.ts';
import { defineContentElements } from './content/elements.ts';
import { FullSize } from './fullSize.ts';
import { SamplesPanel } from './panel.ts';
import { SampleImage } from './sampleImage.ts';

customElements.define('ty-sample-image', SampleImage);
customElements.define('ty-full-size', FullSize);
defineContentElements();
startPanel((root, link, init) => void new SamplesPanel(root, link, init));
