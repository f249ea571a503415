import * as api from '@ec2-image/outbound';
import { expect, test } from 'vitest';

test('the exported names', () => {
  expect(Object.keys(api).sort()).toEqual([
    'OutboundError',
    'createAgents',
    'createDispatcher',
    'isBrokenTls',
    'isLoopback',
    'isUntrusted',
    'outboundErrorIn',
    'proxyFailure',
    'readCaBundle',
    'readProxies',
    'trustOnly',
  ]);
});
