import type { LaunchRecord } from '../../domain/launch.ts';
import { runEnvironment, runFiles } from '../../domain/runDirectory.ts';
import type { SlurmSettings } from '../../domain/target.ts';
import { quoteWord } from '../remote/shellQuote.ts';
import type { JobSite } from './jobSite.ts';
import { slurmFiles } from './notes.ts';

/** What the script of a job is made from. */
export interface JobScriptParts {
  readonly record: LaunchRecord;
  readonly settings: SlurmSettings;
  /** Options that sbatch is given too, so that the script can be submitted by hand. */
  readonly options: readonly string[];
  readonly site: JobSite;
}

/** How long the rest of a warned or stopped program may take to end after its first process did. */
const groupPatienceSeconds = 600;

/**
 * The batch script of a run: claims the run, goes to the folder, does the user's own `setup` lines, runs the command as an argument vector and notes how
 * it ended. Every word of the launch is one single-quoted word, so bash interprets nothing in it; only `setup` is shell text.
 *
 * A second start after pre-emption, a node failure or a time limit adds the entry point's arguments for going on.
 * SIGUSR1 comes `warnSeconds` before an end by force: it is handed on, and a program that then leaves with 0 or 85 is queued again.
 * SIGINT is a person's stop. SIGTERM is SLURM's own end and reaches the program without us; what the program then leaves with is no verdict, because the
 * job may be queued again, so it is noted apart.
 */
export function jobScript(parts: JobScriptParts): string {
  const { record, settings } = parts;
  const { runDirectory, command, cwd, env } = parts.site;
  const environment = { ...env, [runEnvironment.runId]: record.id, [runEnvironment.runDirectory]: runDirectory };
  return [
    '#!/bin/bash',
    ...parts.options.filter(isPlainOption).map((option) => `#SBATCH ${option}`),
    `# Job of the Trainyard run ${record.id}. Made from ${runFiles.launch} beside it; a change here changes nothing there.`,
    `run_dir=${quoteWord(runDirectory)}`,
    `run_id=${quoteWord(record.id)}`,
    claim,
    lastWords,
    `export PYTHONUNBUFFERED="\${PYTHONUNBUFFERED-1}"`,
    `cd -- ${quoteWord(cwd)} || leave 127 'The working directory is not there on this node.'`,
    ...(settings.setup === undefined ? [] : ["# The user's own lines.", ...settings.setup, 'set +eu']),
    ...Object.entries(environment).map(([name, value]) => `export ${checkedName(name)}=${quoteWord(value)}`),
    `command=(\n${command.map((word) => `  ${quoteWord(word)}`).join('\n')}\n)`,
    resumption(parts),
    supervision,
    requeue(settings, resumeWords(parts).length > 0),
    ending,
    '',
  ].join('\n');
}

/** The script of an array: each task becomes the job of one run. Tasks are numbered in the order of the directories. */
export function arrayScript(options: readonly string[], runDirectories: readonly string[]): string {
  const cases = runDirectories.map(
    (directory, index) =>
      `  ${index}) exec /bin/bash ${quoteWord(`${directory}/${slurmFiles.script}`)} >>${quoteWord(`${directory}/${runFiles.log}`)} 2>&1 ;;`,
  );
  return [
    '#!/bin/bash',
    ...options.filter(isPlainOption).map((option) => `#SBATCH ${option}`),
    '# Array of Trainyard runs: each task is the job of one of them.',
    'umask 077',
    'case "$SLURM_ARRAY_TASK_ID" in',
    ...cases,
    'esac',
    'echo "There is no task $SLURM_ARRAY_TASK_ID." >&2',
    'exit 127',
    '',
  ].join('\n');
}

/**
 * Takes the run for this job: a hard link is made whole or not at all. Should the run ever be submitted twice, the second job leaves.
 * The same job may come again after it was queued again.
 */
const claim = `umask 077
job=$SLURM_JOB_ID
restart=\${SLURM_RESTART_COUNT:-0}
printf '%s\\n' "$job" >"$run_dir/.claim.$job" && ln -- "$run_dir/.claim.$job" "$run_dir/${slurmFiles.claim}" 2>/dev/null
rm -f -- "$run_dir/.claim.$job"
owner=$(cat -- "$run_dir/${slurmFiles.claim}")
if [ "$owner" != "$job" ]; then
  echo "Job $job leaves: the run belongs to job $owner." >&2
  exit 0
fi
printf '{"job":"%s","restart":%d,"node":"%s","at":%d}\\n' "$job" "$restart" "\${SLURMD_NODENAME:-$HOSTNAME}" "$(date +%s)" >>"$run_dir/${slurmFiles.starts}"
rm -f -- "$run_dir/${runFiles.exit}" "$run_dir/${slurmFiles.endedByTerm}"`;

/** Writes exit.json whole, then renames it. */
const lastWords = `stop_requested=false
last_words() {
  [ -e "$run_dir/stop.json" ] && stop_requested=true
  printf '{"runId":"%s","code":%d,"signal":null,"endedAt":%d,"stopRequested":%s%s}\\n' "$run_id" "$2" "$(date +%s)" "$stop_requested" "$3" >"$run_dir/.$1.$job" && mv -f -- "$run_dir/.$1.$job" "$run_dir/$1"
}
leave() {
  echo "$2" >&2
  last_words ${runFiles.exit} "$1" ",\\"error\\":\\"$2\\""
  exit "$1"
}
[ -e "$run_dir/stop.json" ] && leave 130 'It was stopped before it started.'`;

/**
 * Job control gives the program a group of its own and, unlike a plain \`&\`, does not make it ignore SIGINT. A trap interrupts \`wait\`, which then says
 * nothing about the program: it is asked again.
 */
const supervision = `set -m
traps=0 warned=0 ended_by_slurm=0
trap 'traps=$((traps + 1)); warned=1; kill -s USR1 -- "-$child"' USR1
trap 'traps=$((traps + 1)); stop_requested=true; kill -s INT -- "-$child"' INT
trap 'traps=$((traps + 1)); ended_by_slurm=1' TERM
"\${command[@]}" &
child=$!
code=
while :; do
  before=$traps
  previous=$code
  wait "$child" 2>/dev/null
  code=$?
  if [ "$code" = 127 ] && [ -n "$previous" ]; then
    code=$previous
    break
  fi
  [ "$traps" = "$before" ] && break
done
if [ "$warned" = 1 ] || [ "$stop_requested" = true ]; then
  patience=$((${groupPatienceSeconds} * 5))
  while kill -s 0 -- "-$child" 2>/dev/null && [ "$patience" -gt 0 ]; do
    patience=$((patience - 1))
    sleep 0.2
  done
fi
# The program may notice SLURM's SIGTERM before this shell does.
[ "$code" = 143 ] && sleep 1`;

const ending = `if [ "$ended_by_slurm" = 1 ] && [ ! -e "$run_dir/stop.json" ]; then
  last_words ${slurmFiles.endedByTerm} "$code" ''
else
  last_words ${runFiles.exit} "$code" ''
fi
exit "$code"`;

/** Nothing may run behind a successful requeue: SLURM ends this shell meanwhile. */
function requeue(settings: SlurmSettings, resumes: boolean): string {
  if (settings.warnSeconds === undefined || settings.requeue === false) return '# It is not queued again when warned.';
  const codes = resumes ? '0|85|138' : '85';
  return `if [ "$warned" = 1 ] && [ "$stop_requested" = false ] && [ ! -e "$run_dir/stop.json" ]; then
  case "$code" in
    ${codes})
      echo "Job $job was warned of its end and goes back to the queue." >&2
      scontrol requeue "$job" && exec sleep 300
      ;;
  esac
fi`;
}

function resumeWords({ record }: JobScriptParts): readonly string[] {
  return record.commandLaunch?.entry?.resume ?? [];
}

/**
 * Adds the arguments for going on at a second start. A `{checkpoint}` in them is the newest file that looks like one: in the run's directory, or made since the
 * launch below the working directory under a name or folder that is the run's.
 */
function resumption(parts: JobScriptParts): string {
  const words = resumeWords(parts);
  if (words.length === 0) return '# Nothing is known by which the program would go on from a checkpoint.';
  const { record, site } = parts;
  if (!words.some((word) => word.includes('{checkpoint}'))) {
    return `[ "$restart" -gt 0 ] && command+=(${words.map(quoteWord).join(' ')})`;
  }
  const isHydra = record.commandLaunch?.entry?.takes === 'hydra';
  const names = ['*.ckpt', '*.pt', '*.pth', '*.safetensors'].map((name) => `-name '${name}'`).join(' -o ');
  const mine = [`*/${record.name}/*`, `*/${record.name}[._]*`].map((glob) => `-path ${quoteWord(glob)}`).join(' -o ');
  return `newest_checkpoint() {
  {
    find "$run_dir" -type f -size +0 \\( ${names} \\) -printf '%T@ %p\\0'
    find ${quoteWord(site.cwd)} -maxdepth 10 -type f -size +0 -newer "$run_dir/${runFiles.launch}" \\( ${names} \\) \\( ${mine} \\) -printf '%T@ %p\\0'
  } 2>/dev/null | sort -z -r -n | { IFS= read -r -d '' line && printf '%s' "\${line#* }"; }
}
if [ "$restart" -gt 0 ]; then
  checkpoint=$(newest_checkpoint)
  if [ -n "$checkpoint" ]; then
    echo "Start $restart of job $job goes on from $checkpoint." >&2${isHydra ? hydraQuoting : ''}
    command+=(${words.map(checkpointWord).join(' ')})
  fi
fi`;
}

/** Hydra's grammar of overrides wants quotes around a value with a sign of its own, such as \`=\`. */
const hydraQuoting = `
    case "$checkpoint" in
      *[!A-Za-z0-9/_.:%+-]*)
        checkpoint=\${checkpoint//\\\\/\\\\\\\\}
        checkpoint="'\${checkpoint//\\'/\\\\\\'}'"
        ;;
    esac`;

function checkpointWord(word: string): string {
  return word.split('{checkpoint}').map(quoteWord).join('"$checkpoint"');
}

function checkedName(name: string): string {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) throw new RangeError(`${name} is no name of a variable.`);
  return name;
}

/** #SBATCH lines have quoting rules of their own; what would need them is given by argument only. */
function isPlainOption(option: string): boolean {
  return /^[A-Za-z0-9_@%+=:,./|&*[\]-]+$/.test(option);
}
