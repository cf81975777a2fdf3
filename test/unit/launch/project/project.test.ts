import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { failureKinds } from '../../../../src/domain/failure.ts';
import { parseProject, readProjectFile } from '../../../../src/launch/project/readProject.ts';
import { projectShape } from '../../../../src/launch/project/shape.ts';
import { makeSample } from '../../../fixtures/sampleProject.ts';
import { jsonSchemaOf } from './jsonSchema.ts';

const schemaFile = path.join(import.meta.dirname, '../../../../resources/schemas/trainyard.schema.json');

describe('trainyard.yaml', () => {
  it('is read whole from the sample hub', async () => {
    const sample = makeSample('experiment-hub');
    try {
      const project = await readProjectFile(sample.folder);
      assert.deepEqual(project.problems, []);
      assert.deepEqual(project.entries, [
        {
          name: 'baseline',
          command: ['python3', '-m', 'hub.train', '--config', 'configs/baseline.yaml'],
          takes: 'arguments',
          resume: ['--resume', '{checkpoint}'],
          nameArgument: '--output-dir=data/runs/{name}',
          env: { PYTHONUNBUFFERED: '1' },
          line: 3,
        },
      ]);
      const [workstation, cluster] = project.targets;
      assert.deepEqual(workstation, {
        name: 'workstation',
        settings: { kind: 'ssh', host: 'workstation', code: 'git' },
      });
      assert.ok(cluster?.settings.kind === 'slurm');
      assert.equal(cluster.settings.time, '12:00:00');
      assert.equal(cluster.settings.requeue, true);
      assert.deepEqual(cluster.settings.ssh, { host: 'login.cluster' });
      assert.deepEqual(cluster.settings.presets?.['node'], { gres: 'gpu:8', nodes: 1, cpusPerTask: 64 });
      const [nightly] = project.pipelines;
      assert.deepEqual(nightly?.parameters, { epochs: '3' });
      assert.deepEqual(
        nightly?.stages.map(({ name, needs }) => [name, needs]),
        [
          ['train', []],
          ['evaluate', ['train']],
        ],
      );
      assert.deepEqual(project.metrics[0]?.direction, 'minimize');
      assert.equal(project.metrics[0]?.unit, '');
    } finally {
      sample.dispose();
    }
  });

  it('is nothing where there is none', async () => {
    const sample = makeSample('telepathy');
    try {
      const project = await readProjectFile(sample.folder);
      assert.deepEqual([project.entries, project.targets, project.problems], [[], [], []]);
    } finally {
      sample.dispose();
    }
  });

  it('says what is wrong with its line, and the rest holds', () => {
    const text = [
      'entries:',
      '  good:',
      '    command: [make, train]',
      '  bad:',
      '    command: python train.py',
      '  odd:',
      '    comand: [x]',
      'targets:',
      '  here: { kind: locl }',
      '  there: { kind: ssh }',
      '  box: { kind: ssh, host: box, code: rsync, extra: 1 }',
      'pipelines:',
      '  p:',
      '    parameters: { name: }',
      '    retry: { attempts: 1 }',
      '    stages:',
      '      - name: a',
      '        command: [echo, "{name}", "{other}"]',
      '        retry: { attempts: 3, kinds: [oom], delaySeconds: 0.5 }',
      '      - name: b',
      '        command: [echo]',
      '        needs: [z]',
      '        retry: { attempts: 1, kinds: [lazy] }',
      'nonsense: 1',
    ].join('\n');
    const project = parseProject(text, '/repo');
    assert.deepEqual(
      project.entries.map(({ name }) => name),
      ['good'],
    );
    assert.deepEqual(project.targets, [{ name: 'box', settings: { kind: 'ssh', host: 'box' } }]);
    assert.deepEqual(project.pipelines[0]?.parameters, { name: '' });
    const usual = { attempts: 1, kinds: ['time-limit', 'pre-empted', 'node-failure'], delaySeconds: 30 };
    assert.deepEqual(
      [project.pipelines[0]?.retry, project.pipelines[0]?.stages[0]?.retry],
      [usual, { attempts: 3, kinds: ['oom'], delaySeconds: 0.5 }],
    );
    assert.deepEqual(project.problems, [
      'trainyard.yaml:5: entries.bad.command must be a list. Write [python, train.py].',
      'trainyard.yaml:7: There is no key entries.odd.comand. Did you mean command? Known: command, cwd, env, takes, resume, nameArgument.',
      'trainyard.yaml:7: entries.odd needs command.',
      'trainyard.yaml:9: targets.here needs a kind: local, ssh, slurm, modal, command. Did you mean local?',
      'trainyard.yaml:10: targets.there needs host.',
      'trainyard.yaml:11: targets.box.code must be one of git, tar, none, not "rsync".',
      'trainyard.yaml:11: There is no key targets.box.extra. Known: kind, host, configFile, python, folder, code, workdir, env.',
      `trainyard.yaml:23: pipelines.p.stages[1].retry.kinds[0] must be one of ${failureKinds.join(', ')}, not "lazy".`,
      'trainyard.yaml:24: There is no key nonsense. Known: entries, targets, pipelines, registries, metrics.',
      'trainyard.yaml:20: Stage b needs z, but there is no such stage above it.',
      'trainyard.yaml:13: p uses {other}, which is not among its parameters.',
    ]);
  });

  it('never throws, whatever stands in it', () => {
    const word = fc.constantFrom(
      'entries',
      'targets',
      'kind',
      'ssh',
      'command',
      '-',
      ':',
      ' ',
      '\n',
      '  ',
      '[',
      ']',
      '{',
      '}',
      '&a',
      '*a',
      '!t',
      '"',
      "'",
      '|',
      '#',
      '%',
      '\t',
      '1',
      'null',
      '<<',
      '?',
      'ü',
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 60 }), (words) => {
        const project = parseProject(words.join(''), '/repo');
        for (const problem of project.problems) assert.match(problem, /^trainyard\.yaml:\d+: .+[.?]$/s);
      }),
      { numRuns: 300 },
    );
  });

  it('has a JSON schema that says the same as the reader', () => {
    const wanted = `${JSON.stringify(jsonSchemaOf(projectShape), undefined, 2)}\n`;
    if (process.env['UPDATE_SCHEMA'] === '1') writeFileSync(schemaFile, wanted);
    assert.deepEqual(
      JSON.parse(readFileSync(schemaFile, 'utf8')),
      JSON.parse(wanted),
      'run again with UPDATE_SCHEMA=1',
    );
  });
});
