import * as vscode from 'vscode';
import { Disposables } from '../../base/disposables.ts';
import type { App } from '../app.ts';
import { describeAt, keysAt, type Schema, valuesAt } from './schema.ts';
import { validateYaml } from './validate.ts';
import { type YamlPlace, yamlPlace } from './yamlPlace.ts';

const files: vscode.DocumentSelector = { scheme: 'file', pattern: '**/trainyard.{yaml,yml}' };
/** What is typed is checked this long after the last letter. */
const PAUSE_MS = 300;

/** Help while trainyard.yaml is written: completion, what a key means, and what is wrong; all from its JSON schema, without another extension. */
export class ProjectFiles extends Disposables {
  readonly #app: App;
  readonly #problems = this.add(vscode.languages.createDiagnosticCollection('trainyard'));
  #schema: Promise<Schema | undefined> | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(app: App) {
    super();
    this.#app = app;
    const complete = {
      provideCompletionItems: (document: vscode.TextDocument, position: vscode.Position) =>
        this.#complete(document, position),
    };
    this.add(vscode.languages.registerCompletionItemProvider(files, complete, ' ', ':', '-'));
    this.add(
      vscode.languages.registerHoverProvider(files, {
        provideHover: (document, position) => this.#hover(document, position),
      }),
    );
    this.add(vscode.workspace.onDidOpenTextDocument((document) => this.#check(document)));
    this.add(vscode.workspace.onDidCloseTextDocument(({ uri }) => this.#problems.delete(uri)));
    this.add(
      vscode.workspace.onDidChangeTextDocument(({ document }) => {
        if (!isProjectFile(document)) return;
        clearTimeout(this.#timer);
        this.#timer = setTimeout(() => this.#check(document), PAUSE_MS);
      }),
    );
    this.onDispose(() => clearTimeout(this.#timer));
    for (const document of vscode.workspace.textDocuments) this.#check(document);
  }

  #load(): Promise<Schema | undefined> {
    this.#schema ??= this.#read();
    return this.#schema;
  }

  async #read(): Promise<Schema | undefined> {
    const uri = vscode.Uri.joinPath(this.#app.context.extensionUri, 'resources', 'schemas', 'trainyard.schema.json');
    try {
      return JSON.parse(new TextDecoder().decode(await vscode.workspace.fs.readFile(uri))) as Schema;
    } catch (error) {
      this.#app.output.warn(`The schema of trainyard.yaml cannot be read: ${(error as Error).message}`);
      return undefined;
    }
  }

  #check(document: vscode.TextDocument): void {
    if (isProjectFile(document))
      void this.#validate(document).catch((error: Error) => this.#app.output.warn(error.message));
  }

  async #validate(document: vscode.TextDocument): Promise<void> {
    const schema = await this.#load();
    if (schema === undefined || this.isDisposed || document.isClosed) return;
    const problems = validateYaml(schema, document.getText()).map(({ from, to, message }) => {
      const range = new vscode.Range(document.positionAt(from), document.positionAt(to));
      const problem = new vscode.Diagnostic(range, message, vscode.DiagnosticSeverity.Error);
      problem.source = 'Trainyard';
      return problem;
    });
    this.#problems.set(document.uri, problems);
  }

  async #complete(document: vscode.TextDocument, position: vscode.Position): Promise<vscode.CompletionItem[]> {
    const schema = await this.#load();
    if (schema === undefined) return [];
    const place = yamlPlace(document.getText(), position.line, position.character);
    if (place.kind === 'value') return valueItems(schema, place);
    return keyItems(schema, place);
  }

  async #hover(document: vscode.TextDocument, position: vscode.Position): Promise<vscode.Hover | undefined> {
    const schema = await this.#load();
    const word = document.getWordRangeAtPosition(position, /[\w.@/-]+(?=\s*:)/);
    if (schema === undefined || word === undefined) return undefined;
    const place = yamlPlace(document.getText(), word.start.line, word.start.character);
    const text = describeAt(schema, [...place.path, document.getText(word)], place.siblings);
    return text === undefined ? undefined : new vscode.Hover(new vscode.MarkdownString(text), word);
  }
}

function isProjectFile({ uri }: vscode.TextDocument): boolean {
  return uri.scheme === 'file' && /[\\/]trainyard\.ya?ml$/.test(uri.path);
}

function keyItems(schema: Schema, { path, siblings }: YamlPlace): vscode.CompletionItem[] {
  return keysAt(schema, path, siblings).map(({ key, schema: own, required }, index) => {
    const item = new vscode.CompletionItem(key, vscode.CompletionItemKind.Property);
    const isBranch = mayBe(own, 'object') || mayBe(own, 'array');
    item.insertText = isBranch ? `${key}:` : `${key}: `;
    item.detail = required ? 'must be given' : '';
    item.sortText = String(index).padStart(3, '0');
    const text = own.markdownDescription ?? own.description;
    if (text !== undefined) item.documentation = new vscode.MarkdownString(text);
    // The values of a key that has only some are asked for at once.
    if (own.enum !== undefined || own.const !== undefined || own.type === 'boolean')
      item.command = { command: 'editor.action.triggerSuggest', title: 'Suggest' };
    return item;
  });
}

function mayBe({ type }: Schema, wanted: string): boolean {
  return type === wanted || (Array.isArray(type) && type.includes(wanted));
}

function valueItems(schema: Schema, { path, siblings, key }: YamlPlace): vscode.CompletionItem[] {
  return valuesAt(schema, [...path, key!], siblings).map(
    (value) => new vscode.CompletionItem(value, vscode.CompletionItemKind.Value),
  );
}
