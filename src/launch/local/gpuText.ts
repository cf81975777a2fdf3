import type { Gpu } from './gpu.ts';

/** A GPU of `nvidia-smi`'s list, and whether it is sliced (MIG), in which case programs are given slices and not the whole. */
export interface NvidiaGpu {
  readonly gpu: Gpu;
  readonly isSliced: boolean;
}

/** Lines of `nvidia-smi --query-gpu=index,uuid,name,memory.total,memory.used,utilization.gpu,temperature.gpu[,mig.mode.current] --format=csv,noheader,nounits`. Lines of another form are left out. */
export function parseNvidiaGpus(text: string): readonly NvidiaGpu[] {
  const gpus: NvidiaGpu[] = [];
  for (const line of text.split('\n')) {
    const [index = '', uuid = '', ...rest] = line.split(',').map((field) => field.trim());
    if (!/^\d+$/.test(index) || !uuid.startsWith('GPU-')) continue;
    // A name may hold commas, so the fields behind it are counted from where the first of them can be read.
    const from = rest.findIndex((field, at) => at > 0 && isFigure(field));
    const name = (from < 0 ? rest : rest.slice(0, from)).join(', ');
    const [total, used, utilization, temperature, mig] = from < 0 ? [] : rest.slice(from);
    gpus.push({
      gpu: {
        id: index,
        vendor: 'nvidia',
        name,
        uuid,
        ...figure('totalMiB', total),
        ...figure('usedMiB', used),
        ...figure('utilization', utilization),
        ...figure('temperature', temperature),
      },
      isSliced: mig === 'Enabled',
    });
  }
  return gpus;
}

/**
 * `nvidia-smi -L`: whole GPUs, and below a sliced one its slices, `  MIG 1g.10gb     Device  0: (UUID: MIG-…)`. A sliced GPU is replaced by its slices,
 * of which nobody says how full they are; a sliced GPU without slices can run nothing.
 */
export function parseDeviceList(text: string, gpus: readonly NvidiaGpu[]): readonly Gpu[] {
  const slices = new Map<string, Gpu[]>();
  let whole = '';
  for (const line of text.split('\n')) {
    whole = /^GPU (\d+):/.exec(line)?.[1] ?? whole;
    const slice = /^\s+(MIG \S+)\s+Device\s+\d+:\s+\(UUID: (MIG-[^)]+)\)/.exec(line);
    if (slice === null) continue;
    const [, name = '', id = ''] = slice;
    slices.set(whole, [...(slices.get(whole) ?? []), { id, vendor: 'nvidia', name, uuid: id }]);
  }
  return gpus.flatMap(({ gpu, isSliced }) => {
    if (!isSliced) return [gpu];
    const temperature = gpu.temperature === undefined ? {} : { temperature: gpu.temperature };
    return (slices.get(gpu.id) ?? []).map((slice) => ({ ...slice, name: `${gpu.name} ${slice.name}`, ...temperature }));
  });
}

/** `rocm-smi --json`: an object per card, whose keys are the headings of its table. Anything else gives an empty list. */
export function parseRocmGpus(text: string): readonly Gpu[] {
  let cards: unknown;
  try {
    cards = JSON.parse(text.slice(text.indexOf('{')));
  } catch {
    return [];
  }
  if (typeof cards !== 'object' || cards === null) return [];
  return Object.entries(cards)
    .filter(([card, fields]) => /^card\d+$/.test(card) && typeof fields === 'object' && fields !== null)
    .map(([card, fields]): Gpu => {
      const find = (heading: RegExp): string | undefined => {
        const found = Object.entries(fields as object).find(([key]) => heading.test(key));
        return found === undefined ? undefined : String(found[1]);
      };
      return {
        id: card.slice('card'.length),
        vendor: 'amd',
        name: find(/^card series$/i) ?? find(/^(card model|device name)$/i) ?? 'AMD GPU',
        ...inMiB('totalMiB', find(/^VRAM Total Memory/i)),
        ...inMiB('usedMiB', find(/^VRAM Total Used Memory/i)),
        ...figure('utilization', find(/^GPU use/i)),
        ...figure('temperature', find(/^Temperature \(Sensor (?:edge|junction)\)/i)),
      };
    });
}

type FigureName = 'totalMiB' | 'usedMiB' | 'utilization' | 'temperature';

/** "[N/A]", "[Not Supported]", "N/A", "[Unknown Error]" and "ERR!" are no figures. */
function isFigure(field: string): boolean {
  return /^(?:\d+(?:\.\d+)?|\[.*\]|N\/A|ERR!)$/.test(field);
}

function figure<K extends FigureName>(key: K, field: string | undefined): { readonly [P in K]?: number } {
  if (field === undefined || !/^\d+(?:\.\d+)?$/.test(field)) return {};
  return { [key]: Number(field) } as { readonly [P in K]: number };
}

function inMiB<K extends FigureName>(key: K, bytes: string | undefined): { readonly [P in K]?: number } {
  if (bytes === undefined || !/^\d+$/.test(bytes)) return {};
  return { [key]: Math.round(Number(bytes) / 2 ** 20) } as { readonly [P in K]: number };
}
