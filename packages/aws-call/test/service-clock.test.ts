import { DescribeImagesCommand, EC2Client } from '@aws-sdk/client-ec2';
import { createServiceClock } from '@ec2-image/aws-call';
import { fakeClock } from '@ec2-image/aws-call/testing';
import { expect, test } from 'vitest';

const day = 24 * 60 * 60_000;

/** A client of a service whose clock is so far off the machine's, and that takes so long to answer. */
function setUp() {
  const machine = fakeClock();
  const clock = createServiceClock(machine);
  const service = { offsetMs: 0, latencyMs: 0, statusCode: 200, date: undefined as string | undefined };
  const client = new EC2Client({
    region: 'us-east-1',
    credentials: { accessKeyId: 'x', secretAccessKey: 'y' },
    maxAttempts: 1,
    requestHandler: {
      handle: async () => {
        await machine.sleep(service.latencyMs / 2);
        const date = service.date ?? new Date(machine.now() + service.offsetMs).toUTCString();
        await machine.sleep(service.latencyMs / 2);
        return { response: { statusCode: service.statusCode, headers: { date }, body: Buffer.from('') } };
      },
    },
  });
  client.middlewareStack.use(clock.plugin);
  const call = () => client.send(new DescribeImagesCommand({})).catch(() => {});
  return { machine, clock, service, call };
}

test('agrees with the machine for as long as the service does', async () => {
  const { machine, clock, service, call } = setUp();
  expect(clock.now()).toBe(machine.now());
  for (const latencyMs of [0, 300, 90_000]) {
    service.latencyMs = latencyMs;
    await machine.sleep(777);
    await call();
    expect(clock.now()).toBe(machine.now());
  }
});

test.each([-2 * day, 2 * day, 20_000])(
  'learns that the service is %s ms off, from any answer',
  async (offsetMs) => {
    const { machine, clock, service, call } = setUp();
    Object.assign(service, { offsetMs, latencyMs: 400, statusCode: 403 });
    await call();
    expect(Math.abs(clock.now() - machine.now() - offsetMs)).toBeLessThan(1_500);
    expect(clock.elapsed?.()).toBe(machine.now());
  },
);

test('believes neither a gateway nor what cannot be read', async () => {
  const { machine, clock, service, call } = setUp();
  Object.assign(service, { offsetMs: day, statusCode: 502 });
  await call();
  Object.assign(service, { statusCode: 200, date: 'yesterday' });
  await call();
  expect(clock.now()).toBe(machine.now());
});
