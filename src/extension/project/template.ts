/** What a new trainyard.yaml holds: every part with an example in comments, so that nothing has an effect before somebody wants it. */
export const projectTemplate = `# What Trainyard cannot find by itself about this repository. Every part may be left out.
# Entry points, SLURM scripts and Makefile targets of the repository are found without this file.

# Commands to launch by name. {checkpoint} and {name} are filled in at the launch.
# entries:
#   baseline:
#     command: [python, -m, my_package.train, --config, configs/baseline.yaml]
#     takes: arguments            # hydra, arguments or nothing
#     resume: [--resume, "{checkpoint}"]
#     nameArgument: --run-name={name}

# Places where runs are launched, beside this machine.
# targets:
#   workstation:
#     kind: ssh
#     host: workstation           # as behind "ssh"
#   cluster:
#     kind: slurm
#     ssh: { host: login.cluster }
#     account: my-account
#     partition: gpu
#     time: "12:00:00"
#     presets:
#       one-gpu: { gres: "gpu:1" }

# Stages that follow one another. {words} are asked for at the launch.
# pipelines:
#   full:
#     parameters:
#       name: exp1
#     stages:
#       - name: prepare
#         command: [bash, prepare.sh, --name, "{name}"]
#         produces: ["data/{name}"]
#       - name: train
#         command: [bash, train.sh, --name, "{name}"]
#         dry: [--dry]
#         retry: { attempts: 2 }

# Registries of experiments that the repository's own scripts keep.
# registries: [runs/experiment_registry.json]

# What metrics mean.
# metrics:
#   - tag: val/loss
#     title: Validation loss
#     direction: minimize
#     version: 1
`;

/** Lines of a target, at the indentation that they have below \`targets:\`. */
export function targetLines(
  name: string,
  settings: readonly (readonly [key: string, value: string])[],
): readonly string[] {
  return [`  ${yamlWord(name)}:`, ...settings.map(([key, value]) => `    ${key}: ${value}`)];
}

/** The text with a target added: below \`targets:\` where that is, else at the end. Everything else stays as it is, comments included. */
export function withTarget(text: string, lines: readonly string[]): { readonly text: string; readonly line: number } {
  const rows = text.split('\n');
  const at = rows.findIndex((row) => /^targets:\s*(#.*)?$/.test(row));
  if (at >= 0) {
    const added = [...rows.slice(0, at + 1), ...lines, ...rows.slice(at + 1)];
    return { text: added.join('\n'), line: at + 1 };
  }
  const head = text === '' || text.endsWith('\n') ? text : `${text}\n`;
  const start = head === '' ? '' : `${head}\n`;
  return { text: `${start}targets:\n${lines.join('\n')}\n`, line: start.split('\n').length };
}

/** A plain word where YAML takes it as text, else in quotes. */
export function yamlWord(text: string): string {
  const isPlain = /^[A-Za-z_][\w./@-]*$/.test(text) && !/^(true|false|null|yes|no|on|off)$/i.test(text);
  return isPlain ? text : JSON.stringify(text);
}

/** Why a target cannot have this name, or undefined. */
export function targetNameProblem(name: string, text: string): string | undefined {
  if (!/^[A-Za-z][\w.-]*$/.test(name)) return 'Begin with a letter; use letters, digits, dot, dash and underscore.';
  if (name === 'local') return '"local" is this machine.';
  const isTaken = new RegExp(`^\\s{1,4}(["']?)${name.replace(/[.]/g, '\\.')}\\1:`, 'm').test(text);
  return isTaken ? `There is a target ${name} already.` : undefined;
}
