import { expect, it } from 'vitest';
import { createSlots } from '../../src/ec2/import/slots.ts';

it('lets so many in, the others in their order', async () => {
  const slots = createSlots(2);
  const order: string[] = [];
  const signal = new AbortController().signal;
  const enter = async (name: string) => {
    const leave = await slots.take(signal);
    order.push(name);
    return leave;
  };
  const [first, second] = await Promise.all([enter('a'), enter('b')]);
  const third = enter('c');
  const fourth = enter('d');
  await Promise.resolve();
  expect(order).toEqual(['a', 'b']);
  first();
  first();
  await third;
  expect(order).toEqual(['a', 'b', 'c']);
  second();
  await fourth;
  expect(order).toEqual(['a', 'b', 'c', 'd']);
});

it('lets go of who does not want to wait any more', async () => {
  const slots = createSlots(1);
  const patient = new AbortController().signal;
  const leave = await slots.take(patient);
  const impatience = new AbortController();
  const waiting = slots.take(impatience.signal);
  const next = slots.take(patient);
  impatience.abort(new Error('enough'));
  await expect(waiting).rejects.toThrow('enough');
  leave();
  (await next)();
  await slots.take(patient);
  await expect(slots.take(impatience.signal)).rejects.toThrow('enough');
});
