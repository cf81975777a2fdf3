import { usualRetry } from '../../domain/commandLaunch.ts';
import { failureKinds } from '../../domain/failure.ts';

/** What a value in `trainyard.yaml` may be. The reader and the JSON schema both follow these. */
export type Shape = { readonly description?: string } & (
  | { readonly type: 'text'; readonly choices?: readonly string[]; readonly mayBeEmpty?: boolean }
  | { readonly type: 'number' }
  | { readonly type: 'integer' }
  | { readonly type: 'flag' }
  | { readonly type: 'list'; readonly of: Shape; readonly notEmpty?: boolean }
  /** Names of the user's own, each with a value. */
  | { readonly type: 'names'; readonly of: Shape }
  | { readonly type: 'object'; readonly fields: Fields }
  /** An object whose `kind` says which fields it has. */
  | { readonly type: 'kinds'; readonly kinds: { readonly [kind: string]: Fields } }
);

export interface Fields {
  readonly [name: string]: Shape & { readonly required?: boolean };
}

const text = (description: string): Shape => ({ type: 'text', description });
const integer = (description: string): Shape => ({ type: 'integer', description });
const words = (description: string): Shape => ({ type: 'list', of: { type: 'text' }, description });
const command = {
  type: 'list',
  of: { type: 'text' },
  notEmpty: true,
  description: 'Program and arguments, each an item of its own. No shell reads them.',
} as const satisfies Shape;
const env = {
  type: 'names',
  of: { type: 'text' },
  description: 'Variables beyond the inherited environment. Not for secrets.',
} as const satisfies Shape;
const cwd = text('Working directory, relative to the folder.');

const sshPlace = {
  host: { ...text('Host as typed behind ssh.'), required: true },
  configFile: text('Another ssh configuration than your own.'),
  python: text('Python 3 over there. Absent: python3.'),
} satisfies Fields;

const slurmResources = {
  partition: text('Partition.'),
  account: text('Account.'),
  qos: text('Quality of service.'),
  gres: text('Generic resources: gpu:1.'),
  time: text('Time limit: 02:00:00, 1-00:00:00.'),
  nodes: integer('Number of nodes.'),
  tasks: integer('Number of tasks.'),
  cpusPerTask: integer('CPUs for each task.'),
  mem: text('Memory: 64G.'),
  constraint: text('Features that nodes must have.'),
  options: words('Further options of sbatch, one each.'),
} satisfies Fields;

const targets = {
  local: {},
  ssh: {
    ...sshPlace,
    folder: text('Where code and runs go over there. Absent: ~/.trainyard.'),
    code: { type: 'text', choices: ['git', 'tar', 'none'], description: 'How the code gets there.' },
    workdir: text('Folder over there that commands run in with code: none.'),
    env,
  },
  slurm: {
    ...slurmResources,
    ssh: { type: 'object', fields: sshPlace, description: 'The login node. Absent: sbatch runs on this machine.' },
    folder: text('Where code and runs go when the login node does not share this disk.'),
    shared: { type: 'flag', description: 'Whether this machine and the cluster see the same files.' },
    setup: words('Lines of shell before the command: modules, environments.'),
    presets: {
      type: 'names',
      of: { type: 'object', fields: slurmResources },
      description: 'Named resources to choose from at a launch.',
    },
    warnSeconds: integer('How long before the end a job is asked to keep a checkpoint.'),
    requeue: { type: 'flag', description: 'Queue pre-empted and timed-out jobs again.' },
    arrays: {
      type: 'flag',
      description: 'Submit runs that start together and ask for the same as one array. Absent: true.',
    },
    arrayLimit: integer('How many tasks of such an array may run at once.'),
  },
  modal: {
    mode: {
      type: 'text',
      choices: ['app', 'sandbox'],
      required: true,
      description: 'The app of the repository, or a sandbox.',
    },
    app: text('File of the app, relative to the folder.'),
    program: words('The modal program. Absent: modal.'),
    appName: text('Name of the app.'),
    gpu: text('GPU of a sandbox: A100, H100:2.'),
    image: text('Image of a sandbox from a registry.'),
    volume: text('Volume that is mounted.'),
    timeoutMinutes: integer('Longest time that a sandbox lives.'),
    pricePerHour: { type: 'number', description: 'US dollars per hour, shown before a launch.' },
  },
  command: {
    submit: { ...command, required: true },
    status: { ...command, required: true },
    logs: command,
    cancel: { ...command, required: true },
    pollSeconds: { type: 'number', description: 'Seconds between two questions for the state.' },
  },
} satisfies { [kind: string]: Fields };

const entry = {
  command: { ...command, required: true },
  cwd,
  env,
  takes: { type: 'text', choices: ['hydra', 'arguments', 'nothing'], description: 'What may be added to the command.' },
  resume: words('Arguments by which it goes on from a checkpoint; {checkpoint} stands for its path.'),
  nameArgument: text("Argument that hands on the run's name: run_name={name}."),
} satisfies Fields;

const retry = {
  type: 'object',
  fields: {
    attempts: { ...integer('How often.'), required: true },
    kinds: {
      type: 'list',
      of: { type: 'text', choices: failureKinds },
      description: `Ends that are tried again. Absent: ${usualRetry.kinds.join(', ')}.`,
    },
    delaySeconds: {
      type: 'number',
      description: `Wait before the first, twice as long each time. Absent: ${usualRetry.delaySeconds}.`,
    },
  },
  description: 'Which failures of a stage are tried again before the pipeline stops.',
} as const satisfies Shape;

const stage = {
  name: { ...text('Name of the stage.'), required: true },
  command: { ...command, required: true },
  cwd,
  env,
  needs: words('Stages before it. Absent: the one above.'),
  dry: words('Arguments that make it do its own stage alone.'),
  target: text('Target of this stage. Absent: that of the launch.'),
  produces: words('Files or folders that it makes, relative to the folder.'),
  consumes: words('Files or folders that it reads, relative to the folder.'),
  retry,
} satisfies Fields;

const metric = {
  tag: { ...text('Name of the series in the log: train/loss.'), required: true },
  title: text('Title. Absent: the tag.'),
  unit: text('Unit, SI where there is one.'),
  direction: { type: 'text', choices: ['minimize', 'maximize', 'none'], description: 'Which way it gets better.' },
  version: integer('Goes up when the meaning changes. Absent: 1.'),
  description: text('What it measures.'),
  primary: { type: 'flag', description: 'Shown first.' },
} satisfies Fields;

/** `trainyard.yaml` as a whole. */
export const projectShape = {
  type: 'object',
  description: 'What Trainyard cannot find in the repository by itself.',
  fields: {
    entries: { type: 'names', of: { type: 'object', fields: entry }, description: 'Commands that can be launched.' },
    targets: { type: 'names', of: { type: 'kinds', kinds: targets }, description: 'Places where runs can go.' },
    pipelines: {
      type: 'names',
      of: {
        type: 'object',
        fields: {
          parameters: {
            type: 'names',
            of: { type: 'text', mayBeEmpty: true },
            description: 'Values for {name} in the commands. An empty one must be given at each launch.',
          },
          retry,
          stages: { type: 'list', of: { type: 'object', fields: stage }, required: true, notEmpty: true },
        },
      },
      description: 'Stages that follow one another.',
    },
    registries: words('Registries of experiments: JSON files, relative to the folder.'),
    metrics: { type: 'list', of: { type: 'object', fields: metric }, description: 'What metrics mean.' },
  },
} as const satisfies Shape;
