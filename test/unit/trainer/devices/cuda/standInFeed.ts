import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { crc32, deflateRawSync } from 'node:zlib';

/** How the stand-in answers for the package's file. */
export interface FeedManners {
  /** The connection is cut after so many bytes of a body, as often as the list is long. */
  cuts?: number[];
  /** No ETag and no ranges, as some mirrors. */
  plain?: boolean;
  /** The hash that the catalog promises, where it is not the true one. */
  hash?: string;
  size?: number;
  /** Versions of the package. */
  versions?: readonly string[];
  /** The file itself is not there. */
  missing?: boolean;
  /** The ETag of the file; may be changed between requests. */
  tag?: string;
}

export interface StandInFeed {
  readonly index: string;
  readonly manners: FeedManners;
  /** What was asked for, with the range where one was. */
  readonly asked: string[];
}

/** A stand-in for NuGet's feed on the loopback: the documents of its protocol that the installer reads, and one package. */
export async function standInFeed(
  test: TestContext,
  version: string,
  body: Buffer,
  manners: FeedManners = {},
): Promise<StandInFeed> {
  const asked: string[] = [];
  const server = createServer((request, answer) => {
    asked.push(`${request.url}${request.headers.range === undefined ? '' : ` ${request.headers.range}`}`);
    const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const name = 'microsoft.ml.onnxruntime.gpu.linux';
    const documents: Record<string, unknown> = {
      '/index.json': {
        resources: [
          { '@type': 'PackageBaseAddress/3.0.0', '@id': `${base}/flat/` },
          { '@type': 'RegistrationsBaseUrl', '@id': `${base}/registration/` },
        ],
      },
      [`/flat/${name}/index.json`]: { versions: manners.versions ?? [version] },
      [`/registration/${name}/${version}.json`]: { catalogEntry: `${base}/catalog.json` },
      '/catalog.json': {
        packageHashAlgorithm: 'SHA512',
        packageHash: manners.hash ?? createHash('sha512').update(body).digest('base64'),
        packageSize: manners.size ?? body.length,
      },
    };
    const document = documents[request.url ?? ''];
    if (document !== undefined) answer.end(JSON.stringify(document));
    else if (request.url === `/flat/${name}/${version}/${name}.${version}.nupkg` && manners.missing !== true) {
      sendBody(request, answer, body, manners);
    } else answer.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  test.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { index: `http://127.0.0.1:${(server.address() as AddressInfo).port}/index.json`, manners, asked };
}

function sendBody(request: IncomingMessage, answer: ServerResponse, body: Buffer, manners: FeedManners): void {
  const tag = manners.tag ?? '"one"';
  const wanted = /^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1];
  const isRest = wanted !== undefined && manners.plain !== true && request.headers['if-range'] === tag;
  const start = isRest ? Number(wanted) : 0;
  const headers = { 'content-length': body.length - start, ...(manners.plain === true ? {} : { etag: tag }) };
  answer.writeHead(isRest ? 206 : 200, headers);
  const cut = manners.cuts?.shift();
  if (cut === undefined) answer.end(body.subarray(start));
  // What a client has not read yet when the connection goes is lost to it, so it gets time.
  else answer.write(body.subarray(start, start + cut), () => setTimeout(() => answer.destroy(), 250));
}

/** A packed ZIP archive, as NuGet's and pip's packages are. */
export function packedZip(files: Readonly<Record<string, Buffer>>): Buffer {
  const bodies: Buffer[] = [];
  const entries: Buffer[] = [];
  let offset = 0;
  for (const [name, content] of Object.entries(files)) {
    const packed = deflateRawSync(content);
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50);
    local.writeUInt16LE(8, 8);
    local.writeUInt16LE(name.length, 26);
    const entry = Buffer.alloc(46);
    entry.writeUInt32LE(0x02014b50);
    entry.writeUInt16LE(8, 10);
    entry.writeUInt32LE(crc32(content), 16);
    entry.writeUInt32LE(packed.length, 20);
    entry.writeUInt32LE(content.length, 24);
    entry.writeUInt16LE(name.length, 28);
    entry.writeUInt32LE(offset, 42);
    bodies.push(local, Buffer.from(name), packed);
    entries.push(entry, Buffer.from(name));
    offset += 30 + name.length + packed.length;
  }
  const directory = Buffer.concat(entries);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50);
  end.writeUInt16LE(Object.keys(files).length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...bodies, directory, end]);
}
