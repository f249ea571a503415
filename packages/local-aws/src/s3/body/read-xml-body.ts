import { s3Error } from '../errors.ts';
import type { S3Call } from '../s3-call.ts';
import { parseXml, type XmlNode } from '../xml.ts';
import { readExpectations } from './expectations.ts';
import { receiveBody } from './receive-body.ts';

// A completion names 10,000 parts with a checksum each: some 2 MB.
const mostBytes = 8 * 1024 * 1024;

export async function readXmlBody(call: S3Call, root: string): Promise<XmlNode>;
export async function readXmlBody(
  call: S3Call,
  root: string,
  options: { optional: true },
): Promise<XmlNode | undefined>;
/** A document in the body, verified like any other. `optional`: undefined without a body. */
export async function readXmlBody(
  call: S3Call,
  root: string,
  { optional = false }: { optional?: boolean } = {},
): Promise<XmlNode | undefined> {
  const bodiless = call.header('content-length') === undefined && !call.header('transfer-encoding');
  if (optional && bodiless) return undefined;
  const text = await readText(call);
  if (text.trim() === '') {
    if (optional) return undefined;
    throw s3Error('MissingRequestBodyError');
  }
  return parseXml(text, root);
}

/** A document as it was sent, verified like any body. */
export async function readXmlText(call: S3Call): Promise<string> {
  const text = await readText(call);
  if (text.trim() === '') throw s3Error('MissingRequestBodyError');
  return text;
}

async function readText(call: S3Call): Promise<string> {
  const expectations = readExpectations((name) => bodyHeader(call, name));
  if (expectations.sizeBytes > mostBytes) throw s3Error('MalformedXML');
  const pieces: Buffer[] = [];
  await receiveBody(call, {
    expectations,
    onPiece: (piece) => void pieces.push(Buffer.from(piece)),
  });
  return Buffer.concat(pieces).toString();
}

/** The checksum that CompleteMultipartUpload carries is of the object, not of the document in its body. */
function bodyHeader(call: S3Call, name: string): string | undefined {
  const ofObject = call.operation === 'CompleteMultipartUpload' && name.startsWith('x-amz-checksum-');
  return ofObject ? undefined : call.header(name);
}
