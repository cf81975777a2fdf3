// How many examples a second the loader gives, beside PyTorch's DataLoader with as many workers. npm run bench:data, on a quiet machine.
import { loaderRows } from './data/loader.ts';
import { withSubjects } from './data/subjects.ts';
import { waitRow } from './data/wait.ts';
import { writeReport } from './report.ts';

const rows = await withSubjects(async (subjects) => [...(await loaderRows(subjects)), await waitRow(subjects[0]!)]);
writeReport('data', rows, [
  'Examples per second of a loader with two threads or workers, in batches of 64, in the order of a shuffled epoch; nothing else is at work. Both sides take turns in the same run; the figure is the median of their turns. Files are read once before, so they come from the system’s cache.',
  'The peer is `torch.utils.data.DataLoader` with two persistent workers and its own collation. Images are decoded by Pillow, as torchvision’s ImageFolder does; tokens are cut out of a memory map by NumPy. Ours unpacks PNG with Node’s zlib and undoes its filters in JavaScript, decodes JPEG with libjpeg-turbo as WebAssembly, without the vector instructions that Pillow’s has, and reads windows from disk.',
  'The last row is the part of the time for which a step waits for its examples, when each step takes one and a half times as long as two threads need for a batch.',
]);
