import { createHash } from 'node:crypto';
import type { XmlElements } from '../query/xml.ts';
import type { ServiceResponse } from '../service.ts';

/** S3's own name for an account, which nothing but an account's number decides. */
export function canonicalUserId(accountId: string): string {
  return createHash('sha256').update(`canonical user of account ${accountId}`).digest('hex');
}

export function owner(accountId: string): XmlElements {
  return { ID: canonicalUserId(accountId) };
}

/** The only list there is where ACLs are disabled: all to the owner. */
export function accessControlPolicy(accountId: string): ServiceResponse {
  const id = `<ID>${canonicalUserId(accountId)}</ID>`;
  const grantee = `<Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="CanonicalUser">${id}</Grantee>`;
  const grant = `<Grant>${grantee}<Permission>FULL_CONTROL</Permission></Grant>`;
  return {
    status: 200,
    headers: { 'content-type': 'application/xml' },
    body: `<?xml version="1.0" encoding="UTF-8"?>\n<AccessControlPolicy xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Owner>${id}</Owner><AccessControlList>${grant}</AccessControlList></AccessControlPolicy>`,
  };
}
