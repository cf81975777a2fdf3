// Lays out the sample lab (resources/lab) as a working folder. Argument: the folder; without one, lab/ in the repository.
import { layOutLab } from './start/lab.mjs';

console.log(layOutLab(process.argv[2]));
