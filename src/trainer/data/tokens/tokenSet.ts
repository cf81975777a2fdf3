import path from 'node:path';
import type { TokenFacts, VocabularyKind } from '../../../recipes/data.ts';
import type { DataSet } from '../dataSet.ts';
import { badData } from '../files/badData.ts';
import { type FoundFiles, findFiles } from '../files/findFiles.ts';
import { OpenFiles } from '../files/openFiles.ts';
import { openedSet } from '../openedSet.ts';
import { partHash } from '../partHash.ts';
import type { TokenCorpus, TokenRequest } from './corpus.ts';
import { dnaEndings, openDna } from './dnaFiles.ts';
import { splitStretches } from './splitStretches.ts';
import { openText, textEndings } from './textFiles.ts';
import { openTokenizedText } from './tokenizedText.ts';
import { type TokenPlan, TokenReader } from './tokenReader.ts';

/** Opens text or DNA as windows of tokens. Undefined where a part that is not required has no files, or nothing is held out. Throws AppError 'bad-data'. The set owns `files`. */
export async function openTokenSet(request: TokenRequest, files = new OpenFiles()): Promise<DataSet | undefined> {
  const { what, endings, open } = kinds[request.source.vocabulary];
  const found = findFiles(request, endings, what);
  if (found === undefined) return undefined;
  try {
    const corpus = await open(found, files, request);
    const set = makeSet(request, corpus, found, files);
    if (set === undefined) files.dispose();
    return set;
  } catch (error) {
    files.dispose();
    throw error;
  }
}

interface TokenKind {
  readonly what: string;
  readonly endings: readonly string[];
  readonly open: (found: FoundFiles, files: OpenFiles, request: TokenRequest) => Promise<TokenCorpus>;
}

const kinds: { readonly [K in VocabularyKind]: TokenKind } = {
  bytes: { what: 'text files', endings: textEndings, open: openText },
  tokenizer: { what: 'text files', endings: textEndings, open: openTokenizedText },
  dna: { what: 'FASTA or 2bit files', endings: dnaEndings, open: openDna },
};

function makeSet(
  request: TokenRequest,
  corpus: TokenCorpus,
  { isNamed }: FoundFiles,
  files: OpenFiles,
): DataSet | undefined {
  const { name, path: root, source, split, required } = request;
  const { vocabulary, sequences, sha256 } = corpus;
  if (isNamed && source.testSequences.length > 0) throw twoRules(root);
  const stretches = isNamed ? corpus.stretches : splitStretches(corpus.stretches, sequences, source, split);
  const plan: TokenPlan = { kind: 'tokens', sequences, stretches, vocabulary, source };
  const reader = new TokenReader(plan, files);
  if (reader.examples === 0) {
    if (!required) return undefined;
    throw badData(`There are no ${split} examples in ${path.resolve(root)}: its files are empty, or all is held out.`);
  }
  const rule = isNamed ? '' : `${split} ${source.testSequences.join(' ') || source.testFraction}`;
  const facts: TokenFacts = {
    kind: 'tokens',
    examples: reader.examples,
    window: source.window,
    vocabulary,
    weighted: true,
    classes: 0,
  };
  const about = { name, path: root, facts, sha256: partHash(sha256, rule), isVaried: source.reverseComplement };
  return openedSet(about, reader, files.allResident ? undefined : plan);
}

function twoRules(root: string): Error {
  return badData(
    `The files in ${path.resolve(root)} are in two parts already, and testSequences names what to hold out.`,
    {
      hint: 'Leave testSequences empty, or set data to one of the two parts.',
    },
  );
}
