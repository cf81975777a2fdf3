import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import fc from 'fast-check';
import type { EntryPoint } from '../../../../src/domain/entryPoint.ts';
import { EntryPointSearch } from '../../../../src/launch/entryPoints/findEntryPoints.ts';
import { blankPython } from '../../../../src/launch/entryPoints/pythonText.ts';

const env = { PATH: '/usr/bin:/bin' };

describe('finding entry points', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(path.join(tmpdir(), 'entries-'));
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  const file = (name: string, text: string): string => {
    const place = path.join(root, name);
    mkdirSync(path.dirname(place), { recursive: true });
    writeFileSync(place, text);
    return place;
  };
  const find = async (exclude: readonly string[] = []): Promise<readonly EntryPoint[]> =>
    (await new EntryPointSearch().find(root, { env, exclude })).entries;
  const one = async (): Promise<EntryPoint> => {
    const entries = await find();
    assert.equal(entries.length, 1, JSON.stringify(entries.map(({ id }) => id)));
    return entries[0]!;
  };

  it('reads @hydra.main in all its spellings', async () => {
    file('conf/app.yaml', 'run_name: ???\nresume: null\n');
    for (const text of [
      'import hydra\n\n@hydra.main(config_path="conf", config_name="app")\ndef f(c): ...\n',
      'import hydra\n@hydra.main(\n    version_base=None,  # not "1.1"\n    config_path="conf",\n    config_name="app.yaml",\n)\ndef f(c): ...\n',
      "from hydra import main\n@main('conf', 'app')\ndef f(c): ...\n",
      'from hydra import compose, main as start\n@start(config_name="app", config_path=r"conf")\ndef f(c): ...\n',
      'import hydra as h\nCONF = "conf"  # here\nNAME: str = "app"\n@h.main(config_path=CONF, config_name=NAME)\ndef f(c): ...\n',
      'import hydra\nfrom pathlib import Path\n@hydra.main(config_path=str(Path(__file__).parent / "conf"), config_name="app")\ndef f(c): ...\n',
    ]) {
      file('train.py', text);
      const entry = await one();
      assert.equal(entry.kind, 'hydra', text);
      assert.deepEqual(entry.hydra, { configDir: path.join(root, 'conf'), configName: 'app' }, text);
      assert.equal(entry.nameArgument, 'run_name={name}');
      assert.deepEqual(entry.resume, ['resume={checkpoint}']);
    }
  });

  it('is not taken in by comments, strings and documentation', async () => {
    file(
      'train_notes.py',
      '"""\n@hydra.main(config_name="x")\nif __name__ == "__main__":\n"""\n# @hydra.main()\nx = "import torch"\ny = \'\'\'\nmodal.App("x")\n\'\'\'\n',
    );
    file('library.py', 'import torch\n\ndef train():\n    parser.add_argument("--resume")\n');
    file('test_train.py', 'import torch\nif __name__ == "__main__":\n    pass\n');
    assert.deepEqual(await find(), []);
  });

  it('takes scripts with a telling name or a library of the trade', async () => {
    file('tools/plot.py', 'import matplotlib\nif __name__ == "__main__":\n    main()\n');
    file('tools/distil.py', "import torch\nif __name__ == '__main__':\n    main()\n");
    file('pkg/__init__.py', '');
    file('pkg/train/__init__.py', '');
    file('pkg/train/__main__.py', 'from . import loop\nimport argparse\n');
    const entries = await find();
    assert.deepEqual(
      entries.map(({ id, command, takes }) => [id, command.join(' '), takes]),
      [
        ['module:pkg/train/__main__.py', 'python3 -m pkg.train', 'arguments'],
        ['script:tools/distil.py', 'python3 tools/distil.py', 'nothing'],
      ],
    );
  });

  it('runs the files of a project inside of the folder from that project', async () => {
    file('lab/pyproject.toml', '[project]\nname = "lab"\n');
    file('lab/scripts/train.py', 'import torch\nif __name__ == "__main__": ...\n');
    const entry = await one();
    assert.equal(entry.cwd, path.join(root, 'lab'));
    assert.deepEqual(entry.command, ['python3', 'scripts/train.py']);
  });

  it('finds Modal functions and several entry points of an app', async () => {
    file(
      'app.py',
      'import modal\n\napp = modal.App(name="lab")\n\n@app.function(gpu="H100")\n@modal.enter()\ndef fit(steps: int = 1): ...\n\n@app.function()\ndef check(): ...\n',
    );
    const entries = await find();
    assert.deepEqual(
      entries.map(({ id, command, takes }) => [id, command.slice(1).join(' '), takes]),
      [
        ['modal:app.py#fit', 'run --detach app.py::fit', 'arguments'],
        ['modal:app.py#check', 'run --detach app.py::check', 'nothing'],
      ],
    );
  });

  it('finds console scripts that are installed', async () => {
    file(
      'pyproject.toml',
      '[project]\nname = "x"\n[project.scripts]\nx-train = "x.train:main"\nx-help = "x.help:main"\n[tool.other]\ny-train = "y:main"\n',
    );
    assert.deepEqual(await find(), []);
    file('.venv/pyvenv.cfg', '');
    for (const name of ['python', 'x-train', 'y-train']) chmodSync(file(`.venv/bin/${name}`, '#!/bin/sh\n'), 0o755);
    const entry = await one();
    assert.deepEqual(entry.command, [path.join(root, '.venv/bin/x-train')]);
    assert.equal(entry.line, 4);
  });

  it('leaves out what is heavy, excluded or a link', async () => {
    const text = 'import torch\nif __name__ == "__main__": ...\n';
    for (const folder of ['node_modules/a', '.hidden', 'venv/lib', 'outputs/2026', 'old/x', 'src'])
      file(`${folder}/train.py`, text);
    const outside = mkdtempSync(path.join(tmpdir(), 'outside-'));
    writeFileSync(path.join(outside, 'train.py'), text);
    symlinkSync(outside, path.join(root, 'linked'));
    assert.deepEqual(
      (await find(['**/old'])).map(({ id }) => id),
      ['script:src/train.py'],
    );
    rmSync(outside, { recursive: true });
  });

  it('sees a change in a file that held nothing before', async () => {
    const search = new EntryPointSearch();
    const place = file('train.py', 'x = 1\n');
    assert.equal((await search.find(root, { env })).entries.length, 0);
    assert.equal((await search.find(root, { env })).entries.length, 0);
    writeFileSync(place, 'import torch\nif __name__ == "__main__": ...\n');
    utimesSync(place, 1, 2);
    assert.equal((await search.find(root, { env })).entries.length, 1);
  });

  it('survives any text', async () => {
    const word = fc.constantFrom(
      '@hydra.main(',
      ')',
      '"',
      "'''",
      '#',
      '\n',
      'import hydra\n',
      'import torch\n',
      'if __name__ == "__main__":\n',
      'parser.add_argument("--x"',
      ',',
      '\\',
      'modal.App(',
      '@app.function(',
      'def f(',
      '[project.scripts]\n',
      '#SBATCH -',
      '--dry)',
      'Usage: ',
      'ü',
      '\0',
      'train: ',
      '.PHONY: a b\n',
      '\t',
    );
    await fc.assert(
      fc.asyncProperty(fc.array(word, { maxLength: 40 }), async (words) => {
        const text = words.join('');
        assert.equal(blankPython(text).length, text.length);
        for (const name of ['train.py', 'train.sh', 'x.slurm', 'Makefile', 'pyproject.toml']) file(name, text);
        for (const entry of await find()) assert.ok(entry.command.length > 0);
      }),
      { numRuns: 100 },
    );
  });
});
