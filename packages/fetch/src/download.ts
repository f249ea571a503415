import type { Dispatcher } from 'undici';
import type { Extent } from './extents.ts';
import { fileChanged, isFileChanged, isRefusal, statusError } from './http-errors.ts';
import { httpGet, type Response } from './http-get.ts';
import { tooLarge } from './image-size.ts';
import { whileServing } from './out-of-turn.ts';
import type { PartialFile } from './partial-file.ts';
import { pieceQueue } from './piece-queue.ts';
import { type Answer, isRangeRefusal, originOf, rangeHeaders, rangeRequest, readAnswer } from './range.ts';
import { receiveBody } from './receive-body.ts';
import { runConnections } from './run-connections.ts';
import { ensureRoom } from './work-directory.ts';

export interface Download {
  readonly url: URL;
  readonly file: PartialFile;
  readonly connections: number;
  readonly dispatcher: Dispatcher;
  readonly maxSizeBytes: number;
  readonly stallTimeoutMs: number;
  readonly allowHttpRedirect?: boolean;
  readonly now: () => number;
  readonly signal?: AbortSignal;
  readonly onNotice?: (message: string) => void;
  /** Called with the number of bytes received. */
  readonly onBytes: (count: number) => void;
}

/**
 * One attempt to complete the partial file from one URL. It begins with what is missing at the front; once the server has shown that
 * it takes ranges, further connections fetch what follows. Resolves when the file is complete; what an attempt received
 * before it failed stays in the file.
 *
 * @throws FetchError
 */
export async function download(options: Download): Promise<void> {
  const { file, onNotice } = options;
  const wanted = pieceQueue({ missing: file.missing(), connections: options.connections }).take();
  if (!wanted) return;
  const { response, answer } = await askFirst(options, wanted);
  switch (answer.kind) {
    case 'whole':
      return receiveWhole(options, { response, total: answer.total });
    case 'part':
      return receiveParts(options, { response, part: answer });
    case 'complete':
      response.body.discard();
      return file.setOrigin(originOf({ ...response, total: answer.total }));
    case 'unusable':
      response.body.discard();
      onNotice?.(`starting over: ${answer.why} (${response.url.host})`);
      await file.reset();
      // Without ranges this time, which some servers get wrong.
      return download({ ...options, connections: 1 });
  }
}

/** Some servers refuse every request for a range that they would answer without one. */
async function askFirst(options: Download, wanted: Extent): ReturnType<typeof ask> {
  try {
    return await ask(options, wanted);
  } catch (error) {
    if (!isRangeRefusal(error)) throw error;
    const whole = await askWhole(options);
    if (!whole) throw error;
    options.onNotice?.(
      `${error.message} to a request for a part of the file; downloading all of it over one connection`,
    );
    return { response: whole.response, answer: { kind: 'whole', total: whole.total } };
  }
}

/** Undefined where the server does not send the whole file. */
async function askWhole(
  options: Download,
): Promise<{ response: Response; total: number | undefined } | undefined> {
  const asked = await ask(options).catch(() => undefined);
  if (asked?.answer.kind === 'whole') return { response: asked.response, total: asked.answer.total };
  asked?.response.body.discard();
  return undefined;
}

/** @param wanted left out: the whole file */
async function ask(
  { url, file, dispatcher, signal, now, allowHttpRedirect, stallTimeoutMs }: Download,
  wanted?: Extent,
  { isSameAttempt = false } = {},
): Promise<{ response: Response; answer: Answer }> {
  // The first answer of this attempt binds the others before any of it is in the file.
  const hasBytes = isSameAttempt || file.bytes > 0;
  const origin = hasBytes ? file.origin : undefined;
  const requestTo = (hop: URL) =>
    wanted && rangeRequest({ url: hop, wanted, origin, hasBytes, isSameAttempt });
  const headersFor = (hop: URL) => rangeHeaders(requestTo(hop));
  const response = await httpGet({
    url,
    dispatcher,
    signal,
    headersFor,
    allowHttp: allowHttpRedirect,
    answerTimeoutMs: stallTimeoutMs,
  });
  const answer = readAnswer({ ...response, asked: requestTo(response.url), origin });
  if (answer) return { response, answer };
  response.body.discard();
  const isRange = requestTo(response.url) !== undefined;
  throw statusError({ ...response, nowMs: now(), isRange });
}

async function receiveWhole(
  options: Download,
  { response, total }: { response: Response; total: number | undefined },
): Promise<void> {
  const { file, onNotice } = options;
  if (file.bytes > 0) onNotice?.(`starting over: ${response.url.host} sends the whole file again`);
  const origin = originOf({ ...response, total });
  await discardOnFailure(response, async () => {
    await file.reset();
    await prepare(options, { response, total });
    await file.setOrigin(origin);
  });
  const { signal } = options;
  const receive = () => receiveBody({ ...options, response, start: 0, end: total });
  if (response.headers['accept-ranges'] !== 'bytes') await receive();
  else {
    // Straight to the server that answered: the next redirect might choose another.
    const fetch = (piece: Extent, stop: AbortSignal) =>
      fetchPiece({ ...options, url: response.url, signal: stop }, piece);
    await whileServing({ file, signal, fetch }, receive);
  }
  // Where the server did not say the size, the end of its answer does.
  if (total === undefined) await file.setOrigin({ ...origin, total: file.bytes });
}

async function receiveParts(
  options: Download,
  { response, part }: { response: Response; part: Answer & { kind: 'part' } },
): Promise<void> {
  const { file } = options;
  await discardOnFailure(response, async () => {
    if (file.bytes === 0) await file.reset();
    await prepare(options, { response, total: part.total ?? file.origin?.total });
    await file.setOrigin(originOf({ ...response, total: part.total }));
  });
  const { extent } = part;
  // Straight to the server that answered: the next redirect might choose another.
  const nearer = { ...options, url: response.url };
  let hasServedMore = false;
  const onPart = () => {
    hasServedMore = true;
  };
  const fetchNext = async (piece: Extent, signal: AbortSignal): Promise<void> => {
    try {
      return await fetchPiece({ ...nearer, signal, onPart }, piece);
    } catch (error) {
      if (nearer.url === options.url || !isRefusal(error)) throw error;
      // What the redirect led to was signed, and has expired: the first URL leads to a new one.
      nearer.url = options.url;
      return fetchPiece({ ...nearer, signal, onPart }, piece);
    }
  };
  const receive = () =>
    runConnections({
      ...options,
      // Without a size there is no telling what would be left for a second connection.
      connections: file.origin?.total === undefined ? 1 : options.connections,
      missing: [
        ...file.missing({ start: 0, end: extent.start }),
        ...file.missing({ start: extent.end, end: Number.POSITIVE_INFINITY }),
      ],
      first: { piece: extent, fetch: (signal) => receiveBody({ ...nearer, ...extent, response, signal }) },
      fetchPiece: fetchNext,
    });
  try {
    await whileServing({ file, signal: options.signal, fetch: fetchNext }, receive);
  } catch (error) {
    // Only of a server that has served another part before it is a sign that the file was replaced.
    if (hasServedMore || !(isFileChanged(error) || isRefusal(error) || isRangeRefusal(error))) throw error;
    const whole = await askWhole(options);
    if (!whole) throw error;
    await receiveWhole(options, whole);
  }
}

async function fetchPiece(
  options: Download & { /** Called once it comes. */ readonly onPart?: () => void },
  piece: Extent,
): Promise<void> {
  const { file } = options;
  const { response, answer } = await ask(options, piece, { isSameAttempt: true });
  if (answer.kind === 'part') {
    options.onPart?.();
    return receiveBody({ ...options, ...answer.extent, response });
  }
  response.body.discard();
  if (answer.kind === 'complete') return file.setOrigin(originOf({ ...response, total: answer.total }));
  throw fileChanged(response.url);
}

/** Before anything is written: is it allowed to be that large, and will it fit? */
async function prepare(
  { file, maxSizeBytes }: Download,
  { response, total }: { response: Response; total: number | undefined },
): Promise<void> {
  if (total === undefined) return;
  if (total > maxSizeBytes) throw tooLarge(response.url, maxSizeBytes, total);
  await ensureRoom({ path: file.path, neededBytes: total - file.bytes });
}

async function discardOnFailure(response: Response, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    response.body.discard();
    throw error;
  }
}
