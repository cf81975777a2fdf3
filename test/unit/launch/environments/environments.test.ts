import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { environmentTool, findPython } from '../../../../src/launch/environments/findPython.ts';

describe('the Python of a project', () => {
  let root: string;
  let bin: string;
  beforeEach(() => {
    root = mkdtempSync(path.join(tmpdir(), 'python-'));
    bin = path.join(root, 'bin');
    mkdirSync(bin);
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  const program = (file: string): string => {
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, '#!/bin/sh\n');
    chmodSync(file, 0o755);
    return file;
  };
  const file = (name: string, text = ''): void => {
    mkdirSync(path.dirname(path.join(root, name)), { recursive: true });
    writeFileSync(path.join(root, name), text);
  };
  const find = (folder = root, variables: { [name: string]: string } = {}) =>
    findPython(folder, root, { PATH: bin, ...variables });

  it('is run by the tool of its lock file, where that is installed', () => {
    for (const [sign, tool, text] of [
      ['uv.lock', 'uv', ''],
      ['poetry.lock', 'poetry', ''],
      ['pixi.toml', 'pixi', ''],
    ] as const) {
      file(sign, text);
      assert.equal(find().kind, 'system');
      assert.match(find().reason, new RegExp(`${sign} wants ${tool}, which is not on PATH`));
      program(path.join(bin, tool));
      assert.deepEqual(find().program, [tool, 'run', 'python']);
      assert.deepEqual(environmentTool(find(), 'modal', { PATH: bin }), [tool, 'run', 'modal']);
      rmSync(path.join(root, sign));
      rmSync(path.join(bin, tool));
    }
    file('pyproject.toml', '[project]\nname = "x"\n\n[tool.uv]\npackage = false\n');
    program(path.join(bin, 'uv'));
    assert.equal(find().kind, 'uv');
  });

  it('is the virtual environment beside it, or above it in the folder', () => {
    file('.venv/pyvenv.cfg', 'home = /usr/bin\n');
    const python = program(path.join(root, '.venv/bin/python'));
    file('deep/er/train.py');
    assert.deepEqual(find(path.join(root, 'deep/er')).program, [python]);
    assert.equal(environmentTool(find(), 'modal', { PATH: bin }), undefined);
    const modal = program(path.join(root, '.venv/bin/modal'));
    assert.deepEqual(environmentTool(find(), 'modal', { PATH: bin }), [modal]);
    // uv.lock without uv: the environment that is there is taken all the same.
    file('uv.lock');
    assert.deepEqual(find().program, [python]);
  });

  it('is the conda environment that environment.yml names', () => {
    file('environment.yml', 'name: glm\ndependencies: [python]\n');
    assert.equal(find().kind, 'system');
    program(path.join(bin, 'conda'));
    assert.deepEqual(find().program, ['conda', 'run', '--no-capture-output', '-n', 'glm', 'python']);
    const prefix = path.join(root, 'miniconda/envs/glm');
    const python = program(path.join(prefix, 'bin/python'));
    assert.deepEqual(find(root, { CONDA_PREFIX: prefix }).program, [python]);
  });

  it('is the active environment, else the system', () => {
    const python = program(path.join(root, 'elsewhere/bin/python'));
    assert.deepEqual(find(root, { VIRTUAL_ENV: path.join(root, 'elsewhere') }).program, [python]);
    assert.deepEqual(find().program, ['python3']);
    symlinkSync(python, path.join(bin, 'python'));
    assert.deepEqual(find().program, ['python']);
  });
});
