/** What the host may call. The bytes of this program are ../updateBytes.ts, which `npm run kernel` writes. */
export { adamw, lion, sgd } from './rules.ts';
export { squaredNorm } from './squaredNorm.ts';
